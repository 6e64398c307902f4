//! Writes the files of `files/` anew, as this library saves them, for `files/read.py`, which reads them by other programs.

use std::path::Path;

use fugue_core::io::{Compression, Format, SaveOptions};
use fugue_core::{Error, ErrorKind, Session, blocking};

fn main() -> fugue_core::Result<()> {
    let folder = std::env::args().nth(1).ok_or_else(|| Error::new(ErrorKind::SettingInvalid, "write_files needs a folder"))?;
    blocking::wait(write(Path::new(&folder)))
}

async fn write(folder: &Path) -> fugue_core::Result<()> {
    let session = Session::local()?;
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("files");
    let codecs = [
        ("none", Compression::None),
        ("snappy", Compression::Snappy),
        ("zstd", Compression::Zstd(3)),
        ("lz4", Compression::Lz4),
        ("gzip", Compression::Gzip),
    ];
    let files =
        ["pyarrow_texts", "pyarrow_moments", "pyarrow_numbers", "pyarrow_nested", "pyarrow_empty", "spark_micros", "duckdb_all"];
    for name in files {
        let frame = session.load(from.join(format!("{name}.parquet")).display().to_string()).await?;
        for (word, codec) in codecs {
            let path = folder.join(format!("{name}.{word}.parquet"));
            frame.save_with(path.display().to_string(), &SaveOptions::new().compression(codec)).await?;
        }
        frame.save(folder.join(format!("{name}.arrow")).display().to_string()).await?;
    }
    let keyed = session.load(from.join("pyarrow_hive").display().to_string()).await?;
    let options = SaveOptions::new().format(Format::Parquet).partition_by(["year", "word"]);
    keyed.save_with(folder.join("hive").display().to_string(), &options).await?;
    let plain = session.load(from.join("pyarrow_moments.parquet").display().to_string()).await?.select(["us", "date", "time"])?;
    for name in ["moments.csv", "moments.csv.gz", "moments.json"] {
        plain.save(folder.join(name).display().to_string()).await?;
    }
    Ok(())
}
