//! The scheduler of the cluster, with its port and threads.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ballista_core::config::{BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, BALLISTA_CLIENT_GRPC_TIMEOUT_SECONDS, TaskSchedulingPolicy};
use ballista_core::error::BallistaError;
use ballista_core::extension::SessionConfigExt;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use ballista_scheduler::scheduler_server::JobIdGenerator;
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use fugue_core::Result;
use tokio::net::{TcpListener, TcpSocket};

use super::builder::whole_seconds;
use super::watch::Watch;
use super::{ClusterBuilder, MESSAGE_LIMIT};
use crate::runs::JobOptions;
use crate::threads::{Threads, failed};

/// How long one request between scheduler and executors may take, in seconds; Ballista's 20 are not enough to decode large plans.
pub(crate) const REQUEST_SECONDS: u64 = 600;

/// A running scheduler.
#[derive(Debug)]
pub(super) struct Scheduler {
    pub(super) address: SocketAddr,
    pub(super) watch: Arc<Watch>,
    pub(super) threads: Threads,
}

impl Scheduler {
    /// Binds a free port and serves on it. Not on a runtime.
    pub(super) fn start(builder: &ClusterBuilder) -> Result<Self> {
        let threads = Threads::start("fugue-scheduler", 2)?;
        let serve = async {
            let listener = listen()?;
            let address = listener.local_addr()?;
            let config = config(builder, address);
            let cluster = BallistaCluster::new_from_config(&config).await?;
            let jobs = cluster.job_state();
            let server = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config)).await?;
            let kept = Duration::from_secs(whole_seconds(builder.results_kept));
            let watch = Watch::start(server.clone(), jobs, kept).await?;
            tokio::spawn(start_grpc_service_with_listener(listener, server));
            Ok::<_, BallistaError>((address, watch))
        };
        let served = threads.handle().block_on(serve);
        let (address, watch) = served.map_err(|e| failed("the scheduler of the cluster does not start", e))?;
        Ok(Self { address, watch, threads })
    }
}

/// A listener on a free port. The server sets no option of the connections it accepts, but they inherit this one: without it
/// answers wait for the other side's delayed acknowledgement, 40 ms in each job that shuffles.
fn listen() -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    // As every other listener does, so that the port is free for others when connections to it linger.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    socket.listen(1024)
}

fn config(builder: &ClusterBuilder, address: SocketAddr) -> SchedulerConfig {
    SchedulerConfig {
        scheduler_id: "scheduler".to_owned(),
        external_host: address.ip().to_string(),
        bind_host: address.ip().to_string(),
        bind_port: address.port(),
        scheduling_policy: TaskSchedulingPolicy::PushStaged,
        task_distribution: TaskDistributionPolicy::RoundRobin,
        // Never: the watch does it, which knows what clients still read and what they have let go already.
        finished_job_data_clean_up_interval_seconds: 0,
        finished_job_state_clean_up_interval_seconds: 0,
        grpc_server_max_decoding_message_size: MESSAGE_LIMIT,
        grpc_server_max_encoding_message_size: MESSAGE_LIMIT,
        grpc_client_max_message_size: MESSAGE_LIMIT,
        executor_timeout_seconds: builder.timeout_seconds(),
        expire_dead_executor_interval_seconds: builder.heartbeat_seconds(),
        no_executors_grace_period_seconds: builder.timeout_seconds(),
        min_ready_executors: builder.executors,
        task_max_failures: builder.attempts,
        job_id_generator: Some(Arc::new(Ids::default())),
        // Says the limits of the scheduler's own requests too, where it is there.
        override_config_producer: Some(Arc::new(session_config)),
        override_session_builder: Some(Arc::clone(&builder.extensions.session_builder)),
        override_physical_codec: Some(Arc::clone(&builder.extensions.codec)),
        ..SchedulerConfig::default()
    }
}

/// Names jobs. Ballista's own does it by a clock that starts a thread, which wakes up each millisecond until the process ends.
struct Ids {
    scheduler: u64,
    next: AtomicU64,
}

impl Default for Ids {
    fn default() -> Self {
        Self { scheduler: RandomState::new().hash_one(std::process::id()), next: AtomicU64::new(1) }
    }
}

#[async_trait::async_trait]
impl JobIdGenerator for Ids {
    async fn next_id(&self) -> String {
        format!("{:016x}-{}", self.scheduler, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// The config that jobs lay their options over.
fn session_config() -> SessionConfig {
    SessionConfig::new_with_ballista()
        .set_usize(BALLISTA_CLIENT_GRPC_MAX_MESSAGE_SIZE, MESSAGE_LIMIT as usize)
        .set_u64(BALLISTA_CLIENT_GRPC_TIMEOUT_SECONDS, REQUEST_SECONDS)
        .with_option_extension(JobOptions::default())
}
