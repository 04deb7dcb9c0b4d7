//! The relevant part of a trace, as a person reads it.
//!
//! Relevant to a server is what names it or one of its migrations, the deliveries and answers of messages about it, the
//! answers of driver calls about it, and whatever was logged or injected. Ids are replaced by names.

use conductor::StateOfRecord;
use model::{EventResult, HostName, ServerId};
use runtime::{TraceEvent, TraceRecord};
use serde_json::Value;
use std::collections::BTreeSet;

/// Characters of arguments and answers that are shown.
const SHORT: usize = 100;

/// The last `limit` lines of a trace; those that concern `server`, if one is given.
pub(crate) fn excerpt(
    trace: &[TraceRecord],
    records: &StateOfRecord,
    server: Option<ServerId>,
    limit: usize,
) -> String {
    let mut relevance = Relevance::new(records, server);
    let relevant: Vec<_> = trace.iter().filter(|record| relevance.includes(&record.event)).collect();
    let left_out = relevant.len().saturating_sub(limit);
    let mut text = match server {
        Some(server) => format!("trace of server {server}, {left_out} earlier lines left out:\n"),
        None => format!("trace, {left_out} earlier lines left out:\n"),
    };
    let names = Names::of(records);
    for record in relevant.into_iter().skip(left_out) {
        let line = names.put_into(line(&record.event));
        let seconds = record.t as f64 / 1_000_000.0;
        text.push_str(&format!("  {seconds:>12.6}  {line}\n"));
    }
    text
}

/// What a service or driver logged.
pub(crate) fn log_line(event: &TraceEvent) -> Option<String> {
    match event {
        TraceEvent::Log { message, .. } | TraceEvent::DriverLog { message, .. } => Some(message.clone()),
        _ => None,
    }
}

/// Which events concern a server.
struct Relevance {
    /// The server and its migrations; none when everything is relevant.
    ids: Option<Vec<String>>,
    messages: BTreeSet<u64>,
    calls: BTreeSet<(HostName, &'static str, u64)>,
}

impl Relevance {
    fn new(records: &StateOfRecord, server: Option<ServerId>) -> Self {
        let ids = server.map(|server| {
            let migrations =
                records.migrations_of(server).into_iter().map(|migration| migration.id.to_string());
            migrations.chain([server.to_string()]).collect()
        });
        Self { ids, messages: BTreeSet::new(), calls: BTreeSet::new() }
    }

