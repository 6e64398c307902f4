//! Engines by name: a table that adapter crates add themselves to, read by `Session::open`.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::engine::{DynEngine, Engine};
use crate::error::{Error, ErrorKind, Result};
use crate::local::LocalEngine;
use crate::run::Pool;

/// An engine that a factory opened.
pub struct Opened {
    pub(super) engine: Arc<dyn DynEngine>,
}

impl Opened {
    /// An engine ready for a session.
    #[must_use]
    pub fn new(engine: impl Engine) -> Self {
        Self { engine: Arc::new(engine) }
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.engine, f)
    }
}

/// An entry of the table. Adapter crates submit one: `inventory::submit!(EngineFactory::in_process("polars", open));`
#[derive(Clone, Copy)]
pub struct EngineFactory {
    name: &'static str,
    open: Open,
}

#[derive(Clone, Copy)]
enum Open {
    /// By its name alone.
    Here(fn(Pool) -> Result<Opened>),
    /// By its name or an address.
    Anywhere(fn(String, Pool) -> BoxFuture<'static, Result<Opened>>),
}

impl EngineFactory {
    /// An entry for an engine that runs in this process: it is opened by its name, and takes no address. The function gets the
    /// session's pool.
    #[must_use]
    pub const fn in_process(name: &'static str, open: fn(Pool) -> Result<Opened>) -> Self {
        Self { name, open: Open::Here(open) }
    }

    /// An entry: the name is also the scheme of URLs that the engine takes (`ballista://host:50050`). The function gets the text
    /// that the user wrote and the session's pool.
    #[must_use]
    pub const fn new(name: &'static str, open: fn(String, Pool) -> BoxFuture<'static, Result<Opened>>) -> Self {
        Self { name, open: Open::Anywhere(open) }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// All entries of this program, by name.
    #[must_use]
    pub fn linked() -> Vec<Self> {
        let mut all: Vec<Self> = inventory::iter::<Self>.into_iter().copied().collect();
        all.sort_by_key(|f| f.name);
        all
    }
}

impl fmt::Debug for EngineFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineFactory").field("name", &self.name).finish_non_exhaustive()
    }
}

inventory::collect!(EngineFactory);

fn open_local(pool: Pool) -> Result<Opened> {
    Ok(Opened::new(LocalEngine::new(pool.threads())))
}

inventory::submit!(EngineFactory::in_process("local", open_local));

/// Opens the engine that a word or a URL names.
pub(super) async fn open(engine: &str, pool: &Pool) -> Result<Opened> {
    let name = engine.split_once("://").map_or(engine, |(scheme, _)| scheme);
    let all = EngineFactory::linked();
    let Some(factory) = all.iter().find(|f| f.name == name) else {
        let known: Vec<&str> = all.iter().map(|f| f.name).collect();
        return Err(Error::new(
            ErrorKind::SettingInvalid,
            format!(
                "no engine {name:?} in this program; it has: {}. Engines come with features of the crate fugue-rs (features = \
                 [\"polars\"]), or with an adapter crate that the program mentions (use the_adapter as _;)",
                known.join(", ")
            ),
        )
        .with_operation("open"));
    };
    let opened = match factory.open {
        Open::Here(open) if engine == name => open(pool.clone()),
        Open::Here(_) => Err(Error::new(
            ErrorKind::SettingInvalid,
            format!("{engine:?}: {name} runs in this process and takes no address; write {name:?}"),
        )),
        Open::Anywhere(open) => open(engine.to_owned(), pool.clone()).await,
    };
    opened.map_err(|e| e.with_engine(factory.name).with_operation("open"))
}
