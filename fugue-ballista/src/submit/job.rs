//! A submitted job: its end, its cancellation, and what keeps its files.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use ballista_core::serde::protobuf::get_job_status_result::FlightProxy;
use ballista_core::serde::protobuf::job_status::Status;
use ballista_core::serde::protobuf::{GetJobStatusParams, GetJobStatusResult, PartitionLocation};
use fugue_core::{Error, ErrorKind};
use futures::stream::BoxStream;
use tokio::sync::{broadcast, watch};

use super::client::Client;
use super::progress::{Progress, follow};

/// The scheduler is asked for a job's end after 2 ms, and then less and less often down to this. One that says by itself when a job
/// has ended is asked in case that got lost.
const SLOWEST: Duration = Duration::from_millis(50);
const SLOWEST_WATCHED: Duration = Duration::from_millis(250);

/// How long one answer may take, and how many in a row may fail to come, until the scheduler counts as gone.
pub(super) const ANSWER: Duration = Duration::from_secs(15);
const FAILURES: usize = 3;

/// For how long a scheduler may not know a job that it took: it learns of it a moment later itself.
const UNKNOWN: Duration = Duration::from_secs(10);

/// How often a cancellation is said again: one that comes before the job is planned gets lost.
const AGAIN: Duration = Duration::from_millis(200);

/// When files are removed that a cancelled task has left; a scheduler of this process does so by itself.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// What Ballista says of a job that was cancelled.
const CANCELLED: &str = "Cancelled";

/// Why a job has no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum JobError {
    /// The job failed; what the scheduler says, word by word.
    Failed(String),
    /// The job was cancelled.
    Cancelled,
    /// What became of the job is not known: the scheduler does not answer, or cannot be asked.
    Lost(Error),
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(text) => write!(f, "the job failed: {text}"),
            Self::Cancelled => f.write_str("the job was cancelled"),
            Self::Lost(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Lost(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        Self::Lost(error)
    }
}

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    Finished,
    Ended,
}

impl Phase {
    fn or_ended(self) -> Self {
        if self == Self::Running { Self::Ended } else { self }
    }
}

/// How a job ended.
enum End {
    /// Nobody asked for the results yet.
    Results(Finished),
    /// Somebody has them.
    Given(Weak<Files>),
    Failed(String),
    Cancelled,
    Lost(String),
}

/// A job of a scheduler. Dropping it before its end cancels it.
pub struct Job {
    client: Client,
    shared: Arc<Shared>,
}

struct Shared {
    id: String,
    /// Whether results are fetched over the network wherever they lie.
    remote: bool,
    phase: watch::Sender<Phase>,
    cancelled: watch::Sender<bool>,
    end: Mutex<Option<End>>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("id", &self.shared.id).field("phase", &*self.shared.phase.borrow()).finish_non_exhaustive()
    }
}

impl Job {
    /// Follows a job that was submitted just now.
    pub(super) fn start(client: Client, id: String, remote: bool, ends: Option<broadcast::Receiver<String>>) -> Self {
        let (phase, cancelled) = (watch::channel(Phase::Running).0, watch::channel(false).0);
        let shared = Arc::new(Shared { id, remote, phase, cancelled, end: Mutex::default() });
        client.spawn(drive(client.clone(), Arc::clone(&shared), ends));
        Self { client, shared }
    }

