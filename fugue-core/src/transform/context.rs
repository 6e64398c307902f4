//! What a transformer may ask for besides its data: parameters, state, the cursor, the schemas.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::group::Groups;
use crate::schema::Schema;

use super::cursor::Cursor;
use super::task::TaskContext;

/// An argument of a transformer after its data.
///
/// Implemented by [`Params`], [`State`], `&S` (the state, by reference), [`Cursor`], [`InputSchema`] and [`OutputSchema`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a transformer",
    label = "not a context argument",
    note = "after the data a transformer may take Params<P>, State<S>, &S, Cursor, InputSchema or OutputSchema, four at most"
)]
pub trait FromContext {
    /// The argument as it is handed to a call.
    type Of<'c>;

    /// Looked at once, when the plan is built: whether a call will be able to have the argument.
    ///
    /// # Errors
    /// `ParamsInvalid` when it will not.
    fn prepare(slots: &mut Slots) -> Result<()>;

    /// The argument of one call.
    ///
    /// # Errors
    /// `ParamsInvalid` when state cannot be built, `Unexpected` when [`prepare`](Self::prepare) was not run.
    fn from_context<'c>(call: &Call<'c>) -> Result<Self::Of<'c>>;
}

/// One call of a transformer: the group at hand and what the run knows.
#[derive(Clone, Copy, Debug)]
pub struct Call<'c> {
    pub(crate) cx: &'c TaskContext,
    pub(crate) groups: &'c Arc<Groups>,
    pub(crate) index: usize,
}

type Built = std::result::Result<Arc<dyn Any + Send + Sync>, Arc<Error>>;
type Build = Arc<dyn Fn(Option<&[u8]>) -> Result<Arc<dyn Any + Send + Sync>> + Send + Sync>;

/// A state that is built at the first call and then shared by all calls in this process.
#[derive(Clone)]
pub(crate) struct StateSlot {
    type_id: TypeId,
    type_name: &'static str,
    build: Build,
    built: Arc<OnceLock<Built>>,
    /// Whether it is built of the parameters.
    lazy: bool,
}

impl StateSlot {
    /// A state that is there already.
    pub(crate) fn ready<S: Send + Sync + 'static>(state: S) -> Self {
        let state: Arc<dyn Any + Send + Sync> = Arc::new(state);
        Self {
            type_id: TypeId::of::<S>(),
            type_name: type_name::<S>(),
            build: Arc::new(move |_| Ok(Arc::clone(&state))),
            built: Arc::default(),
            lazy: false,
        }
    }

    /// A state that a function makes of the parameters, once per worker.
    pub(crate) fn lazy<P, S, E>(load: impl Fn(P) -> Result<S, E> + Send + Sync + 'static) -> Self
    where
        P: DeserializeOwned,
        S: Send + Sync + 'static,
        E: Into<crate::BoxError>,
    {
        Self {
            type_id: TypeId::of::<S>(),
            type_name: type_name::<S>(),
            build: Arc::new(move |bytes| {
                let params = decode::<P>(bytes)?;
                let state = load(params).map_err(|e| {
                    let e = e.into();
                    Error::new(ErrorKind::ParamsInvalid, format!("state {} could not be built: {e}", type_name::<S>()))
                        .with_source(e)
                })?;
                Ok(Arc::new(state) as Arc<dyn Any + Send + Sync>)
            }),
            built: Arc::default(),
            lazy: true,
        }
    }

    pub(super) fn is_built(&self) -> bool {
        self.lazy
    }

    fn value(&self, params: Option<&[u8]>) -> Result<&Arc<dyn Any + Send + Sync>> {
        let built = self.built.get_or_init(|| {
            // A loader that panics must not poison the slot for other threads, and is the user's code like any other.
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (self.build)(params)))
                .unwrap_or_else(|panic| {
                    Err(Error::new(
                        ErrorKind::TransformerFailed,
                        format!("building state {} panicked: {}", self.type_name, super::task::panic_text(&*panic)),
                    ))
                })
                .map_err(Arc::new)
        });
        match built {
            Ok(value) => Ok(value),
            Err(e) => Err(Error::new(e.kind(), e.message()).with_source(Arc::clone(e))),
        }
    }
}

