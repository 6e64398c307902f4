//! The procedural macros of Fugue: `derive(Row)`, `#[transformer]`, `#[cotransformer]`, `portable!`, `#[fugue::main]`.

mod krate;
mod main_function;
mod options;
mod portable;
mod row;
mod transformer;

use proc_macro::TokenStream;
use syn::parse_macro_input;

use options::{Kind, Options};

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
    let input = parse_macro_input!(input as syn::DeriveInput);
    row::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Gives a function a name that other processes of the program find it by. The function itself stays as it is.
///
/// It is also checked here: a wrong argument is a compile error at the argument, not at the call.
///
/// * `name = "desk::zscore"`: the name; otherwise the module path and the function's name.
/// * `version = "2"`: part of the fingerprint, for changes that the function's own text does not show.
/// * `partition_by_has = "a, b"`, `partition_by_is`, `presort_has = "a, b desc"`, `presort_is`, `input_has = "a, b:int"`, `input_is`:
///   rules that every call must keep.
/// * `crate = path`: where the library is found.
#[proc_macro_attribute]
pub fn transformer(options: TokenStream, function: TokenStream) -> TokenStream {
    registered(Kind::Transformer, options, function)
}

/// As [`macro@transformer`], for a function over several inputs.
#[proc_macro_attribute]
pub fn cotransformer(options: TokenStream, function: TokenStream) -> TokenStream {
    registered(Kind::Cotransformer, options, function)
}

fn registered(kind: Kind, given: TokenStream, function: TokenStream) -> TokenStream {
    let mut options = Options::default();
    let parser = syn::meta::parser(|meta| options.take(&meta));
    parse_macro_input!(given with parser);
    let function = parse_macro_input!(function as syn::ItemFn);
    transformer::expand(kind, &options, &function).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Registers what one cannot put an attribute on, where it is used: a function of another crate, a method, one instance of a generic
/// function, a closure. The value of the macro is what a call takes.
///
/// `portable!(other::function)`, `portable!(Type::method)`, `portable!(function::<f64>)`, `portable!(|rows: Vec<T>| …)`; for functions
/// over several inputs `portable!(cotransformer, function)`. The options of [`macro@transformer`] may stand first:
/// `portable!(name = "demean", |rows: Vec<T>| …)`.
///
/// A closure that captures is a compile error: what it uses must travel, so it belongs into the parameters.
#[proc_macro]
pub fn portable(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as portable::Portable);
    portable::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Starts the program: says that it can serve, as `fugue::init()` does, and runs an `async fn main` on a runtime of several threads.
///
/// `#[fugue::main(crate = path)]` says where the library is found.
#[proc_macro_attribute]
pub fn main(options: TokenStream, function: TokenStream) -> TokenStream {
    let mut path = None;
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("crate") {
            path = Some(meta.value()?.parse()?);
            Ok(())
        } else {
            Err(meta.error("unknown option; there is: crate = path"))
        }
    });
    parse_macro_input!(options with parser);
    let function = parse_macro_input!(function as syn::ItemFn);
    main_function::expand(path, function).unwrap_or_else(syn::Error::into_compile_error).into()
}
