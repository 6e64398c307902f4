//! The relational operations of engines that plan with DataFusion: in this process, and on a cluster.

use fugue_core::Result;
use fugue_core::engine::Relational;
use fugue_core::expr::TypedSort;
use fugue_core::relational::{Join, SelectPlan, SetOp};

use crate::frame::DataFusionFrame;
use crate::travel::Site;

/// Plans operations for where they are to run.
#[derive(Clone, Copy, Debug)]
pub struct Plans {
    site: Option<Site>,
}

impl Plans {
    /// For this process.
    pub(crate) const HERE: Self = Self { site: None };

    /// For a cluster, to which kernels travel.
    #[must_use]
    pub fn away(site: Site) -> Self {
        Self { site: Some(site) }
    }
}

impl Relational<DataFusionFrame> for Plans {
    fn select(&self, frame: &DataFusionFrame, select: &SelectPlan) -> Result<Option<DataFusionFrame>> {
        super::select(frame, select, self.site)
    }

    fn join(&self, left: &DataFusionFrame, right: &DataFusionFrame, join: &Join) -> Result<Option<DataFusionFrame>> {
        super::join(left, right, join)
    }

    fn set_op(&self, left: &DataFusionFrame, right: &DataFusionFrame, op: &SetOp) -> Result<Option<DataFusionFrame>> {
        super::set_op(left, right, op)
    }

    fn sort(&self, frame: &DataFusionFrame, order: &[TypedSort], limit: Option<u64>) -> Result<Option<DataFusionFrame>> {
        super::sort(frame, order, limit)
    }

    fn take(&self, frame: &DataFusionFrame, keys: &[usize], order: &[TypedSort], rows: u64) -> Result<Option<DataFusionFrame>> {
        super::take(frame, keys, order, rows)
    }

    fn limit(&self, frame: &DataFusionFrame, rows: u64) -> Result<Option<DataFusionFrame>> {
        super::limit(frame, rows)
    }
}
