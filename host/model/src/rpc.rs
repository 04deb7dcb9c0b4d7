//! The messages services send each other (`nova/compute/rpcapi.py`, `nova/conductor/rpcapi.py`).

use crate::exception::{ExceptionClass, NovaError};
use crate::flavor::Flavor;
use crate::ids::{
    AttachmentId, HostName, ImageId, MigrationId, PortId, ProjectId, RequestId, ServerId, UserId, VolumeId,
};
use crate::request_spec::{RequestSpec, Selection};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Whom a message is for, or from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Address {
    /// The API.
    Api,
    /// The conductor.
    Conductor,
    /// The compute manager of a host.
    Compute(HostName),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Api => f.write_str("api"),
            Address::Conductor => f.write_str("conductor"),
            Address::Compute(host) => write!(f, "compute.{host}"),
        }
    }
}

impl Address {
    /// The service that a text names as it is shown, `conductor` or `compute.host2`: one that takes messages.
    pub fn service(text: &str) -> Option<Self> {
        match text.strip_prefix("compute.") {
            Some(host) if !host.is_empty() => Some(Address::Compute(HostName::from(host))),
            None if text == "conductor" => Some(Address::Conductor),
            _ => None,
        }
    }

    /// The host whose compute manager it is.
    pub fn host(&self) -> Option<&HostName> {
        match self {
            Address::Compute(host) => Some(host),
            Address::Api | Address::Conductor => None,
        }
    }
}

/// On whose behalf something is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestContext {
    /// The API request it began with.
    pub request: RequestId,
    /// The project of the user who asked.
    pub project_id: ProjectId,
    /// The user who asked.
    pub user_id: UserId,
    /// Whether that user is an administrator.
    pub is_admin: bool,
}

/// How a guest is rebooted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RebootType {
    /// The guest's own operating system is asked.
    #[serde(rename = "SOFT")]
    Soft,
    /// The guest is reset, and defined anew if need be.
    #[serde(rename = "HARD")]
    Hard,
}

/// A message: on whose behalf, and what is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// On whose behalf.
    pub context: RequestContext,
    /// The server it is about.
    pub server: ServerId,
    /// What is to be done.
    pub method: Method,
}

