//! An executor of the cluster: its ports, its threads, its folder.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_flight::flight_service_server::FlightServiceServer;
use ballista_core::error::BallistaError;
use ballista_core::serde::protobuf::ExecutorRegistration;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::scheduler::{ExecutorOperatingSystemSpecification, ExecutorSpecification};
use ballista_core::serde::{BallistaCodec, BallistaLogicalExtensionCodec};
use ballista_core::utils::{GrpcServerConfig, create_grpc_client_connection, create_grpc_server, create_grpc_server_incoming};
use ballista_core::{BALLISTA_PROTOCOL_VERSION, RuntimeProducer};
use ballista_executor::execution_engine::{DefaultExecutionEngine, ExecutionEngine};
use ballista_executor::executor::Executor;
use ballista_executor::executor_process::ExecutorProcessConfig;
use ballista_executor::executor_server;
use ballista_executor::flight_service::BallistaFlightService;
use ballista_executor::health::ExecutorHealth;
use ballista_executor::metrics::ExecutorMetricCollectionPolicy;
use ballista_executor::shutdown::ShutdownNotifier;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use fugue_core::Result;
use tokio::sync::mpsc;

use super::endings::Endings;
use super::pool::Connections;
use super::scheduler::Scheduler;
use super::stage::{Elsewhere, Unrecorded};
use super::{ClusterBuilder, MESSAGE_LIMIT, REQUEST_SECONDS};
use crate::submit::grpc;
use crate::threads::{Threads, failed};

/// A free port may be taken by another program before the executor binds it.
const PORTS_TRIED: usize = 8;

/// A running executor. Dropping it is its sudden death: nobody is told.
pub(super) struct Node {
    executor: Arc<Executor>,
    ports: [u16; 2],
    /// Dropped first: without servers and loops nothing new comes to the tasks.
    serving: Threads,
    tasks: Threads,
    /// Ballista's loops end when it goes.
    _running: ShutdownNotifier,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("ports", &self.ports).finish_non_exhaustive()
    }
}

impl Node {
    /// Starts executor `number`, which keeps its files in a folder below `folder`. Not on a runtime.
    pub(super) fn start(builder: &ClusterBuilder, number: usize, folder: &Path, scheduler: &Scheduler) -> Result<Self> {
        let serving = Threads::start(format!("fugue-exec-{number}"), builder.slots_each().min(2))?;
        let tasks = Threads::start(format!("fugue-task-{number}"), builder.slots_each())?;
        let (folder, endings) = (folder.join(name(number)), Arc::clone(scheduler.watch.endings()));
        let setup = Setup { builder, number, folder, tasks: tasks.handle().clone(), endings };
        let made = serving.handle().block_on(setup.start(scheduler.address));
        let (executor, running) = made.map_err(|e| failed(format_args!("{} does not start", name(number)), e))?;
        let ports = [executor.metadata.port, executor.metadata.grpc_port].map(|port| port.try_into().unwrap_or_default());
        Ok(Self { executor, ports, serving, tasks, _running: running })
    }

    /// Where it is reached.
    pub(super) fn ports(&self) -> [u16; 2] {
        self.ports
    }

    /// Ends servers, loops and tasks and waits for them, for so long at most. Not on a runtime.
    pub(super) fn stop(self, patience: Duration) {
        let end = Instant::now() + patience;
        self.serving.stop(patience);
        self.tasks.stop(end.saturating_duration_since(Instant::now()));
        // Its pool of threads cannot be waited for; each task on it holds the executor.
        while Arc::strong_count(&self.executor) > 1 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What an executor is called, in messages and as a folder.
pub(super) fn name(number: usize) -> String {
    format!("executor-{number}")
}

/// What is needed to start one.
struct Setup<'b> {
    builder: &'b ClusterBuilder,
    number: usize,
    folder: PathBuf,
    tasks: tokio::runtime::Handle,
    endings: Arc<Endings>,
}

impl Setup<'_> {
    async fn start(self, scheduler: SocketAddr) -> Result<(Arc<Executor>, ShutdownNotifier), BallistaError> {
        std::fs::create_dir_all(&self.folder)?;
        let flight = self.serve_files()?;
        let endpoint = format!("http://{scheduler}");
        let channel = create_grpc_client_connection(endpoint, &grpc::config()).await?;
        let limit = MESSAGE_LIMIT as usize;
        let client = SchedulerGrpcClient::new(channel).max_decoding_message_size(limit).max_encoding_message_size(limit);
        let runtime = self.runtime()?;
        let made = (self.builder.extensions.session_config)(self.builder.slots_each());
        let config = made.map_err(|e| BallistaError::General(e.to_string()))?;
        let mut tried = 0;
        loop {
            let executor = Arc::new(self.executor(Arc::clone(&runtime), config.clone(), flight, free_port()?));
            let running = ShutdownNotifier::new();
            // Ballista asks executors to stop that it had lost; in one process they were only late, and register again.
            let (stop, mut stops) = mpsc::channel(8);
            let started = executor_server::startup(
                client.clone(),
                Arc::new(self.process()),
                Arc::clone(&executor),
                self.codec(),
                stop,
                &running,
                ExecutorHealth::new(),
            );
            match started.await {
                Ok(_) => {
                    tokio::spawn(async move { while stops.recv().await.is_some() {} });
                    return Ok((executor, running));
                }
                Err(e) if tried == PORTS_TRIED => return Err(e),
                Err(_) => tried += 1,
            }
        }
    }

