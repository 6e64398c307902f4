//! The eight tables as files of Parquet, made once by a generator that gives the rows of the specification.

use std::path::{Path, PathBuf};

use fugue_core::arrow::record_batch::RecordBatchReader;
use fugue_core::io::{SaveOptions, save};
use fugue_core::run::Cancel;
use fugue_core::{Error, Result, Schema};
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator, RegionGenerator,
    SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow, SupplierArrow,
};

/// A table of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Who orders.
    Customer,
    /// What was ordered, item by item.
    LineItem,
    /// 25 nations.
    Nation,
    /// Orders.
    Orders,
    /// What can be ordered.
    Part,
    /// Who supplies what at which price.
    PartSupp,
    /// Five regions.
    Region,
    /// Who supplies.
    Supplier,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Customer, Self::LineItem, Self::Nation, Self::Orders, Self::Part, Self::PartSupp, Self::Region, Self::Supplier];

    /// Its name in queries.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::LineItem => "lineitem",
            Self::Nation => "nation",
            Self::Orders => "orders",
            Self::Part => "part",
            Self::PartSupp => "partsupp",
            Self::Region => "region",
            Self::Supplier => "supplier",
        }
    }

    /// Its file in a folder, which is written if it is not there.
    ///
    /// # Errors
    /// `Io`.
    pub fn file(self, folder: &Path, scale: f64) -> Result<PathBuf> {
        let path = folder.join(format!("tpch-{}-{scale}.parquet", self.name()));
        if !path.exists() {
            match self {
                Self::Customer => write(&path, CustomerArrow::new(CustomerGenerator::new(scale, 1, 1)).with_batch_size(BATCH)),
                Self::LineItem => write(&path, LineItemArrow::new(LineItemGenerator::new(scale, 1, 1)).with_batch_size(BATCH)),
                Self::Nation => write(&path, NationArrow::new(NationGenerator::new(scale, 1, 1)).with_batch_size(BATCH)),
                Self::Orders => write(&path, OrderArrow::new(OrderGenerator::new(scale, 1, 1)).with_batch_size(BATCH)),
                Self::Part => write(&path, PartArrow::new(PartGenerator::new(scale, 1, 1)).with_batch_size(BATCH)),
                Self::PartSupp => write(&path, PartSuppArrow::new(PartSuppGenerator::new(scale, 1, 1)).with_batch_size(BATCH)),
                Self::Region => write(&path, RegionArrow::new(RegionGenerator::new(scale, 1, 1)).with_batch_size(BATCH)),
                Self::Supplier => write(&path, SupplierArrow::new(SupplierGenerator::new(scale, 1, 1)).with_batch_size(BATCH)),
            }?;
        }
        Ok(path)
    }
}

/// Rows of a batch that is written.
const BATCH: usize = 1 << 16;

fn write(path: &Path, rows: impl RecordBatchReader + Send + 'static) -> Result<()> {
    let schema = Schema::from_arrow(&rows.schema())?;
    let rows = rows.map(|batch| batch.map_err(Error::from));
    save(path, &schema, Box::new(rows), &SaveOptions::new(), &Cancel::never())?;
    Ok(())
}
