//! The observed operations: what is there before each, and what is asked.

use conductor::{
    ApiError, AttachVolume, BootVolume, Cloud, CreateServer, EvacuateServer, HostError, LiveMigrateServer,
    RebuildServer, UnshelveServer,
};
use model::rpc::RebootType;
use model::{ImageMeta, Options, ServerId, VolumeId};
use serde_json::Value;
use std::time::Duration;
use virt::types::VirtError;
use virt::{Fault, FaultPoint, When};

/// An operation of the file that exists here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    /// How many hosts there are: host1, host2, …
    pub(crate) hosts: usize,
    /// What is done before the operation under test.
    pub(crate) before: Before,
    /// Whether the server has a volume before it is.
    pub(crate) with_volume: bool,
    /// The operation under test.
    pub(crate) operation: Operation,
}

/// The state the operation starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// No server yet.
    Nothing,
    /// A running server on host1.
    Active,
    /// A stopped server on host1.
    Stopped,
    /// A server that was resized and waits.
    Resized,
    /// A server that was stopped, then resized, and waits.
    StoppedResized,
    /// A paused server.
    Paused,
    /// A suspended server.
    Suspended,
    /// A rescued server.
    Rescued,
    /// A soft-deleted server.
    SoftDeleted,
    /// A server whose resize failed on host2: finish_migration raised.
    FailedResize,
    /// A server that is shelved on host1.
    Shelved,
    /// A shelved server that is on no host.
    Offloaded,
    /// A running server, and a port that belongs to a user.
    OwnPort,
    /// A running server on host1, whose service was then stopped and forced down.
    HostDown,
    /// The same with a stopped server.
    StoppedHostDown,
    /// A server that was evacuated from host1, whose service does not run yet.
    Evacuated,
    /// A server whose evacuation failed on host2: spawn raised.
    FailedEvacuation,
}

