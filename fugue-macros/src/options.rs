//! The options of `#[transformer]`, `#[cotransformer]` and `portable!`, and the entry that they register.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::{Error, Expr, Ident, LitStr, Path, Result};

use crate::krate;

const RULES: [&str; 6] = ["partition_by_has", "partition_by_is", "presort_has", "presort_is", "input_has", "input_is"];

/// Which trait makes a task of the function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Transformer,
    Cotransformer,
}

/// What is said about a function besides the function.
#[derive(Default)]
pub(crate) struct Options {
    name: Option<LitStr>,
    version: Option<LitStr>,
    krate: Option<Path>,
    rules: Vec<(Ident, LitStr)>,
}

impl Options {
    /// Takes one `key = value`.
    pub(crate) fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if meta.path.is_ident("crate") {
            self.krate = Some(meta.value()?.parse()?);
            return Ok(());
        }
        let Some(key) = meta.path.get_ident().cloned() else { return Err(unknown(meta)) };
        let value = || meta.value()?.parse::<LitStr>();
        match key.to_string().as_str() {
            "name" => self.name = Some(named(value()?)?),
            "version" => self.version = Some(value()?),
            rule if RULES.contains(&rule) => {
                if self.rules.iter().any(|(other, _)| *other == key) {
                    return Err(meta.error("the rule stands here twice; write its columns into one text"));
                }
                self.rules.push((key, value()?));
            }
            _ => return Err(unknown(meta)),
        }
        Ok(())
    }

    /// The path of the library.
    pub(crate) fn krate(&self) -> Path {
        krate::path(self.krate.clone())
    }

    /// Registers a function: `function` is an expression that captures nothing, `source` the text that its fingerprint covers.
    pub(crate) fn entry(&self, kind: Kind, function: &Expr, wire: &TokenStream, source: &TokenStream, span: Span) -> TokenStream {
        let krate = self.krate();
        let name = self.name.as_ref().map_or_else(|| wire.clone(), |name| quote!(#name));
        let version = self.version.as_ref().map_or_else(String::new, |v| format!("version {}: ", v.value()));
        let source = LitStr::new(&format!("{version}{source}"), Span::call_site());
        let task = into_task(kind, &krate, function, span);
        let rules = if self.rules.is_empty() {
            quote!(::core::option::Option::None)
        } else {
            let calls = self.rules.iter().map(|(rule, text)| quote!(.#rule(#text)));
            quote!(::core::option::Option::Some(#krate::transform::Rules::new()#(#calls)*))
        };
        quote! {
            const _: () = {
                fn make() -> ::std::sync::Arc<dyn #krate::transform::TaskFn> {
                    #task
                }
                fn id() -> ::core::any::TypeId {
                    #krate::transform::TaskFn::type_id(&*make())
                }
                fn rules() -> ::core::option::Option<#krate::transform::Rules> {
                    #rules
                }
                #krate::start::inventory::submit! {
                    #krate::transform::TaskEntry::new(
                        #name,
                        ::core::file!(),
                        ::core::line!(),
                        ::core::concat!(::core::env!("CARGO_PKG_NAME"), " ", ::core::env!("CARGO_PKG_VERSION")),
                        #source,
                        id,
                        make,
                        rules,
                    )
                }
            };
        }
    }
}

/// The call that hides the function's types, spanned so that a function of a wrong shape is an error at the function.
pub(crate) fn into_task(kind: Kind, krate: &Path, function: &Expr, span: Span) -> TokenStream {
    match kind {
        Kind::Transformer => quote::quote_spanned!(span=> #krate::transform::IntoTask::into_task(#function)),
        Kind::Cotransformer => quote::quote_spanned!(span=> #krate::transform::IntoCoTask::into_co_task(#function)),
    }
}

fn named(name: LitStr) -> Result<LitStr> {
    let text = name.value();
    if text.trim().is_empty() || text.trim() != text {
        return Err(Error::new(name.span(), "a name has no blanks around it and is not empty"));
    }
    Ok(name)
}

fn unknown(meta: &ParseNestedMeta<'_>) -> Error {
    meta.error(format!(
        "unknown option; there are: name = \"…\", version = \"…\", crate = path, and the rules {}",
        RULES.join(", ")
    ))
}
