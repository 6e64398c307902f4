//! The suite on the local engine and on the reference engine, and every sabotage caught.

// Linked for its SQL, which the engines here have none of.
use fugue_datafusion as _;

mod fault;
mod local;
mod reference;
mod sabotage;
mod table;
