//! Making a finding small: the earliest point, and the fewest steps and hosts, that still break the invariant.

use super::{breaks, with_fault};
use crate::run::{RunConfig, RunError, Stacks, run};
use crate::scenario::{FaultSpec, Scenario};

/// A scenario and the fault that breaks it; none if it breaks without one.
pub(super) struct Small {
    pub(super) scenario: Scenario,
    pub(super) fault: Option<FaultSpec>,
}

/// Makes it small. `shown_by` are the plans that break the invariant, the simplest kind of fault first; none of them if the
/// scenario breaks it without a fault.
pub(super) fn minimise(
    scenario: &Scenario,
    stacks: &Stacks,
    config: &RunConfig,
    shown_by: &[FaultSpec],
    invariant: &str,
) -> Result<Small, RunError> {
    let config = RunConfig { trace: false, ..config.clone() };
    // The first kind of fault that shows it is the simplest, and its first point the earliest.
    let mut small = Small { scenario: scenario.clone(), fault: shown_by.first().cloned() };
    // What is expected at the end has no effect.
    small.scenario.expect.clear();
    loop {
        let mut smaller = None;
        for candidate in candidates(&small.scenario) {
            if candidate.check_steps().is_err() {
                continue;
            }
            for fault in earlier(small.fault.as_ref()) {
                let planned = with_fault(&candidate, fault.as_ref());
                if planned.check_hosts().is_ok() && breaks(&run(&planned, &config, stacks)?, invariant) {
                    smaller = Some(Small { scenario: candidate.clone(), fault });
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
    if !scenario.options.is_empty() {
        without(&|candidate| candidate.options = Default::default());
    }
    if scenario.delivery_delay_ms.is_some() {
        without(&|candidate| candidate.delivery_delay_ms = None);
    }
    if !scenario.flavors.is_empty() {
        without(&|candidate| candidate.flavors.clear());
    }
    candidates
}

/// The same fault at the same or an earlier call, the earliest first: with steps left out there are fewer calls.
fn earlier(fault: Option<&FaultSpec>) -> Vec<Option<FaultSpec>> {
    let Some(fault) = fault else { return vec![None] };
    (1..=fault.at.n)
        .map(|n| {
            let mut fault = fault.clone();
            fault.at.n = n;
            Some(fault)
        })
        .collect()
}
