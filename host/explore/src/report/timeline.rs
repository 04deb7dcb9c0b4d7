//! What happened, in the order of simulated time, each event on the line of whoever did it.
//!
//! The trace knows more than a person wants to read. A timeline has what tells the story: the user's requests and their
//! answers, messages as they reach their handler, what acts on guests (and of the mere questions only those that fail),
//! faults, states of servers and migrations, and what was written about allocations.

use super::paint::Paint;
use crate::cloud_state::CloudState;
use model::rpc::Address;
use model::{ConsumerId, MigrationId, ServerId};
use placement::Command;
use runtime::trace::{TraceEvent, TraceRecord};
use serde_json::Value;
use virt::Method;

/// How a call of a method ends that the driver does not offer.
const NOT_IMPLEMENTED: &str = "raised NotImplementedError";

/// A line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in microseconds of simulated time.
    pub micros: u64,
    /// Who does it: `user`, `api`, `conductor` or a host; empty for the state of records.
    pub place: String,
    /// What happens; indented if it is part of what the same one is doing.
    pub what: String,
    /// What it is about.
    pub kind: LineKind,
}

/// What a line is about, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A step of the scenario begins.
    Step,
    /// Something is done.
    Plain,
    /// Something goes wrong.
    Bad,
    /// A record is not what it was.
    State,
}

use LineKind as Kind;

/// The timeline of a run, line by line, without its start-up.
pub(super) fn timeline(trace: &[TraceRecord], state: &CloudState, paint: Paint) -> String {
    let mut lines = Vec::new();
    let mut begun = false;
    for record in trace {
        begun |= matches!(record.event, TraceEvent::Step { .. });
        let trouble = matches!(record.event, TraceEvent::FaultInjected { .. });
        if begun || trouble {
            lines.extend(line(record, state));
        }
    }
    let width = lines.iter().map(|line| line.place.len()).max().unwrap_or_default();
    let mut text = String::new();
    let mut last = None;
    for line in lines {
        let time = if last == Some(line.micros) { String::new() } else { seconds(line.micros) };
        last = Some(line.micros);
        let what = match line.kind {
            Kind::Step => paint.title(&line.what),
            Kind::Plain => line.what,
            Kind::Bad => paint.bad(&line.what),
            Kind::State => paint.faint(&line.what),
        };
        text.push_str(&format!("  {time:>9}  {:<width$}  {what}\n", line.place));
    }
    text
}

