//! The erased twin of the engine trait: what sessions and frames hold. The only downcast lives here, and the only way for a frame
//! of another engine.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::error::{Error, ErrorKind, Result};
use crate::expr::TypedSort;
use crate::frame::{BatchStream, Source};
use crate::io::{LoadOptions, Part, PartPlan};
use crate::partition::PartitionSpec;
use crate::relational::{Asked, Join, Planner, SelectPlan, SetOp};
use crate::run::RunContext;
use crate::schema::Schema;
use crate::transform::Task;

use super::foreign::{Foreign, foreign};
use super::{Engine, EngineInfo, Map, Relational, Zip};

/// A frame of some engine: the engine that it belongs to, its schema, and the engine's own handle.
#[derive(Clone)]
pub(crate) struct AnyFrame {
    pub(crate) engine: Arc<dyn DynEngine>,
    pub(crate) schema: Schema,
    inner: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for AnyFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("engine", &self.engine.info().name).field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// The engine trait over erased frames; errors carry the engine's name and the operation.
pub(crate) trait DynEngine: fmt::Debug + Send + Sync {
    fn info(&self) -> EngineInfo;
    fn ingest(self: Arc<Self>, source: Source) -> Result<AnyFrame>;
    fn stream<'a>(&'a self, frame: &'a AnyFrame, run: &'a RunContext) -> BoxFuture<'a, Result<BatchStream>>;
    fn map(self: Arc<Self>, frame: &AnyFrame, map: &Map) -> Result<AnyFrame>;
    fn comap(self: Arc<Self>, zip: &Zip<AnyFrame>, task: &Task) -> Result<AnyFrame>;
    fn count<'a>(&'a self, frame: &'a AnyFrame, run: &'a RunContext) -> BoxFuture<'a, Result<u64>>;
    fn explain(&self, frame: &AnyFrame) -> Result<String>;
    fn repartition(self: Arc<Self>, frame: &AnyFrame, spec: &PartitionSpec) -> Result<AnyFrame>;
    fn persist<'a>(self: Arc<Self>, frame: &'a AnyFrame, run: &'a RunContext) -> BoxFuture<'a, Result<AnyFrame>>;
    fn broadcast(self: Arc<Self>, frame: &AnyFrame) -> Result<AnyFrame>;
    fn partitions(&self, frame: &AnyFrame) -> Result<Option<usize>>;
    fn load<'a>(self: Arc<Self>, path: &'a str, options: &'a LoadOptions) -> BoxFuture<'a, Result<Option<AnyFrame>>>;
    fn save<'a>(
        &'a self,
        frame: &'a AnyFrame,
        plan: &'a PartPlan,
        run: &'a RunContext,
    ) -> BoxFuture<'a, Result<Option<Vec<Part>>>>;
    fn select(self: Arc<Self>, frame: &AnyFrame, plan: &SelectPlan, asked: Asked) -> Result<AnyFrame>;
    fn join(self: Arc<Self>, left: &AnyFrame, right: &AnyFrame, join: &Join, asked: Asked) -> Result<AnyFrame>;
    fn set_op(self: Arc<Self>, left: &AnyFrame, right: &AnyFrame, op: &SetOp, asked: Asked) -> Result<AnyFrame>;
    fn sort(self: Arc<Self>, frame: &AnyFrame, order: &[TypedSort], limit: Option<u64>, asked: Asked) -> Result<AnyFrame>;
    fn take(self: Arc<Self>, frame: &AnyFrame, keys: &[usize], order: &[TypedSort], rows: u64, asked: Asked) -> Result<AnyFrame>;
    fn limit(self: Arc<Self>, frame: &AnyFrame, rows: u64, asked: Asked) -> Result<AnyFrame>;
    /// The source that a frame reads as it is, where it is nothing else.
    fn source(&self, frame: &AnyFrame) -> Option<Source>;
    /// Whether rows of a frame come one after the other, and plans over it would wait for all of them.
    fn streams(&self, frame: &AnyFrame) -> bool;
    fn has_sql(&self) -> bool;
    fn sql<'a>(self: Arc<Self>, query: &'a str, frames: Vec<(String, AnyFrame)>) -> BoxFuture<'a, Result<AnyFrame>>;
    fn close(&self) -> BoxFuture<'_, Result<()>>;
    fn as_any(&self) -> &(dyn Any + Send + Sync);
}