/// What a message asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Method {
    /// To the conductor: choose hosts for the new servers of one request and have them built there.
    ScheduleAndBuildInstances {
        /// What was asked for, for each of them; nothing differs but the server.
        request_specs: Vec<RequestSpec>,
    },
    /// To the conductor, from a compute on which the build failed: try the next alternate.
    BuildInstances {
        /// What was asked for.
        request_spec: Box<RequestSpec>,
        /// The hosts not tried yet.
        alternates: Vec<Selection>,
        /// What has been tried.
        retry: Retry,
    },
    /// To a compute: build the server there.
    BuildAndRunInstance {
        /// What was asked for.
        request_spec: Box<RequestSpec>,
        /// The hosts to try when this one fails.
        alternates: Vec<Selection>,
        /// What has been tried, this host included; none when a failure must not go to another host.
        retry: Option<Retry>,
    },
    /// To a compute: take the host into scheduling or out of it. It is about no server.
    SetHostEnabled {
        /// Whether it takes servers.
        enabled: bool,
    },
    /// To a compute: delete the server.
    TerminateInstance,
    /// To a compute: power the guest on.
    StartInstance,
    /// To a compute: power the guest off.
    StopInstance,
    /// To a compute: reboot the guest.
    RebootInstance {
        /// How.
        reboot_type: RebootType,
    },
    /// To the conductor: resize or cold migrate the server. From the API, or from a destination that refused it.
    MigrateServer {
        /// The flavor after the move.
        flavor: Box<Flavor>,
        /// What was asked for.
        request_spec: Box<RequestSpec>,
        /// What a destination that failed passes back; none the first time.
        reschedule: Option<Reschedule>,
    },
    /// To the destination of a move: claim what it needs.
    PrepResize {
        /// The migration.
        migration: MigrationId,
        /// The flavor after the move.
        flavor: Box<Flavor>,
        /// What was asked for.
        request_spec: Box<RequestSpec>,
        /// The hosts to try when this one fails.
        alternates: Vec<Selection>,
        /// What has been tried, this host included; none when a failure must not go to another host.
        retry: Option<Retry>,
    },
    /// To the source: stop the guest and hand its disks over.
    ResizeInstance {
        /// The migration.
        migration: MigrationId,
        /// What was asked for.
        request_spec: Box<RequestSpec>,
    },
    /// To the destination: start the guest there.
    FinishResize {
        /// The migration.
        migration: MigrationId,
        /// What the source's driver handed over, opaque to the manager.
        disk_info: String,
        /// What was asked for.
        request_spec: Box<RequestSpec>,
    },
    /// To the source: the user keeps the result of the move, clean up.
    ConfirmResize {
        /// The migration.
        migration: MigrationId,
    },
    /// To the destination: the user wants the server back where it was.
    RevertResize {
        /// The migration.
        migration: MigrationId,
        /// What was asked for.
        request_spec: Box<RequestSpec>,
    },
    /// To the source: bring the server back to life there.
    FinishRevertResize {
        /// The migration.
        migration: MigrationId,
        /// What was asked for.
        request_spec: Box<RequestSpec>,
    },
    /// To the conductor: make the server's guest anew.
    RebuildServer {
        /// The migration, when it is evacuated from a host that is down.
        evacuation: Option<MigrationId>,
        /// The host to use without asking the scheduler.
        host: Option<HostName>,
        /// The image before the request, when it names another one.
        former_image: Option<ImageId>,
        /// What was asked for.
        request_spec: Box<RequestSpec>,
        /// Whether ephemeral disks keep their content.
        preserve_ephemeral: bool,
        /// Whether the guest is stopped at the end even if it ran.
        stop: bool,
        /// The image to be written over the volume the server boots from.
        reimage: Option<ImageId>,
    },
    /// To a compute: make the server's guest anew.
    RebuildInstance {
        /// The migration, when it comes from a host that is down.
        evacuation: Option<MigrationId>,
        /// Whether ephemeral disks keep their content.
        preserve_ephemeral: bool,
        /// Whether the guest is stopped at the end even if it ran.
        stop: bool,
        /// The image to be written over the volume the server boots from.
        reimage: Option<ImageId>,
    },
    /// To a compute: stop the guest and make an image of its disk.
    ShelveInstance {
        /// The image, which is there but empty.
        image: ImageId,
    },
    /// To a compute: remove the guest of a shelved server.
    ShelveOffloadInstance,
    /// To the conductor: bring a shelved server back.
    UnshelveServer {
        /// What was asked for.
        request_spec: Box<RequestSpec>,
    },
    /// To a compute: bring a shelved server back there.
    UnshelveInstance {
        /// The image that was made when it was shelved.
        image: Option<ImageId>,
        /// The availability zone of the host, which the server is to be in.
        zone: String,
    },
    /// To a compute: make an image of the guest's disk.
    SnapshotInstance {
        /// The image, which is there but empty.
        image: ImageId,
    },
    /// To a compute: make a backup of the guest's disk.
    BackupInstance {
        /// The image, which is there but empty.
        image: ImageId,
        /// The row of backups it belongs to.
        backup_type: String,
        /// How many of them are kept.
        rotation: usize,
    },
    /// To a compute: plug a port in. Answered with [`Answer::Port`].
    AttachInterface {
        /// The port; a new one when none is named.
        port: Option<PortId>,
    },
    /// To a compute: take a port out.
    DetachInterface {
        /// The port.
        port: PortId,
    },
    /// To a compute: pause the guest.
    PauseInstance,
    /// To a compute: let a paused guest go on.
    UnpauseInstance,
    /// To a compute: save the guest's memory and stop it.
    SuspendInstance,
    /// To a compute: let a suspended guest go on.
    ResumeInstance,
    /// To a compute: run the guest from a rescue image.
    RescueInstance {
        /// The administrator's password in the rescued guest.
        rescue_password: String,
        /// The image; the server's own when none is named.
        rescue_image: Option<ImageId>,
    },
    /// To a compute: run the guest from its own disk again.
    UnrescueInstance,
    /// To a compute: make the guest unreachable, so that it can be deleted later.
    SoftDeleteInstance,
    /// To a compute: bring a soft-deleted guest back.
    RestoreInstance,
    /// To a compute: have the guest's kernel dump its memory.
    TriggerCrashDump,
    /// To a compute: set the administrator's password in the guest. Waited for.
    SetAdminPassword {
        /// The password.
        new_pass: String,
    },
    /// To a compute: what the guest wrote to its console. Answered with [`Answer::Text`].
    GetConsoleOutput {
        /// How many lines from the end; all of them when none is named.
        tail_length: Option<i64>,
    },
    /// To a compute: numbers about the guest, as the driver names them. Answered with [`Answer::Value`].
    GetDiagnostics,
    /// To a compute: numbers about the guest, in the common form. Answered with [`Answer::Value`].
    GetInstanceDiagnostics,
    /// To a compute: write the addresses of the guest's interfaces into it.
    InjectNetworkInfo,
    /// To the server's compute: something happened outside that its driver may wait for.
    ExternalInstanceEvent {
        /// What.
        event: ExternalEvent,
    },
    /// To the conductor: attach a volume, whose device the server's host names.
    AttachVolumeToServer {
        /// The volume.
        volume: VolumeId,
        /// The name of the device, if the user named one.
        device: Option<String>,
        /// Whether the volume goes when the server goes.
        delete_on_termination: bool,
    },
    /// To a compute: name the device of a volume that is to be attached, and remember it. Waited for.
    ReserveBlockDeviceName {
        /// The volume.
        volume: VolumeId,
        /// The name, if the user named one.
        device: Option<String>,
        /// Whether the volume goes when the server goes.
        delete_on_termination: bool,
    },
    /// To a compute: attach a volume to the guest.
    AttachVolume {
        /// The volume.
        volume: VolumeId,
    },
    /// To a compute: take a volume off the guest.
    DetachVolume {
        /// The volume.
        volume: VolumeId,
    },
    /// To a compute: exchange a volume for another one while the guest uses it.
    SwapVolume {
        /// The volume the guest has.
        old: VolumeId,
        /// The one that takes its place.
        new: VolumeId,
        /// The attachment of that one.
        new_attachment: AttachmentId,
    },
    /// To a compute: tell the guest that a volume has grown.
    ExtendVolume {
        /// The volume.
        volume: VolumeId,
    },
    /// To the destination of a live migration that is taken back: disconnect a volume from this host.
    RemoveVolumeConnection {
        /// The volume.
        volume: VolumeId,
    },
    /// To the conductor: move a running server to another host.
    LiveMigrateInstance {
        /// The host to use without asking the scheduler.
        host: Option<HostName>,
        /// Whether local disks are copied; none lets the drivers decide.
        block_migration: Option<bool>,
        /// Whether more disk may be promised than the destination has.
        disk_over_commit: Option<bool>,
        /// What was asked for.
        request_spec: Box<RequestSpec>,
    },
    /// To the destination of a live migration: can it take the server? Answered with [`Answer::Value`]: what the two
    /// drivers have told each other, which only computes read.
    CheckCanLiveMigrateDestination {
        /// The migration.
        migration: MigrationId,
        /// Whether local disks are copied.
        block_migration: Option<bool>,
        /// Whether more disk may be promised than there is.
        disk_over_commit: Option<bool>,
    },
    /// To the source of a live migration: can it send the server? Answered with [`Answer::Value`].
    CheckCanLiveMigrateSource {
        /// What the destination's driver said.
        data: Value,
    },
    /// To the source of a live migration: begin.
    LiveMigration {
        /// The migration.
        migration: MigrationId,
        /// The destination.
        dest: HostName,
        /// The availability zone of the destination, which the server is to be in.
        zone: Option<String>,
        /// Whether local disks are copied.
        block_migration: Option<bool>,
        /// What the drivers have told each other.
        data: Value,
    },
    /// To the destination of a live migration: connect volumes and networks. Answered with [`Answer::Value`].
    PreLiveMigration {
        /// The local disks to copy, as the source's driver tells them; null when nothing is copied.
        disk_info: Value,
        /// What the drivers have told each other.
        data: Value,
    },
    /// To the destination of a live migration: the guest is there. Waited for.
    PostLiveMigrationAtDestination {
        /// The availability zone of the destination.
        zone: Option<String>,
        /// Whether local disks were copied.
        block_migration: bool,
    },
    /// To the destination of a live migration that is taken back: remove what was made for it.
    RollbackLiveMigrationAtDestination {
        /// Whether local disks go too.
        destroy_disks: bool,
        /// What the drivers have told each other.
        data: Value,
    },
    /// To the source: end the live migration soon, at the guest's expense.
    LiveMigrationForceComplete,
    /// To the source: take the live migration back.
    LiveMigrationAbort {
        /// The migration.
        migration: MigrationId,
    },
    /// To any compute: is the server's storage visible there too? Answered with [`Answer::Bool`].
    CheckInstanceSharedStorage {
        /// Where the mark is that another host left.
        data: String,
    },
}

