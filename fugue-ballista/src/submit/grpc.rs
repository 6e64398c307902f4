//! Settings of connections: to schedulers, and to executors that hold results.

use std::sync::Arc;
use std::time::Duration;

use ballista_core::extension::BallistaConfigGrpcEndpoint;
use ballista_core::utils::GrpcClientConfig;
use tonic::transport::{Channel, Endpoint};

use crate::cluster::MESSAGE_LIMIT;

/// Nobody answers within this: nobody is there.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// A connection whose other side is gone without a word is noticed after both of these. A scheduler that decodes large plans is
/// only slow.
const PING: Duration = Duration::from_secs(10);
const PONG: Duration = Duration::from_secs(60);

/// What one stream buffers that nobody reads.
const STREAM_WINDOW: u32 = 1 << 20;

/// What all streams of a connection may buffer together, the most that HTTP/2 knows. With less, partitions that wait for their
/// turn keep the one whose turn it is from arriving, and nothing moves any more.
const CONNECTION_WINDOW: u32 = i32::MAX as u32;

/// Settings for Ballista's own way to connect.
pub(crate) fn config() -> GrpcClientConfig {
    GrpcClientConfig {
        connect_timeout_seconds: CONNECT.as_secs(),
        timeout_seconds: crate::cluster::REQUEST_SECONDS,
        max_message_size: MESSAGE_LIMIT as usize,
        ..GrpcClientConfig::default()
    }
}

fn patient(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .keep_alive_while_idle(true)
}

/// Connects to a scheduler; the channel connects again when it must.
pub(super) async fn scheduler(url: String) -> Result<Channel, tonic::transport::Error> {
    patient(Endpoint::from_shared(url)?).connect().await
}

/// How connections to executors are made.
pub(super) fn executors() -> Arc<BallistaConfigGrpcEndpoint> {
    let windows = |endpoint: Endpoint| {
        patient(endpoint).initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW)
    };
    Arc::new(BallistaConfigGrpcEndpoint::new(Arc::new(move |endpoint| Ok(windows(endpoint)))))
}
