//! Files: those that DataFusion reads itself, and those that it leaves to the reader of the core.

use fugue_core::blocking::wait;
use fugue_core::{ErrorKind, Session};

use crate::{Outcome, readings, session};

#[test]
fn a_file_is_read_by_datafusion_where_it_reads_the_same() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let session = session()?;
    let df = session.frame(readings()?)?;
    for (name, native) in [("plain.parquet", true), ("odd [1].parquet", false), ("readings.csv", false)] {
        wait(df.save(path(name)))?;
        let loaded = wait(session.load(path(name)))?;
        assert_eq!(loaded.explain()?.contains("DataSourceExec"), native, "{name}: {}", loaded.explain()?);
        assert_eq!(wait(loaded.count())?, 6, "{name}");
        let ours = wait(wait(Session::local()?.load(path(name)))?.collect())?;
        assert_eq!(ours[0].schema(), wait(loaded.collect())?[0].schema(), "{name}");
    }
    Ok(())
}

#[test]
fn a_file_that_is_gone_or_damaged_is_an_error_of_files() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("gone.parquet");
    let session = session()?;
    wait(session.frame(readings()?)?.save(path.display().to_string()))?;
    let df = wait(session.load(path.display().to_string()))?;
    assert_eq!(wait(df.count())?, 6);
    let whole = std::fs::read(&path)?;
    std::fs::write(&path, &whole[..whole.len() / 2])?;
    assert_eq!(wait(df.collect()).map_err(|e| e.kind()), Err(ErrorKind::Io));
    std::fs::remove_file(&path)?;
    assert_eq!(wait(df.collect()).map_err(|e| e.kind()), Err(ErrorKind::Io));
    Ok(())
}
