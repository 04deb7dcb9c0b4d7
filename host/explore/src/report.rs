//! What became of a cloud: the report of a run, for machines as JSON and for people as text.

mod compare;
mod explain;
mod paint;
mod text;
mod timeline;

pub use compare::side_by_side;
pub use explain::{ExplainedDecision, UnknownServer, explain, explain_text};
pub use paint::Paint;
pub use text::{ending, text};
pub use timeline::{Line, LineKind, call_failed, consumer_name, line, place, seconds};

use crate::cloud_state::{CloudState, Counted, ProviderState, ServerState};
use crate::invariants::Violation;
use crate::judging::OwnInvariant;
use crate::run::{Judged, StepReport};
use crate::scenario::{FaultSpec, MeanwhileSpec, MessageFaultSpec, ServiceFaultSpec, WriteFaultSpec};
use compute::{ServicePoint, WritePoint};
use conductor::{Attachment, Port};
use model::{
    AttachmentId, Bug, ConsumerId, Fault, Fix, HostName, MigrationId, MigrationStatus, MigrationType, PortId,
    PowerState, ProviderId, ResourceAmounts, ResourceClass, ServerId, ServerStatus, TaskState, VolumeId,
};
use placement::Inventory;
use runtime::MessagePoint;
use serde::Serialize;
use std::collections::BTreeMap;
use virt::FaultPoint;

/// What became of a cloud in which a scenario was run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunReport {
    /// The scenario's name.
    pub scenario: String,
    /// One line on what happens in it.
    pub description: String,
    /// The seed of everything random.
    pub seed: u64,
    /// Which known defects were on.
    pub bugs: Vec<Bug>,
    /// Which present defects of Nova were cured.
    pub fixes: Vec<Fix>,
    /// Whether everything is as it must be.
    pub verdict: Verdict,
    /// The compute hosts.
    pub hosts: Vec<HostReport>,
    /// What the user did, and how each step went.
    pub steps: Vec<StepReport>,
    /// The planned faults.
    pub faults: Vec<FaultReport>,
    /// All servers, also deleted ones.
    pub servers: Vec<ServerReport>,
    /// All migrations, oldest first.
    pub migrations: Vec<MigrationReport>,
    /// All resource providers.
    pub providers: Vec<ProviderReport>,
    /// Consumer to name of the provider to resource class to amount. Consumers that hold nothing are left out.
    pub allocations: BTreeMap<ConsumerId, BTreeMap<String, ResourceAmounts>>,
    /// The guests of each host's hypervisor; none when they cannot be known.
    pub guests: BTreeMap<HostName, Option<Vec<GuestReport>>>,
    /// What the record of each host's node counts as used.
    pub nodes: BTreeMap<HostName, NodeReport>,
    /// All ports of the network service.
    pub ports: Vec<PortReport>,
    /// All attachments of the volume service.
    pub attachments: Vec<AttachmentReport>,
    /// What the scenario expects at its end.
    pub expectations: Vec<Judged>,
    /// The invariants that the cloud was held against beside those of the project.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own_invariants: Vec<OwnInvariant>,
    /// The invariants that do not hold.
    pub violations: Vec<Violation>,
    /// Digest of the trace; none when none was kept.
    pub trace_digest: Option<String>,
}

/// Whether everything is as it must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every expectation and every invariant holds.
    #[default]
    Pass,
    /// One does not.
    Fail,
}

/// A compute host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostReport {
    /// Its name.
    pub name: HostName,
    /// Its stack, as it was written.
    pub stack: String,
    /// Why its service did not start; none if it did.
    pub not_started: Option<String>,
}

/// A planned fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultReport {
    /// The call, of a driver or of a service; or the message.
    pub point: String,
    /// What it does there, in words.
    pub fault: String,
    /// Whether it struck.
    pub struck: bool,
}

impl FaultReport {
    pub(crate) fn new(fault: &FaultSpec, struck: &[FaultPoint]) -> Self {
        Self { point: fault.at.to_string(), fault: fault.to_string(), struck: struck.contains(&fault.at) }
    }

    pub(crate) fn of_service(fault: &ServiceFaultSpec, struck: &[ServicePoint]) -> Self {
        Self { point: fault.at.to_string(), fault: fault.to_string(), struck: struck.contains(&fault.at) }
    }

    pub(crate) fn of_message(fault: &MessageFaultSpec, struck: &[MessagePoint]) -> Self {
        Self { point: fault.at.to_string(), fault: fault.to_string(), struck: struck.contains(&fault.at) }
    }

    pub(crate) fn of_write(fault: &WriteFaultSpec, struck: &[WritePoint]) -> Self {
        Self { point: fault.at.to_string(), fault: fault.to_string(), struck: struck.contains(&fault.at) }
    }

    /// `outcome` says what came of it, if it was done and there is anything to say.
    pub(crate) fn of_meanwhile(other: &MeanwhileSpec, done: Option<&Option<String>>) -> Self {
        let outcome =
            done.and_then(Option::as_ref).map_or_else(String::new, |outcome| format!(": {outcome}"));
        Self { point: other.at.to_string(), fault: format!("{other}{outcome}"), struck: done.is_some() }
    }
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerReport {
    /// Its uuid.
    pub id: ServerId,
    /// Its name.
    pub name: String,
    /// Its status, as the API shows it.
    pub status: ServerStatus,
    /// Its task.
    pub task_state: Option<TaskState>,
    /// The host its record names.
    pub host: Option<HostName>,
    /// The name of the flavor its record names.
    pub flavor: String,
    /// The fault the API shows.
    pub fault: Option<Fault>,
}

/// A migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MigrationReport {
    /// Its uuid.
    pub uuid: MigrationId,
    /// Its number.
    pub id: u64,
    /// The server.
    pub server: ServerId,
    /// What kind of move.
    #[serde(rename = "type")]
    pub kind: MigrationType,
    /// How far it came.
    pub status: MigrationStatus,
    /// The host it leaves.
    pub source: HostName,
    /// The host it goes to.
    pub dest: Option<HostName>,
    /// The flavor before.
    pub old_flavor: String,
    /// The flavor after.
    pub new_flavor: String,
}

