//! Steps as bytes: what a scheduler and executors must know of a call, with the function packed inside.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use fugue_core::group::ZipKind;
use fugue_core::{Error, ErrorKind, Result, Schema};
use serde::{Deserialize, Serialize};

use crate::callee::Callee;
use crate::exec::CallExec;
use crate::frame::Layout;
use crate::guard::GuardExec;
use crate::map::{Call, Member, Work};
use crate::modest::{Claims, ModestExec};
use crate::place::{PlaceExec, Placing};

/// The layout of these bytes; another number is another layout.
const VERSION: u32 = 1;

/// A step without its inputs. Schemas and specs go as their text, which reads back as what was written; the function, packed already,
/// follows behind.
#[derive(Serialize, Deserialize)]
enum Step {
    Call {
        name: String,
        output: String,
        carried: Vec<String>,
        streams: bool,
        spec: String,
        work: Kind,
        members: Vec<(String, Vec<usize>)>,
    },
    Place {
        schema: String,
        layout: Laid,
        places: usize,
        scrambled: bool,
    },
    Guard,
    Modest {
        of_join: bool,
    },
}

#[derive(Serialize, Deserialize)]
enum Kind {
    Partitions,
    Gathered(Option<Laid>),
    Placed,
    Keyed,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    Crossed,
}

#[derive(Serialize, Deserialize)]
enum Laid {
    Spec(String),
    Kept(usize),
}

/// A step of ours without its inputs, as bytes that [`decode`] reads in another process of the same program; `None` for steps of others.
///
/// # Errors
/// `Unsupported` for a step that was planned to run in this process.
pub fn encode(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Vec<u8>>> {
    if node.is::<GuardExec>() {
        return written(&Step::Guard, &[]).map(Some);
    }
    if let Some(modest) = node.downcast_ref::<ModestExec>() {
        return written(&Step::Modest { of_join: modest.claims() == Claims::OfJoin }, &[]).map(Some);
    }
    if let Some(place) = node.downcast_ref::<PlaceExec>() {
        let placing = place.placing();
        let (schema, layout) = (placing.schema.to_string(), laid(&placing.layout));
        let step = Step::Place { schema, layout, places: place.places(), scrambled: place.is_scrambled() };
        return written(&step, &[]).map(Some);
    }
    let Some(step) = node.downcast_ref::<CallExec>() else { return Ok(None) };
    let call = step.call();
    let Some(function) = call.callee.bytes() else {
        let message = format!("{} was planned to run in this process, and cannot leave it", call.callee.name());
        return Err(Error::new(ErrorKind::Unsupported, message));
    };
    let step = Step::Call {
        name: call.callee.name().to_owned(),
        output: call.callee.output().to_string(),
        carried: call.callee.carried().to_vec(),
        streams: call.callee.streams(),
        spec: call.spec.to_string(),
        work: kind(&call.work)?,
        members: call.members.iter().map(|m| (m.schema.to_string(), m.spread.clone())).collect(),
    };
    written(&step, function).map(Some)
}

/// Version, length of the step, the step, the function to the end.
fn written(step: &Step, function: &[u8]) -> Result<Vec<u8>> {
    let step = rmp_serde::to_vec_named(step)
        .map_err(|e| Error::new(ErrorKind::Unexpected, "a step cannot be written down; please report it").with_source(e))?;
    let mut bytes = VERSION.to_le_bytes().to_vec();
    bytes.extend((step.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&step);
    bytes.extend_from_slice(function);
    Ok(bytes)
}

fn read(bytes: &[u8]) -> Option<(Step, &[u8])> {
    let (version, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<8>().filter(|_| u32::from_le_bytes(*version) == VERSION)?;
    let (step, function) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    Some((rmp_serde::from_slice(step).ok()?, function))
}

/// A step over inputs, from its bytes. The function is looked for when the step runs, not now.
///
/// # Errors
/// `EngineFailed` for bytes of another version of this library, and for what are no such bytes.
pub fn decode(bytes: &[u8], inputs: &[Arc<dyn ExecutionPlan>]) -> Result<Arc<dyn ExecutionPlan>> {
    let unknown = || {
        let message = "a step that another version of this library wrote; build all parts of the cluster alike";
        Error::new(ErrorKind::EngineFailed, message)
    };
    let (step, function) = read(bytes).ok_or_else(unknown)?;
    match (step, inputs) {
        (Step::Guard, [input]) => Ok(Arc::new(GuardExec::new(Arc::clone(input)))),
        (Step::Modest { of_join }, [input]) => {
            let claims = if of_join { Claims::OfJoin } else { Claims::Nothing };
            Ok(Arc::new(ModestExec::new(Arc::clone(input), claims)))
        }
        (Step::Place { schema, layout, places, scrambled }, [input]) => {
            let placing = Placing { schema: Schema::parse(&schema)?, layout: layout_of(layout)? };
            Ok(Arc::new(PlaceExec::new(Arc::new(placing), Arc::clone(input), places, scrambled)))
        }
        (Step::Call { name, output, carried, streams, spec, work, members }, inputs) if members.len() == inputs.len() => {
            let member = |(schema, spread): (String, Vec<usize>)| Ok(Member { schema: Schema::parse(&schema)?, spread });
            let call = Call {
                callee: Callee::arrived(name, Schema::parse(&output)?, carried, streams, function.to_vec()),
                spec: spec.parse()?,
                work: work_of(work)?,
                members: members.into_iter().map(member).collect::<Result<_>>()?,
            };
            Ok(Arc::new(CallExec::new(Arc::new(call), inputs.to_vec())))
        }
        _ => Err(unknown()),
    }
}

fn laid(layout: &Layout) -> Laid {
    match layout {
        Layout::Spec(spec) => Laid::Spec(spec.to_string()),
        Layout::Kept(parts) => Laid::Kept(*parts),
    }
}

fn layout_of(laid: Laid) -> Result<Layout> {
    Ok(match laid {
        Laid::Spec(spec) => Layout::Spec(spec.parse()?),
        Laid::Kept(parts) => Layout::Kept(parts),
    })
}

fn kind(work: &Work) -> Result<Kind> {
    Ok(match work {
        Work::Partitions => Kind::Partitions,
        Work::Gathered(layout) => Kind::Gathered(layout.as_ref().map(laid)),
        Work::Placed => Kind::Placed,
        Work::Keyed => Kind::Keyed,
        Work::Zipped(ZipKind::Inner) => Kind::Inner,
        Work::Zipped(ZipKind::LeftOuter) => Kind::LeftOuter,
        Work::Zipped(ZipKind::RightOuter) => Kind::RightOuter,
        Work::Zipped(ZipKind::FullOuter) => Kind::FullOuter,
        Work::Zipped(ZipKind::Cross) | Work::Crossed => Kind::Crossed,
        Work::Zipped(other) => {
            return Err(Error::new(ErrorKind::Unsupported, format!("a {other:?} zip cannot leave this process")));
        }
    })
}

fn work_of(kind: Kind) -> Result<Work> {
    Ok(match kind {
        Kind::Partitions => Work::Partitions,
        Kind::Gathered(layout) => Work::Gathered(layout.map(layout_of).transpose()?),
        Kind::Placed => Work::Placed,
        Kind::Keyed => Work::Keyed,
        Kind::Inner => Work::Zipped(ZipKind::Inner),
        Kind::LeftOuter => Work::Zipped(ZipKind::LeftOuter),
        Kind::RightOuter => Work::Zipped(ZipKind::RightOuter),
        Kind::FullOuter => Work::Zipped(ZipKind::FullOuter),
        Kind::Crossed => Work::Crossed,
    })
}