    /// What the scheduler calls it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// Waits for the end. The results are given out once; who has them keeps the files.
    ///
    /// # Errors
    /// [`JobError`], and `Lost` where the results were given out and are gone.
    pub async fn finished(&self) -> Result<Finished, JobError> {
        // The sender is ours.
        let _ = self.shared.phase.subscribe().wait_for(|phase| *phase != Phase::Running).await;
        let lost = |message: &str| JobError::Lost(Error::new(ErrorKind::EngineFailed, message).with("job", self.id()));
        let mut end = self.shared.end();
        match end.take() {
            Some(End::Results(finished)) => {
                *end = Some(End::Given(Arc::downgrade(&finished.0)));
                Ok(finished)
            }
            Some(End::Given(files)) => {
                let files_left = files.upgrade();
                *end = Some(End::Given(files));
                files_left.map(Finished).ok_or_else(|| lost("the results of the job are removed"))
            }
            Some(End::Failed(text)) => {
                *end = Some(End::Failed(text.clone()));
                Err(JobError::Failed(text))
            }
            Some(End::Cancelled) => {
                *end = Some(End::Cancelled);
                Err(JobError::Cancelled)
            }
            Some(End::Lost(message)) => {
                *end = Some(End::Lost(message.clone()));
                Err(lost(&message))
            }
            None => Err(lost("the client ended before the job")),
        }
    }

    /// Cancels the job and waits for its end, which may be another one that was faster. Tasks end at their next await; a plain
    /// function that runs is not interrupted.
    pub async fn cancel(&self) {
        self.shared.cancelled.send_replace(true);
        let _ = self.shared.phase.subscribe().wait_for(|phase| *phase != Phase::Running).await;
    }

    /// Each change of the progress, until the job has ended.
    #[must_use]
    pub fn progress(&self) -> BoxStream<'static, Progress> {
        follow(self.client.clone(), self.shared.id.clone(), self.shared.phase.subscribe())
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.shared.cancelled.send_replace(true);
    }
}

impl Shared {
    fn end(&self) -> std::sync::MutexGuard<'_, Option<End>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The results of a job, while they are on executors. The files go with the last clone, and with the last stream that reads them.
#[derive(Clone, Debug)]
pub struct Finished(pub(super) Arc<Files>);

impl Finished {
    /// Where the partitions are, in order of partition and file.
    #[must_use]
    pub fn locations(&self) -> &[PartitionLocation] {
        &self.0.locations
    }

    /// What the scheduler calls the job.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.0.job
    }
}

/// The files of a finished job; dropping it lets the executors remove them.
pub(super) struct Files {
    pub(super) client: Client,
    pub(super) job: String,
    pub(super) locations: Vec<PartitionLocation>,
    pub(super) proxy: Option<FlightProxy>,
    pub(super) remote: bool,
    /// Keeps them, where the scheduler is in this process.
    _hold: Option<Arc<()>>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("job", &self.job).field("partitions", &self.locations.len()).finish_non_exhaustive()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // The work holds the client, and its threads, until it is done.
        let (client, job) = (self.client.clone(), std::mem::take(&mut self.job));
        self.client.spawn(async move { client.clean(&job).await });
    }
}

