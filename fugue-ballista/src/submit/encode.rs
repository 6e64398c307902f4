//! What is sent for a job: the plan as bytes, the options of its session.

use std::any::Any;
use std::sync::Arc;

use ballista_core::config::{BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, BALLISTA_JOB_NAME};
use ballista_core::extension::SessionConfigHelperExt;
use ballista_core::serde::protobuf::KeyValuePair;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::limit::LocalLimitExec;
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::{AsExecutionPlan, PhysicalExtensionCodec};
use datafusion_proto::protobuf::PhysicalPlanNode;
use fugue_core::{Error, Result};

use crate::cluster::MESSAGE_LIMIT;
use crate::runs::READ_HERE;
use crate::threads::apart;

/// Encodes a plan of any depth.
pub(super) async fn plan(plan: Arc<dyn ExecutionPlan>, codec: Arc<dyn PhysicalExtensionCodec>) -> Result<Vec<u8>> {
    let encode = move || -> Result<Vec<u8>, DataFusionError> {
        let mut bytes = Vec::new();
        let plan = plan.transform_up(limited)?.data;
        PhysicalPlanNode::try_from_physical_plan(plan, codec.as_ref())?.try_encode(&mut bytes)?;
        Ok(bytes)
    };
    apart("fugue-encode", encode).await?.map_err(|e| Error::from_native(e).with_operation("encode the plan"))
}

/// A limit inside of a table in memory as a step above it: Ballista forgets it when it gives tasks their partitions
/// (`select_output_partitions` of its scheduler).
fn limited(node: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>, DataFusionError> {
    let Some(leaf) = node.downcast_ref::<DataSourceExec>() else { return Ok(Transformed::no(node)) };
    let source = leaf.data_source();
    match (source.fetch(), (source.as_ref() as &dyn Any).downcast_ref::<MemorySourceConfig>()) {
        (Some(rows), Some(memory)) => {
            let all = DataSourceExec::from_data_source(memory.clone().with_limit(None));
            Ok(Transformed::yes(Arc::new(LocalLimitExec::new(all, rows))))
        }
        _ => Ok(Transformed::no(node)),
    }
}

/// All options of a session, and what Ballista takes for a job besides.
pub(super) fn settings(config: &SessionConfig, job_name: &str, read_here: bool) -> Vec<KeyValuePair> {
    let mut settings = config.to_key_value_pairs();
    let ours = [BALLISTA_JOB_NAME, BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, READ_HERE];
    settings.retain(|s| !ours.contains(&s.key.as_str()));
    let pair = |key: &str, value: String| KeyValuePair { key: key.to_owned(), value: Some(value) };
    settings.push(pair(BALLISTA_JOB_NAME, job_name.to_owned()));
    // Tasks read each other's files within it.
    settings.push(pair(BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, MESSAGE_LIMIT.to_string()));
    if read_here {
        // Nobody else may take it over from a session of this process.
        settings.push(pair(READ_HERE, true.to_string()));
    }
    settings
}