/// An event of another service (`nova/objects/external_event.py`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalEvent {
    /// `network-vif-plugged`, `volume-extended`, …
    pub name: String,
    /// What it is about, such as the port.
    pub tag: String,
    /// Whether it says that its cause failed.
    pub failed: bool,
}

/// The event by which somebody who manages bare metal tells that the power of a machine is to be seen as changed.
pub const POWER_UPDATE: &str = "power-update";

/// What a [`POWER_UPDATE`] is to bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerUpdate {
    /// The machine is on.
    On,
    /// The machine is off.
    Off,
}

impl PowerUpdate {
    /// What an event's tag says; none when it is no power state.
    pub fn of(event: &ExternalEvent) -> Option<Self> {
        match event.tag.as_str() {
            "POWER_ON" => Some(Self::On),
            "POWER_OFF" => Some(Self::Off),
            _ => None,
        }
    }

    /// The action under which it is recorded.
    pub const fn action(self) -> &'static str {
        match self {
            Self::On => "start",
            Self::Off => "stop",
        }
    }
}

/// What a call is answered with when it succeeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Nothing but that it was done.
    Done,
    /// Yes or no.
    Bool(bool),
    /// A port.
    Port(PortId),
    /// A text.
    Text(String),
    /// A value in the form in which the API shows it.
    Value(Value),
}

