//! What the compiler says about functions and rows of a wrong shape; the texts are kept, because they are part of the interface.

#[test]
fn wrong_shapes_are_compile_errors_that_say_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/compile_errors/*.rs");
}