/// What calls draw their arguments from; filled when the plan is built.
#[derive(Clone, Default)]
pub struct Slots {
    /// Parameters as they travel: MessagePack with named fields.
    pub(crate) params: Option<Arc<[u8]>>,
    pub(crate) decoded: Vec<(TypeId, Arc<dyn Any + Send + Sync>)>,
    pub(crate) states: Vec<StateSlot>,
    /// The types of the states that the function asks for.
    wanted: Vec<TypeId>,
    /// Whether calls ask for the cursor.
    pub(crate) cursor: bool,
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots")
            .field("params", &self.params.as_ref().map(|p| p.len()))
            .field("states", &self.states.iter().map(|s| s.type_name).collect::<Vec<_>>())
            .finish()
    }
}

impl Slots {
    /// Parameters and no state.
    pub(crate) fn of_params(params: Option<Arc<[u8]>>) -> Self {
        Self { params, ..Self::default() }
    }

    /// Adds a state, in the place of one of the same type.
    pub(crate) fn give(&mut self, slot: StateSlot) {
        self.states.retain(|s| s.type_id != slot.type_id);
        self.states.push(slot);
    }

    /// The type of a state that the function does not ask for.
    pub(super) fn unwanted(&self) -> Option<&'static str> {
        self.states.iter().find(|s| !self.wanted.contains(&s.type_id)).map(|s| s.type_name)
    }

    fn want<S: Send + Sync + 'static>(&mut self) -> Result<()> {
        let id = TypeId::of::<S>();
        self.wanted.push(id);
        self.state(id, type_name::<S>()).map(drop)
    }

    fn state(&self, id: TypeId, name: &str) -> Result<&StateSlot> {
        self.states.iter().find(|s| s.type_id == id).ok_or_else(|| {
            let known: Vec<&str> = self.states.iter().map(|s| s.type_name).collect();
            Error::new(
                ErrorKind::ParamsInvalid,
                format!(
                    "the function wants the state {name}, which the call does not give (it gives: {}); add .state(value) or \
                     .state_with(load)",
                    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                ),
            )
        })
    }

    fn shared<S: Send + Sync + 'static>(&self) -> Result<&Arc<dyn Any + Send + Sync>> {
        self.state(TypeId::of::<S>(), type_name::<S>())?.value(self.params.as_deref())
    }
}

fn decode<P: DeserializeOwned>(bytes: Option<&[u8]>) -> Result<P> {
    let name = type_name::<P>();
    // The unit type stands for "no parameters", so a loader without any needs no .params(…).
    let nil = [0xc0_u8];
    let bytes = bytes.or_else(|| (size_of::<P>() == 0).then_some(&nil[..])).ok_or_else(|| {
        Error::new(ErrorKind::ParamsInvalid, format!("the function wants the parameters {name}; add .params(&value) to the call"))
    })?;
    rmp_serde::from_slice(bytes).map_err(|e| {
        Error::new(ErrorKind::ParamsInvalid, format!("the parameters of the call do not decode as {name}: {e}")).with_source(e)
    })
}

fn lost<T>() -> Error {
    Error::new(ErrorKind::Unexpected, format!("argument {} was not prepared", type_name::<T>()))
}

/// The parameters of the call, decoded once however many groups there are. Dereferences to `P`.
pub struct Params<P>(Arc<P>);

impl<P> Clone for Params<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P> Deref for Params<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0
    }
}

impl<P: fmt::Debug> fmt::Debug for Params<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<P: DeserializeOwned + Send + Sync + 'static> FromContext for Params<P> {
    type Of<'c> = Self;

    fn prepare(slots: &mut Slots) -> Result<()> {
        let value: Arc<dyn Any + Send + Sync> = Arc::new(decode::<P>(slots.params.as_deref())?);
        slots.decoded.push((TypeId::of::<P>(), value));
        Ok(())
    }

    fn from_context<'c>(call: &Call<'c>) -> Result<Self> {
        let found = call.cx.slots.decoded.iter().find(|(id, _)| *id == TypeId::of::<P>()).ok_or_else(lost::<P>)?;
        Arc::clone(&found.1).downcast::<P>().map(Params).map_err(|_| lost::<P>())
    }
}

