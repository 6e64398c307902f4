//! A server that answers as S3 does, over a folder of this machine, and that fails where a test says so.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fugue_core::io::StoreOptions;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::{Service, service_fn};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The bucket that there is.
pub(crate) const BUCKET: &str = "data";
pub(crate) const KEY: &str = "test-access-key";
pub(crate) const SECRET: &str = "a-very-secret-word";

/// How the next requests fail.
#[derive(Debug)]
pub(crate) struct Faults {
    /// So many are answered with "slow down".
    pub(crate) busy: AtomicUsize,
    /// So many answers end in the middle.
    pub(crate) cut: AtomicUsize,
    /// So many are never answered.
    pub(crate) silent: AtomicUsize,
    /// Each waits so many milliseconds.
    pub(crate) slow: AtomicU64,
    /// After so many changes nothing is answered but a refusal, as if who asked had been killed.
    pub(crate) alive: AtomicUsize,
}

impl Default for Faults {
    fn default() -> Self {
        let none = AtomicUsize::default;
        Self { busy: none(), cut: none(), silent: none(), slow: AtomicU64::default(), alive: AtomicUsize::new(usize::MAX) }
    }
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) bytes: u64,
}

/// What happens before a request is answered, once: whether it is the one, and what it is.
type Meanwhile = (fn(&str) -> bool, Box<dyn FnOnce() + Send>);

struct State {
    root: PathBuf,
    meanwhile: Mutex<Option<Meanwhile>>,
    /// What only one may do at a time: the file system below looks whether a condition holds, and changes the file later.
    conditions: tokio::sync::Mutex<()>,
    faults: Faults,
    asked: Mutex<Vec<Asked>>,
}

/// A server that ends with its value.
pub(crate) struct Server {
    /// Its runtime, whose end ends the server.
    runtime: Option<Runtime>,
    address: SocketAddr,
    root: tempfile::TempDir,
    state: Arc<State>,
}

impl Server {
    /// One that asks for credentials, or one that is open to all.
    pub(crate) fn start(credentials: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(BUCKET)).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(root.path()).unwrap());
        if credentials {
            service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        }
        let service = service.build();
        let state = Arc::new(State {
            root: root.path().to_path_buf(),
            meanwhile: Mutex::default(),
            conditions: tokio::sync::Mutex::default(),
            faults: Faults::default(),
            asked: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, service, Arc::clone(&state)));
        Self { runtime: Some(runtime), address, root, state }
    }

    /// Does something before the first request of this kind (method and path) is answered.
    pub(crate) fn meanwhile(&self, is_it: fn(&str) -> bool, act: impl FnOnce() + Send + 'static) {
        *self.state.meanwhile.lock().unwrap() = Some((is_it, Box::new(act)));
    }

    /// The folder of the bucket on this machine.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join(BUCKET)
    }

    /// The address of an object, or of a pattern or folder of them.
    pub(crate) fn s3(&self, key: &str) -> String {
        format!("s3://{BUCKET}/{key}")
    }

    pub(crate) fn http(&self, key: &str) -> String {
        format!("http://{}/{BUCKET}/{key}", self.address)
    }

    /// What it takes to reach it.
    pub(crate) fn options(&self) -> StoreOptions {
        StoreOptions::new()
            .set("aws_access_key_id", KEY)
            .set("aws_secret_access_key", SECRET)
            .set("region", "us-east-1")
            .set("endpoint", format!("http://{}", self.address))
            .set("allow_http", "true")
            .timeout(Duration::from_secs(20))
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// What was asked since this was last called.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.asked.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener, service: S3Service, state: Arc<State>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (service, state) = (service.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let answer = service_fn(move |request| answer(service.clone(), Arc::clone(&state), request));
            // A connection that breaks is a matter of who asked.
            let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), answer).await;
        });
    }
}

/// Takes one of so many.
fn take(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn answer(
    service: S3Service,
    state: Arc<State>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<s3s::Body>, Infallible>> {
    let (is_head, path) = (request.method() == hyper::Method::HEAD, request.uri().path().to_owned());
    let query = request.uri().query().unwrap_or_default().to_owned();
    let asked = format!("{} {path}", request.method());
    let is_conditional = ["if-match", "if-none-match"].iter().any(|name| request.headers().contains_key(*name));
    let is_change = !matches!(*request.method(), hyper::Method::GET | hyper::Method::HEAD);
    async move {
        tokio::time::sleep(Duration::from_millis(state.faults.slow.load(Ordering::SeqCst))).await;
        if take(&state.faults.silent) {
            std::future::pending::<()>().await;
        }
        if take(&state.faults.busy) {
            let mut busy = Response::new(s3s::Body::from(String::new()));
            *busy.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(busy);
        }
        let goes_on = if is_change { take(&state.faults.alive) } else { state.faults.alive.load(Ordering::SeqCst) > 0 };
        if !goes_on {
            let mut gone = Response::new(s3s::Body::from(String::new()));
            *gone.status_mut() = StatusCode::FORBIDDEN;
            return Ok(gone);
        }
        let meanwhile = state.meanwhile.lock().unwrap().take_if(|(is_it, _)| is_it(&asked));
        if let Some((_, act)) = meanwhile {
            // It may ask the server in its turn.
            tokio::task::block_in_place(act);
        }
        // The folders of this machine are none of a store.
        if is_head && state.root.join(path.trim_start_matches('/').replace("%3D", "=")).is_dir() {
            let mut missing = Response::new(s3s::Body::from(String::new()));
            *missing.status_mut() = StatusCode::NOT_FOUND;
            return Ok(missing);
        }
        let alone = if is_change && is_conditional { Some(state.conditions.lock().await) } else { None };
        let response = Service::call(&service, request).await;
        drop(alone);
        let Ok(response) = response else {
            let mut failed = Response::new(s3s::Body::from(String::new()));
            *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            return Ok(failed);
        };
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map(|all| all.to_bytes()).unwrap_or_default();
        state.asked.lock().unwrap().push(Asked { path, query, bytes: bytes.len() as u64 });
        let body = if bytes.len() > 1 && take(&state.faults.cut) {
            let half = Ok(Frame::data(bytes.slice(..bytes.len() / 2)));
            let gone: Result<Frame<Bytes>, std::io::Error> = Err(std::io::ErrorKind::ConnectionReset.into());
            s3s::Body::http_body_unsync(StreamBody::new(futures::stream::iter([half, gone])))
        } else {
            s3s::Body::from(bytes)
        };
        Ok(Response::from_parts(parts, body))
    }
}

/// Where a path of the bucket is on this machine.
pub(crate) fn local(server: &Server, key: &str) -> String {
    Path::new(&server.folder()).join(key).display().to_string()
}
