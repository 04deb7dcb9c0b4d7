//! Making a finding small: the earliest point, and the fewest steps and hosts, that still break the invariant.

use super::plans::Plan;
use super::{EXPECTATIONS, breaks, points, with_faults};
use crate::run::{RunConfig, RunError, Stacks, run};
use crate::scenario::{Planned, Scenario};

/// A scenario and the faults that break it; none if it breaks without one.
pub(super) struct Small {
    pub(super) scenario: Scenario,
    pub(super) faults: Vec<Planned>,
}

/// Makes it small. `shown_by` is the first plan that breaks the invariant: its kind of fault is the simplest, its point the
/// earliest of that kind. None if the scenario breaks it without a fault.
pub(super) fn minimise(
    scenario: &Scenario,
    stacks: &Stacks,
    config: &RunConfig,
    shown_by: Option<&Plan>,
    invariant: &str,
) -> Result<Small, RunError> {
    let config = RunConfig { trace: false, ..config.clone() };
    let faults = shown_by.map(Plan::faults).unwrap_or_default();
    let mut small = Small { scenario: scenario.clone(), faults };
    if invariant == EXPECTATIONS {
        // With a part left out of it other things are to be expected of a scenario.
        return Ok(small);
    }
    // What is expected at the end has no effect.
    small.scenario.expect.clear();
    small.scenario.invariants.retain(|query| query.item.name.0 == invariant);
    loop {
        let mut smaller = None;
        for candidate in candidates(&small.scenario) {
            if candidate.check_steps().is_err() {
                continue;
            }
            for faults in earlier(&small.faults) {
                let planned = with_faults(&candidate, &faults);
                if planned.check_hosts().is_ok()
                    && breaks(&run(&planned, &config, stacks)?, invariant)
                    && is_still_the_cause(shown_by, &planned, &faults, &config, stacks)?
                {
                    smaller = Some(Small { scenario: candidate.clone(), faults });
                    break;
                }
            }
            if smaller.is_some() {
                break;
            }
        }
        match smaller {
            Some(smaller) => small = smaller,
            None => return Ok(small),
        }
    }
}

/// The scenario without one of its parts.
fn candidates(scenario: &Scenario) -> Vec<Scenario> {
    let mut candidates = Vec::new();
    let mut without = |leave_out: &dyn Fn(&mut Scenario)| {
        let mut candidate = scenario.clone();
        leave_out(&mut candidate);
        candidates.push(candidate);
    };
    // The last step first: what follows the violation is not needed for it.
    for step in (0..scenario.steps.len()).rev() {
        without(&|candidate| drop(candidate.steps.remove(step)));
    }
    if scenario.hosts.iter().count() > 1 {
        for (host, _) in scenario.hosts.iter() {
            without(&|candidate| candidate.hosts.remove(host));
        }
    }
    for fault in (0..scenario.faults.len()).rev() {
        without(&|candidate| drop(candidate.faults.remove(fault)));
    }
    for fault in (0..scenario.service_faults.len()).rev() {
        without(&|candidate| drop(candidate.service_faults.remove(fault)));
    }
    for fault in (0..scenario.message_faults.len()).rev() {
        without(&|candidate| drop(candidate.message_faults.remove(fault)));
    }
    for fault in (0..scenario.write_faults.len()).rev() {
        without(&|candidate| drop(candidate.write_faults.remove(fault)));
    }
    for other in (0..scenario.meanwhile.len()).rev() {
        without(&|candidate| drop(candidate.meanwhile.remove(other)));
    }
    if !scenario.options.is_empty() {
        without(&|candidate| candidate.options = Default::default());
    }
    if scenario.delivery_delay_ms.is_some() {
        without(&|candidate| {
            candidate.delivery_delay_ms = None;
            candidate.delivery_order = None;
        });
    }
    if !scenario.flavors.is_empty() {
        without(&|candidate| candidate.flavors.clear());
    }
    candidates
}

/// Whether what strikes does so while the same is done as in the plan that was found. A service dies in each of its operations in
/// a way of its own, and a second user asks in the middle of each.
fn is_still_the_cause(
    plan: Option<&Plan>,
    planned: &Scenario,
    faults: &[Planned],
    config: &RunConfig,
    stacks: &Stacks,
) -> Result<bool, RunError> {
    let strikes = plan.into_iter().flat_map(|plan| &plan.0).zip(faults);
    let mut told: Vec<_> = strikes.filter(|(_, fault)| fault.is_told_by_what_is_done()).collect();
    if told.is_empty() {
        return Ok(true);
    }
    let run = run(planned, &RunConfig { trace: true, ..config.clone() }, stacks)?;
    for point in points(&run) {
        let at = point.at.to_string();
        told.retain(|(strike, fault)| fault.point() != at || point.during != strike.during);
    }
    Ok(told.is_empty())
}

/// The same fault at the same or an earlier call, the earliest first: with steps left out there are fewer calls. Of two
/// faults the second is where the first leads, so both stay where they are.
fn earlier(faults: &[Planned]) -> Vec<Vec<Planned>> {
    match faults {
        [fault] => fault.earlier().into_iter().map(|fault| vec![fault]).collect(),
        faults => vec![faults.to_vec()],
    }
}
