//! Calls of user code as steps of a plan: which columns and rows reach them, and how rows are spread for them.

use std::fmt;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use fugue_core::engine::{Map, Zip};
use fugue_core::group::ZipKind;
use fugue_core::partition::{Algo, Num, PartitionSpec};
use fugue_core::transform::Task;
use fugue_core::travel::Reach;
use fugue_core::{Result, Schema};

use crate::callee::Callee;
use crate::error::from_native;
use crate::frame::{DataFusionFrame, Layout};
use crate::place::placed;
use crate::plan::hash;
use crate::types::{column, is_plain};

/// A step that calls user code. Its inputs have the columns of their members, and after them perhaps one that rows are spread by.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) callee: Callee,
    pub(crate) spec: PartitionSpec,
    pub(crate) work: Work,
    pub(crate) members: Vec<Member>,
}

/// What is called with what.
#[derive(Debug)]
pub(crate) enum Work {
    /// Each partition of the plan by itself, as it streams.
    Partitions,
    /// All rows, laid out by the runner of the core: exact numbers of partitions, one after the other. First as a repartition laid
    /// them out.
    Gathered(Option<Layout>),
    /// Rows that know the number of their partition: those of a number stand in one partition of the plan.
    Placed,
    /// Rows of a key, wherever they come from.
    Keyed,
    /// Rows of a key of several inputs.
    Zipped(ZipKind),
    /// All rows of several inputs.
    Crossed,
}

/// The rows of one input.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) schema: Schema,
    /// Columns of the input that decide where a row goes; none where it does not matter.
    pub(crate) spread: Vec<usize>,
}

/// A cluster that steps run on: where functions must reach, and how many calls run at once on all of it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// How far away its executors are.
    pub reach: Reach,
    /// What `CONCURRENCY` means in numbers of partitions.
    pub concurrency: usize,
}

impl Site {
    /// A cluster.
    #[must_use]
    pub fn new(reach: Reach, concurrency: usize) -> Self {
        Self { reach, concurrency }
    }

    /// The spec with numbers that an executor, which sees only itself, need not know.
    ///
    /// # Errors
    /// `PartitionInvalid` for what is no number of partitions.
    pub fn resolved(self, spec: &PartitionSpec) -> Result<PartitionSpec> {
        let num = spec.num_expr();
        if num.is_zero() {
            return if spec.keys().is_empty() { Ok(spec.clone()) } else { spec.clone().num(self.concurrency) };
        }
        spec.clone().num(num.to_string().replace("CONCURRENCY", &self.concurrency.to_string()))
    }
}

fn callee(task: &Task, spec: &PartitionSpec, site: Option<Site>) -> Result<Callee> {
    site.map_or_else(|| Ok(Callee::here(task, spec)), |site| Callee::away(task, spec, site.reach))
}

impl Call {
    /// The call of a map, and the plan of its input.
    pub(crate) fn map(frame: &DataFusionFrame, map: &Map, site: Option<Site>) -> Result<(Self, LogicalPlan)> {
        let (task, spec) = (&map.task, &map.spec);
        let columns = task.columns(0, frame.schema(), spec)?;
        let work = work(task, spec, frame.layout());
        let keys: &[_] = if matches!(work, Work::Keyed) { spec.keys() } else { &[] };
        let schema = frame.schema().project(columns.as_deref())?;
        let keys = schema.indices_of(keys)?;
        let hashed = keys.iter().any(|k| !is_plain(schema.fields()[*k].ty()));
        let plan = input(frame.plan(), columns.as_deref(), &keys, hashed)?;
        let callee = callee(task, spec, site)?;
        if let Some(layout) = site.map(|site| placing(&work, task, spec, site)).transpose()?.flatten() {
            let plan = placed(plan, &schema, layout)?;
            let spread = vec![schema.len() + 1];
            let spec = PartitionSpec::new().presort(spec.presort_keys().to_vec())?;
            return Ok((Self { callee, spec, work: Work::Placed, members: vec![Member { schema, spread }] }, plan));
        }
        let spread = if hashed { vec![schema.len()] } else { keys };
        Ok((Self { callee, spec: spec.clone(), work, members: vec![Member { schema, spread }] }, plan))
    }