impl Answer {
    /// The error of whoever expected another kind of answer.
    fn unexpected(&self) -> NovaError {
        NovaError::new(ExceptionClass::Unexpected, format!("unexpected answer {self:?}"))
    }

    /// The port it names. Errors: `Unexpected`, when it is another answer.
    pub fn into_port(self) -> Result<PortId, NovaError> {
        match self {
            Answer::Port(port) => Ok(port),
            other => Err(other.unexpected()),
        }
    }

    /// The text it has. Errors: `Unexpected`, when it is another answer.
    pub fn into_text(self) -> Result<String, NovaError> {
        match self {
            Answer::Text(text) => Ok(text),
            other => Err(other.unexpected()),
        }
    }

    /// The value it has. Errors: `Unexpected`, when it is another answer.
    pub fn into_value(self) -> Result<Value, NovaError> {
        match self {
            Answer::Value(value) => Ok(value),
            other => Err(other.unexpected()),
        }
    }
}

impl Method {
    /// Nova's name of the RPC method.
    pub const fn name(&self) -> &'static str {
        match self {
            Method::ScheduleAndBuildInstances { .. } => "schedule_and_build_instances",
            Method::BuildInstances { .. } => "build_instances",
            Method::BuildAndRunInstance { .. } => "build_and_run_instance",
            Method::SetHostEnabled { .. } => "set_host_enabled",
            Method::TerminateInstance => "terminate_instance",
            Method::StartInstance => "start_instance",
            Method::StopInstance => "stop_instance",
            Method::RebootInstance { .. } => "reboot_instance",
            Method::MigrateServer { .. } => "migrate_server",
            Method::PrepResize { .. } => "prep_resize",
            Method::ResizeInstance { .. } => "resize_instance",
            Method::FinishResize { .. } => "finish_resize",
            Method::ConfirmResize { .. } => "confirm_resize",
            Method::RevertResize { .. } => "revert_resize",
            Method::FinishRevertResize { .. } => "finish_revert_resize",
            Method::RebuildServer { .. } | Method::RebuildInstance { .. } => "rebuild_instance",
            Method::ShelveInstance { .. } => "shelve_instance",
            Method::ShelveOffloadInstance => "shelve_offload_instance",
            Method::UnshelveServer { .. } | Method::UnshelveInstance { .. } => "unshelve_instance",
            Method::SnapshotInstance { .. } => "snapshot_instance",
            Method::BackupInstance { .. } => "backup_instance",
            Method::AttachInterface { .. } => "attach_interface",
            Method::DetachInterface { .. } => "detach_interface",
            Method::PauseInstance => "pause_instance",
            Method::UnpauseInstance => "unpause_instance",
            Method::SuspendInstance => "suspend_instance",
            Method::ResumeInstance => "resume_instance",
            Method::RescueInstance { .. } => "rescue_instance",
            Method::UnrescueInstance => "unrescue_instance",
            Method::SoftDeleteInstance => "soft_delete_instance",
            Method::RestoreInstance => "restore_instance",
            Method::TriggerCrashDump => "trigger_crash_dump",
            Method::SetAdminPassword { .. } => "set_admin_password",
            Method::GetConsoleOutput { .. } => "get_console_output",
            Method::GetDiagnostics => "get_diagnostics",
            Method::GetInstanceDiagnostics => "get_instance_diagnostics",
            Method::InjectNetworkInfo => "inject_network_info",
            Method::ExternalInstanceEvent { .. } => "external_instance_event",
            Method::AttachVolumeToServer { .. } | Method::AttachVolume { .. } => "attach_volume",
            Method::ReserveBlockDeviceName { .. } => "reserve_block_device_name",
            Method::DetachVolume { .. } => "detach_volume",
            Method::SwapVolume { .. } => "swap_volume",
            Method::ExtendVolume { .. } => "extend_volume",
            Method::RemoveVolumeConnection { .. } => "remove_volume_connection",
            Method::LiveMigrateInstance { .. } => "live_migrate_instance",
            Method::CheckCanLiveMigrateDestination { .. } => "check_can_live_migrate_destination",
            Method::CheckCanLiveMigrateSource { .. } => "check_can_live_migrate_source",
            Method::LiveMigration { .. } => "live_migration",
            Method::PreLiveMigration { .. } => "pre_live_migration",
            Method::PostLiveMigrationAtDestination { .. } => "post_live_migration_at_destination",
            Method::RollbackLiveMigrationAtDestination { .. } => "rollback_live_migration_at_destination",
            Method::LiveMigrationForceComplete => "live_migration_force_complete",
            Method::LiveMigrationAbort { .. } => "live_migration_abort",
            Method::CheckInstanceSharedStorage { .. } => "check_instance_shared_storage",
        }
    }
}

/// What has been tried of a build or move (Nova: `filter_properties['retry']`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Hosts tried so far, in order.
    pub hosts: Vec<HostName>,
    /// Why the last one failed.
    pub reason: Option<String>,
}

impl Retry {
    /// Which attempt this is, counted from 1.
    pub fn num_attempts(&self) -> u64 {
        self.hosts.len() as u64
    }
}

/// What the failed destination of a cold move passes back to the conductor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reschedule {
    /// The hosts not tried yet.
    pub alternates: Vec<Selection>,
    /// What has been tried.
    pub retry: Retry,
}
