//! derive(Row): from a struct with named fields to its columns.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Data, DeriveInput, Error, Fields, GenericParam, Ident, Index, Lifetime, LitStr, Path, Result, Type};

use crate::krate;

struct Field {
    ident: Ident,
    ty: Type,
    column: LitStr,
    rest: bool,
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let krate = krate::path(path_attribute(input)?);
    let fields = fields(input)?;
    let parts = Parts::new(input, &krate, &fields)?;
    let row = row_impl(&parts, &krate, &fields);
    let Parts { name, generics, arguments, .. } = &parts;
    let (parameters, _, bounds) = generics.split_for_impl();
    let data = quote! {
        #[automatically_derived]
        impl #parameters #krate::row::support::Data for #name #arguments #bounds {}
    };
    let cell = if fields.iter().any(|f| f.rest) { TokenStream::new() } else { cell_impl(&parts, &krate, &fields) };
    Ok(quote! { #row #cell #data })
}

/// The pieces that both impls share.
struct Parts<'i> {
    name: &'i Ident,
    generics: syn::Generics,
    arguments: TokenStream,
    /// The type with its borrowed parts living as long as `'__batch`.
    of: TokenStream,
}

impl<'i> Parts<'i> {
    fn new(input: &'i DeriveInput, krate: &Path, fields: &[Field]) -> Result<Self> {
        let name = &input.ident;
        let lifetimes: Vec<_> = input.generics.lifetimes().collect();
        if let Some(second) = lifetimes.get(1) {
            let message = "a row borrows from one batch: give the struct a single lifetime parameter";
            return Err(Error::new(second.span(), message));
        }
        let mut swap = Swap {
            from: lifetimes.first().map(|l| l.lifetime.clone()),
            types: input.generics.type_params().map(|p| p.ident.clone()).collect(),
            generic: false,
        };
        let mut generics = input.generics.clone();
        let bounds: Vec<syn::WherePredicate> = fields
            .iter()
            .filter_map(|field| {
                let (ty, mut of) = (&field.ty, field.ty.clone());
                swap.generic = false;
                swap.visit_type_mut(&mut of);
                // A field of a concrete type is checked where it stands; only generic ones need to be asked for.
                swap.generic.then(|| syn::parse_quote!(#ty: for<'__batch> #krate::row::Cell<Of<'__batch> = #of>))
            })
            .collect();
        if !bounds.is_empty() {
            generics.make_where_clause().predicates.extend(bounds);
        }
        let of = input.generics.params.iter().map(|parameter| match parameter {
            GenericParam::Lifetime(_) => quote!('__batch),
            GenericParam::Type(parameter) => {
                let ident = &parameter.ident;
                quote!(#ident)
            }
            GenericParam::Const(parameter) => {
                let ident = &parameter.ident;
                quote!(#ident)
            }
        });
        let of = quote!(#name<#(#of),*>);
        let (_, arguments, _) = input.generics.split_for_impl();
        Ok(Self { name, arguments: quote!(#arguments), generics, of })
    }
}

/// Replaces the struct's lifetime, and notes whether a type parameter is met.
struct Swap {
    from: Option<Lifetime>,
    types: Vec<Ident>,
    generic: bool,
}

impl VisitMut for Swap {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if self.from.as_ref().is_some_and(|from| from.ident == lifetime.ident) {
            *lifetime = Lifetime::new("'__batch", lifetime.span());
        }
    }

    fn visit_path_mut(&mut self, path: &mut Path) {
        self.generic |= path.segments.first().is_some_and(|first| self.types.contains(&first.ident));
        syn::visit_mut::visit_path_mut(self, path);
    }
}

fn row_impl(parts: &Parts<'_>, krate: &Path, fields: &[Field]) -> TokenStream {
    let Parts { name, generics, arguments, of } = parts;
    let (parameters, _, bounds) = generics.split_for_impl();
    let text = LitStr::new(&name.to_string(), Span::call_site());
    let plain: Vec<&LitStr> = fields.iter().filter(|f| !f.rest).map(|f| &f.column).collect();
    let rest = match fields.iter().position(|f| f.rest) {
        Some(at) => quote!(::core::option::Option::Some(#at)),
        None => quote!(::core::option::Option::None),
    };
    let idents: Vec<_> = fields.iter().map(|f| &f.ident).collect();
    let numbers: Vec<_> = (0..fields.len()).map(Index::from).collect();
    let cells: Vec<_> = fields.iter().map(|f| as_cell(f, krate)).collect();
    let (readers, writers) = associated(fields, krate);
    let declared = fields.iter().filter(|f| !f.rest).map(|f| {
        let (ty, column, cell) = (&f.ty, &f.column, as_cell(f, krate));
        quote_spanned!(ty.span()=> #krate::row::RowField::new(#column, #cell::ty(), #cell::OPTIONAL))
    });
    let resolved = fields.iter().map(|f| {
        let (ty, column, cell) = (&f.ty, &f.column, as_cell(f, krate));
        if f.rest {
            quote_spanned!(ty.span()=> #cell::resolve(batch, &[#(#plain),*])?)
        } else {
            let array = quote!(#krate::row::support::column(batch, #column, #text)?);
            quote_spanned!(ty.span()=> #cell::reader(#array, #krate::row::Nulls::Forbid, #column)?)
        }
    });
    let finished = fields.iter().zip(&numbers).zip(&cells).filter(|((f, _), _)| !f.rest).map(|((f, number), cell)| {
        let column = &f.column;
        quote!((#column, #cell::finish(columns.#number)?))
    });
    let assembled = match fields.iter().position(|f| f.rest) {
        Some(at) => {
            let number = Index::from(at);
            quote!(assembly.batch_with_rest(finished, columns.#number))
        }
        None => quote!(assembly.batch(finished)),
    };
    quote! {
        #[automatically_derived]
        impl #parameters #krate::row::Row for #name #arguments #bounds {
            type Of<'__batch> = #of;
            type Reader<'__batch> = (#(#readers,)*);
            type Writer = #krate::row::support::RowWriter<(#(#writers,)*)>;

            fn layout() -> #krate::row::RowLayout {
                #krate::row::RowLayout::new(#text, ::std::vec![#(#declared),*], #rest)
            }

            fn reader(batch: &#krate::row::support::RecordBatch) -> #krate::Result<Self::Reader<'_>> {
                ::core::result::Result::Ok((#(#resolved,)*))
            }

            #[inline]
            fn read<'__batch>(reader: &Self::Reader<'__batch>, row: usize) -> Self::Of<'__batch> {
                #name { #(#idents: #cells::read(&reader.#numbers, row),)* }
            }

            fn writer(schema: &#krate::Schema, capacity: usize) -> #krate::Result<Self::Writer> {
                let layout = <Self as #krate::row::Row>::layout();
                #krate::row::support::RowWriter::new(&layout, schema, (#(#cells::writer(capacity),)*))
            }

            #[inline]
            fn write(self, writer: &mut Self::Writer) -> #krate::Result<()> {
                #(#cells::write(self.#idents, &mut writer.columns.#numbers);)*
                writer.rows += 1;
                ::core::result::Result::Ok(())
            }

            fn finish(writer: Self::Writer) -> #krate::Result<#krate::row::support::RecordBatch> {
                let (columns, assembly) = writer.into_parts();
                let finished = ::std::vec![#(#finished),*];
                #assembled
            }
        }
    }
}

fn cell_impl(parts: &Parts<'_>, krate: &Path, fields: &[Field]) -> TokenStream {
    let Parts { name, generics, arguments, of } = parts;
    let (parameters, _, bounds) = generics.split_for_impl();
    let idents: Vec<_> = fields.iter().map(|f| &f.ident).collect();
    let numbers: Vec<_> = (0..fields.len()).map(Index::from).collect();
    let cells: Vec<_> = fields.iter().map(|f| as_cell(f, krate)).collect();
    let columns: Vec<_> = fields.iter().map(|f| &f.column).collect();
    let (readers, writers) = associated(fields, krate);
    quote! {
        #[automatically_derived]
        impl #parameters #krate::row::Cell for #name #arguments #bounds {
            type Of<'__batch> = #of;
            type Reader<'__batch> = (#(#readers,)*);
            type Writer = #krate::row::support::StructWriter<(#(#writers,)*)>;

            fn ty() -> #krate::Type {
                #krate::row::support::struct_of(&[#(#krate::row::RowField::new(#columns, #cells::ty(), #cells::OPTIONAL)),*])
            }

            fn reader<'__batch>(
                array: &'__batch dyn #krate::row::support::ArrayLike,
                nulls: #krate::row::Nulls<'_>,
                name: &str,
            ) -> #krate::Result<Self::Reader<'__batch>> {
                let members = #krate::row::support::Members::new(array, nulls, name, <Self as #krate::row::Cell>::ty)?;
                ::core::result::Result::Ok((#({
                    let (array, path) = members.member(#columns)?;
                    #cells::reader(array, members.nulls(), &path)?
                },)*))
            }

            #[inline]
            fn read<'__batch>(reader: &Self::Reader<'__batch>, row: usize) -> Self::Of<'__batch> {
                #name { #(#idents: #cells::read(&reader.#numbers, row),)* }
            }

            fn writer(capacity: usize) -> Self::Writer {
                #krate::row::support::StructWriter::new((#(#cells::writer(capacity),)*), capacity)
            }

            fn write(self, writer: &mut Self::Writer) {
                #(#cells::write(self.#idents, &mut writer.columns.#numbers);)*
                writer.nulls.append_non_null();
            }

            fn write_null(writer: &mut Self::Writer) {
                #(#cells::write_null(&mut writer.columns.#numbers);)*
                writer.nulls.append_null();
            }

            fn finish(writer: Self::Writer) -> #krate::Result<#krate::row::support::Column> {
                let columns = ::std::vec![#((#columns, #cells::finish(writer.columns.#numbers)?)),*];
                #krate::row::support::struct_array(columns, writer.nulls)
            }
        }
    }
}

/// The readers and writers of the fields, spanned as [`as_cell`] is.
fn associated(fields: &[Field], krate: &Path) -> (Vec<TokenStream>, Vec<TokenStream>) {
    let both = fields.iter().map(|field| {
        let (ty, cell) = (&field.ty, as_cell(field, krate));
        (quote_spanned!(ty.span()=> #cell::Reader<'__batch>), quote_spanned!(ty.span()=> #cell::Writer))
    });
    both.unzip()
}

/// The field's type as a cell; every token has the span of the type, so that a type without a column is an error at the field.
fn as_cell(field: &Field, krate: &Path) -> TokenStream {
    let (ty, span) = (&field.ty, field.ty.span());
    let krate = quote!(#krate).into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    let krate: TokenStream = krate.collect();
    if field.rest {
        return quote_spanned!(span=> <#ty as #krate::row::support::KeepsRest>);
    }
    quote_spanned!(span=> <#ty as #krate::row::Cell>)
}

fn fields(input: &DeriveInput) -> Result<Vec<Field>> {
    let refuse = |what: &str| {
        let message = format!("{what} cannot be a row: a row is a struct with named fields, one per column");
        Err(Error::new(input.ident.span(), message))
    };
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(_) => return refuse("an enum"),
        Data::Union(_) => return refuse("a union"),
    };
    let named = match &data.fields {
        Fields::Named(named) => &named.named,
        Fields::Unnamed(_) => return refuse("a tuple struct"),
        Fields::Unit => return refuse("a struct without fields"),
    };
    if named.is_empty() {
        return refuse("a struct without fields");
    }
    let mut fields: Vec<Field> = Vec::with_capacity(named.len());
    for field in named {
        let Some(ident) = field.ident.clone() else { continue };
        let (rename, rest) = field_attributes(field)?;
        if rest && let Some(first) = fields.iter().find(|f| f.rest) {
            let message = format!("field {} keeps the rest already; only one field can", first.ident);
            return Err(Error::new(ident.span(), message));
        }
        refuse_static(&field.ty)?;
        let raw = ident.to_string();
        let column = rename.unwrap_or_else(|| LitStr::new(raw.strip_prefix("r#").unwrap_or(&raw), ident.span()));
        let twin = fields.iter().find(|f| !f.rest && !rest && f.column.value() == column.value());
        if let Some(twin) = twin {
            let message = format!("column {:?} is field {} already; rename one of the two", column.value(), twin.ident);
            return Err(Error::new(column.span(), message));
        }
        fields.push(Field { ident, ty: field.ty.clone(), column, rest });
    }
    Ok(fields)
}

/// Rows are read from a batch, which nothing outlives.
fn refuse_static(ty: &Type) -> Result<()> {
    struct Statics(Option<Span>);
    impl<'ast> Visit<'ast> for Statics {
        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            if lifetime.ident == "static" {
                self.0.get_or_insert(lifetime.span());
            }
        }
    }
    let mut statics = Statics(None);
    statics.visit_type(ty);
    match statics.0 {
        Some(span) => {
            let message = "a row borrows from its batch: give the struct a lifetime parameter and write it here (`struct Name<'r>`, \
                           `&'r str`), or own the value (`String`)";
            Err(Error::new(span, message))
        }
        None => Ok(()),
    }
}

fn field_attributes(field: &syn::Field) -> Result<(Option<LitStr>, bool)> {
    let (mut rename, mut rest) = (None, false);
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("row")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                let name: LitStr = meta.value()?.parse()?;
                if name.value().is_empty() {
                    return Err(Error::new(name.span(), "a column needs a name"));
                }
                rename = Some(name);
                Ok(())
            } else if meta.path.is_ident("rest") {
                rest = true;
                Ok(())
            } else {
                Err(meta.error("unknown attribute of a field; there are: rename = \"any name\", rest"))
            }
        })?;
    }
    if rest && let Some(rename) = &rename {
        return Err(Error::new(rename.span(), "the rest has the names of its own columns; remove the rename"));
    }
    Ok((rename, rest))
}

fn path_attribute(input: &DeriveInput) -> Result<Option<Path>> {
    let mut found = None;
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("row")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                found = Some(meta.value()?.parse()?);
                Ok(())
            } else {
                Err(meta.error("unknown attribute of a row; there is: crate = path"))
            }
        })?;
    }
    Ok(found)
}
