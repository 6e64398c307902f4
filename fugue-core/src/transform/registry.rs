//! Names of functions: found by the type of the function here, by the name on another machine.

use std::any::TypeId;
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind, Result};

use super::rules::Rules;
use super::task::TaskFn;

/// A function under a name that other processes of the same program know it by. Made by `#[transformer]` and `portable!`.
#[non_exhaustive]
pub struct TaskEntry {
    /// The wire name: explicit, or module path and function.
    pub name: &'static str,
    /// Where the entry was made.
    pub file: &'static str,
    /// The line of it.
    pub line: u32,
    /// Name and version of the crate.
    pub package: &'static str,
    /// The tokens of the function, a version if one was given, and the package: what a fingerprint is made of.
    pub source: &'static str,
    type_id: fn() -> TypeId,
    make: fn() -> Arc<dyn TaskFn>,
    rules: fn() -> Option<Rules>,
}

impl std::fmt::Debug for TaskEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskEntry")
            .field("name", &self.name)
            .field("file", &self.file)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl TaskEntry {
    /// An entry. Macros write this call; by hand it is rarely needed.
    #[expect(clippy::too_many_arguments, reason = "written by macros, in a const context where no builder can run")]
    #[must_use]
    pub const fn new(
        name: &'static str,
        file: &'static str,
        line: u32,
        package: &'static str,
        source: &'static str,
        type_id: fn() -> TypeId,
        make: fn() -> Arc<dyn TaskFn>,
        rules: fn() -> Option<Rules>,
    ) -> Self {
        Self { name, file, line, package, source, type_id, make, rules }
    }

    /// The function.
    #[must_use]
    pub fn make(&self) -> Arc<dyn TaskFn> {
        (self.make)()
    }

    /// The rules that it sets for its callers.
    pub(crate) fn rules(&self) -> Option<Rules> {
        (self.rules)()
    }

    /// A hash that differs when the function's own text, its crate or its version differs. Helpers that it calls do not count.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        [self.name, self.package, self.source].iter().fold(0, |h, part| super::cursor::fnv(h, part.as_bytes()))
    }
}

inventory::collect!(TaskEntry);

/// Functions by name and by type. [`linked`](Registry::linked) holds all that the program was built with.
#[derive(Debug, Default)]
pub struct Registry {
    entries: Vec<&'static TaskEntry>,
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// `TransformerNotRegistered` naming both places when another function has the name.
    pub fn with(mut self, entry: &'static TaskEntry) -> Result<Self> {
        self.add(entry)?;
        Ok(self)
    }

    fn add(&mut self, entry: &'static TaskEntry) -> Result<()> {
        if let Some(other) = self.entries.iter().find(|e| e.name == entry.name && (e.type_id)() != (entry.type_id)()) {
            return Err(Error::new(
                ErrorKind::TransformerNotRegistered,
                format!(
                    "two functions are registered as {:?}: at {}:{} and at {}:{}; give one of them another name",
                    entry.name, other.file, other.line, entry.file, entry.line
                ),
            )
            .with("transformer", entry.name));
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Everything that was linked into this program by `#[transformer]` and `portable!`.
    ///
    /// # Errors
    /// `TransformerNotRegistered` when two functions have one name.
    pub fn linked() -> Result<Self> {
        let mut registry = Self::new();
        for entry in inventory::iter::<TaskEntry> {
            registry.add(entry)?;
        }
        registry.entries.sort_by_key(|e| e.name);
        Ok(registry)
    }

    /// The entry of a name; those of the library's own steps are always there.
    ///
    /// # Errors
    /// `TransformerNotRegistered` with the names that there are.
    pub fn resolve(&self, name: &str) -> Result<&'static TaskEntry> {
        let own = self.entries.iter().copied().find(|e| e.name == name);
        own.or_else(|| crate::relational::step(name)).ok_or_else(|| {
            let known: Vec<&str> = self.entries.iter().map(|e| e.name).collect();
            Error::new(
                ErrorKind::TransformerNotRegistered,
                format!(
                    "no transformer {name:?} in this program (it has: {}); put #[fugue::transformer] on the function, and mention its \
                     crate in the program (use the_crate as _;)",
                    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                ),
            )
            .with("transformer", name)
        })
    }

    /// The entry of a function, found by its type.
    #[must_use]
    pub fn entry_of<F: 'static>(&self, _: &F) -> Option<&'static TaskEntry> {
        self.entries.iter().copied().find(|e| (e.type_id)() == TypeId::of::<F>())
    }

    /// The entries, by name.
    #[must_use]
    pub fn entries(&self) -> &[&'static TaskEntry] {
        &self.entries
    }
}

fn by_type(id: TypeId) -> Option<&'static TaskEntry> {
    static BY_TYPE: OnceLock<Vec<(TypeId, &'static TaskEntry)>> = OnceLock::new();
    let all = BY_TYPE.get_or_init(|| inventory::iter::<TaskEntry>.into_iter().map(|e| ((e.type_id)(), e)).collect());
    all.iter().find(|(t, _)| *t == id).map(|(_, e)| *e)
}

/// The entry that a function is registered with.
pub(crate) fn entry_of(function: &dyn TaskFn) -> Option<&'static TaskEntry> {
    // Pointers of one type are one type, whichever function they point to: an entry of one says nothing of the others.
    if is_pointer(function.name()) {
        return None;
    }
    by_type(function.type_id())
}

/// Whether the path of a type is that of a pointer to a function.
fn is_pointer(path: &str) -> bool {
    ["fn(", "for<", "unsafe ", "extern "].iter().any(|start| path.starts_with(start))
}
