//! What is sent for a job: the plan as bytes, the options of its session.

use std::sync::Arc;

use ballista_core::config::{BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, BALLISTA_JOB_NAME};
use ballista_core::extension::SessionConfigHelperExt;
use ballista_core::serde::protobuf::KeyValuePair;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::{AsExecutionPlan, PhysicalExtensionCodec};
use datafusion_proto::protobuf::PhysicalPlanNode;
use fugue_core::{Error, Result};

use crate::cluster::MESSAGE_LIMIT;
use crate::threads::apart;

/// Encodes a plan of any depth.
pub(super) async fn plan(plan: Arc<dyn ExecutionPlan>, codec: Arc<dyn PhysicalExtensionCodec>) -> Result<Vec<u8>> {
    let encode = move || -> Result<Vec<u8>, DataFusionError> {
        let mut bytes = Vec::new();
        PhysicalPlanNode::try_from_physical_plan(plan, codec.as_ref())?.try_encode(&mut bytes)?;
        Ok(bytes)
    };
    apart("fugue-encode", encode).await?.map_err(|e| Error::from_native(e).with_operation("encode the plan"))
}

/// All options of a session, and what Ballista takes for a job besides.
pub(super) fn settings(config: &SessionConfig, job_name: &str) -> Vec<KeyValuePair> {
    let mut settings = config.to_key_value_pairs();
    settings.retain(|s| s.key != BALLISTA_JOB_NAME && s.key != BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE);
    let pair = |key: &str, value: String| KeyValuePair { key: key.to_owned(), value: Some(value) };
    settings.push(pair(BALLISTA_JOB_NAME, job_name.to_owned()));
    // Tasks read each other's files within it.
    settings.push(pair(BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, MESSAGE_LIMIT.to_string()));
    settings
}
