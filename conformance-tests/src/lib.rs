//! The conformance suite: what every engine must answer, and the tests that find out whether it does.
//!
//! An adapter depends on this crate for its tests, and writes a [`Harness`] and one macro:
//!
//! ```
//! use conformance_tests::{Harness, Lane, conformance};
//! use fugue_core::{Result, Session, blocking};
//!
//! struct Mine;
//!
//! impl Harness for Mine {
//!     type Guard = ();
//!
//!     fn session(&self, lane: &Lane) -> Result<(Session, ())> {
//!         let builder = Session::builder().threads(lane.partitions).derived(lane.derived);
//!         Ok((blocking::wait(builder.open("local"))?, ()))
//!     }
//! }
//!
//! conformance! {
//!     harness: Mine,
//!     gaps: [],
//! }
//! # fn main() {}
//! ```
//!
//! That makes one named `#[test]` per rule. What an engine does not keep stands in `gaps`, with the reason and how it fails; a gap
//! that is closed, or that fails in another way, fails the run.
//!
//! - [`rules`]: the rules, ordinary functions over a [`bench::Bench`], in one list.
//! - [`compare`]: the only definition of "identical".
//! - [`oracle`]: an interpreter that goes row by row, shares no code with engines, and says what must come out.
//!   The program in the folder `beside-duckdb`, which is not of the workspace, asks `DuckDB` as well, and says how it is run.
//! - [`generate`]: random schemas, rows, specs and lanes; [`property`]: how often they are tried, from which seed.
//! - [`table`]: what became of each row of the contract.
//! - [`kills`]: what is left of a save whose program is killed, for the tests of an engine to call.
//! - [`soak`]: all properties with ever new seeds, for as long as one likes; stopped and gone on with at any time.
//!
//! | variable | means |
//! |---|---|
//! | `FUGUE_CASES` | cases per property; 64 unless said otherwise |
//! | `FUGUE_SEED` | a seed as a failure prints it, or `random`; without it every run tries the same cases |
//! | `FUGUE_DEADLINE` | seconds that a rule may take; 180 unless said otherwise |
//! | `FUGUE_WRITE` | the tests of matrices and capabilities write their files instead of comparing them |
//!
//! To add a rule: write its body in a file under `rules`, name it in the list of `rules/mod.rs`, and name it in `contract.table` at
//! the row that asks for it. To show that it can fail, add a fault to `tests/it/fault.rs`; a test asks that every rule has one.
//!
//! SQL means on every engine what DataFusion says it means. The rules of `sql` ask an engine without SQL of its own as a program does that has
//! DataFusion in it: the tests of such an engine link it (`fugue-datafusion` as a dev-dependency and `use fugue_datafusion as _;`), or declare
//! the group as a gap, `groups: [Gap::never_any_but("sql", &["an_answer_or_a_clear_refusal"], "why")]`. Random programs are said as text by
//! [`oracle::sql`], in words that mean what verbs mean; each line of the table where text and frames differ has a rule of its own.
//!
//! An engine whose users have frames of their own says in [`Harness::frame`] and
//! [`Harness::collect`] how they go in and come out, so that all rules are tried on that way too.

#![expect(clippy::exhaustive_enums, reason = "who reads the words of a test reads all of them")]

pub mod bench;
pub mod compare;
pub mod failure;
pub mod functions;
pub mod gap;
pub mod generate;
pub mod harness;
pub mod kills;
pub mod matrix;
pub mod oracle;
pub mod property;
pub mod rules;
pub mod soak;
pub mod table;
pub mod value;
pub mod watchdog;

pub use failure::FailsAs;
pub use gap::Gap;
pub use generate::Lane;
pub use harness::Harness;
pub use soak::Soak;