/// What is asked of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Create { zone: Option<&'static str>, from_volume: bool },
    Delete,
    SoftDelete,
    Start,
    Stop,
    Reboot(RebootType),
    Resize,
    Migrate { host: Option<&'static str> },
    Confirm,
    Revert,
    Pause,
    Unpause,
    Suspend,
    Resume,
    Rescue,
    Unrescue,
    Restore,
    ForceDelete,
    TriggerCrashDump,
    ChangePassword,
    Rebuild { other_image: bool },
    Evacuate { host: Option<&'static str>, stop: bool },
    RestartSource,
    Shelve,
    ShelveImmediately,
    ShelveOffload,
    Unshelve,
    CreateImage,
    CreateBackup,
    AttachInterface,
    DetachInterface,
    AttachVolume,
    DetachVolume,
    LiveMigrate { host: Option<&'static str> },
}

/// The second image of Nova's functional tests.
pub(crate) const OTHER_IMAGE: &str = "a2459075-d96c-40d5-893e-577ff92e721c";

/// The volume that is attached, and the one that is booted from.
pub(crate) const VOLUME: VolumeId = conductor::SWAP_OLD_VOL;
pub(crate) const BOOT_VOLUME: VolumeId = conductor::IMAGE_BACKED_VOL;

fn volume() -> AttachVolume {
    AttachVolume { volume: VOLUME, device: None, delete_on_termination: false }
}

/// How long soft-deleted servers can be restored.
const RECLAIM_INTERVAL: Duration = Duration::from_secs(3600);

/// The flavors servers start with and are resized to.
const FLAVOR: &str = "m1.small";
const LARGER_FLAVOR: &str = "m1.medium";

/// The scenario of this name; none if the operation does not exist here yet.
pub(crate) fn scenario(name: &str) -> Option<Scenario> {
    use Before::*;
    use Operation::*;
    let (hosts, before, operation) = match name {
        "create" => (2, Nothing, Create { zone: None, from_volume: false }),
        "create-3-hosts" => (3, Nothing, Create { zone: None, from_volume: false }),
        "create-forced" => (2, Nothing, Create { zone: Some("nova:host1"), from_volume: false }),
        "create-from-volume" => (2, Nothing, Create { zone: None, from_volume: true }),
        "delete" | "delete-with-volume" => (2, Active, Delete),
        "delete-stopped" => (2, Stopped, Delete),
        "delete-after-failed-resize" => (2, FailedResize, Delete),
        "delete-verify-resize" => (2, Resized, Delete),
        "delete-host-down" => (2, HostDown, Delete),
        "start" => (2, Stopped, Start),
        "stop" => (2, Active, Stop),
        "reboot-hard" => (2, Active, Reboot(RebootType::Hard)),
        "reboot-soft" => (2, Active, Reboot(RebootType::Soft)),
        "reboot-hard-stopped" => (2, Stopped, Reboot(RebootType::Hard)),
        "reboot-hard-after-failed-resize" => (2, FailedResize, Reboot(RebootType::Hard)),
        "resize" | "resize-with-volume" => (2, Active, Resize),
        "resize-same-host" => (1, Active, Resize),
        "resize-stopped" => (2, Stopped, Resize),
        "migrate" => (2, Active, Migrate { host: None }),
        "migrate-to-host" => (2, Active, Migrate { host: Some("host2") }),
        "confirm-resize" => (2, Resized, Confirm),
        "confirm-resize-same-host" => (1, Resized, Confirm),
        "revert-resize" => (2, Resized, Revert),
        "revert-resize-same-host" => (1, Resized, Revert),
        "revert-resize-stopped" => (2, StoppedResized, Revert),
        "pause" => (2, Active, Pause),
        "unpause" => (2, Paused, Unpause),
        "suspend" => (2, Active, Suspend),
        "resume" => (2, Suspended, Resume),
        "rescue" => (2, Active, Rescue),
        "unrescue" => (2, Rescued, Unrescue),
        "soft-delete" => (2, Active, SoftDelete),
        "restore" => (2, SoftDeleted, Restore),
        "force-delete-soft-deleted" => (2, SoftDeleted, ForceDelete),
        "trigger-crash-dump" => (2, Active, TriggerCrashDump),
        "change-password" => (2, Active, ChangePassword),
        "rebuild-same-image" => (2, Active, Rebuild { other_image: false }),
        "rebuild-other-image" => (2, Active, Rebuild { other_image: true }),
        "rebuild-stopped" => (2, Stopped, Rebuild { other_image: false }),
        "evacuate" | "evacuate-with-volume" => (2, HostDown, Evacuate { host: None, stop: true }),
        "evacuate-2.94" => (2, HostDown, Evacuate { host: None, stop: false }),
        "evacuate-to-host" => (2, HostDown, Evacuate { host: Some("host2"), stop: true }),
        "evacuate-stopped" => (2, StoppedHostDown, Evacuate { host: None, stop: true }),
        "evacuate-restart-source" => (2, Evacuated, RestartSource),
        "failed-evacuate-restart-source" => (2, FailedEvacuation, RestartSource),
        "shelve" => (2, Active, Shelve),
        "shelve-immediate" => (2, Active, ShelveImmediately),
        "shelve-offload" => (2, Shelved, ShelveOffload),
        "unshelve" => (2, Shelved, Unshelve),
        "unshelve-offloaded" | "unshelve-with-volume" => (2, Offloaded, Unshelve),
        "delete-shelved-offloaded" => (2, Offloaded, Delete),
        "create-image" => (2, Active, CreateImage),
        "create-backup" => (2, Active, CreateBackup),
        "attach-interface" => (2, OwnPort, AttachInterface),
        "detach-interface" => (2, Active, DetachInterface),
        "attach-volume" => (2, Active, AttachVolume),
        "detach-volume" => (2, Active, DetachVolume),
        "live-migrate" | "live-migrate-with-volume" => (2, Active, LiveMigrate { host: None }),
        "live-migrate-3-hosts" => (3, Active, LiveMigrate { host: None }),
        "live-migrate-to-host" => (2, Active, LiveMigrate { host: Some("host2") }),
        _ => return None,
    };
    let with_volume = name.ends_with("-with-volume") || operation == DetachVolume;
    Some(Scenario { hosts, before, with_volume, operation })
}

impl Scenario {
    /// The configuration the runs were made with.
    pub(crate) fn options(&self) -> Options {
        Options {
            weight_classes: model::options::WeightClasses::HostName,
            allow_resize_to_same_host: self.hosts == 1,
            reclaim_instance_interval: if self.reclaims() { RECLAIM_INTERVAL } else { Duration::ZERO },
            shelved_offload_time: if self.operation == Operation::ShelveImmediately { 0 } else { -1 },
            ..Options::default()
        }
    }

    /// Whether deleted servers can be restored for a while.
    fn reclaims(&self) -> bool {
        self.before == Before::SoftDeleted || self.operation == Operation::SoftDelete
    }

    /// Brings the cloud into the state the operation starts from.
    pub(crate) async fn prepare(&self, cloud: &Cloud) -> Result<Option<ServerId>, ApiError> {
        if self.before == Before::Nothing {
            return Ok(None);
        }
        cloud.records().put_image(other_image());
        let id = create(cloud, None, false).await?;
        let api = cloud.api();
        if self.with_volume {
            api.attach_volume(id, volume()).await?;
            cloud.at_rest().await;
        }
        if matches!(self.before, Before::Stopped | Before::StoppedResized | Before::StoppedHostDown) {
            api.stop(id).await?;
            cloud.at_rest().await;
        }
        match self.before {
            Before::Resized | Before::StoppedResized => api.resize(id, LARGER_FLAVOR).await?,
            Before::FailedResize => {
                cloud.faults().reset_counts();
                let error = VirtError::VirtualInterfaceCreate("Virtual Interface creation failed".to_owned());
                let point = FaultPoint { host: "host2".into(), method: virt::Method::FinishMigration, n: 1 };
                cloud.faults().add(point, Fault::Raise { error, when: When::Before });
                api.resize(id, LARGER_FLAVOR).await?;
            }
            Before::HostDown | Before::StoppedHostDown => host_down(cloud).await?,
            Before::Evacuated => {
                host_down(cloud).await?;
                api.evacuate(id, EvacuateServer { stop: true, ..EvacuateServer::default() }).await?;
            }
            Before::FailedEvacuation => {
                host_down(cloud).await?;
                cloud.faults().reset_counts();
                let error = VirtError::Other("driver says no".to_owned());
                let point = FaultPoint { host: "host2".into(), method: virt::Method::Spawn, n: 1 };
                cloud.faults().add(point, Fault::Raise { error, when: When::Before });
                api.evacuate(id, EvacuateServer { stop: true, ..EvacuateServer::default() }).await?;
            }
            Before::Shelved => api.shelve(id).await?,
            Before::Offloaded => {
                api.shelve(id).await?;
                cloud.at_rest().await;
                api.shelve_offload(id).await?;
            }
            Before::OwnPort => drop(cloud.network().create_port()?),
            Before::Paused => api.pause(id).await?,
            Before::Suspended => api.suspend(id).await?,
            Before::Rescued => drop(api.rescue(id, None, None, true).await?),
            Before::SoftDeleted => api.delete(id).await?,
            Before::Nothing | Before::Active | Before::Stopped => {}
        }
        cloud.at_rest().await;
        Ok(Some(id))
    }

    /// Does what is under test.
    pub(crate) async fn act(&self, cloud: &Cloud, server: Option<ServerId>) -> Answered {
        let Some(id) = server else {
            let Operation::Create { zone, from_volume } = self.operation else { return Answered::nothing() };
            return match create(cloud, zone, from_volume).await {
                Ok(id) => Answered::of(Some(id), 202, Ok(())),
                Err(refused) => Answered::of(None, 202, Err(refused)),
            };
        };
        let api = cloud.api();
        let (outcome, success) = match self.operation {
            Operation::Create { .. } => return Answered::nothing(),
            Operation::Shelve | Operation::ShelveImmediately => (api.shelve(id).await, 202),
            Operation::ShelveOffload => (api.shelve_offload(id).await, 202),
            Operation::Unshelve => (api.unshelve(id, UnshelveServer::default()).await, 202),
            Operation::CreateImage => (api.create_server_image(id, "snap").await.map(drop), 202),
            Operation::CreateBackup => (api.create_backup(id, "backup", "daily", 1).await.map(drop), 202),
            Operation::AttachInterface => {
                let port =
                    cloud.network().ports().iter().find(|port| port.device.is_none()).map(|port| port.id);
                (api.attach_interface(id, port).await.map(drop), 200)
            }
            Operation::DetachInterface => match cloud.network().ports_of(id).first() {
                Some(port) => (api.detach_interface(id, port.id).await, 202),
                None => return Answered::nothing(),
            },
            Operation::AttachVolume => (api.attach_volume(id, volume()).await, 202),
            Operation::DetachVolume => (api.detach_volume(id, VOLUME).await, 202),
            Operation::LiveMigrate { host } => {
                let request = LiveMigrateServer { host: host.map(Into::into), ..Default::default() };
                (api.live_migrate(id, request).await, 202)
            }
            Operation::RestartSource => return restart_source(cloud, id).await,
            Operation::Rebuild { other_image } => {
                let image = other_image.then(|| OTHER_IMAGE.parse().ok()).flatten();
                (api.rebuild(id, RebuildServer { image, ..Default::default() }).await, 202)
            }
            Operation::Evacuate { host, stop } => {
                let request = EvacuateServer { host: host.map(Into::into), force: false, stop };
                (api.evacuate(id, request).await, 200)
            }
            Operation::Delete | Operation::SoftDelete => (api.delete(id).await, 204),
            Operation::Start => (api.start(id).await, 202),
            Operation::Stop => (api.stop(id).await, 202),
            Operation::Reboot(kind) => (api.reboot(id, kind).await, 202),
            Operation::Resize => (api.resize(id, LARGER_FLAVOR).await, 202),
            Operation::Migrate { host } => (api.migrate(id, host.map(Into::into)).await, 202),
            Operation::Confirm => (api.confirm_resize(id).await, 204),
            Operation::Revert => (api.revert_resize(id).await, 202),
            Operation::Pause => (api.pause(id).await, 202),
            Operation::Unpause => (api.unpause(id).await, 202),
            Operation::Suspend => (api.suspend(id).await, 202),
            Operation::Resume => (api.resume(id).await, 202),
            Operation::Rescue => (api.rescue(id, None, None, true).await.map(drop), 200),
            Operation::Unrescue => (api.unrescue(id).await, 202),
            Operation::Restore => (api.restore(id).await, 202),
            Operation::ForceDelete => (api.force_delete(id).await, 202),
            Operation::TriggerCrashDump => (api.trigger_crash_dump(id).await, 202),
            Operation::ChangePassword => (api.change_password(id, Some("secret".to_owned())).await, 202),
        };
        Answered::of(Some(id), success, outcome)
    }
}

/// What the requests under test were answered with.
pub(crate) struct Answered {
    /// The server they were about, or made.
    pub(crate) server: Option<ServerId>,
    /// The status of each answer.
    pub(crate) http: Vec<Value>,
    /// The message of each refusal.
    pub(crate) messages: Vec<String>,
}

impl Answered {
    fn nothing() -> Self {
        Self { server: None, http: Vec::new(), messages: Vec::new() }
    }

    fn of(server: Option<ServerId>, success: u16, outcome: Result<(), ApiError>) -> Self {
        let (code, messages) = match outcome {
            Ok(()) => (success, Vec::new()),
            Err(refused) => (refused.code, vec![refused.message]),
        };
        Self { server, http: vec![code.into()], messages }
    }
}

/// The other image, which has no more in it than the first.
fn other_image() -> ImageMeta {
    ImageMeta {
        id: OTHER_IMAGE.parse().unwrap(),
        name: "fakeimage123456".to_owned(),
        disk_format: "ami".to_owned(),
        min_disk_gb: 0,
        min_ram_mb: 0,
        properties: std::collections::BTreeMap::new(),
    }
}

/// Stops the service of host1 and says that it is down.
async fn host_down(cloud: &Cloud) -> Result<(), ApiError> {
    let host = "host1".into();
    let stopped = cloud.stop_compute(&host).await;
    stopped.map_err(|error| ApiError { code: 500, message: error.to_string() })?;
    cloud.api().force_down(&host, true).await
}

/// Starts the service of host1 again and says that it is no longer down. As in the observed runs the driver is told of
/// the service's end once more, whatever it says to that.
async fn restart_source(cloud: &Cloud, id: ServerId) -> Answered {
    let host = "host1".into();
    if let Ok(hypervisor) = cloud.hypervisor(&host) {
        let _ = hypervisor.cleanup_host(host.to_string()).await;
    }
    let mut answered = Answered { server: Some(id), http: Vec::new(), messages: Vec::new() };
    match cloud.restart_compute(&host).await {
        Ok(()) => answered.http.push("started".into()),
        Err(error) => {
            answered.http.push("start failed".into());
            answered.messages.push(match error {
                HostError::Start(failed) => {
                    format!("{}: {}", failed.error.class.name(), failed.error.message)
                }
                other => other.to_string(),
            });
        }
    }
    match cloud.api().force_down(&host, false).await {
        Ok(()) => answered.http.push(200.into()),
        Err(refused) => {
            answered.http.push(refused.code.into());
            answered.messages.push(refused.message);
        }
    }
    answered
}

async fn create(cloud: &Cloud, zone: Option<&str>, from_volume: bool) -> Result<ServerId, ApiError> {
    let root = BootVolume { volume: BOOT_VOLUME, boot_index: Some(0), delete_on_termination: false };
    let request = CreateServer {
        name: "server".to_owned(),
        flavor: FLAVOR.to_owned(),
        availability_zone: zone.map(str::to_owned),
        volumes: from_volume.then_some(root).into_iter().collect(),
        ..CreateServer::default()
    };
    let id = cloud.api().create(request).await?;
    cloud.at_rest().await;
    Ok(id)
}
