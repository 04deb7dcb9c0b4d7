//! Is a defect found by whoever knows nothing of it? Scenarios are run with it and without, first as they are, then under
//! every plan of one fault, until something breaks with it that does not break without.

use super::plans::plans;
use super::{EXPECTATIONS, Finding};
use super::{Group, Kind, Search, breaks, explored_by, finding, known, note, points, try_one, violations};
use crate::run::{Run, RunConfig, RunError, Stacks, run};
use crate::scenario::Scenario;
use serde::Serialize;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// What a cloud without the defect breaks in one scenario, so that it is not taken for the defect's doing.
#[derive(Debug, Default)]
pub struct Baseline {
    /// Without a fault.
    plain: OnceCell<BTreeSet<Broken>>,
    /// Under any plan of one fault.
    under_faults: OnceCell<BTreeSet<Broken>>,
}

/// Something that is broken, as far as two runs can be compared: what, after what. Where it is an expectation, which.
type Broken = (String, Option<String>, Option<&'static str>);

/// How a defect showed.
#[derive(Clone, Debug, Serialize)]
pub struct Caught {
    /// How many runs of the cloud with the defect it took.
    pub plans: usize,
    /// The first thing that broke, made small.
    pub finding: Finding,
}

/// Looks for a defect. `scenarios` come with their stacks and with what they break without the defect, which is found out
/// once for all hunts with the same `without`. None when nothing breaks that does not break without it.
///
/// # Errors
/// [`RunError`] when a scenario cannot be run.
pub fn hunt(
    scenarios: &[(Scenario, Stacks, Baseline)],
    without: &RunConfig,
    search: &Search,
) -> Result<Option<Caught>, RunError> {
    let with = RunConfig { trace: true, ..search.config.clone() };
    let mut tried = 0;
    let mut wholes = Vec::new();
    for (scenario, stacks, baseline) in scenarios {
        let whole = run(scenario, &with, stacks)?;
        tried += 1;
        let usual = plain(baseline, scenario, stacks, without)?;
        let new = violations(&whole).into_iter().find(|violation| !usual.contains(&of_plain(violation)));
        if let Some(violation) = new {
            let group = Group::new(violation.invariant, None, None, None);
            let finding = finding(scenario, stacks, search.config, &group)?;
            return Ok(Some(Caught { plans: tried, finding }));
        }
        wholes.push(whole);
    }
    let quiet = RunConfig { trace: false, ..with };
    for ((scenario, stacks, baseline), whole) in scenarios.iter().zip(&wholes) {
        let usual = under_faults(baseline, scenario, stacks, without, search)?;
        for plan in plans(scenario, &points(whole), search.kinds) {
            tried += 1;
            let broken = try_one(scenario, stacks, &quiet, &plan, None)?.broken;
            let cause = plan.cause();
            let new = broken.into_iter().find(|violation| {
                let known = known::of(violation.invariant, &plan).map(|known| known.reason.says);
                let what = (violation.invariant.to_owned(), Some(cause.clone()), known);
                !breaks(whole, violation.invariant) && !usual.contains(&what)
            });
            if let Some(violation) = new {
                let mut groups = Vec::new();
                note(&mut groups, &violation, Some(&plan));
                let Some(group) = groups.pop() else { continue };
                let finding = finding(scenario, stacks, search.config, &group)?;
                return Ok(Some(Caught { plans: tried, finding }));
            }
        }
    }
    Ok(None)
}

fn of_plain(violation: &crate::invariants::Violation) -> Broken {
    // One scenario has many expectations; of an invariant it is enough that it is broken.
    let which = (violation.invariant == EXPECTATIONS).then(|| violation.message.clone());
    (violation.invariant.to_owned(), which, None)
}

fn broken_of(run: &Run) -> BTreeSet<Broken> {
    violations(run).iter().map(of_plain).collect()
}

fn plain<'a>(
    baseline: &'a Baseline,
    scenario: &Scenario,
    stacks: &Stacks,
    without: &RunConfig,
) -> Result<&'a BTreeSet<Broken>, RunError> {
    if let Some(known) = baseline.plain.get() {
        return Ok(known);
    }
    let broken = broken_of(&run(scenario, without, stacks)?);
    Ok(baseline.plain.get_or_init(|| broken))
}

fn under_faults<'a>(
    baseline: &'a Baseline,
    scenario: &Scenario,
    stacks: &Stacks,
    without: &RunConfig,
    search: &Search,
) -> Result<&'a BTreeSet<Broken>, RunError> {
    if let Some(known) = baseline.under_faults.get() {
        return Ok(known);
    }
    let search = Search { config: without, ..*search };
    let groups = explored_by(scenario, stacks, &search)?.groups;
    let broken = groups
        .into_iter()
        .map(|group| (group.invariant.to_owned(), group.cause, group.known.map(|known| known.reason.says)));
    let broken = broken.collect();
    Ok(baseline.under_faults.get_or_init(|| broken))
}

/// The kinds of faults that a hunt tries: those by which the defects of Nova's folder of regressions came to light.
pub const KINDS: &[Kind] = &[Kind::Driver, Kind::Service, Kind::Crash];
