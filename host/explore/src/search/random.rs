//! The search beyond pairs: plans of several faults, drawn at random and led by what they show.
//!
//! A plan goes on from one that showed something no other had shown: another fault at a point of that run, one fault fewer, or
//! another order of deliveries. What a run shows are its steps from state to state: of servers and migrations, by what was
//! being done, how each message, driver call and request ended. Seed and scenario decide which plans are drawn, whatever the
//! number of cores: they are drawn in lots of one size, and what a lot showed counts for the next.

use super::plans::{Plan, Point, Strike, plans, second};
use super::{Group, Journal, Reached, Search, breaks, in_parallel, known, note, points, with_faults};
use crate::invariants::Violation;
use crate::run::{Run, RunConfig, RunError, Stacks, run};
use crate::scenario::{OrderSpec, Planned, Scenario, Span};
use runtime::{Randomness, TraceEvent, TraceRecord};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// How many plans are drawn before it is looked at what they showed.
const LOT: usize = 64;

/// How many faults a plan has at most: with more of them nothing is done any more that could break.
const MOST_FAULTS: usize = 4;

/// How many plans are remembered to go on from; the oldest are forgotten.
const REMEMBERED: usize = 1000;

/// What came of plans drawn at random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Random {
    /// Plans that were run.
    pub plans: usize,
    /// Things that they showed and the run without a fault does not.
    pub behaviours: usize,
}

/// A plan to go on from, and where its run can be struck.
struct Seen {
    plan: Plan,
    points: Vec<Point>,
}

/// What a plan came to.
struct Shown {
    broken: Vec<Violation>,
    points: Vec<Point>,
    behaviours: BTreeSet<u64>,
    reached: Reached,
}

/// Draws and runs as many plans as the search has a budget for, and notes what breaks.
pub(super) fn random(
    scenario: &Scenario,
    stacks: &Stacks,
    search: &Search,
    whole: &Run,
    groups: &mut Vec<Group>,
    reached: &mut Reached,
) -> Result<Random, RunError> {
    let config = RunConfig { trace: true, ..search.config.clone() };
    let chance = Randomness::from_seed(search.config.seed).fork("random plans");
    let mut seen = VecDeque::from([Seen { plan: Plan(Vec::new()), points: points(whole) }]);
    let mut shown = behaviours(&whole.trace);
    let usual = shown.len();
    let key = search.journal.map(|_| Journal::key(scenario, stacks, &("at random", search.kinds), search));
    let journal = search.journal.zip(key.as_deref());
    let mut done = 0;
    while done < search.random {
        let lot: Vec<Plan> =
            (0..LOT.min(search.random - done)).map(|_| draw(scenario, search, &seen, &chance)).collect();
        let ran = in_parallel(&lot, search.threads, |number, plan| {
            if journal.is_some_and(|(journal, key)| journal.outcome(key, done + number).is_some()) {
                return Ok(None);
            }
            let run = run(&with_faults(scenario, &plan.faults()), &config, stacks)?;
            let mut reached = Reached::default();
            reached.add(&run.trace);
            let (points, behaviours) = (points(&run), behaviours(&run.trace));
            Ok::<_, RunError>(Some(Shown { broken: run.report.violations, points, behaviours, reached }))
        });
        for (plan, ran) in lot.into_iter().zip(ran) {
            if let Some(Shown { broken, points, behaviours, reached: by_plan }) = ran? {
                reached.merge(&by_plan);
                let plan = as_struck(plan, &points);
                let is_new = |broken: &&Violation| {
                    !breaks(whole, broken.invariant) && known::of(broken.invariant, &plan).is_none()
                };
                let new: Vec<&Violation> = broken.iter().filter(is_new).collect();
                for violation in &new {
                    let fewer = fewest(scenario, stacks, search.config, &plan, violation.invariant)?;
                    note(groups, violation, Some(&fewer));
                }
                let before = shown.len();
                shown.extend(behaviours);
                if let (Some((journal, key)), true, true) = (journal, new.is_empty(), shown.len() == before) {
                    journal.note(&scenario.name, key, done, &[]);
                }
                if shown.len() > before {
                    seen.push_back(Seen { plan, points });
                    if seen.len() > REMEMBERED {
                        seen.pop_front();
                    }
                }
            }
            done += 1;
            (search.progress)(done, search.random);
        }
    }
    Ok(Random { plans: done, behaviours: shown.len() - usual })
}