/// A resource provider.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProviderReport {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: ProviderId,
    /// What it has.
    pub inventory: BTreeMap<ResourceClass, Inventory>,
    /// How much of it is in use.
    pub usages: ResourceAmounts,
}

/// A guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuestReport {
    /// Its server's uuid.
    pub uuid: String,
    /// Its server's name, if there is such a server.
    pub server: Option<String>,
    /// Nova's number of its power state.
    pub power_state: PowerState,
}

/// What the record of a node counts as used, what is reserved for its host included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    /// Processors.
    pub vcpus_used: u64,
    /// Memory in MiB.
    pub memory_mb_used: u64,
    /// Disk in GiB.
    pub local_gb_used: u64,
}

/// A port of the network service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortReport {
    /// Its uuid.
    pub id: PortId,
    /// The server it is plugged into.
    pub server: Option<ServerId>,
    /// Host to whether the binding to it is the active one.
    pub bindings: BTreeMap<HostName, bool>,
}

/// An attachment of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttachmentReport {
    /// Its uuid.
    pub id: AttachmentId,
    /// The volume.
    pub volume: VolumeId,
    /// The server it is attached to.
    pub server: ServerId,
    /// The host it is connected from, by the name that the host's driver has for it; none while it is only reserved.
    pub host: Option<String>,
}

impl RunReport {
    /// The part of a report that is read from the cloud.
    pub(crate) fn of_state(state: &CloudState) -> Self {
        let holding = |held: &BTreeMap<ProviderId, ResourceAmounts>| {
            held.iter().map(|(provider, amounts)| (state.provider_name(*provider), amounts.clone())).collect()
        };
        let mut migrations: Vec<_> = state.servers.iter().flat_map(MigrationReport::all_of).collect();
        migrations.sort_by_key(|migration| migration.id);
        Self {
            servers: state.servers.iter().map(ServerReport::of).collect(),
            migrations,
            providers: state.providers.iter().map(ProviderReport::of).collect(),
            allocations: state
                .allocations
                .iter()
                .map(|(consumer, held)| (*consumer, holding(held)))
                .collect(),
            guests: state
                .guests
                .iter()
                .map(|(host, guests)| (host.clone(), GuestReport::all_of(guests, state)))
                .collect(),
            nodes: state.counted.iter().map(|(host, node)| (host.clone(), NodeReport::of(*node))).collect(),
            ports: state.ports.iter().map(PortReport::of).collect(),
            attachments: state.attachments.iter().map(AttachmentReport::of).collect(),
            ..Self::default()
        }
    }

    /// The report as JSON.
    pub fn to_json(&self) -> String {
        // Nothing in a report is beyond JSON, and memory can always be written to.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Whether everything is as it must be.
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Pass
    }
}

impl ServerReport {
    fn of(state: &ServerState) -> Self {
        let server = &state.server;
        Self {
            id: server.id,
            name: server.name.clone(),
            status: server.status(),
            task_state: server.task_state,
            host: server.host.clone(),
            flavor: server.flavor.name.clone(),
            fault: server.visible_fault().cloned(),
        }
    }
}

impl MigrationReport {
    fn all_of(state: &ServerState) -> impl Iterator<Item = Self> {
        state.migrations.iter().map(|migration| Self {
            uuid: migration.id,
            id: migration.number,
            server: migration.server,
            kind: migration.kind,
            status: migration.status,
            source: migration.source_compute.clone(),
            dest: migration.dest_compute.clone(),
            old_flavor: migration.old_flavor.name.clone(),
            new_flavor: migration.new_flavor.name.clone(),
        })
    }
}

impl ProviderReport {
    fn of(provider: &ProviderState) -> Self {
        let each = provider.inventories.iter();
        Self {
            name: provider.name.clone(),
            uuid: provider.id,
            inventory: each.clone().map(|(class, (inventory, _))| (class.clone(), *inventory)).collect(),
            usages: each.map(|(class, (_, used))| (class.clone(), *used)).collect(),
        }
    }
}

impl NodeReport {
    fn of(counted: Counted) -> Self {
        Self { vcpus_used: counted.vcpus, memory_mb_used: counted.memory_mb, local_gb_used: counted.local_gb }
    }
}

impl PortReport {
    fn of(port: &Port) -> Self {
        Self { id: port.id, server: port.device, bindings: port.bindings.clone() }
    }
}

impl AttachmentReport {
    fn of(attachment: &Attachment) -> Self {
        let Attachment { id, volume, server, connector, .. } = attachment;
        let host = connector.as_ref().map(|connector| connector.host.clone());
        Self { id: *id, volume: *volume, server: *server, host }
    }
}

impl GuestReport {
    fn all_of(
        guests: &Result<Vec<crate::cloud_state::Guest>, String>,
        state: &CloudState,
    ) -> Option<Vec<Self>> {
        let name = |uuid: &str| {
            let server = state.servers.iter().find(|state| uuid.parse() == Ok(state.server.id));
            server.map(|state| state.server.name.clone())
        };
        let report = |guest: &crate::cloud_state::Guest| Self {
            server: name(&guest.uuid),
            uuid: guest.uuid.clone(),
            power_state: guest.power_state,
        };
        guests.as_ref().ok().map(|guests| guests.iter().map(report).collect())
    }
}
