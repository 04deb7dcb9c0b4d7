//! The state of a cloud at each event of its trace: one fold.
//!
//! Servers and migrations are what was saved of them; allocations are what Placement's own engine makes of the commands
//! that it accepted. At the end of a trace that is the state of the cloud itself.

use explore::cloud_state::Holding;
use model::{ConsumerId, HostName, MigrationId, ProviderId, ServerId};
use placement::{Command, Placement};
use runtime::{TraceEvent, TraceRecord};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What is known of a cloud at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    /// The servers, deleted ones included.
    pub servers: BTreeMap<ServerId, ServerMoment>,
    /// The migrations.
    pub migrations: BTreeMap<MigrationId, MigrationMoment>,
    /// The resource providers by their names.
    pub providers: BTreeMap<ProviderId, String>,
    /// What each consumer holds; those that hold nothing are left out.
    pub allocations: BTreeMap<ConsumerId, Holding>,
    /// How many processors the record of each host's node counts as used.
    pub counted_vcpus: BTreeMap<HostName, u64>,
}

/// A server at one moment. A field that its record has not got is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerMoment {
    /// Its name.
    pub name: String,
    /// Nova's `vm_state`.
    pub vm_state: String,
    /// What is being done with it.
    pub task_state: String,
    /// The host its record names.
    pub host: String,
    /// The name of its flavor.
    pub flavor: String,
}

/// A migration at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationMoment {
    /// Its number.
    pub number: u64,
    /// What kind of move.
    pub kind: String,
    /// How far it came.
    pub status: String,
    /// The host it leaves.
    pub source: String,
    /// The host it goes to.
    pub dest: String,
}

impl fmt::Display for ServerMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = if self.host.is_empty() { "no host" } else { &self.host };
        write!(f, "{} on {host}, flavor {}", self.vm_state, self.flavor)?;
        if self.task_state.is_empty() { Ok(()) } else { write!(f, ", task {}", self.task_state) }
    }
}

impl fmt::Display for MigrationMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dest = if self.dest.is_empty() { "no host" } else { &self.dest };
        write!(f, "{} from {} to {dest}: {}", self.kind, self.source, self.status)
    }
}

impl Moment {
    /// The name of a provider; its id if there is no such provider.
    pub fn provider(&self, id: ProviderId) -> String {
        self.providers.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// Server or migration, as a person calls it.
    pub fn consumer(&self, id: ConsumerId) -> String {
        if let Some(server) = self.servers.get(&ServerId(id.0)) {
            return server.name.clone();
        }
        match self.migrations.get(&MigrationId(id.0)) {
            Some(migration) => format!("migration {}", migration.number),
            None => id.to_string(),
        }
    }

    /// The state in lines: a label, and what is to be said of it.
    pub fn lines(&self) -> Vec<(String, String)> {
        let servers = self.servers.values().map(|server| (server.name.clone(), server.to_string()));
        let migrations = self
            .migrations
            .values()
            .map(|migration| (format!("migration {}", migration.number), migration.to_string()));
        let held = self.allocations.iter().map(|(consumer, holding)| {
            let each = holding.iter().map(|(provider, amounts)| {
                let amounts: Vec<_> =
                    amounts.iter().map(|(class, amount)| format!("{amount} {class}")).collect();
                format!("{} on {}", amounts.join(", "), self.provider(*provider))
            });
            let held = each.collect::<Vec<_>>().join("; ");
            (format!("{} holds", self.consumer(*consumer)), held)
        });
        let counted = self
            .counted_vcpus
            .iter()
            .map(|(host, vcpus)| (format!("{host} counts"), format!("{vcpus} VCPU used")));
        servers.chain(migrations).chain(held).chain(counted).collect()
    }
}

/// Follows a trace.
#[derive(Debug, Default)]
pub struct History {
    placement: Placement,
    now: Moment,
}

impl History {
    /// Before anything has happened.
    pub fn new() -> Self {
        Self::default()
    }

    /// The state as it is after what was applied so far.
    pub fn now(&self) -> &Moment {
        &self.now
    }

    /// What an event changes.
    pub fn apply(&mut self, record: &TraceRecord) {
        match &record.event {
            TraceEvent::ServerSaved { server, changes } => {
                let server = self.now.servers.entry(*server).or_default();
                set(&mut server.name, changes, "name");
                set(&mut server.vm_state, changes, "vm_state");
                set(&mut server.task_state, changes, "task_state");
                set(&mut server.host, changes, "host");
                if let Some(flavor) = after(changes, "flavor") {
                    server.flavor = flavor.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                }
            }
            TraceEvent::MigrationSaved { migration, changes, .. } => {
                let migration = self.now.migrations.entry(*migration).or_default();
                if let Some(number) = after(changes, "number").and_then(Value::as_u64) {
                    migration.number = number;
                }
                set(&mut migration.kind, changes, "kind");
                set(&mut migration.status, changes, "status");
                set(&mut migration.source, changes, "source_compute");
                set(&mut migration.dest, changes, "dest_compute");
            }
            TraceEvent::NodeSaved { host, changes } => {
                if let Some(used) = after(changes, "vcpus_used").and_then(Value::as_u64) {
                    self.now.counted_vcpus.insert(host.clone(), used);
                }
            }
            TraceEvent::PlacementWrite { command, error: None, .. } => self.write(command),
            _ => {}
        }
    }

    fn write(&mut self, command: &Value) {
        // What was accepted once is accepted again: the engine is deterministic, and has seen all that came before.
        if let Ok(command) = serde_json::from_value::<Command>(command.clone()) {
            let _ = self.placement.apply(&command);
        }
        self.now.providers =
            self.placement.providers().map(|provider| (provider.id(), provider.name().to_owned())).collect();
        let held = self.placement.consumers().map(|consumer| (consumer.id(), consumer.to_map()));
        self.now.allocations = held.filter(|(_, held)| !held.is_empty()).collect();
    }
}

/// The state after each event of a trace, in its order.
pub fn moments(trace: &[TraceRecord]) -> Vec<Moment> {
    let mut history = History::new();
    let after = |record| {
        history.apply(record);
        history.now().clone()
    };
    trace.iter().map(after).collect()
}

fn after<'a>(changes: &'a Value, field: &str) -> Option<&'a Value> {
    changes.get(field)?.get(1)
}

/// Takes over what a field became.
fn set(field: &mut String, changes: &Value, name: &str) {
    if let Some(value) = after(changes, name) {
        *field = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
    }
}
