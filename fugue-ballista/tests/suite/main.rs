//! What is promised of the Ballista engine.
#![expect(clippy::expect_used, reason = "tests stop at the first surprise")]

mod conformance;
