//! TPC-H: its tables, its 22 queries with the parameters of its validation, by verbs of frames and in SQL, and their official answers.

mod answer;
mod data;
mod q01_to_q08;
mod q09_to_q15;
mod q16_to_q22;
mod words;

use std::fmt;
use std::path::Path;

use fugue_core::{DataFrame, Result, Session};

pub use answer::{Answer, Official};
pub use data::Table;

/// The tables as frames of a session.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "they are the tables of the specification")]
pub struct Tables {
    pub customer: DataFrame,
    pub lineitem: DataFrame,
    pub nation: DataFrame,
    pub orders: DataFrame,
    pub part: DataFrame,
    pub partsupp: DataFrame,
    pub region: DataFrame,
    pub supplier: DataFrame,
}

impl Tables {
    /// The tables of a scale in a folder, where they are made if they are not there.
    ///
    /// # Errors
    /// `Io`.
    pub async fn load(session: &Session, folder: &Path, scale: f64) -> Result<Self> {
        let load = async |table: Table| {
            let path = table.file(folder, scale)?;
            session.load(path.to_string_lossy()).await
        };
        Ok(Self {
            customer: load(Table::Customer).await?,
            lineitem: load(Table::LineItem).await?,
            nation: load(Table::Nation).await?,
            orders: load(Table::Orders).await?,
            part: load(Table::Part).await?,
            partsupp: load(Table::PartSupp).await?,
            region: load(Table::Region).await?,
            supplier: load(Table::Supplier).await?,
        })
    }

    /// Each table with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &DataFrame); 8] {
        [
            ("customer", &self.customer),
            ("lineitem", &self.lineitem),
            ("nation", &self.nation),
            ("orders", &self.orders),
            ("part", &self.part),
            ("partsupp", &self.partsupp),
            ("region", &self.region),
            ("supplier", &self.supplier),
        ]
    }
}

/// How a query is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By verbs of frames.
    Verbs,
    /// In SQL.
    Sql,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Verbs, Self::Sql];
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Verbs => "verbs",
            Self::Sql => "sql",
        })
    }
}

/// A query of the specification.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// Its number, from 1.
    pub number: usize,
    /// The positions of the columns by which its answer is sorted; none where it is one row.
    pub order: &'static [usize],
    verbs: fn(&Tables) -> Result<DataFrame>,
    sql: &'static str,
    official: &'static str,
}

impl Query {
    /// The query over tables. Nothing runs.
    ///
    /// # Errors
    /// Those of planning; `Unsupported` for SQL where the program has no DataFusion.
    pub async fn plan(&self, way: Way, tables: &Tables) -> Result<DataFrame> {
        match way {
            Way::Verbs => (self.verbs)(tables),
            Way::Sql => tables.lineitem.session().sql(self.sql, tables.named()).await,
        }
    }

    /// The official answer, which is that of scale 1.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn official(&self) -> std::result::Result<Official, crate::hand::BoxError> {
        Official::parse(self.official)
    }
}

macro_rules! queries {
    ($($number:literal $file:literal $verbs:path => $order:expr;)*) => {
        /// All queries, in order.
        pub const QUERIES: [Query; 22] = [$(Query {
            number: $number,
            order: &$order,
            verbs: $verbs,
            sql: include_str!(concat!("../../tpch/", $file, ".sql")),
            official: include_str!(concat!("../../tpch/answers/", $file, ".csv")),
        },)*];
    };
}

queries! {
    1 "q01" q01_to_q08::q1 => [0, 1];
    2 "q02" q01_to_q08::q2 => [0, 2, 1, 3];
    3 "q03" q01_to_q08::q3 => [1, 2];
    4 "q04" q01_to_q08::q4 => [0];
    5 "q05" q01_to_q08::q5 => [1];
    6 "q06" q01_to_q08::q6 => [];
    7 "q07" q01_to_q08::q7 => [0, 1, 2];
    8 "q08" q01_to_q08::q8 => [0];
    9 "q09" q09_to_q15::q9 => [0, 1];
    10 "q10" q09_to_q15::q10 => [2];
    11 "q11" q09_to_q15::q11 => [1];
    12 "q12" q09_to_q15::q12 => [0];
    13 "q13" q09_to_q15::q13 => [1, 0];
    14 "q14" q09_to_q15::q14 => [];
    15 "q15" q09_to_q15::q15 => [0];
    16 "q16" q16_to_q22::q16 => [3, 0, 1, 2];
    17 "q17" q16_to_q22::q17 => [];
    18 "q18" q16_to_q22::q18 => [4, 3];
    19 "q19" q16_to_q22::q19 => [];
    20 "q20" q16_to_q22::q20 => [0];
    21 "q21" q16_to_q22::q21 => [1, 0];
    22 "q22" q16_to_q22::q22 => [0];
}
