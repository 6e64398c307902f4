//! Rows of any serde type, through `serde_arrow`; feature `serde_rows`.

use arrow::record_batch::RecordBatch;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_arrow::{ArrayBuilder, Deserializer};

use super::support::{Data, assemble};
use super::{Row, RowLayout};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Schema;

/// A row of a type that knows serde but has no `#[derive(Row)]`, of another crate for instance.
///
/// Its columns are known only with the data: fields are found by name, and as an output it needs a declared schema. Fields of the
/// type that the schema does not declare are dropped; a declared column that the type does not have is null. What a column may
/// hold for which serde type is `serde_arrow`'s business; dates and times are text in ISO form.
///
/// All rows of a batch are read when the reader is made, because serde can fail at any of them; `#[derive(Row)]` is faster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Serde<T>(pub T);

impl<T> Data for Serde<T> {}

/// The builder of the columns of a declared schema.
pub struct SerdeWriter {
    builder: ArrayBuilder,
    schema: Schema,
    rows: usize,
}

impl std::fmt::Debug for SerdeWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SerdeWriter").field("schema", &self.schema).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<T: Serialize + DeserializeOwned + Clone> Row for Serde<T> {
    type Of<'a> = Self;
    type Reader<'a> = Vec<T>;
    type Writer = SerdeWriter;

    fn layout() -> RowLayout {
        RowLayout::dynamic(std::any::type_name::<T>())
    }

    fn reader(batch: &RecordBatch) -> Result<Self::Reader<'_>> {
        let fault = |error: serde_arrow::Error| {
            let message = format!("the columns cannot be read as {}: {}", std::any::type_name::<T>(), error.message());
            Error::new(ErrorKind::SchemaMismatch, message).with_source(error)
        };
        let rows = Deserializer::from_record_batch(batch).map_err(fault)?;
        let items = rows.iter().enumerate();
        items.map(|(row, item)| T::deserialize(item).map_err(|error| fault(error).with("row", row.to_string()))).collect()
    }

    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
        Self(reader[row].clone())
    }

    fn writer(schema: &Schema, capacity: usize) -> Result<Self::Writer> {
        let mut builder = ArrayBuilder::from_arrow(schema.to_arrow().fields()).map_err(|error| {
            let message = format!("serde rows cannot be written as {schema}: {}", error.message());
            Error::new(ErrorKind::SchemaMismatch, message).with_source(error)
        })?;
        builder.reserve(capacity);
        Ok(SerdeWriter { builder, schema: schema.clone(), rows: 0 })
    }

    fn write(self, writer: &mut Self::Writer) -> Result<()> {
        writer.builder.push(&self.0).map_err(|error| {
            let message = format!("{} cannot be written as {}: {}", std::any::type_name::<T>(), writer.schema, error.message());
            Error::new(ErrorKind::ValueInvalid, message).with("row", writer.rows.to_string()).with_source(error)
        })?;
        writer.rows += 1;
        Ok(())
    }

    fn finish(writer: Self::Writer) -> Result<RecordBatch> {
        let arrays = writer.builder.into_arrow().map_err(|error| {
            Error::new(ErrorKind::ValueInvalid, format!("rows cannot be written as {}: {}", writer.schema, error.message()))
                .with_source(error)
        })?;
        // serde_arrow names the parts of nested columns in its own way.
        let arrays = arrays.iter().zip(writer.schema.fields());
        let arrays =
            arrays.map(|(array, field)| crate::cast::cast_array(array, field.ty()).map_err(|e| e.with("column", field.name())));
        assemble(&writer.schema, arrays.collect::<Result<_>>()?, writer.rows)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Foreign {
        name: String,
        count: Option<i32>,
        scores: Vec<f64>,
        at: String,
        inner: Inner,
        tags: BTreeMap<String, i64>,
        more: u8,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        flag: bool,
    }

    const SCHEMA: &str = "tags:<str,long>,name:str,count:int,scores:[double],at:datetime,inner:{flag:bool},more:ubyte";

    fn rows() -> Vec<Foreign> {
        [("a name longer than twelve bytes", None), ("", Some(-1))]
            .map(|(name, count)| Foreign {
                name: name.to_owned(),
                count,
                scores: vec![0.5; name.len() % 3],
                at: "2020-02-29T01:02:03.500".to_owned(),
                inner: Inner { flag: count.is_none() },
                tags: BTreeMap::from([(name.to_owned(), 7)]),
                more: 255,
            })
            .to_vec()
    }

    fn write(schema: &str) -> Result<RecordBatch> {
        let mut writer = Serde::<Foreign>::writer(&Schema::parse(schema)?, 2)?;
        rows().into_iter().try_for_each(|row| Serde(row).write(&mut writer))?;
        Serde::<Foreign>::finish(writer)
    }

    #[test]
    fn serde_rows_come_back_by_name() {
        let batch = write(SCHEMA).unwrap();
        assert_eq!(batch.schema(), Schema::parse(SCHEMA).unwrap().to_arrow());
        let reader = Serde::<Foreign>::reader(&batch).unwrap();
        let back: Vec<Foreign> = (0..2).map(|row| Serde::read(&reader, row).0).collect();
        assert_eq!(back, rows());
    }

    #[test]
    fn what_does_not_fit_says_so() {
        assert_eq!(write("name:long").unwrap_err().kind(), ErrorKind::ValueInvalid);
        let batch = write("name:str,count:int").unwrap();
        let error = Serde::<Foreign>::reader(&batch).unwrap_err();
        assert_eq!((error.kind(), error.context("row")), (ErrorKind::SchemaMismatch, Some("0")));
    }
}
