//! The explorer: which single fault breaks a cloud?
//!
//! A run without faults yields the [fault points](points) of a scenario, named stably: every driver call it makes
//! (`host2:finish_migration#1`), every call of the image, network and volume services (`volume.attachment_update#1`), every
//! message (`conductor:migrate_server#1`), every write of a service to the state of record
//! (`compute.host2:records.update_server#3`). A plan is one fault at one of them:
//!
//! - a driver call: each exception that a driver may raise, before the call's effect; a lost reply, which is an exception after
//!   it; the death of the driver's agent; an answer that does not come, or comes when nobody waits for it any more;
//! - a call of a service: a refusal;
//! - a message: it is lost, late, or arrives twice;
//! - a driver call, a message or a write: the service that makes or takes it dies there, before it or after it, and a host's is
//!   started again when all has come to rest;
//! - a driver call or a message: somebody else does something while the call goes on or the message is on its way, a second user
//!   with the same server, or a host with a periodic task.
//!
//! Timers have no faults of their own: they run out where an answer does not come or comes late, and periodic tasks run at every
//! point. [`explore`] runs the scenario under every one of these plans, on all cores, and checks
//! the [`invariants`](crate::invariants) after each, those that the scenario has of its own, and the oracles that are brought;
//! without a fault also what the scenario itself expects ([`EXPECTATIONS`]). Of each finding it is told [since when](Since) its
//! invariant is broken.
//! Beyond that it tries second faults ([`Search::pairs`]), other orders of deliveries ([`Search::orders`]), and plans that are
//! drawn at random ([`Search::random`]).
//!
//! What breaks in the same way (the same invariant, after a failure of the same method) is one [`Finding`], which is made
//! small: the earliest point, the fewest steps and hosts that still show it. It comes with a
//! [`Replay`], which runs to the same trace on any machine. What Nova 34.0.0 is known to break itself is in a list
//! with evidence ([`known`]), and is told as such, not hidden.
//!
//! The outcome depends on the scenario, its stacks, the seed and the switches; not on the number of cores.
//!
//! Each plan is run from the start. To go on from the point at which it differs from the run without a fault, that point would
//! have to be kept: it is in the futures of all tasks and in the memories and native stacks of the drivers' instances, none of
//! which can be copied. The one copy there is, that of the whole process, costs more than the millisecond that it could save half
//! of. What plans share is what is made before the first of them: the compiled stacks, and instances' memories and stacks, which
//! are used again.

mod hunt;
mod journal;
pub mod known;
mod minimise;
mod others;
mod outcomes;
mod plans;
mod random;
mod replay;
mod report;

pub use hunt::{Baseline, Caught, KINDS as HUNTED, hunt};
pub use journal::Journal;
pub use outcomes::{HANDLERS, Handler, Outcome, PlanOutcome, Reach, Reached};
pub use plans::{At, Kind, NoKind, Plan, Point, Strike, points};
pub use random::Random;
pub use replay::{Replay, Replayed};
pub use report::{junit, text};

use crate::invariants::Violation;
use crate::run::{Run, RunConfig, RunError, Since, Stacks, StepReport, run};
use crate::scenario::{Planned, Scenario};
use known::Known;
use minimise::minimise;
use plans::plans;
use serde::Serialize;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What stands for an invariant where a scenario without a fault is not as it expects itself to be.
pub const EXPECTATIONS: &str = "expectations_hold";

/// How a scenario is explored.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "a function has nothing to show")]
pub struct Search<'a> {
    /// How each plan is run. With a trace it takes longer, and the exploration tells which handlers the plans reached.
    pub config: &'a RunConfig,
    /// The kinds of faults that are tried.
    pub kinds: &'a [Kind],
    /// Whether plans of two faults are tried, too: a second one at each point that only the first leads to. A driver call fails
    /// there, loses its reply, or kills the agent; a service refuses; a message is lost; a compute service or the conductor dies
    /// right before or after a write of its own. First faults at one point that lead to the same points and break the same count
    /// as one.
    pub pairs: bool,
    /// How many orders of deliveries are tried, all else being as without a fault.
    pub orders: u64,
    /// How many plans of several faults are drawn at random, led by what others showed.
    pub random: usize,
    /// Where the outcomes of plans are kept, and taken from if they are there: of those of one fault unless pairs are wanted, of the
    /// second of a pair, of other orders, and of those drawn at random.
    pub journal: Option<&'a Journal>,
    /// Threads that run plans.
    pub threads: NonZeroUsize,
    /// Is told how many plans have been run, and of how many, from any thread.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

