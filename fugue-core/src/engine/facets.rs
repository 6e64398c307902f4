//! What an engine may offer beyond its duties. A missing facet answers `Unsupported`, or core does the work itself.

use crate::error::Result;
use crate::expr::TypedSort;
use crate::io::{LoadOptions, Part, PartPlan};
use crate::partition::PartitionSpec;
use crate::relational::{Join, SelectPlan, SetOp};
use crate::run::RunContext;

use futures::future::BoxFuture;

/// The physical layout of frames.
pub trait Physical<F: Clone>: Send + Sync {
    /// Lays rows out anew: as many partitions as the spec says, by its algorithm. Rows and schema stay.
    ///
    /// # Errors
    /// `Unsupported` for a spec that the engine cannot do.
    fn repartition(&self, frame: &F, spec: &PartitionSpec) -> Result<F>;

    /// Runs a frame once and keeps its rows in memory; the frame returned reads them.
    fn persist<'a>(&'a self, frame: &'a F, run: &'a RunContext) -> BoxFuture<'a, Result<F>>;

    /// A hint that a frame is small and may be copied to wherever it is joined; where all threads see all memory there is nothing to
    /// do.
    ///
    /// # Errors
    /// Whatever the engine meets.
    fn broadcast(&self, frame: &F) -> Result<F> {
        Ok(frame.clone())
    }

    /// Number of physical partitions, where it is known without running the frame.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn partitions(&self, frame: &F) -> Result<Option<usize>>;
}

/// Native reading and writing of files.
pub trait Storage<F>: Send + Sync {
    /// A frame over a file, or `None` where core's own reader should serve (an option that the native reader does not know, or
    /// would answer differently).
    fn load<'a>(&'a self, path: &'a str, options: &'a LoadOptions) -> BoxFuture<'a, Result<Option<F>>>;

    /// Writes the partitions of a frame apart from one another, each by a [writer](PartPlan::writer) of the plan, and gives what they have
    /// written; `None` where core is to write the rows that stream out. Work that is tried again may write a partition again. Nothing is seen
    /// of it before core commits.
    fn save<'a>(&'a self, frame: &'a F, plan: &'a PartPlan, run: &'a RunContext) -> BoxFuture<'a, Result<Option<Vec<Part>>>> {
        let _ = (frame, plan, run);
        Box::pin(async { Ok(None) })
    }
}

/// Relational operations that an engine does by itself. Each may answer `None`: core then derives it through
/// [`map`](super::Engine::map) and [`comap`](super::Engine::comap), so override for speed only; the answer is the same, to the type and the
/// last bit (but for sums of floats).
///
/// An expression that an engine has no equal for is evaluated by the [shared kernels](crate::expr::evaluate).
pub trait Relational<F>: Send + Sync {
    /// Filter, windows or grouping, having, projection, distinct.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn select(&self, frame: &F, select: &SelectPlan) -> Result<Option<F>> {
        let _ = (frame, select);
        Ok(None)
    }

    /// A join of two frames.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn join(&self, left: &F, right: &F, join: &Join) -> Result<Option<F>> {
        let _ = (left, right, join);
        Ok(None)
    }

    /// A set operation over two frames.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn set_op(&self, left: &F, right: &F, op: &SetOp) -> Result<Option<F>> {
        let _ = (left, right, op);
        Ok(None)
    }

    /// All rows in an order; of these, the first so many. Actions over the result give rows in this order.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn sort(&self, frame: &F, order: &[TypedSort], limit: Option<u64>) -> Result<Option<F>> {
        let _ = (frame, order, limit);
        Ok(None)
    }

    /// The first rows of each key in an order, so many at most: at least one key, one column to order by and one row. Equal rows of an order
    /// are as good as one another.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn take(&self, frame: &F, keys: &[usize], order: &[TypedSort], rows: u64) -> Result<Option<F>> {
        let _ = (frame, keys, order, rows);
        Ok(None)
    }

    /// Whether rows of the frame come one after the other, while an operation over it would wait for all of them first. What another engine
    /// reads of such a frame is narrowed as it comes, and not by a plan over it.
    fn streams(&self, frame: &F) -> bool {
        let _ = frame;
        false
    }

    /// So many rows, in the order of the frame where it has one and any otherwise.
    ///
    /// # Errors
    /// `EngineFailed` when a native plan does not resolve.
    fn limit(&self, frame: &F, rows: u64) -> Result<Option<F>> {
        let _ = (frame, rows);
        Ok(None)
    }
}

/// Queries in SQL over frames. They mean what DataFusion says they mean, on every engine; one without this facet has them planned and run by
/// DataFusion, over its own frames as lazy sources.
pub trait Sql<F>: Send + Sync {
    /// Plans a query over frames, each under a name, case sensitive. Nothing runs.
    fn query<'a>(&'a self, query: &'a str, frames: Vec<(String, F)>) -> BoxFuture<'a, Result<F>>;
}
