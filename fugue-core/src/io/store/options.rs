//! Settings of object stores.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How object stores are reached: credentials, where they are, how long to try. One value serves all engines.
///
/// Without any, what the machine offers is used: the variables of the environment (`AWS_ACCESS_KEY_ID`, `GOOGLE_APPLICATION_CREDENTIALS`,
/// `AZURE_STORAGE_ACCOUNT_KEY`, …), and what the clouds give their own machines. Settings that are given stand above these.
///
/// ```
/// use fugue_core::io::StoreOptions;
/// use std::time::Duration;
///
/// let stores = StoreOptions::new()
///     .set("aws_access_key_id", "minio")
///     .set("aws_secret_access_key", "very secret")
///     .set("endpoint", "http://localhost:9000")
///     .set("allow_http", "true")
///     .retries(3)
///     .timeout(Duration::from_secs(10));
/// assert!(!format!("{stores:?}").contains("very secret"));
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreOptions {
    settings: BTreeMap<String, String>,
    retries: Option<usize>,
    timeout: Option<Duration>,
}

impl StoreOptions {
    /// What the machine offers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A setting by the name that is common for it: of S3 `aws_access_key_id`, `aws_secret_access_key`, `aws_session_token`, `region`,
    /// `endpoint`; of Google `google_service_account` (a file), of Azure `azure_storage_account_name`, `azure_storage_account_key`; of all
    /// of them `allow_http`, `proxy_url` and others. Names that the store of an address does not know are an error of the load.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(name.into().to_ascii_lowercase(), value.into());
        self
    }

    /// How often a request is made again that failed for a reason that may pass (5 unless said). Between them it waits longer and longer.
    #[must_use]
    pub fn retries(mut self, retries: usize) -> Self {
        self.retries = Some(retries);
        self
    }

    /// How long one request may take (30 seconds unless said).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// These settings where the others say nothing.
    #[must_use]
    pub(crate) fn or(&self, others: &Self) -> Self {
        let mut settings = others.settings.clone();
        settings.extend(self.settings.clone());
        Self { settings, retries: self.retries.or(others.retries), timeout: self.timeout.or(others.timeout) }
    }
}

#[cfg(feature = "store")]
impl StoreOptions {
    pub(super) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn most_retries(&self) -> usize {
        self.retries.unwrap_or(5)
    }

    pub(super) fn longest(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(30))
    }
}

impl fmt::Debug for StoreOptions {
    /// Names only: most values are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("settings", &self.settings.keys().collect::<Vec<_>>())
            .field("retries", &self.retries)
            .field("timeout", &self.timeout)
            .finish()
    }
}
