//! `portable!`: a function or closure that one cannot put an attribute on, registered where it is used.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use crate::options::{Kind, Options, into_task};

/// `portable!(function)`, `portable!(cotransformer, function)`, `portable!(name = "…", |rows: Vec<T>| …)`.
pub(crate) struct Portable {
    kind: Kind,
    options: Options,
    function: Expr,
}

impl Parse for Portable {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut kind = Kind::Transformer;
        if input.peek(Ident) && input.peek2(Token![,]) && input.fork().parse::<Ident>()? == "cotransformer" {
            input.parse::<Ident>()?;
            input.parse::<Token![,]>()?;
            kind = Kind::Cotransformer;
        }
        let mut options = Options::default();
        while input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            let one = input.fork();
            let pair = take_pair(input)?;
            syn::parse::Parser::parse2(syn::meta::parser(|meta| options.take(&meta)), pair)
                .map_err(|e| Error::new(one.span(), e))?;
        }
        let function: Expr = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { kind, options, function })
    }
}

/// The tokens up to the next comma.
fn take_pair(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut pair = TokenStream::new();
    while !input.peek(Token![,]) {
        if input.is_empty() {
            return Err(input.error("the function is missing: portable!(name = \"…\", function)"));
        }
        pair.extend([input.parse::<proc_macro2::TokenTree>()?]);
    }
    input.parse::<Token![,]>()?;
    Ok(pair)
}

pub(crate) fn expand(portable: &Portable) -> Result<TokenStream> {
    let Portable { kind, options, function } = portable;
    let krate = options.krate();
    let span = function.span();
    match function {
        Expr::Path(_) => {
            let path = LitStr::new(&quote!(#function).to_string().replace(' ', ""), span);
            let wire = quote!(::core::concat!(::core::module_path!(), "::", #path));
            let entry = options.entry(*kind, function, &wire, &quote!(#function), span);
            Ok(quote!({ #entry #function }))
        }
        Expr::Closure(_) => {
            let place = quote!("::{", ::core::file!(), ":", ::core::line!(), ":", ::core::column!(), "}");
            let wire = quote!(::core::concat!(::core::module_path!(), #place));
            // The closure must be written once, for each closure has a type of its own, by which it is found again.
            let make: Expr = syn::parse_quote!(#krate::start::Portable::new(closure));
            let entry = options.entry(*kind, &make, &wire, &quote!(#function), span);
            let task = into_task(*kind, &krate, function, span);
            Ok(quote! {{
                // A function cannot capture: what the closure uses must be in its parameters.
                fn closure() -> ::std::sync::Arc<dyn #krate::transform::TaskFn> {
                    #task
                }
                #entry
                #krate::start::Portable::new(closure)
            }})
        }
        other => Err(Error::new(other.span(), "portable! takes the path of a function, or a closure that captures nothing")),
    }
}