/// Follows a job to its end, cancelling it on the way where that is asked for.
async fn drive(client: Client, shared: Arc<Shared>, mut ends: Option<broadcast::Receiver<String>>) {
    let followed = Followed(shared);
    let shared = &followed.0;
    let slowest = if ends.is_some() { SLOWEST_WATCHED } else { SLOWEST };
    let mut cancelled = shared.cancelled.subscribe();
    let mut said: Option<Instant> = None;
    let mut known = Instant::now();
    let (mut pause, mut failures) = (Duration::from_millis(2), 0);
    let end = loop {
        if *cancelled.borrow_and_update() && said.is_none_or(|at| at.elapsed() >= AGAIN) {
            client.cancel(&shared.id).await;
            said = Some(Instant::now());
        }
        match status(&client, &shared.id).await {
            Ok(answer) => {
                failures = 0;
                let GetJobStatusResult { status, flight_proxy } = answer;
                match status.and_then(|s| s.status) {
                    Some(Status::Successful(done)) => {
                        let mut locations = done.partition_location;
                        locations.sort_by_key(|l| (l.partition_id.as_ref().map(|p| p.partition_id), l.file_id));
                        let (client, job) = (client.clone(), shared.id.clone());
                        let hold = client.watch().map(|watch| watch.hold(&job));
                        let (proxy, remote) = (flight_proxy, shared.remote);
                        break End::Results(Finished(Arc::new(Files { client, job, locations, proxy, remote, _hold: hold })));
                    }
                    Some(Status::Failed(failed)) if failed.error == CANCELLED => break End::Cancelled,
                    Some(Status::Failed(failed)) => break End::Failed(failed.error),
                    Some(_) => known = Instant::now(),
                    None if known.elapsed() < UNKNOWN => {}
                    None => break End::Lost(format!("the scheduler at {} does not know the job any more", client.address())),
                }
            }
            Err(error) => {
                failures += 1;
                if failures == FAILURES {
                    break End::Lost(error.message().to_owned());
                }
                pause = AGAIN;
            }
        }
        let pause_now = if said.is_some() { pause.min(AGAIN) } else { pause };
        tokio::select! {
            () = tokio::time::sleep(pause_now) => {}
            () = ended(&mut ends, &shared.id) => {}
            _ = cancelled.changed(), if said.is_none() => {}
        }
        pause = (pause * 2).min(slowest);
    };
    told(&client, &shared.id, &end).await;
    let phase = if matches!(end, End::Results(_)) { Phase::Finished } else { Phase::Ended };
    *shared.end() = Some(end);
    shared.phase.send_replace(phase);
    match client.watch() {
        _ if phase == Phase::Finished => {}
        Some(watch) => watch.forget(&shared.id).await,
        // Ballista removes the files at once, and tasks that end now make new ones.
        None => {
            tokio::time::sleep(LEFTOVERS).await;
            client.clean(&shared.id).await;
        }
    }
}

/// Says how a job ended, to whoever listens.
async fn told(client: &Client, job: &str, end: &End) {
    let how = match end {
        End::Results(done) => {
            let partitions = done.locations().len();
            // A scheduler of this process is looked into; another one would have to be asked.
            let known = match client.watch().filter(|_| tracing::enabled!(tracing::Level::DEBUG)) {
                Some(watch) => tokio::time::timeout(ANSWER, watch.progress(job)).await.ok().flatten(),
                None => None,
            };
            let (stages, rows) = (known.and_then(|k| k.stages), known.map(|k| k.rows));
            return tracing::debug!(job, partitions, stages, rows, "job finished");
        }
        End::Given(_) => return,
        End::Failed(text) => text.as_str(),
        End::Cancelled => "cancelled",
        End::Lost(message) => message.as_str(),
    };
    tracing::debug!(job, how, "job ended without results");
}

/// Nobody waits for a job that nobody follows any more, whatever the reason is.
struct Followed(Arc<Shared>);

impl Drop for Followed {
    fn drop(&mut self) {
        self.0.phase.send_if_modified(|phase| std::mem::replace(phase, phase.or_ended()) == Phase::Running);
    }
}

/// One question to the scheduler.
async fn status(client: &Client, job: &str) -> Result<GetJobStatusResult, Error> {
    let mut scheduler = client.scheduler();
    match tokio::time::timeout(ANSWER, scheduler.get_job_status(GetJobStatusParams { job_id: job.to_owned() })).await {
        Ok(Ok(answer)) => Ok(answer.into_inner()),
        Ok(Err(refusal)) => Err(client.refused(refusal)),
        Err(_) => {
            let message = format!("the scheduler at {} does not answer", client.address());
            Err(Error::new(ErrorKind::EngineFailed, message))
        }
    }
}

/// Until the scheduler says that this job has ended, or that it said more than was listened to.
async fn ended(ends: &mut Option<broadcast::Receiver<String>>, job: &str) {
    use broadcast::error::RecvError;
    loop {
        let Some(receiver) = ends else { return std::future::pending().await };
        match receiver.recv().await {
            Ok(id) if id == job => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => *ends = None,
        }
    }
}
