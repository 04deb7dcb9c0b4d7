//! The observed operations: what is there before each, and what is asked.

use conductor::{ApiError, Cloud, CreateServer};
use model::rpc::RebootType;
use model::{Options, ServerId};
use virt::types::VirtError;
use virt::{Fault, FaultPoint, When};

/// An operation of the file that exists here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    /// How many hosts there are: host1, host2, …
    pub(crate) hosts: usize,
    /// What is done before the operation under test.
    pub(crate) before: Before,
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
    /// A server whose resize failed on host2: finish_migration raised.
    FailedResize,
    /// A running server on host1, whose service was then stopped and forced down.
    HostDown,
}

/// What is asked of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Create { zone: Option<&'static str> },
    Delete,
    Start,
    Stop,
    Reboot(RebootType),
    Resize,
    Migrate { host: Option<&'static str> },
    Confirm,
    Revert,
}

/// The flavors servers start with and are resized to.
const FLAVOR: &str = "m1.small";
const LARGER_FLAVOR: &str = "m1.medium";

/// The scenario of this name; none if the operation does not exist here yet.
pub(crate) fn scenario(name: &str) -> Option<Scenario> {
    use Before::*;
    use Operation::*;
    let (hosts, before, operation) = match name {
        "create" => (2, Nothing, Create { zone: None }),
        "create-3-hosts" => (3, Nothing, Create { zone: None }),
        "create-forced" => (2, Nothing, Create { zone: Some("nova:host1") }),
        "delete" => (2, Active, Delete),
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
        "resize" => (2, Active, Resize),
        "resize-same-host" => (1, Active, Resize),
        "resize-stopped" => (2, Stopped, Resize),
        "migrate" => (2, Active, Migrate { host: None }),
        "migrate-to-host" => (2, Active, Migrate { host: Some("host2") }),
        "confirm-resize" => (2, Resized, Confirm),
        "confirm-resize-same-host" => (1, Resized, Confirm),
        "revert-resize" => (2, Resized, Revert),
        "revert-resize-same-host" => (1, Resized, Revert),
        "revert-resize-stopped" => (2, StoppedResized, Revert),
        _ => return None,
    };
    Some(Scenario { hosts, before, operation })
}

impl Scenario {
    /// The configuration the runs were made with.
    pub(crate) fn options(&self) -> Options {
        Options {
            weight_classes: model::options::WeightClasses::HostName,
            allow_resize_to_same_host: self.hosts == 1,
            ..Options::default()
        }
    }

    /// Brings the cloud into the state the operation starts from.
    pub(crate) async fn prepare(&self, cloud: &Cloud) -> Result<Option<ServerId>, ApiError> {
        if self.before == Before::Nothing {
            return Ok(None);
        }
        let id = create(cloud, None).await?;
        let api = cloud.api();
        if matches!(self.before, Before::Stopped | Before::StoppedResized) {
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
            Before::HostDown => {
                let host = "host1".into();
                cloud
                    .stop_compute(&host)
                    .await
                    .map_err(|error| ApiError { code: 500, message: error.to_string() })?;
                cloud.records().update_service(&host, |service| service.forced_down = true);
            }
            Before::Nothing | Before::Active | Before::Stopped => {}
        }
        cloud.at_rest().await;
        Ok(Some(id))
    }

    /// Does what is under test; answers the server and the HTTP status.
    pub(crate) async fn act(
        &self,
        cloud: &Cloud,
        server: Option<ServerId>,
    ) -> (Option<ServerId>, u16, Option<String>) {
        let api = cloud.api();
        let Some(id) = server else {
            let Operation::Create { zone } = self.operation else { return (None, 0, None) };
            return match create(cloud, zone).await {
                Ok(id) => (Some(id), 202, None),
                Err(refused) => (None, refused.code, Some(refused.message)),
            };
        };
        let (outcome, success) = match self.operation {
            Operation::Create { .. } => return (Some(id), 0, None),
            Operation::Delete => (api.delete(id).await, 204),
            Operation::Start => (api.start(id).await, 202),
            Operation::Stop => (api.stop(id).await, 202),
            Operation::Reboot(kind) => (api.reboot(id, kind).await, 202),
            Operation::Resize => (api.resize(id, LARGER_FLAVOR).await, 202),
            Operation::Migrate { host } => (api.migrate(id, host.map(Into::into)).await, 202),
            Operation::Confirm => (api.confirm_resize(id).await, 204),
            Operation::Revert => (api.revert_resize(id).await, 202),
        };
        match outcome {
            Ok(()) => (Some(id), success, None),
            Err(refused) => (Some(id), refused.code, Some(refused.message)),
        }
    }
}

async fn create(cloud: &Cloud, zone: Option<&str>) -> Result<ServerId, ApiError> {
    let request = CreateServer {
        name: "server".to_owned(),
        flavor: FLAVOR.to_owned(),
        image: None,
        availability_zone: zone.map(str::to_owned),
    };
    let id = cloud.api().create(request).await?;
    cloud.at_rest().await;
    Ok(id)
}
