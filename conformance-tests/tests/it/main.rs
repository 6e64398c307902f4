//! The suite on the local engine and on the reference engine, and every sabotage caught.

mod fault;
mod local;
mod reference;
mod sabotage;
mod table;
