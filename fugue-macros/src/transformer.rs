//! `#[transformer]` and `#[cotransformer]`: a function stays as it is, and gets a name that other processes find it by.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{
    Error, FnArg, GenericArgument, GenericParam, ItemFn, Lifetime, Path, PathArguments, Result, ReturnType, Signature, Type,
};

use crate::options::{Kind, Options};

pub(crate) fn expand(kind: Kind, options: &Options, function: &ItemFn) -> Result<TokenStream> {
    refuse(&function.sig)?;
    let name = &function.sig.ident;
    let text = syn::LitStr::new(&name.to_string(), name.span());
    let wire = quote!(::core::concat!(::core::module_path!(), "::", #text));
    let entry = options.entry(kind, &syn::parse_quote!(#name), &wire, &quote!(#function), name.span());
    let checks = checks(kind, &function.sig, &options.krate());
    // The checks come first, so that the argument at fault is told before the function.
    Ok(quote! { #function #checks #entry })
}

fn refuse(signature: &Signature) -> Result<()> {
    if let Some(FnArg::Receiver(receiver)) = signature.inputs.first() {
        let message = "a method cannot be registered here; register it where it is used, with portable!(Type::method)";
        return Err(Error::new(receiver.span(), message));
    }
    let generic = signature.generics.params.iter().find(|p| !matches!(p, GenericParam::Lifetime(_)));
    if let Some(parameter) = generic {
        let message = "a generic function has many types and one name; register each with portable!(function::<Type>)";
        return Err(Error::new(parameter.span(), message));
    }
    if let Some(word) = signature.unsafety {
        return Err(Error::new(word.span(), "an unsafe function cannot be a transformer"));
    }
    if let Some(dots) = &signature.variadic {
        return Err(Error::new(dots.span(), "a variadic function cannot be a transformer"));
    }
    let hidden = signature.inputs.iter().find_map(|input| match input {
        FnArg::Typed(argument) if matches!(*argument.ty, Type::ImplTrait(_)) => Some(&argument.ty),
        _ => None,
    });
    if let Some(ty) = hidden {
        let message = "`impl Trait` makes the function generic; write the type of the argument, for instance Vec<T> or Rows<T>";
        return Err(Error::new(ty.span(), message));
    }
    Ok(())
}

/// Where an argument is at fault for certain, says so at that argument; the whole function is checked besides.
fn checks(kind: Kind, signature: &Signature, krate: &Path) -> TokenStream {
    let mut checks = TokenStream::new();
    let types: Vec<&Type> =
        signature.inputs.iter().filter_map(|i| if let FnArg::Typed(a) = i { Some(&*a.ty) } else { None }).collect();
    let many = types.first().is_some_and(|first| item(first).is_some());
    for (at, ty) in types.iter().enumerate() {
        if let Some(row) = item(ty) {
            let row = elided(row);
            checks.extend(quote_spanned!(row.span()=> data::<#row>();));
        } else if at > 0 && many && kind == Kind::Transformer && matches!(ty, Type::Path(_)) {
            let ty = elided(ty);
            checks.extend(quote_spanned!(ty.span()=> context::<#ty>();));
        }
    }
    if let ReturnType::Type(_, ty) = &signature.output
        && let Some(row) = item(argument(ty, "Result").unwrap_or(ty))
        && argument(row, "Result").is_none()
    {
        let row = elided(row);
        checks.extend(quote_spanned!(row.span()=> data::<#row>();));
    }
    quote! {
        const _: fn() = || {
            fn data<T: #krate::row::support::Data>() {}
            fn context<T: #krate::transform::FromContext>() {}
            let _ = (data::<()>, context::<#krate::transform::Cursor>);
            #checks
        };
    }
}

/// The `T` of `&[T]` and `Vec<T>`.
fn item(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Reference(reference) => match &*reference.elem {
            Type::Slice(slice) => Some(&slice.elem),
            _ => None,
        },
        _ => argument(ty, "Vec"),
    }
}

/// The first type argument of a path that ends in a name.
fn argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|a| if let GenericArgument::Type(ty) = a { Some(ty) } else { None })
}

/// The type with all lifetimes left to inference: those of the function are not known outside of it.
fn elided(ty: &Type) -> Type {
    struct Elide;
    impl VisitMut for Elide {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            *lifetime = Lifetime::new("'_", lifetime.span());
        }
    }
    let mut ty = ty.clone();
    Elide.visit_type_mut(&mut ty);
    ty
}
