//! Under which path generated code finds the library.

use proc_macro_crate::{FoundCrate, crate_name};
use syn::Path;

/// The facade if the user depends on it, else the core; the path given in the attribute wins.
pub(crate) fn path(given: Option<Path>) -> Path {
    if let Some(path) = given {
        return path;
    }
    // The package `fugue-rs` has the library name `fugue`; a dependency renamed by the user keeps the user's name.
    for (package, library) in [("fugue-rs", "fugue"), ("fugue-core", "fugue_core")] {
        let name = match crate_name(package) {
            // Both crates name themselves with `extern crate self`, so that one path serves their tests and examples too.
            Ok(FoundCrate::Itself) => library.to_owned(),
            Ok(FoundCrate::Name(name)) if name == package.replace('-', "_") => library.to_owned(),
            Ok(FoundCrate::Name(name)) => name,
            Err(_) => continue,
        };
        let name = syn::Ident::new(&name, proc_macro2::Span::call_site());
        return syn::parse_quote!(::#name);
    }
    syn::parse_quote!(::fugue)
}
