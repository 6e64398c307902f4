//! What is wrong at compile time says what to write; the messages stand beside the programs.

#[test]
fn wrong_programs_say_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/wrong/*.rs");
}
