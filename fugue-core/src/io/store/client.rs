//! Connections to stores: one for each bucket and its settings, and the runtime that drives them.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak, mpsc};
use std::time::Duration;

use object_store::path::Path;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};
use tokio::runtime::{Builder, Runtime};

use super::told::{misset, told};
use super::{StoreOptions, unknown};
use crate::error::{Error, ErrorKind, Result};

/// A connection to one bucket.
pub(super) struct Client {
    /// The address of the bucket: `s3://bucket`.
    pub(super) root: String,
    pub(super) store: Arc<dyn ObjectStore>,
    /// What no message may say.
    pub(super) secrets: Vec<String>,
    /// Whether it knows what lies in a folder.
    pub(super) lists: bool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("root", &self.root).finish_non_exhaustive()
    }
}

/// A bucket by its address, and how it is reached.
type Reached = (String, StoreOptions);

/// The connections that somebody uses.
fn open_ones() -> &'static Mutex<HashMap<Reached, Weak<Client>>> {
    static OPEN: OnceLock<Mutex<HashMap<Reached, Weak<Client>>>> = OnceLock::new();
    OPEN.get_or_init(Mutex::default)
}

impl Client {
    /// The connection for an address, and the name of what the address means in its bucket.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a scheme that is not there, [`ErrorKind::SettingInvalid`] for settings that the store does not know,
    /// [`ErrorKind::Io`] for what is no address.
    pub(super) fn of(address: &FilePath, options: &StoreOptions) -> Result<(Arc<Self>, String)> {
        let text = address.to_string_lossy();
        let (scheme, rest) = text.split_once("://").ok_or_else(|| unknown(&text))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            let said = format!("the address {text} names no bucket; write {scheme}://bucket/folder/file");
            return Err(Error::new(ErrorKind::Io, said).with("path", text));
        }
        if scheme.starts_with("http") && bucket.contains('@') {
            let host = bucket.rsplit('@').next().unwrap_or_default();
            let said =
                format!("an address of {host} names a user, whose password messages and plans would show; download the file");
            return Err(Error::new(ErrorKind::Unsupported, said));
        }
        if let Some((plain, _)) = text.split_once('?').filter(|(_, query)| is_signature(query)) {
            let said = format!(
                "the address {plain} has a signature behind it, which messages and plans would show; give it as a setting \
                 (StoreOptions::set(\"azure_storage_sas_key\", …)), or download the file"
            );
            return Err(Error::new(ErrorKind::Unsupported, said).with("path", plain));
        }
        let reached = (format!("{scheme}://{bucket}"), options.clone());
        let mut open = open_ones().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = open.get(&reached).and_then(Weak::upgrade) {
            return Ok((client, key.to_owned()));
        }
        let connected = connect(scheme, bucket, &reached.0, options);
        let client = Arc::new(connected.map_err(|e| if e.kind() == ErrorKind::Unsupported { unknown(&text) } else { e })?);
        open.retain(|_, client| client.strong_count() > 0);
        open.insert(reached, Arc::downgrade(&client));
        Ok((client, key.to_owned()))
    }

    /// Waits for what the store answers, on any thread.
    ///
    /// # Errors
    /// [`ErrorKind::SettingInvalid`] where the operating system gives no thread.
    pub(super) fn wait<T: Send + 'static>(&self, answer: impl Future<Output = T> + Send + 'static) -> Result<T> {
        let receive = self.begin(answer)?;
        receive.recv().map_err(|_| Error::new(ErrorKind::Unexpected, "a request of a store ended without an answer"))
    }

    /// Begins a request, whose answer comes through the channel.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub(super) fn begin<T: Send + 'static>(&self, answer: impl Future<Output = T> + Send + 'static) -> Result<mpsc::Receiver<T>> {
        let (send, receive) = mpsc::sync_channel(1);
        runtime()?.spawn(async move {
            // Nobody may want it any more.
            let _ = send.send(answer.await);
        });
        Ok(receive)
    }

    /// A name in the bucket.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for one that cannot be.
    pub(super) fn key(&self, key: &str) -> Result<Path> {
        // An address of the web has codes for odd characters; names in a bucket stand as they are.
        let key_of = if self.lists { Path::parse(key) } else { Path::from_url_path(key) };
        key_of.map_err(|e| told(self, &format!("{}/{key}", self.root), e.into()))
    }
}

