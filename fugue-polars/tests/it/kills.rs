//! Programs that are killed while they save.

use conformance_tests::failure::Outcome;
use conformance_tests::kills::killed_saves;
use fugue_core::Session;

#[test]
fn killed_saves_leave_the_old_or_the_new() -> Outcome {
    let open = || Session::builder().threads(4).with_engine(fugue_polars::PolarsEngine::new(4));
    killed_saves("kills::killed_saves_leave_the_old_or_the_new", 20, open)
}
