//! Results whose files lie on this machine: read as they are, without the way over the network.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ballista_core::serde::protobuf::PartitionLocation as Wire;
use ballista_core::serde::scheduler::PartitionLocation;
use datafusion::arrow::ipc::reader::StreamReader;

/// A partition of a result.
pub(super) type Batches = StreamReader<BufReader<File>>;

/// Opens a partition in the folder of its executor; `None` where it is to be fetched: it is not here, or has another layout than
/// results have.
pub(super) fn open(folder: &Path, location: &Wire) -> Option<Batches> {
    let location: PartitionLocation = location.clone().try_into().ok()?;
    if location.is_sort_shuffle {
        return None;
    }
    let file = File::open(location.path(&folder.to_string_lossy()).ok()?).ok()?;
    StreamReader::try_new(BufReader::with_capacity(1 << 20, file), None).ok()
}
