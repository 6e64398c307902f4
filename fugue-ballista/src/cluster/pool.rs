//! Connections between executors that are used again. Ballista has such a pool and keeps it to itself; without one each shuffle
//! file is fetched over a connection of its own, and a job of some hundred partitions uses up the ports of the machine.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ballista_core::client::BallistaClient;
use ballista_core::client_pool::{BallistaClientPool, PooledClient};
use ballista_core::error::Result;
use ballista_core::extension::BallistaConfigGrpcEndpoint;
use ballista_core::utils::GrpcClientConfig;

/// More idle connections to one address than this are closed.
const IDLE: usize = 16;

type Key = (String, u16, GrpcClientConfig);
type Idle = Arc<Mutex<HashMap<Key, Vec<BallistaClient>>>>;

/// Idle connections by address and settings. They end with the executor that they belong to.
#[derive(Clone, Default)]
pub(super) struct Connections(Idle);

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl Connections {
    fn idle(&self, key: &Key) -> Option<BallistaClient> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key)?.pop()
    }
}

#[async_trait::async_trait]
impl BallistaClientPool for Connections {
    async fn acquire(
        &self,
        host: &str,
        port: u16,
        config: &GrpcClientConfig,
        customize_endpoint: Option<Arc<BallistaConfigGrpcEndpoint>>,
    ) -> Result<PooledClient> {
        let key = (host.to_owned(), port, config.clone());
        let client = match self.idle(&key) {
            Some(client) => client,
            None => {
                BallistaClient::try_new(
                    host,
                    port,
                    config.max_message_size,
                    config.use_tls,
                    customize_endpoint,
                    // With none it panics.
                    config.io_retries_times.max(1),
                    config.io_retry_wait_time_ms,
                    config.initial_connection_window_size,
                    config.initial_stream_window_size,
                )
                .await?
            }
        };
        let idle = Arc::clone(&self.0);
        let give_back = move |client| {
            let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
            let idle = idle.entry(key).or_default();
            if idle.len() < IDLE {
                idle.push(client);
            }
        };
        Ok(PooledClient::new(client, Box::new(give_back)))
    }

    async fn evict_idle(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