/// State that all calls of a worker share (a loaded model): given by `.state(value)`, or built once by `.state_with(load)`.
/// Dereferences to `S`. A function may also take it as `&S`.
pub struct State<S>(Arc<S>);

impl<S> Clone for State<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Deref for State<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S: fmt::Debug> fmt::Debug for State<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<S: Send + Sync + 'static> FromContext for State<S> {
    type Of<'c> = Self;

    fn prepare(slots: &mut Slots) -> Result<()> {
        slots.want::<S>()
    }

    fn from_context<'c>(call: &Call<'c>) -> Result<Self> {
        Arc::clone(call.cx.slots.shared::<S>()?).downcast::<S>().map(State).map_err(|_| lost::<S>())
    }
}

impl<S: Send + Sync + 'static> FromContext for &'static S {
    type Of<'c> = &'c S;

    fn prepare(slots: &mut Slots) -> Result<()> {
        slots.want::<S>()
    }

    fn from_context<'c>(call: &Call<'c>) -> Result<&'c S> {
        call.cx.slots.shared::<S>()?.downcast_ref::<S>().ok_or_else(lost::<S>)
    }
}

/// The schema of the (first) input. Dereferences to [`Schema`].
#[derive(Clone, Debug)]
pub struct InputSchema(Schema);

impl Deref for InputSchema {
    type Target = Schema;

    fn deref(&self) -> &Schema {
        &self.0
    }
}

impl FromContext for InputSchema {
    type Of<'c> = Self;

    fn prepare(_: &mut Slots) -> Result<()> {
        Ok(())
    }

    fn from_context<'c>(call: &Call<'c>) -> Result<Self> {
        call.cx.inputs.first().cloned().map(InputSchema).ok_or_else(lost::<Self>)
    }
}

/// The schema that the call declares for its output. Dereferences to [`Schema`].
#[derive(Clone, Debug)]
pub struct OutputSchema(Schema);

impl Deref for OutputSchema {
    type Target = Schema;

    fn deref(&self) -> &Schema {
        &self.0
    }
}

impl FromContext for OutputSchema {
    type Of<'c> = Self;

    fn prepare(_: &mut Slots) -> Result<()> {
        Ok(())
    }

    fn from_context<'c>(call: &Call<'c>) -> Result<Self> {
        Ok(Self(call.cx.output.clone()))
    }
}

impl FromContext for Cursor {
    type Of<'c> = Self;

    fn prepare(slots: &mut Slots) -> Result<()> {
        slots.cursor = true;
        Ok(())
    }

    fn from_context<'c>(call: &Call<'c>) -> Result<Self> {
        Ok(Self::new(Arc::clone(call.groups), call.index, call.cx))
    }
}

/// The context arguments of a function, none to four, as a tuple.
pub trait Contexts {
    /// The arguments as they are handed to a call.
    type Of<'c>;

    /// See [`FromContext::prepare`].
    ///
    /// # Errors
    /// As there.
    fn prepare(slots: &mut Slots) -> Result<()>;

    /// See [`FromContext::from_context`].
    ///
    /// # Errors
    /// As there.
    fn from_context<'c>(call: &Call<'c>) -> Result<Self::Of<'c>>;
}

macro_rules! contexts {
    ($($a:ident),*) => {
        impl<$($a: FromContext),*> Contexts for ($($a,)*) {
            type Of<'c> = ($($a::Of<'c>,)*);

            fn prepare(slots: &mut Slots) -> Result<()> {
                let _ = &slots;
                $($a::prepare(slots)?;)*
                Ok(())
            }

            #[inline]
            fn from_context<'c>(call: &Call<'c>) -> Result<Self::Of<'c>> {
                let _ = call;
                Ok(($($a::from_context(call)?,)*))
            }
        }
    };
}

contexts!();
contexts!(A1);
contexts!(A1, A2);
contexts!(A1, A2, A3);
contexts!(A1, A2, A3, A4);
