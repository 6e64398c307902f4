//! The words for types: every spelling that is read, the one that is printed, and what to say about words that are no type.

use super::Type;

/// Simple types: the word that is printed, then the others that are read.
static WORDS: [(&str, &[&str], Type); 16] = [
    ("bool", &["boolean"], Type::Bool),
    ("byte", &["int8"], Type::Int8),
    ("short", &["int16"], Type::Int16),
    ("int", &["int32"], Type::Int32),
    ("long", &["int64"], Type::Int64),
    ("ubyte", &["uint8"], Type::UInt8),
    ("ushort", &["uint16"], Type::UInt16),
    ("uint", &["uint32"], Type::UInt32),
    ("ulong", &["uint64"], Type::UInt64),
    ("float", &["float32", "float16"], Type::Float32),
    ("double", &["float64"], Type::Float64),
    ("str", &["string"], Type::Str),
    ("bytes", &["binary"], Type::Bytes),
    ("date", &[], Type::Date),
    ("time", &[], Type::Time),
    ("datetime", &[], Type::Datetime),
];

/// The type of a word that needs no arguments.
pub(super) fn read(word: &str) -> Option<Type> {
    WORDS.iter().find(|(printed, others, _)| *printed == word || others.contains(&word)).map(|(_, _, ty)| ty.clone())
}

/// The word of a type, for types that are one word.
pub(super) fn printed(ty: &Type) -> Option<&'static str> {
    WORDS.iter().find(|(_, _, other)| other == ty).map(|(word, _, _)| *word)
}

/// What to say about a word that is no type of the table.
pub(super) fn advice(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let refused = match lower.as_str() {
        "null" | "none" | "void" => Some("give the column the type that its values would have, for example str"),
        "duration" | "timedelta" => Some("cast it to long (microseconds)"),
        "interval" | "month_interval" | "day_time_interval" => Some("cast it to long or str"),
        "int128" | "uint128" | "hugeint" => Some("cast it to decimal(38) or str"),
        "decimal256" => Some("cast it to decimal(38,s)"),
        "union" | "dense_union" | "sparse_union" => Some("turn it into a struct with one field per variant"),
        "dictionary" | "categorical" | "enum" | "category" => Some("write the type of its values, for example str"),
        "run_end_encoded" => Some("write the type of its values"),
        "object" | "any" | "variant" => Some("cast it to str or bytes"),
        _ => None,
    };
    if let Some(cast) = refused {
        return format!("type {word:?} is not admitted in a portable schema; {cast}");
    }
    if read(&lower).is_some() || matches!(lower.as_str(), "decimal" | "timestamp") {
        return format!("unknown type {word:?}; types are written in lower case: {lower}");
    }
    let meant = match lower.as_str() {
        "text" | "varchar" | "char" | "utf8" | "largeutf8" | "utf8view" => "str",
        "integer" | "i32" => "int",
        "bigint" | "i64" => "long",
        "smallint" | "i16" => "short",
        "tinyint" | "i8" => "byte",
        "u8" => "ubyte",
        "u16" => "ushort",
        "u32" => "uint",
        "u64" | "usize" => "ulong",
        "f16" | "f32" | "real" => "float",
        "f64" => "double",
        "blob" | "varbinary" | "bytearray" => "bytes",
        "list" | "array" => "[item], for example [int]",
        "struct" | "row" => "{name:type,…}",
        "map" => "<key,value>, for example <str,int>",
        "numeric" | "decimal128" => "decimal(p,s), for example decimal(18,2)",
        _ => match closest(&lower) {
            Some(word) => word,
            None => {
                return format!(
                    "unknown type {word:?}; there are: {}, timestamp(us,ZONE), decimal(p,s), [item], {{name:type}}, <key,value>",
                    WORDS.iter().map(|(printed, _, _)| *printed).collect::<Vec<_>>().join(", ")
                );
            }
        },
    };
    format!("unknown type {word:?}; did you mean {meant}?")
}

/// The word at a distance of at most two letters.
fn closest(word: &str) -> Option<&'static str> {
    let all = WORDS.iter().flat_map(|(printed, others, _)| std::iter::once(printed).chain(others.iter()));
    let near = all.map(|candidate| (distance(word, candidate), *candidate)).min_by_key(|(d, _)| *d)?;
    (near.0 <= 2 && near.0 * 2 < word.len()).then_some(near.1)
}

/// How many letters must be put in, taken out or replaced.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
