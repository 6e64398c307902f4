//! Plans as text: what would run, without a row being read.

use std::fs;

use fugue_ballista::BallistaEngine;

use crate::data::{readings, total};
use crate::support::{Outcome, cluster, run, session};

#[test]
fn a_plan_shows_what_is_read_and_where_rows_are_exchanged() -> Outcome {
    run(async {
        let session = session(BallistaEngine::on(cluster()?).partitions(3)).await?;
        let totals = session.frame(readings(10))?.transform(total).partition_by("sensor").run()?;
        let plan = totals.explain()?;
        for part in [
            "ballista frame [sensor:str,total:long]",
            "FugueCallExec: ",
            "Hash([sensor@0], 3)",
            "FugueInputExec: 10 rows in memory, columns=[sensor, value], partitions=3",
        ] {
            assert!(plan.contains(part), "{part}: {plan}");
        }
        assert!(!plan.contains("EmptyExec"), "{plan}");
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("readings.csv").to_string_lossy().into_owned();
        fs::write(&path, "sensor,value\na,1\n")?;
        let loaded = session.load(&path).await?;
        // Nothing is read for it.
        fs::remove_file(&path)?;
        let plan = loaded.explain()?;
        assert!(plan.contains("FugueInputExec: ") && plan.contains("readings.csv"), "{plan}");
        Ok(())
    })
}