impl<'a> Search<'a> {
    /// Every plan of one fault of these kinds, and nothing beyond; no outcome is kept, and nobody hears how far it is.
    pub fn new(config: &'a RunConfig, kinds: &'a [Kind], threads: NonZeroUsize) -> Self {
        Self {
            config,
            kinds,
            pairs: false,
            orders: 0,
            random: 0,
            journal: None,
            threads,
            progress: &|_, _| (),
        }
    }
}

/// What became of a scenario under all its plans.
#[derive(Clone, Debug, Serialize)]
pub struct Exploration {
    /// The scenario.
    pub scenario: String,
    /// Driver calls, calls of services and messages that could be struck.
    pub points: usize,
    /// Plans of one fault that were run, all there are.
    pub plans: usize,
    /// Plans of two faults that were run, all that are told apart ([`Search::pairs`]); none if none were wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pairs: Option<usize>,
    /// Orders of deliveries that were tried; none if none were wanted. There are always more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<usize>,
    /// What came of plans drawn at random; none if none were wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<Random>,
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
    /// The first event of the smallest run's trace after which it is broken and stays so; none where that cannot be told: of what a
    /// recovery leaves, and of what the scenario expects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// What breaks it: the method or the service's call that fails; of messages the method and what becomes of it; of crashes
    /// what was being done. None if the scenario breaks it without a fault.
    pub cause: Option<String>,
    /// How many plans of the scenario break it in this way.
    pub plans: usize,
    /// The faults after which it breaks: exceptions by Nova's names, `trap` for the death of the agent, `crash`, `lost` …
    pub errors: Vec<String>,
    /// Why Nova 34.0.0 is known to break it, if it is.
    pub known: Option<&'static str>,
    /// By what that is known: observed runs of Nova, or the place in its source.
    pub evidence: Option<String>,
    /// The smallest plan.
    pub plan: Vec<Planned>,
    /// Digest of the trace of the smallest run.
    pub trace_digest: String,
    /// The smallest run, as a file for `novarig replay`.
    pub replay: String,
}

/// What breaks in one way, before it is made small.
struct Group {
    invariant: &'static str,
    cause: Option<String>,
    known: Option<&'static Known>,
    /// The first plan that shows it, in the order in which they are tried; none if the scenario shows it without a fault.
    first: Option<Plan>,
    /// The last.
    last: Option<Plan>,
    /// How many show it.
    plans: usize,
    /// What their faults are.
    errors: Vec<String>,
}

impl Group {
    fn new(
        invariant: &'static str,
        cause: Option<String>,
        known: Option<&'static Known>,
        first: Option<&Plan>,
    ) -> Self {
        Self { invariant, cause, known, first: first.cloned(), last: None, plans: 0, errors: Vec::new() }
    }
}

/// Runs a scenario under every plan of one fault.
///
/// # Errors
/// [`RunError`] when the scenario cannot be run.
pub fn explore(scenario: &Scenario, stacks: &Stacks, search: &Search) -> Result<Exploration, RunError> {
    let Explored { points, plans, pairs, orders, random, groups, outcomes, reached } =
        explored_by(scenario, stacks, search)?;
    let findings =
        in_parallel(&groups, search.threads, |_, group| finding(scenario, stacks, search.config, group));
    let findings: Result<_, RunError> = findings.into_iter().collect();
    let (scenario, findings) = (scenario.name.clone(), findings?);
    Ok(Exploration { scenario, points, plans, pairs, orders, random, findings, outcomes, reached })
}

/// What breaks, before it is made small.
struct Explored {
    points: usize,
    plans: usize,
    pairs: Option<usize>,
    orders: Option<usize>,
    random: Option<Random>,
    groups: Vec<Group>,
    outcomes: Vec<PlanOutcome>,
    reached: Reached,
}

/// What one plan led to.
struct Tried {
    broken: Vec<Violation>,
    /// The points that only its faults led to; none are looked for where no second fault is wanted.
    led_to: Vec<Point>,
    /// By which runs that did the same are told: all their points, and what they broke.
    course: u64,
    /// The handlers that ran, if a trace was kept.
    reached: Reached,
}

