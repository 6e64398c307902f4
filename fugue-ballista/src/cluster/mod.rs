//! A Ballista cluster inside this process: one scheduler and some executors on free loopback ports.
//!
//! It lives on threads of its own and never on the user's runtime, so that closing it ends everything that it started. Nothing in
//! it is stock but the parts: Ballista's own entry points bind fixed ports, wait for signals, and allow one executor in a process.

mod builder;
mod endings;
mod executor;
mod gate;
mod handle;
mod pool;
mod scheduler;
mod stage;
mod watch;

use std::fmt;
use std::sync::Arc;

use ballista_core::extension::SessionConfigExt;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use ballista_core::utils::default_session_builder;
use ballista_executor::execution_engine::ExecutionEngine;
use ballista_scheduler::scheduler_server::SessionBuilder;
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::PhysicalExtensionCodec;

pub use builder::Builder;
pub use handle::Cluster;
pub(crate) use scheduler::REQUEST_SECONDS;

/// What gRPC messages may grow to, in bytes. Ballista's 16 MiB are less than one task with data in its plan, and a launch that is
/// over its limit counts there as the death of an executor.
pub const MESSAGE_LIMIT: u32 = 1 << 30;

/// What makes executor number *n* run stages; numbers count from 0.
pub type EngineOf = Arc<dyn Fn(usize) -> Arc<dyn ExecutionEngine> + Send + Sync>;

/// What a cluster is handed that Ballista does not have by itself. The default is plain Ballista.
#[derive(Clone)]
#[non_exhaustive]
pub struct Extensions {
    /// Encodes and decodes plan nodes, on the scheduler and on executors.
    pub codec: Arc<dyn PhysicalExtensionCodec>,
    /// The config that executor number *n* gives its tasks; options of the submitted job are laid over it, extensions stay.
    pub session_config: Arc<dyn Fn(usize) -> SessionConfig + Send + Sync>,
    /// What runs the stages; without it Ballista's own engine with connections that are reused.
    pub engine: Option<EngineOf>,
    /// The functions that executors know by name.
    pub functions: Arc<BallistaFunctionRegistry>,
    /// Makes the scheduler's sessions, with which submitted plans are decoded.
    pub session_builder: SessionBuilder,
}

impl Default for Extensions {
    fn default() -> Self {
        Self {
            codec: Arc::new(BallistaPhysicalExtensionCodec::default()),
            session_config: Arc::new(|_| SessionConfig::new_with_ballista()),
            engine: None,
            functions: Arc::new(BallistaFunctionRegistry::default()),
            session_builder: Arc::new(default_session_builder),
        }
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions").field("codec", &self.codec).finish_non_exhaustive()
    }
}
