//! `#[fugue::main]`: the start of a program that can also serve.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Error, ItemFn, Path, Result};

use crate::krate;

pub(crate) fn expand(given: Option<Path>, mut function: ItemFn) -> Result<TokenStream> {
    let krate = krate::path(given);
    if let Some(argument) = function.sig.inputs.first() {
        return Err(Error::new(argument.span(), "the main function has no arguments"));
    }
    let body = &function.block;
    let call = if function.sig.asyncness.take().is_some() {
        quote!(#krate::start::run(async #body))
    } else {
        quote!({ #krate::start::init(); #body })
    };
    let (attributes, visibility, signature) = (&function.attrs, &function.vis, &function.sig);
    Ok(quote! {
        #(#attributes)*
        #visibility #signature {
            #call
        }
    })
}
