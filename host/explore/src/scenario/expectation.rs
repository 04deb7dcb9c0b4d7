//! What a scenario expects to be true, at its end or at one of its steps.

use super::values::{Amounts, OrNone, state};
use model::{EventResult, HostName, MigrationStatus, ServerStatus, TaskState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Something that must be true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// Of a server's record.
    Server(ServerExpectation),
    /// Of the last migration of a server.
    Migration(MigrationExpectation),
    /// Of what is used of a host's provider.
    Usages(UsagesExpectation),
    /// Of what a server, or its last migration, holds in placement.
    Allocations(AllocationsExpectation),
    /// Of the guests a host's hypervisor has.
    Guests(GuestsExpectation),
    /// Of what a host's node record counts.
    Node(NodeExpectation),
    /// Of what the volume and network services have for a server.
    Attached(AttachedExpectation),
    /// Of the images there are.
    Images(ImagesExpectation),
    /// Of an event of what users asked of a server.
    Event(EventExpectation),
}

/// Of a server's record. What is not said may be anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerExpectation {
    /// The server.
    pub name: String,
    /// Its status as the API shows it; `DELETED` for one that is gone.
    #[serde(default, deserialize_with = "state::deserialize", skip_serializing_if = "Option::is_none")]
    pub status: Option<ServerStatus>,
    /// Its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_state: Option<OrNone<TaskState>>,
    /// The host its record names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<OrNone<HostName>>,
    /// The flavor its record names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavor: Option<String>,
    /// A part of the message of the fault the API shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<OrNone<String>>,
}

/// Of the last migration of a server. What is not said may be anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrationExpectation {
    /// The server.
    pub server: String,
    /// Its status.
    #[serde(default, deserialize_with = "state::deserialize", skip_serializing_if = "Option::is_none")]
    pub status: Option<MigrationStatus>,
    /// The host it leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<HostName>,
    /// The host it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dest: Option<OrNone<HostName>>,
}

/// Of what is used of a host's provider, of every resource class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsagesExpectation {
    /// The host.
    pub host: HostName,
    /// How much.
    pub are: Amounts,
}

/// Of what a server, or its last migration, holds in placement: on these hosts so much, elsewhere nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationsExpectation {
    /// The server.
    pub server: String,
    /// Whether its last migration is meant and not the server itself.
    #[serde(default)]
    pub of_migration: bool,
    /// How much on which host.
    pub are: BTreeMap<HostName, Amounts>,
}

/// Of the guests a host's hypervisor has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestsExpectation {
    /// The host.
    pub host: HostName,
    /// The servers it has guests of, running or not.
    pub are: Vec<String>,
}

/// Of what the record of a host's compute node counts, which its resource tracker keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeExpectation {
    /// The host.
    pub host: HostName,
    /// Processors in use.
    pub vcpus_used: u64,
}

/// Of what the volume and network services have for a server. What is not said may be anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachedExpectation {
    /// The server.
    pub server: String,
    /// How many volume attachments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volumes: Option<usize>,
    /// How many ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<usize>,
}

/// Of the images there are, the one that servers are made of included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagesExpectation {
    /// How many.
    pub count: usize,
}

/// Of an event of what users asked of a server: there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventExpectation {
    /// The server.
    pub server: String,
    /// Nova's name of the event.
    pub name: String,
    /// How it ended: `Success` or `Error`.
    pub result: EventResult,
}

impl Expectation {
    /// The server it is about.
    pub fn server(&self) -> Option<&str> {
        match self {
            Expectation::Server(server) => Some(&server.name),
            Expectation::Migration(migration) => Some(&migration.server),
            Expectation::Allocations(allocations) => Some(&allocations.server),
            Expectation::Attached(attached) => Some(&attached.server),
            Expectation::Event(event) => Some(&event.server),
            Expectation::Usages(_)
            | Expectation::Guests(_)
            | Expectation::Node(_)
            | Expectation::Images(_) => None,
        }
    }

    /// The host it is about.
    pub fn host(&self) -> Option<&HostName> {
        match self {
            Expectation::Usages(usages) => Some(&usages.host),
            Expectation::Guests(guests) => Some(&guests.host),
            Expectation::Node(node) => Some(&node.host),
            Expectation::Server(_)
            | Expectation::Migration(_)
            | Expectation::Allocations(_)
            | Expectation::Attached(_)
            | Expectation::Images(_)
            | Expectation::Event(_) => None,
        }
    }
}

/// The expectation in words, as the end of a sentence that begins with "it is expected that".
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn show(name: &str, value: Option<&impl fmt::Display>) -> Option<String> {
            value.map(|value| format!("{name} {value}"))
        }
        let list = |parts: &[Option<String>]| parts.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        match self {
            Expectation::Server(server) => {
                let parts = [
                    show("status", server.status.as_ref()),
                    show("task", server.task_state.as_ref()),
                    show("host", server.host.as_ref()),
                    show("flavor", server.flavor.as_ref()),
                    show("fault", server.fault.as_ref()),
                ];
                match list(&parts).as_str() {
                    "" => write!(f, "server {} exists", server.name),
                    parts => write!(f, "server {} has {parts}", server.name),
                }
            }
            Expectation::Migration(migration) => {
                let parts = [
                    show("status", migration.status.as_ref()),
                    show("source", migration.source.as_ref()),
                    show("destination", migration.dest.as_ref()),
                ];
                match list(&parts).as_str() {
                    "" => write!(f, "server {} was moved", migration.server),
                    parts => write!(f, "the last migration of {} has {parts}", migration.server),
                }
            }
            Expectation::Usages(usages) => write!(f, "the usages of {} are {}", usages.host, usages.are),
            Expectation::Allocations(AllocationsExpectation { server, of_migration, are }) => {
                let whose = if *of_migration { "the last migration of " } else { "" };
                let held: Vec<_> = are.iter().map(|(host, amounts)| format!("{host}: {amounts}")).collect();
                let held = if held.is_empty() { "nothing".to_owned() } else { held.join("; ") };
                write!(f, "{whose}{server} holds {held}")
            }
            Expectation::Guests(guests) if guests.are.is_empty() => write!(f, "{} has no guest", guests.host),
            Expectation::Guests(guests) => {
                write!(f, "{} has the guests {}", guests.host, guests.are.join(", "))
            }
            Expectation::Node(node) => {
                write!(f, "the node record of {} counts {} VCPU", node.host, node.vcpus_used)
            }
            Expectation::Attached(attached) => {
                let parts = [
                    attached.volumes.map(|count| format!("volume attachments: {count}")),
                    attached.ports.map(|count| format!("ports: {count}")),
                ];
                write!(f, "{} has {}", attached.server, list(&parts))
            }
            Expectation::Images(images) => write!(f, "the images there are: {}", images.count),
            Expectation::Event(event) => {
                write!(f, "event {} of {} ends with {:?}", event.name, event.server, event.result)
            }
        }
    }
}
