//! Parts of a cluster that were built from other source than the program that plans: refused, with a type and with what to do.

use std::sync::Arc;

use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use fugue_ballista::{BallistaEngine, Cluster, Extensions};
use fugue_core::run::RunContext;
use fugue_core::transform::Task;
use fugue_core::{Error, ErrorKind, Result};
use fugue_datafusion::travel::{AtWork, Worker};

use crate::data::{doubled, readings, total};
use crate::support::{Outcome, run, session};

/// What stands before the version in the bytes of a step.
const MARK: &[u8] = b"\x00fugue";

/// Reads steps as a build would that knows another version of them.
#[derive(Debug)]
struct OtherVersion(Arc<dyn PhysicalExtensionCodec>);

impl PhysicalExtensionCodec for OtherVersion {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        let mut bytes = bytes.to_vec();
        if bytes.starts_with(MARK) {
            bytes[MARK.len()] ^= 64;
        }
        self.0.try_decode(&bytes, inputs, context, converter)
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> PlanResult<()> {
        self.0.try_encode(node, bytes, converter)
    }
}

#[test]
fn steps_of_another_version_are_refused() -> Outcome {
    run(async {
        let mut extensions = Extensions::default();
        extensions.codec = Arc::new(OtherVersion(Arc::clone(&extensions.codec)));
        let cluster = Cluster::builder().executors(1).slots(2).extensions(extensions).start().await?;
        let session = session(BallistaEngine::on(&cluster).partitions(2)).await?;
        let frame = session.frame(readings(30))?;
        let refused = frame.transform(total).partition_by("sensor").count().await.expect_err("it is of another build");
        assert_eq!(refused.kind(), ErrorKind::EngineFailed, "{refused:?}");
        assert!(refused.message().contains("build all parts of the cluster alike"), "{refused}");
        // Plans without steps of ours are nobody's business.
        assert_eq!(frame.count().await?, 30);
        Ok(cluster.close().await?)
    })
}

/// Has a function of the same name and of another text.
struct OtherText(Arc<dyn Worker>);

impl Worker for OtherText {
    fn run(&self, context: &TaskContext) -> Result<RunContext> {
        self.0.run(context)
    }

    fn task(&self, packed: &[u8]) -> Result<Task> {
        let name: &[u8] = b"source";
        let mut packed = packed.to_vec();
        let at = packed.windows(name.len()).position(|bytes| bytes == name).expect("the fingerprint of the text");
        // Behind the name and the byte that says what kind of number follows.
        packed[at + name.len() + 1] ^= 64;
        self.0.task(&packed)
    }

    fn error(&self, error: Error) -> DataFusionError {
        self.0.error(error)
    }
}

#[test]
fn functions_of_another_build_are_refused() -> Outcome {
    run(async {
        let mut extensions = Extensions::default();
        let config = Arc::clone(&extensions.session_config);
        extensions.session_config = Arc::new(move |slots| {
            let config = config(slots)?;
            let worker = config.get_extension::<AtWork>().map(|at_work| Arc::clone(&at_work.0)).expect("a worker");
            Ok(config.with_extension(Arc::new(AtWork(Arc::new(OtherText(worker))))))
        });
        let cluster = Cluster::builder().executors(1).slots(2).extensions(extensions).start().await?;
        let session = session(BallistaEngine::on(&cluster).partitions(2)).await?;
        let refused = session.frame(readings(30))?.transform(doubled).count().await.expect_err("it is of another build");
        assert_eq!(refused.kind(), ErrorKind::TransformerNotRegistered, "{refused:?}");
        assert!(refused.message().contains("built from different source"), "{refused}");
        assert!(refused.context("transformer").is_some_and(|name| name.contains("doubled")), "{refused:?}");
        Ok(cluster.close().await?)
    })
}
