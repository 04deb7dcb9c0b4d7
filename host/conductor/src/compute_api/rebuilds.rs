//! Rebuilding a server on its host, and evacuating it from one that is down (`rebuild`, `evacuate`).

use super::{ApiError, ComputeApi, PUBLISHER, host_of};
use crate::preconditions;
use compute::{ExpectedTask, Records};
use model::rpc::{Address, Method, RequestContext};
use model::{
    Bug, HostName, ImageId, Migration, MigrationId, MigrationStatus, MigrationType, NotificationPriority,
    Server, ServerId, TaskState,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How a server is rebuilt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildServer {
    /// The image; the one it has when none is named.
    #[serde(default)]
    pub image: Option<ImageId>,
    /// Whether ephemeral disks keep their content.
    #[serde(default)]
    pub preserve_ephemeral: bool,
    /// Whether another image may be written over the volume a server boots from (since API version 2.93).
    #[serde(default)]
    pub reimage_boot_volume: bool,
}

/// How a server is evacuated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvacuateServer {
    /// The host it is to go to; the scheduler's choice if none is named.
    #[serde(default)]
    pub host: Option<HostName>,
    /// Whether the scheduler is not asked about that host (up to API version 2.67).
    #[serde(default)]
    pub force: bool,
    /// Whether the guest is stopped at the end even if it ran (since API version 2.95).
    #[serde(default)]
    pub stop: bool,
}

impl ComputeApi {
    /// Makes a server's guest anew, from the image it has or another one (202).
    pub async fn rebuild(&self, id: ServerId, request: RebuildServer) -> Result<(), ApiError> {
        self.call("rebuild", Some(id), json!(request), 202, async {
            let context = self.context();
            let (server, host) = self.begin(&context, id, &preconditions::REBUILD)?;
            let mut spec = self.request_spec(&server)?;
            let former = match server.volume_backed() {
                true => self.image_of_root_volume(&server).await?,
                false => server.image,
            };
            let other = request.image.filter(|image| Some(*image) != former);
            if let Some(image) = other {
                if server.volume_backed() && !request.reimage_boot_volume {
                    let message =
                        "Unable to rebuild with a different image for a volume-backed server.".to_owned();
                    return Err(ApiError { code: 400, message });
                }
                let meta =
                    self.requested_image(image, || format!("Cannot find image {image} for rebuild")).await?;
                spec.image = Some(image);
                spec.image_meta = Some(meta);
                self.records.save_request_spec(&spec);
            }
            let begun = &mut |server: &mut Server| {
                server.task_state = Some(TaskState::Rebuilding);
                server.progress = 0;
                if !server.volume_backed() {
                    server.image = other.or(server.image);
                }
            };
            self.services.records.update_server(id, ExpectedTask::OneOf(&[None]), begun).await?;
            self.records.start_action(id, &context.request, "rebuild");
            let method = Method::RebuildServer {
                evacuation: None,
                host: other.is_none().then_some(host),
                former_image: other.and(former).filter(|_| !server.volume_backed()),
                request_spec: Box::new(spec),
                preserve_ephemeral: request.preserve_ephemeral,
                stop: false,
                reimage: other.filter(|_| server.volume_backed()),
            };
            self.cast(&context, id, Address::Conductor, method);
            Ok(())
        })
        .await
    }

    /// Makes the guest of a server anew on another host, because the service of its own is down (200). A locked server
    /// is evacuated too.
    pub async fn evacuate(&self, id: ServerId, request: EvacuateServer) -> Result<(), ApiError> {
        self.call("evacuate", Some(id), json!(request), 200, async {
            let context = self.context();
            let server = self.server(id)?;
            if let Some(host) = &request.host {
                if self.records.compute_node(host).is_none() {
                    return Err(ApiError { code: 404, message: format!("Compute host {host} not found.") });
                }
                if server.is_on(host) {
                    let message = "The target host can't be the same one.".to_owned();
                    return Err(ApiError { code: 400, message });
                }
            }
            preconditions::EVACUATE.check(&server)?;
            if self.services.switches.has(Bug::Bug1978983) {
                // A task that its host cannot end any more keeps the server on that host.
                preconditions::EVACUATE_IDLE.check(&server)?;
            }
            let source = host_of(&server)?;
            if self.is_up(&source) {
                let message = format!("Compute service of {source} is still in use.");
                return Err(ApiError { code: 400, message });
            }
            let mut spec = self.request_spec(&server)?;
            self.set_task(&server, TaskState::Rebuilding).await?;
            self.records.start_action(id, &context.request, "evacuate");
            let migration = self.create_evacuation(&context, &server, source, request.host.clone());
            self.services.notifier.emit(PUBLISHER, "instance.evacuate", NotificationPriority::Info, Some(id));
            let forced = if request.force {
                request.host
            } else {
                spec.requested_destination =
                    request.host.filter(|_| !self.services.switches.has(Bug::Bug1702454));
                None
            };
            let method = Method::RebuildServer {
                evacuation: Some(migration),
                host: forced,
                former_image: None,
                request_spec: Box::new(spec),
                preserve_ephemeral: false,
                stop: request.stop,
                reimage: None,
            };
            self.cast(&context, id, Address::Conductor, method);
            Ok(())
        })
        .await
    }

    /// The image the volume was made of that a server boots from.
    async fn image_of_root_volume(&self, server: &Server) -> Result<Option<ImageId>, ApiError> {
        let Some(root) = server.block_devices.iter().find(|device| device.is_root()) else { return Ok(None) };
        Ok(self.services.volumes.get(root.volume).await?.image)
    }

    /// The record by which the source finds out, once it runs again, what it no longer has to keep.
    fn create_evacuation(
        &self,
        context: &RequestContext,
        server: &Server,
        source: HostName,
        host: Option<HostName>,
    ) -> MigrationId {
        let (id, now) = (MigrationId(self.services.random.uuid()), self.services.clock.now());
        let (kind, status) = (MigrationType::Evacuation, MigrationStatus::Accepted);
        let migration =
            Migration { dest_compute: host, ..Migration::new(id, kind, status, server, source, now) };
        self.records.create_migration(context, migration);
        id
    }

    /// Says that a compute service is down, or that it may be asked whether it is (200). A service from which servers
    /// were evacuated has to run again first.
    pub async fn force_down(&self, host: &HostName, forced_down: bool) -> Result<(), ApiError> {
        self.call("os-services", None, json!({"host": host, "forced_down": forced_down}), 200, async {
            if !self.records.services().iter().any(|service| &service.host == host) {
                let message = format!("Host '{host}' is not mapped to any cell");
                return Err(ApiError { code: 400, message });
            }
            let unfinished = self.services.records.evacuations_from(host);
            let unchecked = self.services.switches.has(Bug::Bug1922053);
            if !unchecked && !forced_down && unfinished.iter().any(|evacuation| evacuation.status == MigrationStatus::Done) {
                let message = format!(
                    "Unable to force up host {host} as `done` evacuation migration records remain associated with \
                     the host. Ensure the compute service has been restarted, allowing these records to move to \
                     `completed` before retrying this request."
                );
                return Err(ApiError { code: 400, message });
            }
            self.records.update_service(host, |service| service.forced_down = forced_down);
            let publisher = format!("nova-compute:{host}");
            self.services.notifier.emit(&publisher, "service.update", NotificationPriority::Info, None);
            Ok(())
        })
        .await
    }
}
