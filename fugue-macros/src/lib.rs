//! The procedural macros of Fugue: derive(Row), #[transformer], portable!, #[fugue::main].

mod krate;
mod row;

use proc_macro::TokenStream;

/// Makes a struct a row: its fields name columns, read and written without a schema text.
///
/// Fields may be owned or borrow from the column (`&str`, `&[u8]`, `Cow`), with one lifetime parameter on the struct. The struct
/// also becomes a cell, so that it can stand as a struct column in another row, unless it keeps the rest.
///
/// On fields:
/// * `#[row(rename = "any name")]`: the column has this name instead of the field's.
/// * `#[row(rest)]` on a field of type `Rest`: keeps the columns that no other field names, and writes them back.
///
/// On the struct: `#[row(crate = path)]`: where the library is found, if neither under its own name nor as `fugue_core`.
#[proc_macro_derive(Row, attributes(row))]
pub fn derive_row(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    row::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