/// A plan that goes on from one that was seen.
fn draw(scenario: &Scenario, search: &Search, seen: &VecDeque<Seen>, chance: &Randomness) -> Plan {
    let Some(from) = seen.get(below(chance, seen.len())) else { return Plan(Vec::new()) };
    let mut plan = from.plan.clone();
    if plan.0.len() >= MOST_FAULTS || (!plan.0.is_empty() && below(chance, 4) == 0) {
        let dropped = below(chance, plan.0.len());
        plan.0.remove(dropped);
    }
    let ordered = plan.0.iter().any(|strike| matches!(strike.fault, Planned::Order(_)));
    if !ordered && below(chance, 8) == 0 {
        let within = Span(Duration::from_millis(scenario.delivery_delay_ms.unwrap_or(1000)));
        let fault = Planned::Order(OrderSpec { order: 1 + chance.below(1_000_000), within });
        plan.0.push(Strike { fault, during: None });
    }
    // A point may be struck already, or not strikable by the kinds that are wanted.
    const TRIES: usize = 16;
    for _ in 0..TRIES {
        let Some(point) = from.points.get(below(chance, from.points.len())) else { break };
        let at = point.at.to_string();
        if plan.0.iter().any(|strike| strike.fault.point() == at) {
            continue;
        }
        // Every other time one of the plain faults: of the many exceptions most come to the same.
        let point = std::slice::from_ref(point);
        let mut faults = match below(chance, 2) {
            0 => second(&Plan(Vec::new()), point, search.kinds),
            _ => plans(scenario, point, search.kinds),
        };
        if !faults.is_empty() {
            let chosen = below(chance, faults.len());
            plan.0.extend(faults.swap_remove(chosen).0);
            break;
        }
    }
    plan
}

/// A number below this one; 0 below 0.
fn below(chance: &Randomness, most: usize) -> usize {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    if most == 0 { 0 } else { usize::try_from(chance.below(most)).unwrap_or(0) }
}

/// The plan as its run shows it: what was being done where each of its faults struck. Where a plan is drawn from another that is
/// what was done there in the other's run.
fn as_struck(mut plan: Plan, points: &[Point]) -> Plan {
    for strike in &mut plan.0 {
        let at = strike.fault.point();
        if let Some(point) = points.iter().find(|point| point.at.to_string() == at) {
            strike.during = point.during;
        }
    }
    plan
}

/// The plan without the faults that are not needed to break this.
fn fewest(
    scenario: &Scenario,
    stacks: &Stacks,
    config: &RunConfig,
    plan: &Plan,
    invariant: &str,
) -> Result<Plan, RunError> {
    let quiet = RunConfig { trace: false, ..config.clone() };
    let mut fewest = plan.clone();
    let mut at = 0;
    while fewest.0.len() > 1 && at < fewest.0.len() {
        let mut without = fewest.clone();
        without.0.remove(at);
        if breaks(&run(&with_faults(scenario, &without.faults()), &quiet, stacks)?, invariant) {
            fewest = without;
        } else {
            at += 1;
        }
    }
    let config = RunConfig { trace: true, ..quiet };
    let points = points(&run(&with_faults(scenario, &fewest.faults()), &config, stacks)?);
    Ok(as_struck(fewest, &points))
}

/// What a run shows, each as a number.
fn behaviours(trace: &[TraceRecord]) -> BTreeSet<u64> {
    let mut shown = BTreeSet::new();
    let mut doing = "";
    let field = |changes: &Value, name: &str| changes.get(name).map(Value::to_string);
    for TraceRecord { event, .. } in trace {
        let mut hasher = DefaultHasher::new();
        match event {
            TraceEvent::MessageDelivered { method, .. } => {
                (doing, method).hash(&mut hasher);
                doing = method;
            }
            TraceEvent::MessageHandled { method, error, .. } => {
                (method, kind_of(error.as_deref())).hash(&mut hasher)
            }
            TraceEvent::DriverResult { method, outcome, .. } => {
                let error = outcome.get("error").or_else(|| outcome.get("failed")).and_then(Value::as_str);
                (doing, method, kind_of(error)).hash(&mut hasher);
            }
            TraceEvent::ApiAnswer { action, code, .. } => (action, code).hash(&mut hasher),
            TraceEvent::ServerSaved { changes, .. } => {
                (doing, field(changes, "vm_state"), field(changes, "task_state")).hash(&mut hasher);
            }
            TraceEvent::MigrationSaved { changes, .. } => {
                (doing, "migration", field(changes, "status")).hash(&mut hasher);
            }
            _ => continue,
        }
        shown.insert(hasher.finish());
    }
    shown
}

/// The first word of an error: its class. What follows has names and ids in it.
fn kind_of(error: Option<&str>) -> Option<&str> {
    error.map(|error| error.split([':', ' ']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::At;

    #[test]
    fn a_plan_tells_what_was_done_where_its_own_run_was_struck() {
        let fault: Planned = serde_json::from_str(r#"{"at":"host2:destroy#1","error":"crash"}"#).unwrap();
        let plan = Plan(vec![Strike { fault, during: Some("terminate_instance") }]);
        let at = At::Driver("host2:destroy#1".parse().unwrap());
        let struck = |during| vec![Point { at: at.clone(), during, step: 1 }];
        for during in [Some("revert_resize"), None] {
            assert_eq!(as_struck(plan.clone(), &struck(during)).0[0].during, during);
        }
        assert_eq!(as_struck(plan.clone(), &[]), plan, "what did not strike is as it was drawn");
    }
}