/// Runs a scenario under every plan of one fault, and of two if they are wanted, and groups what breaks.
fn explored_by(scenario: &Scenario, stacks: &Stacks, search: &Search) -> Result<Explored, RunError> {
    // What every recovered cloud is compared with is found out once.
    let like = if search.config.recover {
        run(&scenario.without_faults(), &RunConfig { trace: false, ..search.config.clone() }, stacks)?
            .recovered
    } else {
        None
    };
    let config = RunConfig { like, ..search.config.clone() };
    let search = &Search { config: &config, ..*search };
    let whole = run(scenario, &RunConfig { trace: true, ..search.config.clone() }, stacks)?;
    let points = points(&whole);
    let plans = plans(scenario, &points, search.kinds);
    let usual = search.pairs.then_some(&*points);
    let tried = try_all(scenario, stacks, &plans, usual, search)?;
    let (mut outcomes, mut reached) = (Vec::with_capacity(plans.len()), Reached::default());
    let mut groups: Vec<Group> = Vec::new();
    for violation in &violations(&whole) {
        note(&mut groups, violation, None);
    }
    for (plan, tried) in plans.iter().zip(&tried) {
        outcomes.push(PlanOutcome::of(plan, &tried.broken, |invariant| breaks(&whole, invariant)));
        reached.merge(&tried.reached);
        // What is broken without the fault is not its doing.
        for violation in tried.broken.iter().filter(|broken| !breaks(&whole, broken.invariant)) {
            note(&mut groups, violation, Some(plan));
        }
    }
    let mut random = None;
    if search.random > 0 {
        random = Some(random::random(scenario, stacks, search, &whole, &mut groups, &mut reached)?);
    }
    let mut orders = None;
    if search.orders > 0 {
        let others = plans::orders(scenario, search.orders);
        orders = Some(others.len());
        for (plan, tried) in others.iter().zip(try_all(scenario, stacks, &others, None, search)?) {
            outcomes.push(PlanOutcome::of(plan, &tried.broken, |invariant| breaks(&whole, invariant)));
            reached.merge(&tried.reached);
            for violation in tried.broken.iter().filter(|broken| !breaks(&whole, broken.invariant)) {
                note(&mut groups, violation, Some(plan));
            }
        }
    }
    let mut pairs = None;
    if search.pairs {
        let mut courses = BTreeSet::new();
        // Of first faults that lead to the same, the first stands for all.
        let firsts = plans.iter().zip(&tried).filter(|(plan, tried)| {
            let point = plan.0.first().map(|strike| strike.fault.point());
            courses.insert((point, tried.course))
        });
        let (mut second, mut alone) = (Vec::new(), Vec::new());
        for (plan, first) in firsts {
            for pair in plans::second(plan, &first.led_to, search.kinds) {
                second.push(pair);
                alone.push(first);
            }
        }
        pairs = Some(second.len());
        let tried = try_all(scenario, stacks, &second, None, search)?;
        for ((plan, alone), tried) in second.iter().zip(alone).zip(&tried) {
            let anyway = |invariant: &str| {
                breaks(&whole, invariant) || alone.broken.iter().any(|broken| broken.invariant == invariant)
            };
            outcomes.push(PlanOutcome::of(plan, &tried.broken, anyway));
            reached.merge(&tried.reached);
            for violation in tried.broken.iter().filter(|violation| !anyway(violation.invariant)) {
                note(&mut groups, violation, Some(plan));
            }
        }
    }
    Ok(Explored {
        points: points.len(),
        plans: plans.len(),
        pairs,
        orders,
        random,
        groups,
        outcomes,
        reached,
    })
}

/// Does a run break this invariant?
fn breaks(run: &Run, invariant: &str) -> bool {
    violations(run).iter().any(|violation| violation.invariant == invariant)
}

/// What a run breaks: invariants, and what the scenario expects.
fn violations(run: &Run) -> Vec<Violation> {
    let report = &run.report;
    let steps = report.steps.iter().filter(|step| step.outcome.is_failure());
    let steps = steps.map(|step| {
        let about = format!("step {}", step.number);
        (about, format!("step {} ({}): {}", step.number, step.text, remark(step)))
    });
    let expectations = report.expectations.iter();
    let expectations = expectations.filter_map(|judged| {
        let problem = judged.problem.as_ref()?;
        Some((judged.expectation.clone(), format!("{}: {problem}", judged.expectation)))
    });
    let unmet =
        steps.chain(expectations).map(|(about, message)| Violation::new(EXPECTATIONS, about, message));
    report.violations.iter().cloned().chain(unmet).collect()
}

fn remark(step: &StepReport) -> String {
    step.outcome.remark().unwrap_or_default()
}

/// The scenario with faults planned.
fn with_faults(scenario: &Scenario, faults: &[Planned]) -> Scenario {
    let mut planned = scenario.clone();
    for fault in faults {
        fault.plan(&mut planned);
    }
    planned
}

