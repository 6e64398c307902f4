//! Faults written into source text, each behind its number.

use std::ops::Range;

use crate::find::{Change, Mutant};

/// A place of the new text that belongs to a fault: all of it, or just what the fault put in.
pub struct Place {
    pub mutant: usize,
    pub all: Range<usize>,
    pub own: Range<usize>,
}

/// Something to put in at a place of the old text.
struct Piece {
    at: usize,
    /// What comes first of several at one place: what closes, then what stands by itself, then what opens.
    order: (u8, usize, usize),
    text: String,
    mutant: usize,
    closes: bool,
}

/// The text of one file with its faults, given with their numbers, and where each went.
pub fn edited(text: &str, mutants: &[(usize, &Mutant)]) -> (String, Vec<Place>) {
    let mut pieces = Vec::new();
    for &(mutant, fault) in mutants {
        let on = format!("crate::mutant::on({mutant})");
        let mut put = |at, order, text, closes| pieces.push(Piece { at, order, text, mutant, closes });
        match &fault.change {
            Change::Instead { of, text } => {
                let length = of.end - of.start;
                // The longer encloses the shorter, and of two of the same length the first the second.
                put(of.start, (2, usize::MAX - length, mutant), format!("(if {on} {{ {text} }} else {{ "), false);
                put(of.end, (0, length, usize::MAX - mutant), " })".to_owned(), true);
            }
            Change::Returns { at, text } => put(*at, (1, mutant, 0), format!(" if {on} {{ return {text}; }}"), false),
            Change::NotTaken { at } => put(*at, (1, mutant, 0), format!(" if !{on}"), false),
        }
    }
    pieces.sort_by_key(|piece| (piece.at, piece.order));
    let (mut out, mut last) = (String::with_capacity(text.len() * 2), 0);
    let mut places: Vec<Place> = Vec::new();
    for piece in &pieces {
        out.push_str(&text[last..piece.at]);
        last = piece.at;
        let start = out.len();
        out.push_str(&piece.text);
        if piece.closes {
            if let Some(place) = places.iter_mut().find(|place| place.mutant == piece.mutant) {
                place.all.end = out.len();
            }
        } else {
            places.push(Place { mutant: piece.mutant, all: start..out.len(), own: start..out.len() });
        }
    }
    out.push_str(&text[last..]);
    (out, places)
}

/// What the faults ask whether they are switched on, and where they tell that somebody came by.
pub fn switch(count: usize) -> String {
    format!(
        r#"//! Which fault is switched on, and which ones somebody came by.
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{{AtomicBool, Ordering}};

static ON: OnceLock<(usize, Option<std::path::PathBuf>)> = OnceLock::new();
static SEEN: [AtomicBool; {count}] = [const {{ AtomicBool::new(false) }}; {count}];

pub(crate) fn on(number: usize) -> bool {{
    let (on, seen) = ON.get_or_init(|| {{
        let on = std::env::var("FUGUE_MUTANT").ok().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
        (on, std::env::var_os("FUGUE_MUTANTS_SEEN").map(Into::into))
    }});
    if let Some(file) = seen
        && !SEEN[number].swap(true, Ordering::Relaxed)
        && let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(file)
    {{
        let _ = file.write_all(format!("{{number}}\n").as_bytes());
    }}
    *on == number
}}
"#
    )
}
