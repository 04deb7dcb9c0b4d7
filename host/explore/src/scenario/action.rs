//! What a user does in one step of a scenario.

mod words;

use super::boot::{BootServer, NewServerGroup};
use super::expectation::Expectation;
use super::fault::FaultSpec;
use super::host_steps::RunPeriodic;
use super::hosts::stack_text;
use super::meanwhile::as_map;
use super::service_fault::ServiceFaultSpec;
use super::target::{DisableHost, EvacuateServer, OnHost, OnServer, RebuildServer};
use super::values::{Placed, Span, state};
use model::rpc::RebootType;
use model::{HostName, MigrationStatus, ServerStatus};
use serde::{Deserialize, Serialize, Serializer};
use virt::Stack;

/// One step, and where it stands.
pub type Step = Placed<Action>;

/// What is done in a step. Every one is over only when the cloud has come to rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Makes a server, or several.
    Boot(BootServer),
    /// Makes a server group.
    CreateServerGroup(NewServerGroup),
    /// Deletes a server group, by its name.
    DeleteServerGroup(String),
    /// Resizes a server to another flavor.
    Resize(ResizeServer),
    /// Migrates a server cold, keeping its flavor.
    Migrate(MigrateServer),
    /// Moves a server while it runs.
    LiveMigrate(LiveMigrateServer),
    /// Attaches a volume to a server.
    AttachVolume(OnVolume),
    /// Detaches a volume from a server.
    DetachVolume(OnVolume),
    /// Exchanges a volume of a server for another one.
    SwapVolume(SwapVolume),
    /// Lets a volume of a server grow.
    ExtendVolume(ExtendVolume),
    /// Confirms a resize or cold migration.
    Confirm(OnServer),
    /// Reverts a resize or cold migration.
    Revert(OnServer),
    /// Powers a server on.
    Start(OnServer),
    /// Powers a server off.
    Stop(OnServer),
    /// Reboots a server.
    Reboot(RebootServer),
    /// Pauses a server.
    Pause(OnServer),
    /// Lets a paused server go on.
    Unpause(OnServer),
    /// Suspends a server.
    Suspend(OnServer),
    /// Lets a suspended server go on.
    Resume(OnServer),
    /// Runs a server from a rescue image.
    Rescue(OnServer),
    /// Runs a rescued server from its own disk again.
    Unrescue(OnServer),
    /// Has a server's kernel dump its memory.
    TriggerCrashDump(OnServer),
    /// Locks a server.
    Lock(OnServer),
    /// Unlocks a server.
    Unlock(OnServer),
    /// Makes a server anew from the image it has.
    Rebuild(RebuildServer),
    /// Makes an image of a server's disk.
    Snapshot(OnServer),
    /// Gives a server one more port.
    AttachInterface(OnServer),
    /// Evacuates a server from its host, whose service has to be down.
    Evacuate(EvacuateServer),
    /// Shelves a server.
    Shelve(OnServer),
    /// Removes the guest of a shelved server from its host.
    ShelveOffload(OnServer),
    /// Brings a shelved server back.
    Unshelve(OnServer),
    /// Deletes a server for good, also one that is soft-deleted.
    ForceDelete(OnServer),
    /// Brings a soft-deleted server back.
    Restore(OnServer),
    /// Deletes a server.
    Delete(OnServer),
    /// Lets time pass until a server is as it says.
    WaitFor(WaitFor),
    /// Something that must be true at this point.
    Check(Expectation),
    /// Runs the periodic resource update on every host whose service runs.
    RunPeriodics,
    /// Runs one periodic task.
    RunPeriodic(RunPeriodic),
    /// Takes the service of a host out of scheduling.
    DisableHost(DisableHost),
    /// Takes the service of a host back into scheduling.
    EnableHost(HostName),
    /// Stops the compute service of a host; its guests go on, messages for it wait.
    StopHost(HostName),
    /// Starts the compute service of a host again.
    RestartHost(HostName),
    /// Says that the service of a host is down, whatever it says itself.
    ForceDown(OnHost),
    /// Takes that back.
    ForceUp(OnHost),
    /// Exchanges the stack of a host that is in service.
    SwapDriver(SwapDriver),
    /// Lets time pass.
    Advance(Advance),
    /// Plans a fault of a driver.
    InjectFault(FaultSpec),
    /// Plans a fault of the volume, network or image service.
    InjectServiceFault(ServiceFaultSpec),
    /// Takes steps while another one is under way.
    During(During),
}

