//! The questions as one writes them for DataFusion.

use std::sync::Arc;

use fugue_core::arrow::datatypes::Schema;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_datafusion::datafusion::datasource::MemTable;
use fugue_datafusion::datafusion::error::Result;
use fugue_datafusion::datafusion::prelude::{SessionConfig, SessionContext};

use super::{Question, Tables};

/// A context that knows the tables, in as many partitions as there are threads.
///
/// # Errors
/// Those of DataFusion.
pub fn context(tables: &Tables<Vec<RecordBatch>>, threads: usize) -> Result<SessionContext> {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(threads));
    for (name, batches) in tables {
        let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        let parts = (0..threads).map(|part| batches.iter().skip(part).step_by(threads).cloned().collect());
        context.register_table(*name, Arc::new(MemTable::try_new(schema, parts.collect())?))?;
    }
    Ok(context)
}

/// The answer in memory. The context knows the tables.
///
/// # Errors
/// Those of DataFusion.
pub async fn ask(question: Question, context: &SessionContext) -> Result<Vec<RecordBatch>> {
    context.sql(query(question)).await?.collect().await
}

fn query(question: Question) -> &'static str {
    use Question as Q;
    match question {
        Q::G1 => "SELECT id1, SUM(v1) AS v1 FROM x GROUP BY id1",
        Q::G2 => "SELECT id1, id2, SUM(v1) AS v1 FROM x GROUP BY id1, id2",
        Q::G3 => "SELECT id3, SUM(v1) AS v1, AVG(v3) AS v3 FROM x GROUP BY id3",
        Q::G4 => "SELECT id4, AVG(v1) AS v1, AVG(v2) AS v2, AVG(v3) AS v3 FROM x GROUP BY id4",
        Q::G5 => "SELECT id6, SUM(v1) AS v1, SUM(v2) AS v2, SUM(v3) AS v3 FROM x GROUP BY id6",
        Q::G6 => "SELECT id4, id5, MEDIAN(v3) AS median_v3, STDDEV(v3) AS sd_v3 FROM x GROUP BY id4, id5",
        Q::G7 => "SELECT id3, MAX(v1) - MIN(v2) AS range_v1_v2 FROM x GROUP BY id3",
        Q::G8 => {
            "SELECT id6, largest2_v3 FROM \
             (SELECT id6, v3 AS largest2_v3, ROW_NUMBER() OVER (PARTITION BY id6 ORDER BY v3 DESC) AS place FROM x WHERE v3 IS NOT NULL) \
             WHERE place <= 2"
        }
        Q::G9 => "SELECT id2, id4, r * r AS r2 FROM (SELECT id2, id4, CORR(v1, v2) AS r FROM x GROUP BY id2, id4)",
        Q::G10 => {
            "SELECT id1, id2, id3, id4, id5, id6, SUM(v3) AS v3, COUNT(*) AS count FROM x GROUP BY id1, id2, id3, id4, id5, id6"
        }
        Q::J1 => {
            "SELECT x.id1, x.id2, x.id3, x.id4, small.id4 AS small_id4, x.id5, x.id6, x.v1, small.v2 \
             FROM x INNER JOIN small ON x.id1 = small.id1"
        }
        Q::J2 => {
            "SELECT x.id1, medium.id1 AS medium_id1, x.id2, x.id3, x.id4, medium.id4 AS medium_id4, x.id5, medium.id5 AS medium_id5, x.id6, \
             x.v1, medium.v2 FROM x INNER JOIN medium ON x.id2 = medium.id2"
        }
        Q::J3 => {
            "SELECT x.id1, medium.id1 AS medium_id1, x.id2, x.id3, x.id4, medium.id4 AS medium_id4, x.id5, medium.id5 AS medium_id5, x.id6, \
             x.v1, medium.v2 FROM x LEFT JOIN medium ON x.id2 = medium.id2"
        }
        Q::J4 => {
            "SELECT x.id1, medium.id1 AS medium_id1, x.id2, medium.id2 AS medium_id2, x.id3, x.id4, medium.id4 AS medium_id4, x.id5, x.id6, \
             x.v1, medium.v2 FROM x INNER JOIN medium ON x.id5 = medium.id5"
        }
        Q::J5 => {
            "SELECT x.id1, big.id1 AS big_id1, x.id2, big.id2 AS big_id2, x.id3, x.id4, big.id4 AS big_id4, x.id5, big.id5 AS big_id5, \
             x.id6, big.id6 AS big_id6, x.v1, big.v2 FROM x INNER JOIN big ON x.id3 = big.id3"
        }
    }
}
