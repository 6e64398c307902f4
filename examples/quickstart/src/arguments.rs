//! What the user asks for.

use std::path::PathBuf;

pub const HELP: &str = "\
Plain Rust functions by key and in order, on real data.

  cargo run -p quickstart                                   TPC-H tables, made on the spot, on the local engine
  cargo run -p quickstart --features all -- --engine all    the same on every engine, and whether the answers are identical

options
  --engine NAME     local (the default), polars, datafusion, ballista (a cluster inside the program), or all
  --scale NUMBER    size of the TPC-H tables; 1 is six million line items, the default is 0.02

own data
  --input FILE      a Parquet or CSV file instead of the tables
  --value COLUMN    the column of numbers to take the moving average of
  --by COLUMNS      one average per value of these columns, separated by commas
  --presort ORDER   the order inside: \"at\", or \"day desc, id\"
  --window ROWS     how many rows the average goes over; 7 by default";

#[derive(Debug)]
pub struct Arguments {
    pub engine: String,
    pub data: Data,
}

#[derive(Debug)]
pub enum Data {
    Tpch { scale: f64 },
    Own(Own),
}

/// A file of the user's, and what its columns are.
#[derive(Debug)]
pub struct Own {
    pub input: PathBuf,
    pub value: Option<String>,
    pub by: Vec<String>,
    pub presort: Option<String>,
    pub window: usize,
}

impl Arguments {
    /// Reads the words of the command line; nothing when help is asked for.
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut given: Vec<(String, String)> = Vec::new();
        let mut words = words;
        while let Some(word) = words.next() {
            if word == "--help" || word == "-h" {
                return Ok(None);
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => {
                    let value = words.next();
                    (word, value.unwrap_or_default())
                }
            };
            if !["--engine", "--scale", "--input", "--value", "--by", "--presort", "--window"].contains(&name.as_str()) {
                return Err(format!("unknown option {name:?}; --help says which there are"));
            }
            if value.is_empty() {
                return Err(format!("{name} needs a value; --help says which"));
            }
            if given.iter().any(|(n, _)| *n == name) {
                return Err(format!("{name} is given twice"));
            }
            given.push((name, value));
        }
        let mut take = |name: &str| given.iter().position(|(n, _)| n == name).map(|at| given.remove(at).1);
        let engine = take("--engine").unwrap_or_else(|| "local".to_owned());
        let data = match take("--input") {
            Some(input) => Data::Own(Own {
                input: input.into(),
                value: take("--value"),
                by: take("--by").map(|b| b.split(',').map(|name| name.trim().to_owned()).collect()).unwrap_or_default(),
                presort: take("--presort"),
                window: number(take("--window"), "--window", 7, |rows| *rows > 0)?,
            }),
            None => {
                Data::Tpch { scale: number(take("--scale"), "--scale", 0.02, |scale: &f64| *scale > 0.0 && *scale <= 100.0)? }
            }
        };
        match given.first() {
            Some((name, _)) if matches!(data, Data::Own(_)) => {
                Err(format!("{name} is for the TPC-H tables, and cannot stand beside --input"))
            }
            Some((name, _)) => Err(format!("{name} is for data of your own; add --input FILE")),
            None => Ok(Some(Self { engine, data })),
        }
    }
}

fn number<N: std::str::FromStr>(text: Option<String>, name: &str, default: N, fits: impl Fn(&N) -> bool) -> Result<N, String> {
    let Some(text) = text else { return Ok(default) };
    text.parse().ok().filter(fits).ok_or_else(|| format!("{name} cannot be {text:?}; --help says what it takes"))
}