    /// The call of a comap, and the plans of its inputs.
    pub(crate) fn zip(zip: &Zip<DataFusionFrame>, task: &Task, site: Option<Site>) -> Result<(Self, Vec<LogicalPlan>)> {
        let keyed = !zip.spec.keys().is_empty();
        let mut rows = Vec::with_capacity(zip.members.len());
        for (i, member) in zip.members.iter().enumerate() {
            let columns = task.columns(i, member.schema(), &zip.spec)?;
            rows.push((member.schema().project(columns.as_deref())?, columns, member.plan()));
        }
        // Keys are hashed by their type, and inputs may have them in several.
        let types = |(schema, columns, plan): &(Schema, Option<Vec<usize>>, &LogicalPlan)| -> Result<Vec<DataType>> {
            let place = |k: usize| columns.as_ref().map_or(k, |c| c[k]);
            Ok(schema
                .indices_of(zip.spec.keys())?
                .into_iter()
                .map(|k| plan.schema().field(place(k)).data_type().clone())
                .collect())
        };
        let types = rows.iter().map(types).collect::<Result<Vec<_>>>()?;
        let plain = |(schema, ..): &(Schema, Option<Vec<usize>>, &LogicalPlan)| {
            zip.spec.keys().iter().all(|k| schema.field(k).is_some_and(|f| is_plain(f.ty())))
        };
        let hashed = keyed && (!rows.iter().all(plain) || types.windows(2).any(|w| w[0] != w[1]));
        let (mut members, mut plans) = (Vec::new(), Vec::new());
        for (schema, columns, plan) in rows {
            let keys = schema.indices_of(zip.spec.keys())?;
            plans.push(input(plan, columns.as_deref(), &keys, hashed)?);
            members.push(Member { spread: if hashed { vec![schema.len()] } else { keys }, schema });
        }
        let work = if keyed { Work::Zipped(zip.how) } else { Work::Crossed };
        Ok((Self { callee: callee(task, &zip.spec, site)?, spec: zip.spec.clone(), work, members }, plans))
    }

    /// Whether answers come while rows still do.
    pub(crate) fn streams(&self) -> bool {
        matches!(self.work, Work::Partitions) && self.callee.streams()
    }

    /// Whether all rows come to one place.
    pub(crate) fn is_gathered(&self) -> bool {
        matches!(self.work, Work::Gathered(_) | Work::Crossed)
    }
}

/// How the rows of a map must be spread.
fn work(task: &Task, spec: &PartitionSpec, layout: Option<&Layout>) -> Work {
    if task.is_row_wise(spec) {
        return Work::Partitions;
    }
    let by_key = !spec.keys().is_empty();
    // What the call says of partitions stands above how its frame was laid out.
    let explicit = !spec.num_expr().is_zero() || matches!(spec.algorithm(), Algo::Even | Algo::Rand);
    match spec.algorithm() {
        Algo::Coarse if by_key => Work::Gathered(None),
        _ if by_key => Work::Keyed,
        _ if explicit => Work::Gathered(None),
        _ if layout.is_some() => Work::Gathered(layout.cloned()),
        _ => Work::Partitions,
    }
}

/// How rows are numbered for a call that is to be spread over a cluster though its partitions have exact numbers.
fn placing(work: &Work, task: &Task, spec: &PartitionSpec, site: Site) -> Result<Option<Layout>> {
    Ok(match work {
        // A single partition streams through one place, and keys of a partition are told apart there.
        Work::Gathered(_) if !spec.keys().is_empty() || *spec.num_expr() == Num::from(1) => None,
        Work::Gathered(None) => Some(Layout::Spec(site.resolved(spec)?)),
        Work::Gathered(Some(Layout::Spec(spec))) => Some(Layout::Spec(site.resolved(spec)?)),
        Work::Gathered(Some(kept)) => Some(kept.clone()),
        // A task sees its own share of the partitions; a function that asks for their numbers gets them from one place.
        Work::Partitions if task.wants_cursor() => {
            Some(Layout::Spec(PartitionSpec::new().num(site.concurrency)?.algo(Algo::Even)))
        }
        _ => None,
    })
}

/// A plan of some columns of another, and after them perhaps a hash of the keys, which are positions among those columns.
fn input(plan: &LogicalPlan, columns: Option<&[usize]>, keys: &[usize], hashed: bool) -> Result<LogicalPlan> {
    if columns.is_none() && !hashed {
        return Ok(plan.clone());
    }
    let all: Vec<usize> = columns.map_or_else(|| (0..plan.schema().fields().len()).collect(), <[usize]>::to_vec);
    let mut expressions: Vec<_> = all.iter().map(|c| column(plan, *c)).collect();
    if hashed {
        let keys = keys.iter().map(|k| expressions[*k].clone()).collect();
        let mut name = "key".to_owned();
        while all.iter().any(|c| *plan.schema().field(*c).name() == name) {
            name.push('_');
        }
        expressions.push(hash().call(keys).alias(name));
    }
    LogicalPlanBuilder::from(plan.clone()).project(expressions).and_then(LogicalPlanBuilder::build).map_err(from_native)
}

/// The step as a person reads it in a plan: the function by name, its keys and order, the columns it reads.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.callee.name())?;
        if !self.spec.is_empty() {
            write!(f, ", {}", self.spec)?;
        }
        match &self.work {
            Work::Zipped(how) => write!(f, ", {how:?}")?,
            Work::Crossed => write!(f, ", Cross")?,
            Work::Gathered(Some(layout)) => write!(f, ", over {layout}")?,
            Work::Partitions | Work::Gathered(None) | Work::Placed | Work::Keyed => {}
        }
        for member in &self.members {
            write!(f, ", reads [{}]", member.schema.names().collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }
}
