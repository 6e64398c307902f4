//! Files of text that are packed with gzip or zstd: told by the last suffix of the name.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::location::Handle;
use super::path::failed;
use crate::error::Result;

/// How a whole file is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Packing {
    #[default]
    None,
    Gzip,
    Zstd,
}

impl Packing {
    /// What the last suffix says.
    pub(super) fn of(path: &Path) -> Self {
        match path.extension().and_then(|s| s.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::None,
        }
    }

    /// The suffix, with its dot.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// The content of a file, unpacked as its name says.
pub(super) fn unpacked(path: &Path, file: Handle) -> Result<Box<dyn Read + Send>> {
    Ok(match Packing::of(path) {
        Packing::None => Box::new(file),
        // Files that were put together of several packed ones are common.
        Packing::Gzip => Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(1 << 16, file))),
        Packing::Zstd => Box::new(zstd::Decoder::new(file).map_err(|e| failed("cannot be unpacked", path, e))?),
    })
}

/// A file that packs what is written into it.
pub(super) enum Packer {
    None(File),
    Gzip(GzEncoder<File>),
    Zstd(zstd::Encoder<'static, File>),
}

impl Packer {
    pub(super) fn new(file: File, packing: Packing, level: Option<i32>) -> io::Result<Self> {
        Ok(match packing {
            Packing::None => Self::None(file),
            Packing::Gzip => Self::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Packing::Zstd => Self::Zstd(zstd::Encoder::new(file, level.unwrap_or(3))?),
        })
    }

    /// Writes the end, and gives the file back.
    pub(super) fn finish(self) -> io::Result<File> {
        match self {
            Self::None(file) => Ok(file),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl Write for Packer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(file) => file.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(file) => file.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