/// Two sessions on engines of one type are two engines: a frame belongs to the one that made it.
fn is_of<E: Engine>(engine: &Arc<dyn DynEngine>, this: &E) -> bool {
    std::ptr::eq((engine.as_any() as *const dyn Any).cast::<()>(), std::ptr::from_ref(this).cast::<()>())
}

/// The engine's own frame inside an erased one; a frame of another engine comes in through Arrow.
fn own<E: Engine>(engine: &E, frame: &AnyFrame) -> Result<E::Frame> {
    match frame.inner.downcast_ref::<E::Frame>() {
        Some(inner) if is_of(&frame.engine, engine) => Ok(inner.clone()),
        _ => engine.ingest(foreign(frame, false)),
    }
}

fn wrap<E: Engine>(engine: &Arc<E>, inner: E::Frame) -> Result<AnyFrame> {
    let schema = engine.schema(&inner)?;
    let engine: Arc<dyn DynEngine> = Arc::<E>::clone(engine);
    Ok(AnyFrame { engine, schema, inner: Arc::new(inner) })
}

trait Place<T> {
    /// Says which engine was at what.
    fn during(self, engine: &impl Engine, operation: &'static str) -> Result<T>;
}

impl<T> Place<T> for Result<T> {
    fn during(self, engine: &impl Engine, operation: &'static str) -> Self {
        self.map_err(|e| e.with_engine(engine.info().name).with_operation(operation))
    }
}

/// Adds engine and operation to the errors that come later, out of the stream.
fn tell(stream: BatchStream, name: &'static str, operation: &'static str) -> BatchStream {
    let schema = stream.schema().clone();
    let told = futures::StreamExt::map(stream, move |b| b.map_err(|e| e.with_engine(name).with_operation(operation)));
    BatchStream::new(schema, told)
}

impl<E: Engine> DynEngine for E {
    fn info(&self) -> EngineInfo {
        Engine::info(self)
    }

    fn ingest(self: Arc<Self>, source: Source) -> Result<AnyFrame> {
        // A frame of this engine that was with another one comes home.
        if let Some(elsewhere) = source.lazy().as_any().and_then(|any| any.downcast_ref::<Foreign>())
            && is_of(&elsewhere.frame().engine, &*self)
        {
            return Ok(elsewhere.frame().clone());
        }
        let frame = Engine::ingest(&*self, source).during(&*self, "ingest")?;
        wrap(&self, frame)
    }

