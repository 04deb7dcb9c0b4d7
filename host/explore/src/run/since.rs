//! Since when an invariant is broken: the first event of the trace after which it was, and stayed so until the end.
//!
//! The run is made once more and looked at after every event: what the records, placement, the network and the volume service
//! hold at that moment. Hypervisors cannot be asked in the middle of a run without being part of it, so their guests are known
//! from further runs, each of which stands still after one act of a driver and is asked then; between two acts guests are
//! taken to stay as they are. What is done without an event of its own is seen at the next event.
//!
//! What an operation is still about to put right counts as broken as well: a server has its task from the request on. Of an
//! invariant that nothing was going to mend any more, the event is the one that broke it; of one that an operation had broken
//! on its way, it is the operation's, which never came to mend it.

use super::{RunConfig, RunError, Stacks, take_steps};
use crate::cloud_state::{CloudState, Guest};
use crate::invariants::Violation;
use crate::judging::Judging;
use crate::report::{line, seconds};
use crate::run::Run;
use crate::scenario::Scenario;
use conductor::Cloud;
use model::HostName;
use runtime::TraceEvent;
use runtime::simulation::simulate;
use runtime::trace::TraceRecord;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use tokio::sync::Notify;
use virt::Method;

/// The event of the trace since which something is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Since {
    /// Its number.
    pub event: u64,
    /// When it happened, in microseconds of simulated time.
    pub at: u64,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "since event {} at {}: {}", self.event, seconds(self.at), self.what)
    }
}

/// Acts of drivers after which guests are asked for, at most: the last ones.
const MOST_LOOKS: usize = 64;

/// Events of a run that is looked at after every one of them, at most. Of longer runs nothing is told: it would take minutes.
const MOST_EVENTS: usize = 20_000;

type Guests = BTreeMap<HostName, Result<Vec<Guest>, String>>;

/// Tells of each violation of a traced run since when it is so. `config` and `stacks` are those of the run. What does not stand
/// in the trace is not told of: what a recovery leaves, and what the scenario expects.
///
/// # Errors
/// [`RunError`] when it cannot be run again.
pub fn tell_since(
    run: &mut Run,
    scenario: &Scenario,
    config: &RunConfig,
    stacks: &Stacks,
) -> Result<(), RunError> {
    let judging = Judging::of(scenario, stacks);
    let told = |violation: &Violation| judging.knows(violation.invariant);
    if run.trace.is_empty() || run.trace.len() > MOST_EVENTS || !run.report.violations.iter().any(told) {
        return Ok(());
    }
    let of_guests = run.report.violations.iter().any(|violation| judging.asks_guests(violation.invariant));
    let mut guests = BTreeMap::new();
    if of_guests {
        let acts: Vec<u64> =
            run.trace.iter().filter(|record| is_act(record)).map(|record| record.n).collect();
        for act in acts.iter().skip(acts.len().saturating_sub(MOST_LOOKS)) {
            guests.insert(*act, guests_after(*act, scenario, config, stacks)?);
        }
    }
    let broken = broken_since(scenario, config, stacks, guests, &run.state)?;
    let Some(Looked { digest, since }) = broken else { return Ok(()) };
    if Some(digest) != run.report.trace_digest {
        // Something outside of the simulation had a part in it: nothing can be told.
        return Ok(());
    }
    for violation in &mut run.report.violations {
        let key = (violation.invariant, violation.about.clone());
        if !judging.knows(violation.invariant) {
            continue;
        }
        // What broke after the last event, nobody saw happen.
        let event = since.get(&key).copied().or_else(|| run.trace.last().map(|record| record.n));
        let record = event.and_then(|event| run.trace.iter().find(|record| record.n == event));
        violation.since =
            record.map(|record| Since { event: record.n, at: record.t, what: what(record, &run.state) });
    }
    Ok(())
}