/// Runs a plan. `usual` are the points of the run without a fault, if what others the plan leads to is of interest.
fn try_one(
    scenario: &Scenario,
    stacks: &Stacks,
    config: &RunConfig,
    plan: &Plan,
    usual: Option<&[Point]>,
) -> Result<Tried, RunError> {
    let config = RunConfig { trace: config.trace || usual.is_some(), ..config.clone() };
    let run = run(&with_faults(scenario, &plan.faults()), &config, stacks)?;
    let (mut led_to, mut course) = (Vec::new(), DefaultHasher::new());
    if let Some(usual) = usual {
        led_to = points(&run);
        led_to.iter().for_each(|point| point.at.to_string().hash(&mut course));
        led_to.retain(|point| usual.iter().all(|usual| usual.at != point.at));
    }
    let mut reached = Reached::default();
    if config.trace {
        reached.add(&run.trace);
    }
    let broken = run.report.violations;
    broken.iter().for_each(|violation| violation.invariant.hash(&mut course));
    Ok(Tried { broken, led_to, course: course.finish(), reached })
}

/// Runs every plan and answers what each led to, in the plans' order.
fn try_all(
    scenario: &Scenario,
    stacks: &Stacks,
    plans: &[Plan],
    usual: Option<&[Point]>,
    search: &Search,
) -> Result<Vec<Tried>, RunError> {
    // What a second fault would need to know of a first one is not kept.
    let journal = search.journal.filter(|_| usual.is_none());
    let journal = journal.map(|journal| (journal, Journal::key(scenario, stacks, &plans, search)));
    let done = AtomicUsize::new(0);
    let outcomes = in_parallel(plans, search.threads, |number, plan| {
        let kept = journal.as_ref().and_then(|(journal, key)| journal.outcome(key, number));
        let outcome = match kept {
            Some(broken) => Ok(Tried { broken, led_to: Vec::new(), course: 0, reached: Reached::default() }),
            None => try_one(scenario, stacks, search.config, plan, usual),
        };
        if let (Some((journal, key)), Ok(tried)) = (&journal, &outcome)
            && journal.outcome(key, number).is_none()
        {
            journal.note(&scenario.name, key, number, &tried.broken);
        }
        (search.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, plans.len());
        outcome
    });
    outcomes.into_iter().collect()
}

/// Does something with each item, which has a number, on so many threads. Answers in the items' order.
fn in_parallel<I: Sync, T: Send>(
    items: &[I],
    threads: NonZeroUsize,
    work: impl Fn(usize, &I) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::with_capacity(items.len()));
    let work = || {
        let mut mine = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else { break };
            mine.push((number, work(number, item)));
        }
        // Nothing is done under this lock that could fail and leave it poisoned.
        outcomes.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
    };
    std::thread::scope(|scope| {
        // This thread is one of them.
        for _ in 1..threads.get() {
            scope.spawn(work);
        }
        work();
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Puts a violation with those that came about in the same way.
fn note(groups: &mut Vec<Group>, violation: &Violation, plan: Option<&Plan>) {
    let cause = plan.map(Plan::cause);
    let known = plan.and_then(|plan| known::of(violation.invariant, plan));
    let same = |group: &&mut Group| {
        group.invariant == violation.invariant
            && group.cause == cause
            && group.known.map(|known| known.reason) == known.map(|known| known.reason)
    };
    let group = match groups.iter_mut().find(same) {
        Some(group) => group,
        None => {
            groups.push(Group::new(violation.invariant, cause, known, plan));
            let Some(group) = groups.last_mut() else { return };
            group
        }
    };
    // A plan that breaks an invariant for two servers is one plan.
    if let Some(plan) = plan
        && group.last.as_ref() != Some(plan)
    {
        group.last = Some(plan.clone());
        group.plans += 1;
        let kind = plan.kind();
        if !group.errors.contains(&kind) {
            group.errors.push(kind);
        }
    }
}

/// Makes a group small.
fn finding(
    scenario: &Scenario,
    stacks: &Stacks,
    config: &RunConfig,
    group: &Group,
) -> Result<Finding, RunError> {
    let small = minimise(scenario, stacks, config, group.first.as_ref(), group.invariant)?;
    let (replay, message, since) =
        Replay::of(&small.scenario, small.faults, config, group.invariant, stacks)?;
    Ok(Finding {
        scenario: scenario.name.clone(),
        invariant: group.invariant,
        message,
        since,
        cause: group.cause.clone(),
        plans: group.plans,
        errors: group.errors.clone(),
        known: group.known.map(|known| known.reason.says),
        evidence: group.known.map(|known| known.reason.evidence.to_string()),
        plan: replay.plan.clone(),
        trace_digest: replay.trace_digest.clone(),
        replay: replay.to_yaml(),
    })
}
