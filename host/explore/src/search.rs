//! The explorer: which single fault breaks a cloud?
//!
//! A run without faults yields the [fault points](points) of a scenario: every driver call it makes, named stably
//! (`host2:finish_migration#1`). A plan is one fault at one of them: each exception that a driver may raise, before the
//! call's effect; a lost reply, which is an exception after it; the death of the driver's agent. [`explore`] runs the
//! scenario under every one of these plans, on all cores, and checks the [`invariants`](crate::invariants) after each.
//!
//! What breaks in the same way (the same invariant, after a failure of the same method) is one [`Finding`], which is made
//! small: the earliest point, the fewest steps and hosts that still show it. It comes with a
//! [`Replay`], which runs to the same trace on any machine. What Nova 34.0.0 is known to break itself is in a reviewed
//! list ([`known`]), and is told as such, not hidden.
//!
//! The outcome depends on the scenario, its stacks, the seed and the switches; not on the number of cores.

pub mod known;
mod minimise;
mod outcomes;
mod plans;
mod replay;
mod report;

pub use outcomes::{HANDLERS, Handler, Outcome, PlanOutcome, Reach, Reached};
pub use plans::points;
pub use replay::{Replay, Replayed};
pub use report::{junit, text};

use crate::invariants::Violation;
use crate::run::{Run, RunConfig, RunError, Stacks, run};
use crate::scenario::{FaultKind, FaultSpec, Scenario};
use known::Known;
use minimise::minimise;
use plans::plans;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use virt::Method;

/// How a scenario is explored.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "a function has nothing to show")]
pub struct Search<'a> {
    /// How each plan is run. With a trace it takes longer, and the exploration tells which handlers the plans reached.
    pub config: &'a RunConfig,
    /// Threads that run plans.
    pub threads: NonZeroUsize,
    /// Is told how many plans have been run, and of how many, from any thread.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// What became of a scenario under all its plans.
#[derive(Clone, Debug, Serialize)]
pub struct Exploration {
    /// The scenario.
    pub scenario: String,
    /// Driver calls that could be struck.
    pub points: usize,
    /// Plans that were run, all there are.
    pub plans: usize,
    /// The ways in which the cloud breaks.
    pub findings: Vec<Finding>,
    /// What each plan came to, in the order in which they were tried. Too much for a list that people read: the map of the
    /// HTML page is made of it.
    #[serde(skip)]
    pub outcomes: Vec<PlanOutcome>,
    /// Which handlers the plans reached; empty unless traces were kept.
    #[serde(skip)]
    pub reached: Reached,
}

impl Exploration {
    /// The findings that are not known of Nova.
    pub fn new_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.known.is_none())
    }
}

/// One way in which the cloud breaks.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The scenario in which it was found.
    pub scenario: String,
    /// The invariant that does not hold.
    pub invariant: &'static str,
    /// What is not as it must be, in the smallest run that shows it.
    pub message: String,
    /// The method whose failure breaks it; none if the scenario breaks it without a fault.
    pub method: Option<Method>,
    /// How many plans of the scenario break it in this way.
    pub plans: usize,
    /// The exceptions after which it breaks, by Nova's names; `trap` stands for the death of the agent.
    pub errors: Vec<FaultKind>,
    /// Why Nova 34.0.0 is known to break it, if it is.
    pub known: Option<&'static str>,
    /// The smallest plan.
    pub plan: Vec<FaultSpec>,
    /// Digest of the trace of the smallest run.
    pub trace_digest: String,
    /// The smallest run, as a file for `novarig replay`.
    pub replay: String,
}

/// What breaks in one way, before it is made small.
struct Group {
    invariant: &'static str,
    method: Option<Method>,
    known: Option<&'static Known>,
    /// The plans that show it, in the order in which they are tried.
    shown_by: Vec<FaultSpec>,
}