/// An event in words.
fn what(record: &TraceRecord, state: &CloudState) -> String {
    if let Some(line) = line(record, state) {
        let what = line.what.trim();
        return if line.place.is_empty() { what.to_owned() } else { format!("{}: {what}", line.place) };
    }
    match &record.event {
        TraceEvent::EventFinished { event, result, .. } => format!("event {event} ends with {result:?}"),
        TraceEvent::EventStarted { event, host, .. } => format!("{host}: event {event} begins"),
        TraceEvent::MessageHandled { method, .. } => format!("{method} is done"),
        TraceEvent::MessageSent { method, to, .. } => format!("{method} is sent to {to}"),
        TraceEvent::DriverCall { host, method, .. } => format!("{host}: {method} of the driver is called"),
        TraceEvent::DriverResult { host, method, .. } => format!("{host}: {method} of the driver answers"),
        TraceEvent::Notification { event_type, publisher, .. } => {
            format!("{publisher} notifies {event_type}")
        }
        TraceEvent::NodeSaved { host, .. } => format!("{host}: the node's record changes"),
        TraceEvent::ServiceCall { call, .. } => format!("{call} is called"),
        TraceEvent::RecordWrite { writer, write, n } => format!("{writer} begins {write}#{n}"),
        TraceEvent::PortSaved { .. } => "a port changes".to_owned(),
        TraceEvent::ActionStarted { action, .. } => format!("action {action} begins"),
        TraceEvent::Log { service, message, .. } => format!("{service} logs: {message}"),
        other => serde_json::to_value(other)
            .ok()
            .and_then(|event| Some(event.get("what")?.as_str()?.replace('_', " ")))
            .unwrap_or_default(),
    }
}

/// Whether guests may be others after an event.
fn is_act(record: &TraceRecord) -> bool {
    match &record.event {
        TraceEvent::DriverResult { method, .. } => {
            Method::from_name(method).is_none_or(|method| !method.is_query())
        }
        TraceEvent::DriverSwapped { .. } | TraceEvent::FaultInjected { .. } => true,
        TraceEvent::DriverLog { level, .. } => *level == "error",
        _ => false,
    }
}

/// The guests after an event of a run.
fn guests_after(
    event: u64,
    scenario: &Scenario,
    config: &RunConfig,
    stacks: &Stacks,
) -> Result<Guests, RunError> {
    let cloud_config = super::cloud_config(scenario, &RunConfig { trace: true, ..config.clone() }, stacks)?;
    Ok(simulate(|| async move {
        let cloud = Rc::new(Cloud::new(cloud_config));
        let reached = Rc::new(Notify::new());
        let (of_witness, weak) = (Rc::clone(&reached), Rc::downgrade(&cloud));
        cloud.services().trace.on_record(Rc::new(move |n| {
            if n == event
                && let Some(cloud) = weak.upgrade()
            {
                cloud.halt();
                of_witness.notify_one();
            }
        }));
        let steps = take_steps(&cloud, scenario, stacks);
        tokio::select! {
            biased;
            () = reached.notified() => {}
            _ = cloud.services().tasks.until_halt(steps) => {}
        }
        let guests = CloudState::read(&cloud).await.guests;
        cloud.dissolve();
        guests
    })?)
}

/// What was seen in a run that was looked at after every event.
struct Looked {
    digest: String,
    /// Invariant and what it is about to the event since which it is broken.
    since: BTreeMap<(&'static str, String), u64>,
}

/// Runs it and looks at it after every event. `guests` are those after some events.
fn broken_since(
    scenario: &Scenario,
    config: &RunConfig,
    stacks: &Stacks,
    guests: BTreeMap<u64, Guests>,
    ending: &CloudState,
) -> Result<Option<Looked>, RunError> {
    let cloud_config = super::cloud_config(scenario, &RunConfig { trace: true, ..config.clone() }, stacks)?;
    let judging = Judging::of(scenario, stacks);
    let wanted: Vec<&'static str> = {
        let broken = judging.check(ending);
        broken.iter().map(|violation| violation.invariant).collect()
    };
    Ok(simulate(|| async move {
        let cloud = Rc::new(Cloud::new(cloud_config));
        let since: Rc<RefCell<BTreeMap<(&'static str, String), u64>>> = Rc::default();
        let (seen, weak) = (Rc::clone(&since), Rc::downgrade(&cloud));
        cloud.services().trace.on_record(Rc::new(move |n| {
            // In the middle of a change nothing can be read: the next event will show it.
            let Some(cloud) = weak.upgrade().filter(|cloud| cloud.is_free()) else { return };
            let mut state = CloudState::read_records(&cloud);
            if let Some((_, guests)) = guests.range(..=n).next_back() {
                state.guests.clone_from(guests);
            }
            let broken = judging.check_only(&state, &wanted);
            let mut since = seen.borrow_mut();
            let keys: Vec<_> =
                broken.into_iter().map(|violation| (violation.invariant, violation.about)).collect();
            since.retain(|key, _| keys.contains(key));
            for key in keys {
                since.entry(key).or_insert(n);
            }
        }));
        take_steps(&cloud, scenario, stacks).await;
        let digest = cloud.services().trace.digest();
        cloud.dissolve();
        let since = since.take();
        Some(Looked { digest, since })
    })?)
}
