//! Settings of a call that its function has no use for: they are told when the plan is built, and not ignored.

use crate::error::{Error, ErrorKind, Result};

use super::bind::CallOptions;
use super::context::Slots;
use super::task::{Produces, Reads, TaskFn};

/// Looks at what a call says of columns, and of how many calls run at once.
///
/// # Errors
/// `SchemaMismatch` for names of columns that the function does not take or give, `SettingInvalid` for a limit that limits nothing.
pub(super) fn check(function: &dyn TaskFn, reads: &[Reads], produces: &Produces, options: &CallOptions) -> Result<()> {
    let mismatch = |message: &str| Err(Error::new(ErrorKind::SchemaMismatch, message));
    if !options.on.is_empty() && !reads.iter().any(|r| matches!(r, Reads::Columns(_))) {
        return mismatch(
            "the function takes rows, batches or frames, and .on(…) names columns for functions over plain values; leave it out",
        );
    }
    if options.to.is_some() && !matches!(produces, Produces::Values { .. }) {
        return mismatch(
            "the function gives rows, batches or frames, and .to(…) names the column of plain values; leave it out, or say \
             .schema(…)",
        );
    }
    let invalid = |setting: &str, message: &str| Err(Error::new(ErrorKind::SettingInvalid, message).with("setting", setting));
    if options.per_executor == Some(0) {
        return invalid("per_executor", "0 calls per executor would let no call begin; give 1 or more");
    }
    let limit = |message: &str| invalid("concurrency", message);
    match options.concurrency {
        Some(0) => limit("a concurrency of 0 would let no call begin; give 1 or more"),
        Some(_) if !function.is_async() => limit(
            ".concurrency(…) limits the calls of async functions, and this is none; .threads(…) of the session limits others",
        ),
        _ => Ok(()),
    }
}

/// Looks at what a call gives besides the data, once the function has asked for what it wants.
///
/// # Errors
/// `ParamsInvalid` for parameters and state that nobody asked for.
pub(super) fn check_slots(slots: &Slots) -> Result<()> {
    let vain = |message: String| Err(Error::new(ErrorKind::ParamsInvalid, message));
    if let Some(name) = slots.unwanted() {
        return vain(format!("the call gives the state {name}, but no argument of the function is State<{name}> or &{name}"));
    }
    if slots.params.is_some() && slots.decoded.is_empty() && !slots.states.iter().any(|s| s.is_built()) {
        return vain(
            "the call gives parameters, but no argument of the function is Params<P>, and no state is built of them".into(),
        );
    }
    Ok(())
}