    /// Serves shuffle files and results on a free port.
    fn serve_files(&self) -> Result<u16, BallistaError> {
        let incoming = create_grpc_server_incoming(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), &server())?;
        let port = incoming.local_addr()?.port();
        let limit = MESSAGE_LIMIT as usize;
        let files = FlightServiceServer::new(BallistaFlightService::new(text(&self.folder)));
        let files = files.max_decoding_message_size(limit).max_encoding_message_size(limit);
        tokio::spawn(create_grpc_server(&server()).add_service(files).serve_with_incoming(incoming));
        Ok(port)
    }

    /// One for all tasks, but for their memory.
    fn runtime(&self) -> Result<Arc<RuntimeEnv>, BallistaError> {
        Ok(RuntimeEnvBuilder::new().with_temp_file_path(&self.folder).build_arc()?)
    }

    /// Each task has a share of the memory for itself: what one may have would else depend on what others happen to hold.
    fn runtimes(&self, shared: Arc<RuntimeEnv>) -> RuntimeProducer {
        let Some(share) = self.builder.memory.map(|bytes| bytes / self.builder.slots_each()) else {
            return Arc::new(move |_| Ok(Arc::clone(&shared)));
        };
        Arc::new(move |_| {
            RuntimeEnvBuilder::from_runtime_env(&shared).with_memory_pool(Arc::new(FairSpillPool::new(share))).build_arc()
        })
    }

    fn executor(&self, runtime: Arc<RuntimeEnv>, config: SessionConfig, flight: u16, grpc: u16) -> Executor {
        let slots = self.builder.slots_each();
        let specification = ExecutorSpecification::default().with_vcores(slots.try_into().unwrap_or(u32::MAX));
        let registration = ExecutorRegistration {
            id: name(self.number),
            host: Some(Ipv4Addr::LOCALHOST.to_string()),
            port: flight.into(),
            grpc_port: grpc.into(),
            specification: Some(specification.into()),
            os_info: Some(ExecutorOperatingSystemSpecification::default().into()),
            ballista_protocol_version: BALLISTA_PROTOCOL_VERSION,
        };
        let runtimes = self.runtimes(runtime);
        Executor::new(
            registration,
            &text(&self.folder),
            runtimes,
            Arc::new(move || config.clone()),
            Arc::clone(&self.builder.extensions.functions),
            Arc::new(Unrecorded),
            slots,
            self.engine(),
        )
    }

    fn engine(&self) -> Arc<dyn ExecutionEngine> {
        let engine = Arc::new(DefaultExecutionEngine::with_client_pool(Arc::new(Connections::default())));
        Arc::new(Elsewhere { engine, threads: self.tasks.clone(), endings: Arc::clone(&self.endings) })
    }

    fn codec(&self) -> BallistaCodec<LogicalPlanNode, PhysicalPlanNode> {
        let logical = Arc::new(BallistaLogicalExtensionCodec::default());
        BallistaCodec::new(logical, Arc::clone(&self.builder.extensions.codec))
    }

    fn process(&self) -> ExecutorProcessConfig {
        ExecutorProcessConfig {
            executor_id: name(self.number),
            bind_host: Ipv4Addr::LOCALHOST.to_string(),
            vcores: self.builder.slots_each(),
            grpc_max_decoding_message_size: MESSAGE_LIMIT,
            grpc_max_encoding_message_size: MESSAGE_LIMIT,
            grpc_server_config: server(),
            executor_heartbeat_interval_seconds: self.builder.heartbeat_seconds(),
            metric_collection_policy: ExecutorMetricCollectionPolicy::Off,
            ..ExecutorProcessConfig::default()
        }
    }
}

fn server() -> GrpcServerConfig {
    GrpcServerConfig { timeout_seconds: REQUEST_SECONDS, ..GrpcServerConfig::default() }
}

/// A port that is free now; Ballista wants to know it before it is bound.
fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Ballista keeps paths as text.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
