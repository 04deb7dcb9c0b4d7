//! Faults of drivers, planned by where they strike.

use super::{Outcome, Refusal, done};
use crate::world::World;
use serde_json::{Value, json};
use virt::{Fault, FaultPoint, When, types::VirtError};

/// A fault as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlannedFault(Value);

pub(super) fn list(world: &World) -> Value {
    let planned = world.planned.borrow();
    let struck = world.cloud().faults().struck();
    json!({
        "faults": planned.iter().map(|fault| &fault.0).collect::<Vec<_>>(),
        "struck": struck.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

pub(super) fn forget(world: &World) {
    world.cloud().faults().clear();
    world.planned.take();
}

/// Puts this plan in the place of the one in force: `{"faults": [{"at": "host2:finish_migration#1", "raise": ERROR,
/// "when": "before"}, {"at": …, "trap": true}]}`.
pub(super) fn plan(world: &World, body: &Value) -> Outcome {
    let given = body["faults"].as_array();
    let given = given.ok_or_else(|| Refusal::bad_request("the body has no list \"faults\""))?;
    let read: Vec<(FaultPoint, Fault)> = given.iter().map(fault).collect::<Result<_, _>>()?;
    forget(world);
    let cloud = world.cloud();
    for (at, fault) in read {
        cloud.faults().add(at, fault);
    }
    world.planned.replace(given.iter().cloned().map(PlannedFault).collect());
    done()
}

fn fault(given: &Value) -> Result<(FaultPoint, Fault), Refusal> {
    let at = super::text(given, "at")?;
    let at: FaultPoint =
        at.parse().map_err(|error: virt::NoFaultPoint| Refusal::bad_request(error.to_string()))?;
    if given["trap"] == true {
        return Ok((at, Fault::Trap));
    }
    let bad = |what: &str, error: serde_json::Error| Refusal::bad_request(format!("{at}: {what}: {error}"));
    let error: VirtError = serde_json::from_value(given["raise"].clone())
        .map_err(|error| bad("\"raise\" is no error of a driver", error))?;
    let when = match &given["when"] {
        Value::Null => When::Before,
        when => serde_json::from_value(when.clone()).map_err(|error| bad("\"when\"", error))?,
    };
    Ok((at, Fault::Raise { error, when }))
}