    fn includes(&mut self, event: &TraceEvent) -> bool {
        let Some(ids) = &self.ids else { return true };
        let named = |value: &Value| {
            let text = value.to_string();
            ids.iter().any(|id| text.contains(id))
        };
        let is = |id: &ServerId| ids.contains(&id.to_string());
        use TraceEvent as T;
        match event {
            T::Step { .. }
            | T::Log { .. }
            | T::DriverLog { .. }
            | T::DriverSwapped { .. }
            | T::FaultInjected { .. } => true,
            T::ApiCall { server, .. } | T::ApiAnswer { server, .. } | T::Notification { server, .. } => {
                server.as_ref().is_some_and(is)
            }
            T::MessageSent { id, server, .. } => {
                let relevant = is(server);
                if relevant {
                    self.messages.insert(*id);
                }
                relevant
            }
            T::MessageDelivered { id, .. } | T::MessageHandled { id, .. } => self.messages.contains(id),
            T::DriverCall { host, method, n, args } => {
                let relevant = named(args);
                if relevant {
                    self.calls.insert((host.clone(), method, *n));
                }
                relevant
            }
            T::DriverResult { host, method, n, .. } => self.calls.contains(&(host.clone(), *method, *n)),
            T::PlacementWrite { command, .. } => named(command),
            T::PortSaved { port } => named(port),
            // A service's call names no server; one that fails by plan shows as a fault.
            T::NodeSaved { .. } | T::ServiceCall { .. } | T::RecordWrite { .. } => false,
            T::Scheduled { server, .. }
            | T::ServerSaved { server, .. }
            | T::MigrationSaved { server, .. }
            | T::ActionStarted { server, .. }
            | T::EventStarted { server, .. }
            | T::EventFinished { server, .. }
            | T::FaultStored { server, .. } => is(server),
        }
    }
}

/// One event in one line: who, and what.
fn line(event: &TraceEvent) -> String {
    use TraceEvent as T;
    let (who, what) = match event {
        T::Step { number, text } => ("test".to_owned(), format!("step {number}: {text}")),
        T::ApiCall { action, body, .. } => ("api".to_owned(), format!("asked to {action} {}", short(body))),
        T::ApiAnswer { action, code, error, .. } => {
            let error = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            ("api".to_owned(), format!("answers {code} to {action}{error}"))
        }
        T::MessageSent { from, to, method, call, .. } => {
            (from.to_string(), format!("{} {method} to {to}", if *call { "calls" } else { "casts" }))
        }
        T::MessageDelivered { to, method, .. } => (to.to_string(), format!("begins {method}")),
        T::MessageHandled { to, method, error: None, .. } => (to.to_string(), format!("ends {method}")),
        T::MessageHandled { to, method, error: Some(error), .. } => {
            (to.to_string(), format!("ends {method} with {error}"))
        }
        T::DriverCall { host, method, n, .. } => (driver(host), format!("{method}#{n}")),
        T::ServiceCall { call, n } => ("services".to_owned(), format!("{call}#{n}")),
        T::RecordWrite { writer, write, n } => (writer.to_string(), format!("{write}#{n}")),
        T::DriverResult { host, method, n, outcome } => {
            (driver(host), format!("{method}#{n} -> {}", short(outcome)))
        }
        T::DriverLog { host, driver: name, level, message } => {
            (driver(host), format!("{name} logs {level}: {message}"))
        }
        T::DriverSwapped { host, from, to, guests, lost } => {
            let guests = match (guests, lost) {
                (Some(guests), _) => format!("takes over {guests} guests"),
                (None, lost) => format!("takes over nothing: {}", lost.as_deref().unwrap_or_default()),
            };
            (driver(host), format!("{from} exchanged for {to}, which {guests}"))
        }
        T::FaultInjected { point, fault } => ("fault".to_owned(), format!("{point}: {fault}")),
        T::PlacementWrite { writer, command, error } => {
            let refused = error.as_ref().map(|error| format!(" REFUSED: {error}")).unwrap_or_default();
            ("placement".to_owned(), format!("{writer} writes {}{refused}", allocations(command)))
        }
        T::Scheduled { explanation, .. } => {
            let hosts: Vec<_> = explanation.ordered.iter().map(|one| one.host.as_str()).collect();
            let refused: Vec<_> =
                explanation.refused.iter().map(|one| (one.host.as_str(), one.filter)).collect();
            ("scheduler".to_owned(), format!("chooses from {hosts:?}; refused {refused:?}"))
        }
        T::ServerSaved { changes, .. } => ("record".to_owned(), format!("server {}", changed(changes))),
        T::MigrationSaved { changes, .. } => ("record".to_owned(), format!("migration {}", changed(changes))),
        T::ActionStarted { action, .. } => ("record".to_owned(), format!("action {action}")),
        T::EventStarted { event, host, .. } => (host.to_string(), format!("event {event} begins")),
        T::EventFinished { event, result, .. } => {
            let result = match result {
                EventResult::Success => "Success",
                EventResult::Error => "Error",
            };
            ("record".to_owned(), format!("event {event} ends: {result}"))
        }
        T::FaultStored { code, message, .. } => ("record".to_owned(), format!("fault {code} {message:?}")),
        T::NodeSaved { host, changes } => ("record".to_owned(), format!("node {host} {}", changed(changes))),
        T::PortSaved { port } => ("network".to_owned(), format!("port {}", short(port))),
        T::Notification { event_type, publisher, .. } => {
            (publisher.clone(), format!("notifies {event_type}"))
        }
        T::Log { service, level, message } => (service.to_string(), format!("logs {level}: {message}")),
    };
    format!("{who:<16} {what}")
}

fn driver(host: &HostName) -> String {
    format!("{host} driver")
}

/// A value in at most [`SHORT`] characters.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The fields of a record that changed: `host: host1 -> host2`.
fn changed(changes: &Value) -> String {
    let fields = changes.as_object().into_iter().flatten();
    let shown = fields.filter_map(|(field, values)| {
        let [before, after] = values.as_array()?.as_slice() else { return None };
        // Flavors and the like are told by their names.
        let name = |value: &Value| short(value.get("name").unwrap_or(value));
        Some(if before.is_null() {
            format!("{field}: {}", name(after))
        } else {
            format!("{field}: {} -> {}", name(before), name(after))
        })
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A placement command; of a write of allocations only who holds what where.
fn allocations(command: &Value) -> String {
    let Some(consumers) = command.pointer("/WriteAllocations/consumers").and_then(Value::as_array) else {
        return short(command);
    };
    let of = |consumer: &Value| {
        let id = consumer.get("consumer").and_then(Value::as_str).unwrap_or_default();
        let held = consumer.get("allocations").map(Value::to_string).unwrap_or_default();
        format!("{id}: {held}")
    };
    format!("allocations {}", consumers.iter().map(of).collect::<Vec<_>>().join("; "))
}

/// What ids stand for.
struct Names(Vec<(String, String)>);

impl Names {
    fn of(records: &StateOfRecord) -> Self {
        let servers =
            records.servers_even_deleted().into_iter().map(|server| (server.id.to_string(), server.name));
        let migrations = records.migrations().into_iter();
        let migrations =
            migrations.map(|migration| (migration.id.to_string(), format!("migration-{}", migration.number)));
        let nodes =
            records.compute_nodes().into_iter().map(|node| (node.id.to_string(), node.host.to_string()));
        Self(servers.chain(migrations).chain(nodes).collect())
    }

    fn put_into(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (id, name)| text.replace(id, name))
    }
}
