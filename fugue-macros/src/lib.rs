//! The procedural macros of Fugue: derive(Row), #[transformer], portable!, #[fugue::main].
