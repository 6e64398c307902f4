//! The connection to a scheduler, which many jobs share.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ballista_core::client::BallistaClient;
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::execute_query_result::Result as Submitted;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{CancelJobParams, CleanJobDataParams, ExecuteQueryParams, KeyValuePair};
use ballista_core::{BALLISTA_VERSION, version};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::PhysicalExtensionCodec;
use fugue_core::{Error, ErrorKind, Result};
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tracing::Instrument;

use super::job::{ANSWER, Job, JobError};
use super::progress::JobWatch;
use super::{encode, grpc};
use crate::cluster::MESSAGE_LIMIT;
use crate::threads::{Threads, failed};

/// A connection to a scheduler. A clone is the same connection; it ends with the last of them, and of their jobs.
///
/// It works on threads of its own: its futures and streams may be awaited on any runtime, or on none.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    address: String,
    channel: Channel,
    session: String,
    submitted: AtomicU64,
    watch: Option<Arc<dyn JobWatch>>,
    executors: Mutex<HashMap<(String, u16), BallistaClient>>,
    threads: Threads,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.0.address).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to the scheduler at an address.
    ///
    /// # Errors
    /// `EngineFailed` where nobody answers within some seconds.
    pub async fn connect(host: &str, port: u16) -> Result<Self> {
        Self::open(host, port, None).await
    }

    /// Connects to a scheduler of this process, which tells more than others.
    ///
    /// # Errors
    /// `EngineFailed` where nobody answers within some seconds.
    pub async fn connect_watching(host: &str, port: u16, watch: Arc<dyn JobWatch>) -> Result<Self> {
        Self::open(host, port, Some(watch)).await
    }

    async fn open(host: &str, port: u16, watch: Option<Arc<dyn JobWatch>>) -> Result<Self> {
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        let address = format!("{host}:{port}");
        let threads = Threads::start("fugue-submit", 2)?;
        let nobody = |e: &dyn fmt::Display| {
            let message = format!("no scheduler answers at {address}: {e}");
            Error::new(ErrorKind::EngineFailed, message).with("address", address.clone())
        };
        let url = format!("http://{address}");
        // The name of the host may take as long as it wants to be found.
        let connect = tokio_timeout(&threads, async move { grpc::scheduler(url).await });
        let channel = match connect.await {
            Some(Ok(channel)) => channel,
            Some(Err(e)) => return Err(nobody(&source_of(&e)).with_source(e)),
            None => return Err(nobody(&"it takes too long")),
        };
        let (submitted, executors) = (AtomicU64::default(), Mutex::default());
        // Executors keep what sessions share by this name.
        let session = format!("fugue-{:016x}", RandomState::new().hash_one(std::process::id()));
        Ok(Self(Arc::new(Inner { address, channel, session, submitted, watch, executors, threads })))
    }

    /// Where the scheduler is: `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// Submits a plan as a job. All options of the config go along; its extensions do not.
    ///
    /// # Errors
    /// [`JobError::Failed`] with the text of a scheduler that does not take the plan, [`JobError::Lost`] where the plan does not
    /// encode or the scheduler does not answer.
    pub async fn submit(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        codec: Arc<dyn PhysicalExtensionCodec>,
        config: &SessionConfig,
        job_name: &str,
    ) -> Result<Job, JobError> {
        let settings = encode::settings(config, job_name);
        let remote = config.ballista_shuffle_reader_force_remote_read();
        let plan = encode::plan(plan, codec).await?;
        let client = self.clone();
        let span = tracing::debug_span!("submit", bytes = plan.len(), scheduler = %self.address());
        // Where nobody waits any more, the job is made all the same, and cancelled when it is dropped.
        let submit = self.spawn(async move { client.send(plan, settings, remote).await }.instrument(span));
        submit.await.map_err(|e| JobError::Lost(failed("the client has ended", e)))?
    }

    async fn send(self, plan: Vec<u8>, settings: Vec<KeyValuePair>, remote: bool) -> Result<Job, JobError> {
        // Before it is sent: the end of a short job is not to be missed.
        let ends = self.0.watch.as_ref().map(|watch| watch.ends());
        let number = self.0.submitted.fetch_add(1, Ordering::Relaxed);
        let mut request = tonic::Request::new(ExecuteQueryParams {
            session_id: self.0.session.clone(),
            settings,
            operation_id: format!("{}-{number}", self.0.session),
            query: Some(Query::PhysicalPlan(plan)),
        });
        version::insert_version_header(request.metadata_mut());
        let answer = self.scheduler().execute_query(request).await.map_err(|e| JobError::Lost(self.refused(e)))?;
        let theirs = version::version_from_metadata(answer.metadata()).map(str::to_owned);
        let compatible = version::check_compatibility(Some(BALLISTA_VERSION), theirs.as_deref());
        let incompatible = compatible.err().map(|message| {
            let message = format!("the scheduler at {} is of another version: {message}", self.0.address);
            JobError::Lost(Error::new(ErrorKind::EngineFailed, message))
        });
        match (answer.into_inner().result, incompatible) {
            // Dropping the job cancels it.
            (Some(Submitted::Success(job)), incompatible) => {
                tracing::debug!(job = job.job_id, "submitted");
                let job = Job::start(self, job.job_id, remote, ends);
                incompatible.map_or(Ok(job), Err)
            }
            (_, Some(incompatible)) => Err(incompatible),
            (Some(Submitted::Failure(failure)), None) => {
                use ballista_core::serde::protobuf::execute_query_failure_result::Failure;
                Err(JobError::Failed(match failure.failure {
                    Some(
                        Failure::PlanParsingFailure(text) | Failure::SessionNotFound(text) | Failure::SqlParsingFailure(text),
                    ) => text,
                    None => "the scheduler does not say why it refuses the plan".to_owned(),
                }))
            }
            (None, None) => {
                let message = format!("the scheduler at {} gave an empty answer", self.0.address);
                Err(JobError::Lost(Error::new(ErrorKind::EngineFailed, message)))
            }
        }
    }

    /// What a failed request means.
    pub(super) fn refused(&self, status: tonic::Status) -> Error {
        let what = match status.code() {
            tonic::Code::Unavailable => "does not answer any more",
            tonic::Code::OutOfRange | tonic::Code::ResourceExhausted => "does not take a message of this size",
            _ => "refuses",
        };
        let message = format!("the scheduler at {} {what}: {}", self.0.address, status.message());
        Error::new(ErrorKind::EngineFailed, message).with("address", self.0.address.clone()).with_source(status)
    }

    /// Requests to the scheduler.
    pub(super) fn scheduler(&self) -> SchedulerGrpcClient<Channel> {
        let limit = MESSAGE_LIMIT as usize;
        SchedulerGrpcClient::new(self.0.channel.clone()).max_decoding_message_size(limit).max_encoding_message_size(limit)
    }

    pub(super) fn watch(&self) -> Option<&Arc<dyn JobWatch>> {
        self.0.watch.as_ref()
    }

    /// Starts work on the client's threads.
    pub(super) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.threads.spawn(work)
    }

    /// Asks the scheduler to cancel a job; it may not know it yet, and may not answer.
    pub(super) async fn cancel(&self, job: &str) {
        let (mut scheduler, cancel) = (self.scheduler(), CancelJobParams { job_id: job.to_owned() });
        // Whether it was heard is seen by what becomes of the job.
        let _ = tokio::time::timeout(ANSWER, scheduler.cancel_job(cancel)).await;
    }

    /// Lets the files of a job be removed, and what the scheduler holds of it.
    pub(super) async fn clean(&self, job: &str) {
        let clean = CleanJobDataParams { job_id: job.to_owned(), remove_stage_ids: Vec::new() };
        // A scheduler that is gone keeps nothing, and one that does not answer is not waited for: the client's threads would stay.
        let _ = tokio::time::timeout(ANSWER, self.scheduler().clean_job_data(clean)).await;
        if let Some(watch) = &self.0.watch {
            watch.forget(job).await;
        }
    }

    /// A connection to an executor, which is made once and used by all jobs.
    ///
    /// # Errors
    /// What Ballista says of one that cannot be made.
    pub(super) async fn executor(&self, host: &str, port: u16) -> ballista_core::error::Result<BallistaClient> {
        let key = (host.to_owned(), port);
        if let Some(known) = self.executors().get(&key) {
            return Ok(known.clone());
        }
        let limit = MESSAGE_LIMIT as usize;
        let made = BallistaClient::try_new(host, port, limit, false, Some(grpc::executors()), 2, 100, 0, 0).await?;
        Ok(self.executors().entry(key).or_insert(made).clone())
    }

    /// Forgets a connection that broke.
    pub(super) fn disconnect(&self, host: &str, port: u16) {
        self.executors().remove(&(host.to_owned(), port));
    }

    fn executors(&self) -> std::sync::MutexGuard<'_, HashMap<(String, u16), BallistaClient>> {
        self.0.executors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs work on threads for as long as connecting may take; `None` where it takes longer.
async fn tokio_timeout<T: Send + 'static>(threads: &Threads, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let limit = grpc::CONNECT + std::time::Duration::from_secs(1);
    threads.spawn(async move { tokio::time::timeout(limit, work).await.ok() }).await.ok().flatten()
}

/// What lies below "transport error".
fn source_of(error: &tonic::transport::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