    fn stream<'a>(&'a self, frame: &'a AnyFrame, run: &'a RunContext) -> BoxFuture<'a, Result<BatchStream>> {
        Box::pin(async move {
            let inner = own(self, frame)?;
            let stream = Engine::stream(self, &inner, run).await.during(self, "collect")?;
            Ok(tell(stream, Engine::info(self).name, "collect"))
        })
    }

    fn map(self: Arc<Self>, frame: &AnyFrame, map: &Map) -> Result<AnyFrame> {
        let inner = own(&*self, frame)?;
        let mapped = Engine::map(&*self, &inner, map).during(&*self, "map")?;
        wrap(&self, mapped)
    }

    fn comap(self: Arc<Self>, zip: &Zip<AnyFrame>, task: &Task) -> Result<AnyFrame> {
        let members = zip.members.iter().map(|m| own(&*self, m)).collect::<Result<Vec<_>>>()?;
        let native = Zip::new(members, zip.how, zip.spec.clone());
        match Engine::comap(&*self, &native, task).during(&*self, "comap")? {
            Some(mapped) => wrap(&self, mapped),
            None => super::derive::comap(self, zip, task),
        }
    }

    fn count<'a>(&'a self, frame: &'a AnyFrame, run: &'a RunContext) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let inner = own(self, frame)?;
            Engine::count(self, &inner, run).await.during(self, "count")
        })
    }

    fn explain(&self, frame: &AnyFrame) -> Result<String> {
        Engine::explain(self, &own(self, frame)?).during(self, "explain")
    }

    fn repartition(self: Arc<Self>, frame: &AnyFrame, spec: &PartitionSpec) -> Result<AnyFrame> {
        let inner = own(&*self, frame)?;
        let laid = physical(&*self, "repartition")?.repartition(&inner, spec).during(&*self, "repartition")?;
        wrap(&self, laid)
    }

    fn persist<'a>(self: Arc<Self>, frame: &'a AnyFrame, run: &'a RunContext) -> BoxFuture<'a, Result<AnyFrame>> {
        Box::pin(async move {
            let inner = own(&*self, frame)?;
            let kept = match self.physical() {
                Some(physical) => physical.persist(&inner, run).await.during(&*self, "persist")?,
                // Whatever an engine lacks, its rows can be held in memory and be taken in again.
                None => {
                    let schema = Engine::schema(&*self, &inner)?;
                    let batches = Engine::stream(&*self, &inner, run).await.during(&*self, "persist")?.collect().await?;
                    Engine::ingest(&*self, Source::batches(schema, batches)?).during(&*self, "persist")?
                }
            };
            wrap(&self, kept)
        })
    }

    fn broadcast(self: Arc<Self>, frame: &AnyFrame) -> Result<AnyFrame> {
        let inner = own(&*self, frame)?;
        // A hint: an engine that knows no broadcasting may leave the frame as it is.
        let hinted = self.physical().map_or(Ok(inner.clone()), |p| p.broadcast(&inner)).during(&*self, "broadcast")?;
        wrap(&self, hinted)
    }

    fn partitions(&self, frame: &AnyFrame) -> Result<Option<usize>> {
        let inner = own(self, frame)?;
        physical(self, "partitions")?.partitions(&inner).during(self, "partitions")
    }

    fn load<'a>(self: Arc<Self>, path: &'a str, options: &'a LoadOptions) -> BoxFuture<'a, Result<Option<AnyFrame>>> {
        Box::pin(async move {
            let Some(storage) = self.storage() else { return Ok(None) };
            let loaded = storage.load(path, options).await.during(&*self, "load")?;
            loaded.map(|inner| wrap(&self, inner)).transpose()
        })
    }

    fn save<'a>(
        &'a self,
        frame: &'a AnyFrame,
        plan: &'a PartPlan,
        run: &'a RunContext,
    ) -> BoxFuture<'a, Result<Option<Vec<Part>>>> {
        Box::pin(async move {
            let Some(storage) = self.storage() else { return Ok(None) };
            storage.save(&own(self, frame)?, plan, run).await.during(self, "save")
        })
    }

    fn select(self: Arc<Self>, frame: &AnyFrame, plan: &SelectPlan, asked: Asked) -> Result<AnyFrame> {
        let native = |own: &dyn Relational<E::Frame>| own.select(&self::own(&*self, frame)?, plan);
        match relational(&self, asked, native)? {
            Some(made) => Ok(made),
            None => derived(&self, asked, |planner| planner.select(frame, plan)),
        }
    }

    fn join(self: Arc<Self>, left: &AnyFrame, right: &AnyFrame, join: &Join, asked: Asked) -> Result<AnyFrame> {
        let native = |own: &dyn Relational<E::Frame>| own.join(&self::own(&*self, left)?, &self::own(&*self, right)?, join);
        match relational(&self, asked, native)? {
            Some(made) => Ok(made),
            None => derived(&self, asked, |planner| planner.join(left, right, join)),
        }
    }

    fn set_op(self: Arc<Self>, left: &AnyFrame, right: &AnyFrame, op: &SetOp, asked: Asked) -> Result<AnyFrame> {
        let native = |own: &dyn Relational<E::Frame>| own.set_op(&self::own(&*self, left)?, &self::own(&*self, right)?, op);
        match relational(&self, asked, native)? {
            Some(made) => Ok(made),
            None => derived(&self, asked, |planner| planner.set_op(left, right, op)),
        }
    }

    fn sort(self: Arc<Self>, frame: &AnyFrame, order: &[TypedSort], limit: Option<u64>, asked: Asked) -> Result<AnyFrame> {
        let native = |own: &dyn Relational<E::Frame>| own.sort(&self::own(&*self, frame)?, order, limit);
        match relational(&self, asked, native)? {
            Some(made) => Ok(made),
            None => derived(&self, asked, |planner| planner.sort(frame, order, limit)),
        }
    }

    fn take(self: Arc<Self>, frame: &AnyFrame, keys: &[usize], order: &[TypedSort], rows: u64, asked: Asked) -> Result<AnyFrame> {
        let native = |own: &dyn Relational<E::Frame>| {
            // Without an order all columns are one, which the derived take knows.
            if keys.is_empty() || order.is_empty() || rows == 0 {
                return Ok(None);
            }
            own.take(&self::own(&*self, frame)?, keys, order, rows)
        };
        match relational(&self, asked, native)? {
            Some(made) => Ok(made),
            None => derived(&self, asked, |planner| planner.take(frame, keys, order, rows)),
        }
    }

    fn limit(self: Arc<Self>, frame: &AnyFrame, rows: u64, asked: Asked) -> Result<AnyFrame> {
        let native = |own: &dyn Relational<E::Frame>| own.limit(&self::own(&*self, frame)?, rows);
        match relational(&self, asked, native)? {
            Some(made) => Ok(made),
            None => derived(&self, asked, |planner| planner.limit(frame, rows)),
        }
    }

    fn source(&self, frame: &AnyFrame) -> Option<Source> {
        Engine::source(self, &own(self, frame).ok()?)
    }

    fn streams(&self, frame: &AnyFrame) -> bool {
        let streams = |facet: &dyn Relational<E::Frame>| own(self, frame).is_ok_and(|inner| facet.streams(&inner));
        self.relational().is_some_and(streams)
    }

    fn has_sql(&self) -> bool {
        Engine::sql(self).is_some()
    }

    fn sql<'a>(self: Arc<Self>, query: &'a str, frames: Vec<(String, AnyFrame)>) -> BoxFuture<'a, Result<AnyFrame>> {
        Box::pin(async move {
            let name = Engine::info(&*self).name;
            let facet = Engine::sql(&*self).ok_or_else(|| Error::unsupported(name, "sql", format!("{name} knows no SQL")))?;
            let own = frames.into_iter().map(|(name, frame)| Ok((name, own(&*self, &frame)?))).collect::<Result<Vec<_>>>()?;
            let planned = facet.query(query, own).await.during(&*self, "sql")?;
            wrap(&self, planned)
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { Engine::close(self).await.during(self, "close") })
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

/// What the engine does by itself of the relational operations, unless it shall not.
fn relational<E: Engine>(
    engine: &Arc<E>,
    asked: Asked,
    native: impl FnOnce(&dyn Relational<E::Frame>) -> Result<Option<E::Frame>>,
) -> Result<Option<AnyFrame>> {
    let Some(own) = engine.relational().filter(|_| !asked.derived) else { return Ok(None) };
    native(own).during(&**engine, asked.verb.word())?.map(|made| wrap(engine, made)).transpose()
}

/// What core does of them through the engine's duties.
fn derived<E: Engine>(engine: &Arc<E>, asked: Asked, plan: impl FnOnce(Planner) -> Result<AnyFrame>) -> Result<AnyFrame> {
    let erased: Arc<dyn DynEngine> = Arc::<E>::clone(engine);
    plan(Planner::new(erased, asked)).during(&**engine, asked.verb.word())
}

fn physical<'e, E: Engine>(engine: &'e E, operation: &'static str) -> Result<&'e dyn super::Physical<E::Frame>> {
    let name = Engine::info(engine).name;
    engine.physical().ok_or_else(|| Error::unsupported(name, operation, format!("{name} lays out no partitions")))
}

/// The engine's own frame, for those who know which engine they opened.
pub(crate) fn native<E: Engine>(frame: &AnyFrame) -> Result<E::Frame> {
    // Engines may share a type of frames, and still not know what is in those of the other.
    let same = frame.engine.as_any().is::<E>();
    frame.inner.downcast_ref::<E::Frame>().filter(|_| same).cloned().ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            format!("the frame belongs to {}, not to {}", frame.engine.info().name, std::any::type_name::<E>()),
        )
    })
}

/// An engine's own frame as an erased one, for those who know which engine they opened.
pub(crate) fn from_native<E: Engine>(engine: &Arc<dyn DynEngine>, inner: E::Frame) -> Result<AnyFrame> {
    let known = engine.as_any().downcast_ref::<E>().ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, format!("the session runs {}, not {}", engine.info().name, std::any::type_name::<E>()))
    })?;
    let schema = Engine::schema(known, &inner)?;
    Ok(AnyFrame { engine: Arc::clone(engine), schema, inner: Arc::new(inner) })
}