/// Runs a scenario under every plan of one fault.
///
/// # Errors
/// [`RunError`] when the scenario cannot be run.
pub fn explore(scenario: &Scenario, stacks: &Stacks, search: &Search) -> Result<Exploration, RunError> {
    let whole = run(scenario, &RunConfig { trace: true, ..search.config.clone() }, stacks)?;
    let points = points(&whole);
    let plans = plans(&points);
    let reached = Mutex::default();
    let broken = try_all(scenario, stacks, search.config, &plans, search, &reached)?;
    let mut outcomes = Vec::with_capacity(plans.len());
    let mut groups: Vec<Group> = Vec::new();
    for violation in &whole.report.violations {
        note(&mut groups, violation, None);
    }
    for (plan, violations) in plans.iter().zip(&broken) {
        outcomes.push(PlanOutcome::of(plan, violations, |invariant| breaks(&whole, invariant)));
        // What is broken without the fault is not its doing.
        for violation in violations.iter().filter(|broken| !breaks(&whole, broken.invariant)) {
            note(&mut groups, violation, Some(plan));
        }
    }
    let findings: Result<_, RunError> =
        groups.into_iter().map(|group| finding(scenario, stacks, search.config, group)).collect();
    Ok(Exploration {
        scenario: scenario.name.clone(),
        points: points.len(),
        plans: plans.len(),
        findings: findings?,
        outcomes,
        reached: reached.into_inner().unwrap_or_else(PoisonError::into_inner),
    })
}

/// Does a run break this invariant?
fn breaks(run: &Run, invariant: &str) -> bool {
    run.report.violations.iter().any(|violation| violation.invariant == invariant)
}

/// The scenario with a fault planned.
fn with_fault(scenario: &Scenario, fault: Option<&FaultSpec>) -> Scenario {
    let mut planned = scenario.clone();
    planned.faults.extend(fault.cloned().map(Into::into));
    planned
}

/// Runs every plan and answers what each breaks, in the plans' order.
fn try_all(
    scenario: &Scenario,
    stacks: &Stacks,
    config: &RunConfig,
    plans: &[FaultSpec],
    search: &Search,
    reached: &Mutex<Reached>,
) -> Result<Vec<Vec<Violation>>, RunError> {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::with_capacity(plans.len()));
    let work = || {
        let (mut mine, mut reached_here) = (Vec::new(), Reached::default());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(plan) = plans.get(number) else { break };
            let outcome = run(&with_fault(scenario, Some(plan)), config, stacks);
            mine.push((
                number,
                outcome.map(|run| {
                    reached_here.add(&run.trace);
                    run.report.violations
                }),
            ));
            (search.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, plans.len());
        }
        reached.lock().unwrap_or_else(PoisonError::into_inner).merge(reached_here);
        // Nothing is done under these locks that could fail and leave them poisoned.
        outcomes.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
    };
    std::thread::scope(|scope| {
        // This thread is one of them.
        for _ in 1..search.threads.get() {
            scope.spawn(work);
        }
        work();
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Puts a violation with those that came about in the same way.
fn note(groups: &mut Vec<Group>, violation: &Violation, plan: Option<&FaultSpec>) {
    let method = plan.map(|plan| plan.at.method);
    let known = plan.and_then(|plan| known::of(violation.invariant, plan));
    let same = |group: &&mut Group| {
        group.invariant == violation.invariant
            && group.method == method
            && group.known.map(|known| known.reason) == known.map(|known| known.reason)
    };
    let group = match groups.iter_mut().find(same) {
        Some(group) => group,
        None => {
            groups.push(Group { invariant: violation.invariant, method, known, shown_by: Vec::new() });
            let Some(group) = groups.last_mut() else { return };
            group
        }
    };
    // A plan that breaks an invariant for two servers is one plan.
    if let Some(plan) = plan
        && group.shown_by.last() != Some(plan)
    {
        group.shown_by.push(plan.clone());
    }
}

/// Makes a group small.
fn finding(
    scenario: &Scenario,
    stacks: &Stacks,
    config: &RunConfig,
    group: Group,
) -> Result<Finding, RunError> {
    let small = minimise(scenario, stacks, config, &group.shown_by, group.invariant)?;
    let (replay, message) = Replay::of(&small.scenario, small.fault, config, group.invariant, stacks)?;
    let mut errors: Vec<FaultKind> = Vec::new();
    for plan in &group.shown_by {
        if !errors.contains(&plan.error) {
            errors.push(plan.error.clone());
        }
    }
    Ok(Finding {
        scenario: scenario.name.clone(),
        invariant: group.invariant,
        message,
        method: group.method,
        plans: group.shown_by.len(),
        errors,
        known: group.known.map(|known| known.reason),
        plan: replay.plan.clone(),
        trace_digest: replay.trace_digest.clone(),
        replay: replay.to_yaml(),
    })
}