/// Seconds with milliseconds.
pub fn seconds(micros: u64) -> String {
    format!("{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000)
}

/// An event as a line; none if it is not worth one. Names of servers and migrations are those of the cloud at the end.
pub fn line(record: &TraceRecord, state: &CloudState) -> Option<Line> {
    let new = |place: &str, what: String, kind| {
        Some(Line { micros: record.t, place: place.to_owned(), what, kind })
    };
    match &record.event {
        TraceEvent::Step { number, text } => new("user", format!("{number}. {text}"), Kind::Step),
        TraceEvent::ApiAnswer { action, code, error, .. } => match error {
            Some(error) => new("api", format!("{action} is refused ({code}): {error}"), Kind::Bad),
            None => new("api", format!("{action} is accepted ({code})"), Kind::Plain),
        },
        TraceEvent::MessageDelivered { to, method, .. } => new(&place(to), (*method).to_owned(), Kind::Plain),
        TraceEvent::MessageHandled { to, method, error: Some(error), .. } => {
            new(&place(to), format!("{method} failed: {}", on_one_line(error)), Kind::Bad)
        }
        TraceEvent::DriverResult { host, method, outcome, .. } => {
            let acts = Method::from_name(method).is_none_or(|method| !method.is_query());
            match driver_outcome(outcome) {
                Ok(()) if acts => new(host.as_str(), format!("  driver: {method}"), Kind::Plain),
                Ok(()) => None,
                // The normal answer of a driver that does not offer a method.
                Err(problem) if problem == NOT_IMPLEMENTED && harmless(method) => None,
                Err(problem) => new(host.as_str(), format!("  driver: {method} {problem}"), Kind::Bad),
            }
        }
        TraceEvent::DriverLog { level: "debug", .. } => None,
        TraceEvent::DriverLog { host, driver, level, message } => {
            let kind = if matches!(*level, "error" | "critical") { Kind::Bad } else { Kind::Plain };
            new(host.as_str(), format!("  {driver} says: {}", on_one_line(message)), kind)
        }
        TraceEvent::DriverSwapped { host, from, to, guests, lost } => match (guests, lost) {
            (Some(guests), _) => {
                let what = format!("  {from} is exchanged for {to}, which takes over its guests ({guests})");
                new(host.as_str(), what, Kind::Plain)
            }
            (None, lost) => {
                let why = lost.as_deref().map(on_one_line).unwrap_or_default();
                let what = format!("  {from} is exchanged for {to}, which takes over nothing: {why}");
                new(host.as_str(), what, Kind::Plain)
            }
        },
        TraceEvent::FaultInjected { point, fault } => {
            // A service's call has no place of its own.
            let place = point.split_once(':').map_or("", |(place, _)| place);
            let place = place.strip_prefix("compute.").unwrap_or(place);
            new(place, format!("  planned fault at {point}: {fault}"), Kind::Bad)
        }
        TraceEvent::Scheduled { chosen, alternates, .. } => {
            let others: Vec<&str> = alternates.iter().map(|host| host.as_str()).collect();
            let what = match chosen {
                None => "  scheduler: no host can take it".to_owned(),
                Some(chosen) if others.is_empty() => format!("  scheduler: {chosen}"),
                Some(chosen) => format!("  scheduler: {chosen} (else {})", others.join(", ")),
            };
            new("conductor", what, Kind::Plain)
        }
        TraceEvent::ServerSaved { server, changes } => {
            let parts = [
                change("status", changes, "vm_state"),
                change("task", changes, "task_state"),
                change("host", changes, "host"),
                change_of("flavor", changes, "flavor", |flavor| flavor.get("name").unwrap_or(&Value::Null)),
            ];
            state_line(&server_name(state, *server), &parts).and_then(|what| new("", what, Kind::State))
        }
        TraceEvent::MigrationSaved { migration, changes, .. } => {
            let parts = [change("", changes, "status"), change("to", changes, "dest_compute")];
            state_line(&migration_name(state, *migration), &parts).and_then(|what| new("", what, Kind::State))
        }
        TraceEvent::PlacementWrite { writer, command, error } => {
            let what = allocation_write(state, command)?;
            match error {
                None => new("", format!("  placement: {what}"), Kind::State),
                Some(error) => {
                    new(&place(writer), format!("  placement refuses: {what}: {error}"), Kind::Bad)
                }
            }
        }
        TraceEvent::FaultStored { server, code, message, .. } => {
            new("", format!("  {}: fault {code} {message:?}", server_name(state, *server)), Kind::Bad)
        }
        TraceEvent::Log { service, level: _, message } => {
            new(&place(service), format!("  {message}"), Kind::Bad)
        }
        TraceEvent::ApiCall { .. }
        | TraceEvent::MessageSent { .. }
        | TraceEvent::MessageHandled { .. }
        | TraceEvent::DriverCall { .. }
        | TraceEvent::ServiceCall { .. }
        | TraceEvent::RecordWrite { .. }
        | TraceEvent::ActionStarted { .. }
        | TraceEvent::EventStarted { .. }
        | TraceEvent::EventFinished { .. }
        | TraceEvent::NodeSaved { .. }
        | TraceEvent::PortSaved { .. }
        | TraceEvent::Notification { .. } => None,
    }
}

/// A service as a person calls it.
pub fn place(address: &Address) -> String {
    match address {
        Address::Api => "api".to_owned(),
        Address::Conductor => "conductor".to_owned(),
        Address::Compute(host) => host.to_string(),
    }
}

/// A text of several lines on one.
fn on_one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// How a driver call ended: the class of what it raised and the text, or what became of the driver.
fn driver_outcome(outcome: &Value) -> Result<(), String> {
    let text = |key: &str| outcome.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text("error"), text("message"), text("failed")) {
        (Some(class), Some(message), _) => Err(format!("raised {class}: {}", on_one_line(message))),
        (Some(class), None, _) => Err(format!("raised {class}")),
        (None, _, Some(failed)) => Err(on_one_line(failed)),
        (None, _, None) => Ok(()),
    }
}

