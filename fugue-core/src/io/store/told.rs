//! What stores answer where they refuse, as errors that say what to do.

use super::client::Client;
use crate::error::{Error, ErrorKind};

/// An error of a store, about an address.
pub(super) fn told(client: &Client, address: &str, error: object_store::Error) -> Error {
    use object_store::Error as E;
    let text = chain(&error);
    let said = match &error {
        E::NotFound { .. } if text.contains("NoSuchBucket") => {
            format!("there is no bucket {}", client.root)
        }
        E::NotFound { .. } => format!("there is no object {address}"),
        E::Precondition { .. } => format!("{address} changed since it was loaded; load it again"),
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => format!(
            "the store refuses {address} with these credentials; give others with StoreOptions, or in the environment: {}",
            text
        ),
        _ if wants_credentials(&text) => format!(
            "there are no credentials for {}; give them with StoreOptions, or in the environment (AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_KEY): {text}",
            client.root
        ),
        _ => format!("the store does not do what it was asked for {address}: {text}"),
    };
    let hide = |text: String| client.secrets.iter().fold(text, |text, secret| text.replace(secret.as_str(), "…"));
    // The error itself is not the source: it may say what is hidden here.
    Error::new(ErrorKind::Io, hide(said)).with("path", hide(address.to_owned()))
}

/// A setting that the store of an address does not know.
pub(super) fn misset(root: &str, name: &str) -> Error {
    let said = format!(
        "the store {root} has no setting {name:?}; common ones are aws_access_key_id, aws_secret_access_key, region, endpoint, allow_http \
         (S3), google_service_account (Google), azure_storage_account_name, azure_storage_account_key (Azure), proxy_url and \
         allow_http (all)"
    );
    Error::new(ErrorKind::SettingInvalid, said).with("setting", name)
}

/// Whether it looked for credentials where only machines of a cloud find them.
fn wants_credentials(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["169.254.169.254", "metadata.google.internal", "instance metadata", "credential"].iter().any(|sign| lower.contains(sign))
}

/// What an error says, and those that it came of, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !said.contains(&more) {
            said.push_str(": ");
            said.push_str(&more);
        }
        next = error.source();
    }
    without_body(&said)
}

/// What a store says in XML, without all but its code and message: it repeats session tokens that have expired.
fn without_body(said: &str) -> String {
    let Some((before, body)) = said.split_once("<?xml").or_else(|| said.split_once("<Error>")) else { return said.to_owned() };
    let inside = |tag: &str| body.split_once(&format!("<{tag}>")).and_then(|(_, rest)| rest.split('<').next());
    let told: Vec<&str> = ["Code", "Message"].into_iter().filter_map(inside).collect();
    format!("{before}{}", told.join(": "))
}

#[cfg(test)]
mod tests {
    use super::without_body;

    #[test]
    fn tokens_that_stores_repeat_are_not_said() {
        let said = "Server returned non-2xx status code: 400 Bad Request: <?xml version=\"1.0\"?>\n<Error><Code>ExpiredToken</Code>\
                    <Message>The provided token has expired.</Message><Token-0>FwoGZXIvYXdzE</Token-0></Error>";
        let told = without_body(said);
        assert!(told.ends_with("ExpiredToken: The provided token has expired.") && !told.contains("FwoGZ"), "{told}");
        assert_eq!(without_body("a < b"), "a < b");
    }
}
