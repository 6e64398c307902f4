//! Object stores: addresses, settings, and objects that are read as files are.
//!
//! An address (`s3://bucket/folder/file.parquet`) stands wherever a path is read. What is behind each scheme comes with a feature: `s3`, `gcs`,
//! `azure` and `http`.

mod options;

#[cfg(not(feature = "store"))]
mod absent;
#[cfg(feature = "store")]
mod client;
#[cfg(feature = "store")]
mod list;
#[cfg(feature = "store")]
mod manifest;
#[cfg(feature = "store")]
mod read;
#[cfg(feature = "store")]
mod save;
#[cfg(feature = "store")]
mod told;

use std::path::Path;

#[cfg(not(feature = "store"))]
pub(super) use absent::{Object, Reader, Target, There, find};
#[cfg(feature = "store")]
pub(super) use list::find;
pub use options::StoreOptions;
#[cfg(feature = "store")]
pub(super) use read::{Object, Reader};
#[cfg(feature = "store")]
pub(super) use save::{Target, There};

use crate::error::{Error, ErrorKind};

/// Whether a path is an address.
pub(super) fn is_address(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.contains("://"))
}

/// The name of a file of this machine that stands for an address: no other address has it.
pub(super) fn local_name(address: &Path) -> String {
    let text = address.to_string_lossy();
    let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(60).collect();
    format!("{plain}-{:016x}", crate::group::hash_bytes(text.as_bytes()))
}

/// Stores by the schemes of their addresses, and the feature that brings each.
const SCHEMES: [(&str, &str); 9] = [
    ("s3", "s3"),
    ("s3a", "s3"),
    ("gs", "gcs"),
    ("az", "azure"),
    ("azure", "azure"),
    ("abfs", "azure"),
    ("abfss", "azure"),
    ("http", "http"),
    ("https", "http"),
];

/// The error for an address that this program cannot read.
fn unknown(address: &str) -> Error {
    let scheme = address.split("://").next().unwrap_or_default();
    let feature = SCHEMES.iter().find(|(known, _)| *known == scheme).map(|(_, feature)| *feature);
    let said = match feature {
        Some(feature) => {
            format!(
                "addresses {scheme}://… are not read by this program; build it with the feature \"{feature}\" of this library"
            )
        }
        None => {
            let known: Vec<&str> = SCHEMES.iter().map(|(scheme, _)| *scheme).collect();
            format!(
                "the scheme {scheme:?} is not known; known are: {}; give a plain path for a file of this machine",
                known.join(", ")
            )
        }
    };
    Error::new(ErrorKind::Unsupported, said).with("path", address)
}
