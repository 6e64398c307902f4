//! What listeners of `tracing` hear of an action: where its time goes.

use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use fugue_ballista::{BallistaEngine, Cluster};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::data::{readings, total};
use crate::support::{Outcome, alone, run, session};

/// Keeps spans and events as lines of text.
#[derive(Clone, Default)]
struct Listener {
    heard: Arc<Mutex<Vec<String>>>,
    spans: Arc<AtomicU64>,
}

/// The fields of a span or event, one after the other.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("text takes all");
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("fugue_")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("span {}", span.metadata().name()));
        span.record(&mut line);
        self.heard.lock().expect("lines").push(line.0);
        Id::from_u64(self.spans.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line("event".to_owned());
        event.record(&mut line);
        self.heard.lock().expect("lines").push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn an_action_tells_where_its_time_goes() -> Outcome {
    alone("told::an_action_tells_where_its_time_goes", || {
        let listener = Listener::default();
        tracing::subscriber::set_global_default(listener.clone())?;
        run(async {
            let cluster = Cluster::builder().executors(1).slots(2);
            let session = session(BallistaEngine::builder().cluster(cluster).partitions(2)).await?;
            let frame = session.frame(readings(200_000))?;
            assert_eq!(
                frame.transform(total).partition_by("sensor").collect().await?.iter().map(|b| b.num_rows()).sum::<usize>(),
                3
            );
            session.close().await?;
            let heard = listener.heard.lock().expect("lines").clone();
            for (what, fields) in [
                ("span plan", "engine=\"ballista\""),
                ("span ingest", "source=200000 rows in memory"),
                ("message=input written", "rows=200000"),
                ("span submit", "scheduler="),
                ("message=submitted", "job="),
                ("message=job finished", "stages=2"),
                ("message=partition read", "way="),
            ] {
                assert!(heard.iter().any(|line| line.contains(what) && line.contains(fields)), "{what} {fields}: {heard:#?}");
            }
            Ok(())
        })
    })
}