/// Resizes a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResizeServer {
    /// The server.
    pub server: String,
    /// The new flavor, by name or id.
    pub flavor: String,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Migrates a server cold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrateServer {
    /// The server.
    pub server: String,
    /// The host it is to go to; the scheduler's choice if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Moves a server while it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveMigrateServer {
    /// The server.
    pub server: String,
    /// The host it is to go to; the scheduler's choice if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// Whether the scheduler is not asked about that host.
    #[serde(default)]
    pub force: bool,
    /// How long after the request the user calls it off, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_after: Option<Span>,
    /// How long after the request the user has it completed by force, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete_after: Option<Span>,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Attaches or detaches a volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnVolume {
    /// The server.
    pub server: String,
    /// The volume, by any name: there is one of every name.
    pub volume: String,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Exchanges a volume for another one, as the volume service asks for when it moves one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapVolume {
    /// The server.
    pub server: String,
    /// The volume it has, by name or id.
    pub volume: String,
    /// The volume it is to have instead.
    pub with: String,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Lets a volume grow, of which the volume service tells the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtendVolume {
    /// The server.
    pub server: String,
    /// The volume, by name or id.
    pub volume: String,
    /// Its size from then on, in GiB.
    pub to_gb: u64,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Reboots a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebootServer {
    /// The server.
    pub server: String,
    /// `SOFT` or `HARD`.
    #[serde(rename = "type")]
    pub reboot_type: RebootType,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Exchanges the stack of a host. Nothing is restarted. The guests go on if the drivers of both stacks can save and restore
/// their state; otherwise it is as if the hypervisor had been restarted, and they are gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapDriver {
    /// The host.
    pub host: HostName,
    /// The stack it is to have.
    #[serde(with = "stack_text")]
    pub stack: Stack,
}

/// Lets time pass until everything that is said of a server is true, or the time is over, which is an unmet expectation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitFor {
    /// The server.
    pub server: String,
    /// Its status.
    #[serde(default, deserialize_with = "state::deserialize", skip_serializing_if = "Option::is_none")]
    pub status: Option<ServerStatus>,
    /// The status of its last migration.
    #[serde(default, deserialize_with = "state::deserialize", skip_serializing_if = "Option::is_none")]
    pub migration: Option<MigrationStatus>,
    /// How long at most; 60 seconds if nothing is said.
    #[serde(default = "a_minute")]
    pub within: Span,
}

fn a_minute() -> Span {
    Span(std::time::Duration::from_secs(60))
}

/// Lets time pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Advance(pub Span);

/// Takes steps while another one is under way: nothing is waited for until all have been taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct During {
    /// The step that is under way.
    #[serde(serialize_with = "as_map")]
    pub step: Box<Action>,
    /// How long after its beginning the others are taken.
    pub after: Span,
    /// The others, one at once after the other.
    #[serde(serialize_with = "as_maps")]
    pub take: Vec<Action>,
}

fn as_maps<S: Serializer>(actions: &[Action], serializer: S) -> Result<S::Ok, S::Error> {
    serde_json::to_value(actions).map_err(serde::ser::Error::custom)?.serialize(serializer)
}

impl Action {
    /// The steps it is made of, in the order in which they are begun: only of a `during` there are several.
    pub fn parts(&self) -> Vec<&Action> {
        match self {
            Action::During(during) => std::iter::once(&*during.step).chain(&during.take).collect(),
            one => vec![one],
        }
    }

    /// The server it is about.
    pub fn server(&self) -> Option<&str> {
        match self {
            Action::Boot(BootServer { server, .. })
            | Action::Resize(ResizeServer { server, .. })
            | Action::Migrate(MigrateServer { server, .. })
            | Action::LiveMigrate(LiveMigrateServer { server, .. })
            | Action::AttachVolume(OnVolume { server, .. })
            | Action::DetachVolume(OnVolume { server, .. })
            | Action::SwapVolume(SwapVolume { server, .. })
            | Action::ExtendVolume(ExtendVolume { server, .. })
            | Action::Reboot(RebootServer { server, .. })
            | Action::WaitFor(WaitFor { server, .. })
            | Action::Confirm(OnServer { server, .. })
            | Action::Revert(OnServer { server, .. })
            | Action::Start(OnServer { server, .. })
            | Action::Stop(OnServer { server, .. })
            | Action::Pause(OnServer { server, .. })
            | Action::Unpause(OnServer { server, .. })
            | Action::Suspend(OnServer { server, .. })
            | Action::Resume(OnServer { server, .. })
            | Action::Rescue(OnServer { server, .. })
            | Action::Unrescue(OnServer { server, .. })
            | Action::TriggerCrashDump(OnServer { server, .. })
            | Action::Lock(OnServer { server, .. })
            | Action::Unlock(OnServer { server, .. })
            | Action::Rebuild(RebuildServer { server, .. })
            | Action::Snapshot(OnServer { server, .. })
            | Action::AttachInterface(OnServer { server, .. })
            | Action::Evacuate(EvacuateServer { server, .. })
            | Action::Shelve(OnServer { server, .. })
            | Action::ShelveOffload(OnServer { server, .. })
            | Action::Unshelve(OnServer { server, .. })
            | Action::ForceDelete(OnServer { server, .. })
            | Action::Restore(OnServer { server, .. })
            | Action::Delete(OnServer { server, .. }) => Some(server),
            Action::InjectFault(fault) => fault.server.as_deref(),
            Action::Check(expectation) => expectation.server(),
            Action::During(during) => during.step.server(),
            Action::CreateServerGroup(_)
            | Action::DeleteServerGroup(_)
            | Action::RunPeriodics
            | Action::RunPeriodic(_)
            | Action::DisableHost(_)
            | Action::EnableHost(_)
            | Action::StopHost(_)
            | Action::RestartHost(_)
            | Action::ForceDown(_)
            | Action::ForceUp(_)
            | Action::SwapDriver(_)
            | Action::InjectServiceFault(_)
            | Action::Advance(_) => None,
        }
    }

    /// The host it is about.
    pub fn host(&self) -> Option<&HostName> {
        match self {
            Action::StopHost(host) | Action::RestartHost(host) | Action::EnableHost(host) => Some(host),
            Action::DisableHost(disable) => Some(&disable.host),
            Action::RunPeriodic(run) => run.host.as_ref(),
            Action::ForceDown(on) | Action::ForceUp(on) => Some(&on.host),
            Action::During(during) => during.step.host(),
            Action::SwapDriver(swap) => Some(&swap.host),
            Action::InjectFault(fault) => Some(&fault.at.host),
            Action::Check(expectation) => expectation.host(),
            // The host of a migration is the user's to get wrong: the API answers for it.
            Action::Migrate(_)
            | Action::LiveMigrate(_)
            | Action::AttachVolume(_)
            | Action::DetachVolume(_)
            | Action::SwapVolume(_)
            | Action::ExtendVolume(_)
            | Action::CreateServerGroup(_)
            | Action::DeleteServerGroup(_)
            | Action::InjectServiceFault(_)
            | Action::Boot(_)
            | Action::Resize(_)
            | Action::Confirm(_)
            | Action::Revert(_)
            | Action::Start(_)
            | Action::Stop(_)
            | Action::Reboot(_)
            | Action::Pause(_)
            | Action::Unpause(_)
            | Action::Suspend(_)
            | Action::Resume(_)
            | Action::Rescue(_)
            | Action::Unrescue(_)
            | Action::TriggerCrashDump(_)
            | Action::Lock(_)
            | Action::Unlock(_)
            | Action::Rebuild(_)
            | Action::Snapshot(_)
            | Action::AttachInterface(_)
            | Action::Evacuate(_)
            | Action::Shelve(_)
            | Action::ShelveOffload(_)
            | Action::Unshelve(_)
            | Action::ForceDelete(_)
            | Action::Restore(_)
            | Action::Delete(_)
            | Action::WaitFor(_)
            | Action::RunPeriodics
            | Action::Advance(_) => None,
        }
    }

    /// The code with which the API is to refuse it.
    pub fn refused(&self) -> Option<u16> {
        match self {
            Action::Boot(BootServer { refused, .. })
            | Action::CreateServerGroup(NewServerGroup { refused, .. })
            | Action::Resize(ResizeServer { refused, .. })
            | Action::Migrate(MigrateServer { refused, .. })
            | Action::LiveMigrate(LiveMigrateServer { refused, .. })
            | Action::AttachVolume(OnVolume { refused, .. })
            | Action::DetachVolume(OnVolume { refused, .. })
            | Action::SwapVolume(SwapVolume { refused, .. })
            | Action::ExtendVolume(ExtendVolume { refused, .. })
            | Action::Reboot(RebootServer { refused, .. })
            | Action::Confirm(OnServer { refused, .. })
            | Action::Revert(OnServer { refused, .. })
            | Action::Start(OnServer { refused, .. })
            | Action::Stop(OnServer { refused, .. })
            | Action::Pause(OnServer { refused, .. })
            | Action::Unpause(OnServer { refused, .. })
            | Action::Suspend(OnServer { refused, .. })
            | Action::Resume(OnServer { refused, .. })
            | Action::Rescue(OnServer { refused, .. })
            | Action::Unrescue(OnServer { refused, .. })
            | Action::TriggerCrashDump(OnServer { refused, .. })
            | Action::Lock(OnServer { refused, .. })
            | Action::Unlock(OnServer { refused, .. })
            | Action::Rebuild(RebuildServer { refused, .. })
            | Action::Snapshot(OnServer { refused, .. })
            | Action::AttachInterface(OnServer { refused, .. })
            | Action::Evacuate(EvacuateServer { refused, .. })
            | Action::ForceDown(OnHost { refused, .. })
            | Action::ForceUp(OnHost { refused, .. })
            | Action::Shelve(OnServer { refused, .. })
            | Action::ShelveOffload(OnServer { refused, .. })
            | Action::Unshelve(OnServer { refused, .. })
            | Action::ForceDelete(OnServer { refused, .. })
            | Action::Restore(OnServer { refused, .. })
            | Action::Delete(OnServer { refused, .. }) => *refused,
            Action::WaitFor(_)
            | Action::Check(_)
            | Action::DeleteServerGroup(_)
            | Action::RunPeriodics
            | Action::RunPeriodic(_)
            | Action::DisableHost(_)
            | Action::EnableHost(_)
            | Action::StopHost(_)
            | Action::RestartHost(_)
            | Action::SwapDriver(_)
            | Action::Advance(_)
            | Action::InjectFault(_)
            | Action::InjectServiceFault(_)
            | Action::During(_) => None,
        }
    }
}