/// Methods that many a driver leaves out, for which the compute manager has an answer of its own.
fn harmless(method: &str) -> bool {
    use Method::{CheckInstanceSharedStorageLocal, DefaultDeviceNamesForInstance, DefaultRootDeviceName};
    let optional = [CheckInstanceSharedStorageLocal, DefaultDeviceNamesForInstance, DefaultRootDeviceName];
    optional.iter().any(|one| one.name() == method)
}

fn change(label: &str, changes: &Value, field: &str) -> Option<String> {
    change_of(label, changes, field, |value| value)
}

fn change_of(label: &str, changes: &Value, field: &str, part: impl Fn(&Value) -> &Value) -> Option<String> {
    let pair = changes.get(field)?.as_array()?;
    let show = |value: Option<&Value>| match value.map(&part) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "none".to_owned(),
        Some(other) => other.to_string(),
    };
    let (before, after) = (show(pair.first()), show(pair.get(1)));
    let label = if label.is_empty() { String::new() } else { format!("{label} ") };
    (before != after).then(|| match before.as_str() {
        "none" => format!("{label}{after}"),
        _ => format!("{label}{before} → {after}"),
    })
}

fn state_line(whose: &str, parts: &[Option<String>]) -> Option<String> {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    (!parts.is_empty()).then(|| format!("  {whose}: {}", parts.join(", ")))
}

fn server_name(state: &CloudState, id: ServerId) -> String {
    state.server(id).map_or_else(|| id.to_string(), |state| state.server.name.clone())
}

fn migration_name(state: &CloudState, id: MigrationId) -> String {
    state
        .migration(id)
        .map_or_else(|| id.to_string(), |(_, migration)| format!("migration {}", migration.number))
}

/// What a command does to allocations; none if it is about something else.
fn allocation_write(state: &CloudState, command: &Value) -> Option<String> {
    match serde_json::from_value(command.clone()).ok()? {
        Command::WriteAllocations { consumers } => {
            let each = consumers.iter().map(|written| {
                format!(
                    "{} holds {}",
                    consumer_name(state, written.consumer),
                    state.show_holding(&written.allocations)
                )
            });
            Some(each.collect::<Vec<_>>().join("; "))
        }
        Command::DeleteAllocations { consumer } => {
            Some(format!("{} holds nothing", consumer_name(state, consumer)))
        }
        _ => None,
    }
}

/// Server or migration, as a person calls it.
pub fn consumer_name(state: &CloudState, consumer: ConsumerId) -> String {
    match state.server(ServerId(consumer.0)) {
        Some(state) => state.server.name.clone(),
        None => migration_name(state, MigrationId(consumer.0)),
    }
}

/// Whether a driver call failed, but for one that many a driver does not offer.
pub fn call_failed(method: &str, outcome: &Value) -> bool {
    driver_outcome(outcome).is_err_and(|problem| problem != NOT_IMPLEMENTED || !harmless(method))
}

/// The driver calls that failed, each with host, time and what it raised.
pub(super) fn failed_calls(trace: &[TraceRecord]) -> Vec<String> {
    trace
        .iter()
        .filter_map(|record| match &record.event {
            TraceEvent::DriverResult { host, method, n, outcome } => match driver_outcome(outcome) {
                Err(problem) if problem != NOT_IMPLEMENTED || !harmless(method) => {
                    Some(format!("{host} at {}: {method}, call {n}, {problem}", seconds(record.t)))
                }
                _ => None,
            },
            _ => None,
        })
        .collect()
}
