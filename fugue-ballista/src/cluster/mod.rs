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

use ballista_core::registry::BallistaFunctionRegistry;
use ballista_scheduler::scheduler_server::SessionBuilder;
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::PhysicalExtensionCodec;
use fugue_core::Result;

use crate::codec::Codec;
use crate::worker;

pub use builder::ClusterBuilder;
pub use handle::Cluster;
pub(crate) use scheduler::REQUEST_SECONDS;

/// Ballista's 16 MiB are less than one task with data in its plan, and a launch that is over its limit counts there as the death of an
/// executor.
pub(crate) const MESSAGE_LIMIT: u32 = 1 << 30;

/// What a scheduler and executors need that plain Ballista does not have. The default is what functions of the user need; a cluster
/// inside this process has it by itself, and one that a program puts together elsewhere of Ballista's own parts is given the same.
#[derive(Clone)]
#[non_exhaustive]
pub struct Extensions {
    /// Encodes and decodes plan nodes, on the scheduler and on executors.
    pub codec: Arc<dyn PhysicalExtensionCodec>,
    /// Made once for each executor, of the number of its slots: the config that it gives its tasks. Options of the submitted job are
    /// laid over it, extensions stay.
    pub session_config: Arc<dyn Fn(usize) -> Result<SessionConfig> + Send + Sync>,
    /// The functions that executors know by name.
    pub functions: Arc<BallistaFunctionRegistry>,
    /// Makes the scheduler's sessions, with which submitted plans are decoded.
    pub session_builder: SessionBuilder,
}

impl Extensions {
    /// What gRPC messages between client, scheduler and executors may grow to, in bytes.
    pub const MESSAGE_LIMIT: u32 = MESSAGE_LIMIT;
}

impl Default for Extensions {
    fn default() -> Self {
        Self {
            codec: Arc::new(Codec::default()),
            session_config: Arc::new(worker::session_config),
            functions: Arc::new(worker::functions()),
            session_builder: Arc::new(worker::scheduler_session),
        }
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions").field("codec", &self.codec).finish_non_exhaustive()
    }
}
