//! What a function could return instead, by its type.

use quote::ToTokens;
use syn::{GenericArgument, PathArguments, ReturnType, Type};

/// Texts of a `return` for a function of this type; one is empty where nothing is returned.
pub fn others(output: &ReturnType) -> Vec<String> {
    match output {
        ReturnType::Default => vec![String::new()],
        ReturnType::Type(_, ty) => of_type(ty),
    }
}

fn of_type(ty: &Type) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match ty {
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return Vec::new() };
            let inner = || match &last.arguments {
                PathArguments::AngleBracketed(list) => list.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty.clone()),
                    _ => None,
                }),
                _ => None,
            };
            let within = |name: &str| inner().map_or_else(Vec::new, |ty| of_type(&ty).iter().map(|v| format!("{name}({v})")).collect());
            match last.ident.to_string().as_str() {
                "bool" => vec!["true".to_owned(), "false".to_owned()],
                "usize" | "u8" | "u16" | "u32" | "u64" | "isize" | "i8" | "i16" | "i32" | "i64" | "i128" | "u128" => {
                    vec!["0".to_owned(), "1".to_owned()]
                }
                "f32" | "f64" => vec!["0.0".to_owned(), "1.0".to_owned()],
                "String" => vec!["String::new()".to_owned(), "\"other\".to_owned()".to_owned()],
                "Vec" | "HashMap" | "HashSet" | "BTreeMap" | "BTreeSet" => one("Default::default()"),
                "Option" => std::iter::once("None".to_owned()).chain(within("Some")).collect(),
                name if name.ends_with("Result") => within("Ok"),
                "Box" | "Arc" | "Rc" => match inner() {
                    Some(Type::TraitObject(_)) => Vec::new(),
                    _ => within(&format!("{}::new", last.ident)),
                },
                "Pin" => Vec::new(),
                // Where there is no such value, it does not compile and is left out.
                _ => one("Default::default()"),
            }
        }
        Type::Reference(reference) => match reference.elem.to_token_stream().to_string().as_str() {
            "str" => vec!["\"\"".to_owned(), "\"other\"".to_owned()],
            _ => match &*reference.elem {
                Type::Slice(_) if reference.mutability.is_none() => one("&[]"),
                _ => Vec::new(),
            },
        },
        Type::Tuple(tuple) if tuple.elems.is_empty() => one("()"),
        Type::Tuple(tuple) => {
            let firsts: Option<Vec<String>> = tuple.elems.iter().map(|ty| of_type(ty).into_iter().next()).collect();
            firsts.map_or_else(Vec::new, |values| vec![format!("({})", values.join(", "))])
        }
        Type::Array(_) => one("Default::default()"),
        _ => Vec::new(),
    }
}