/// Whether what stands behind an address is what signed ones have: of Azure, Amazon and Google.
fn is_signature(query: &str) -> bool {
    query.split('&').any(|part| ["sig=", "X-Amz-Signature=", "X-Goog-Signature="].iter().any(|name| part.starts_with(name)))
}

/// Its threads wait for answers and do little else.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("fugue-store").enable_all().build();
    let runtime = runtime.map_err(|e| {
        Error::new(ErrorKind::SettingInvalid, "the operating system gives no thread for requests of stores").with_source(e)
    })?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

fn retries(options: &StoreOptions) -> RetryConfig {
    // What failed is tried again for as long as one request may take, and once more.
    let retry_timeout = options.longest() * 2;
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2.0 };
    RetryConfig { backoff, max_retries: options.most_retries(), retry_timeout }
}

/// The settings of a store in its own words.
macro_rules! configured {
    ($builder:expr, $key:ty, $client:expr, $root:expr, $options:expr) => {{
        let mut builder = $builder.with_retry(retries($options));
        builder = builder.with_config($client(ClientConfigKey::Timeout), format!("{} ms", $options.longest().as_millis()));
        for (name, value) in $options.settings() {
            match name.parse::<$key>() {
                Ok(key) => builder = builder.with_config(key, value),
                // One value serves stores of all kinds.
                Err(_) if is_of_another(name) => {}
                Err(_) => return Err(misset($root, name)),
            }
        }
        builder
    }};
}

/// The builder of each store, where it is there.
fn connect(scheme: &str, bucket: &str, root: &str, options: &StoreOptions) -> Result<Client> {
    let built: Result<Arc<dyn ObjectStore>, object_store::Error> = match scheme {
        #[cfg(feature = "s3")]
        "s3" | "s3a" => {
            use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
            let plain = AmazonS3Builder::from_env().with_bucket_name(bucket);
            configured!(plain, AmazonS3ConfigKey, AmazonS3ConfigKey::Client, root, options).build().map(|s| Arc::new(s) as _)
        }
        #[cfg(feature = "gcs")]
        "gs" => {
            use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
            let plain = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
            configured!(plain, GoogleConfigKey, GoogleConfigKey::Client, root, options).build().map(|s| Arc::new(s) as _)
        }
        #[cfg(feature = "azure")]
        "az" | "azure" | "abfs" | "abfss" => {
            use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
            let plain = MicrosoftAzureBuilder::from_env().with_url(root);
            configured!(plain, AzureConfigKey, AzureConfigKey::Client, root, options).build().map(|s| Arc::new(s) as _)
        }
        #[cfg(feature = "http")]
        "http" | "https" => {
            use object_store::http::HttpBuilder;
            let plain = HttpBuilder::new().with_url(root);
            // Who writes http:// says so.
            let plain = plain.with_config(ClientConfigKey::AllowHttp, "true");
            configured!(plain, ClientConfigKey, std::convert::identity, root, options).build().map(|s| Arc::new(s) as _)
        }
        _ => return Err(unknown(root)),
    };
    let _ = bucket;
    // Short ones are words such as "true" and names of regions.
    let secrets = options.settings().filter(|(name, value)| is_secret(name) && value.len() > 3);
    let mut client = Client {
        root: root.to_owned(),
        store: Arc::new(object_store::memory::InMemory::new()),
        secrets: secrets.map(|(_, value)| value.to_owned()).collect(),
        lists: !scheme.starts_with("http"),
    };
    client.store = built.map_err(|e| told(&client, root, e))?;
    Ok(client)
}

/// Whether a store of another kind knows a setting.
fn is_of_another(name: &str) -> bool {
    let mut known = ["region", "endpoint"].contains(&name);
    #[cfg(feature = "s3")]
    {
        known |= name.parse::<object_store::aws::AmazonS3ConfigKey>().is_ok();
    }
    #[cfg(feature = "gcs")]
    {
        known |= name.parse::<object_store::gcp::GoogleConfigKey>().is_ok();
    }
    #[cfg(feature = "azure")]
    {
        known |= name.parse::<object_store::azure::AzureConfigKey>().is_ok();
    }
    known
}

fn is_secret(name: &str) -> bool {
    ["key", "secret", "token", "password", "signature", "sas", "credential", "account"].iter().any(|part| name.contains(part))
}
