//! Frames of any session as frames of Polars.

use std::future::Future;

use fugue_core::blocking::wait_apart;
use fugue_core::{DataFrame, Result};
use polars::prelude::{DataFrame as PolarsDataFrame, LazyFrame};

use crate::batches::from_batches;
use crate::engine::PolarsEngine;
use crate::error::here;
use crate::lazy::{self, Place};

/// What a frame of any session becomes in a program that goes on with Polars.
pub trait IntoPolars {
    /// The frame as a plan of Polars: on a session of this engine native parts stay native, and functions of the user are steps that
    /// run when the plan is collected; a frame of another engine runs there then. A deadline or a cancel handle of a frame of this
    /// engine does not go along: Polars runs the plan. The functions run on the threads of the frame's session.
    ///
    /// # Errors
    /// [`SchemaInvalid`](fugue_core::ErrorKind::SchemaInvalid) naming a column that Polars cannot hold.
    fn to_lazy(&self) -> Result<LazyFrame>;

    /// Runs the frame, with its deadline and cancel handle. Rows that Polars holds already are not copied and nothing runs: they come as
    /// they are, in the units and categories that they were brought in.
    ///
    /// # Errors
    /// As [`DataFrame::stream`], and [`SchemaInvalid`](fugue_core::ErrorKind::SchemaInvalid) and
    /// [`ValueInvalid`](fugue_core::ErrorKind::ValueInvalid) for what Polars cannot hold.
    fn collect_polars(&self) -> impl Future<Output = Result<PolarsDataFrame>> + Send;
}

impl IntoPolars for DataFrame {
    fn to_lazy(&self) -> Result<LazyFrame> {
        if let Ok(own) = self.native::<PolarsEngine>() {
            return own.to_lazy_on(&Place::on(self.session().pool().clone())).map_err(here);
        }
        let (df, schema) = (self.clone(), self.schema().clone());
        lazy::rows_of(self.schema(), move || from_batches(wait_apart(df.collect())?, &schema)).map_err(here)
    }

    async fn collect_polars(&self) -> Result<PolarsDataFrame> {
        if let Ok(own) = self.native::<PolarsEngine>()
            && let Some(df) = own.eager()
        {
            return df;
        }
        from_batches(self.collect().await?, self.schema()).map_err(here)
    }
}
