//! Putting servers away and bringing them back (`shelve`, `shelve_offload`, `unshelve`).

use super::{ApiError, ComputeApi, check_lock};
use crate::preconditions;
use compute::ExpectedTask;
use model::rpc::{Address, Method};
use model::{Fix, HostName, Server, ServerId, TaskState, VmState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where an offloaded server is brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnshelveServer {
    /// The zone; the one it was made for when none is named.
    #[serde(default)]
    pub availability_zone: Option<String>,
    /// Whether it may go to any zone from now on; with it no zone is named (since API version 2.91).
    #[serde(default)]
    pub unpin: bool,
    /// The host; the scheduler's choice when none is named.
    #[serde(default)]
    pub host: Option<HostName>,
}

impl ComputeApi {
    /// Refuses a host that is in another zone than the server is to be in.
    fn check_host_is_in_zone(&self, host: Option<&HostName>, zone: Option<&str>) -> Result<(), ApiError> {
        let Some((host, zone)) = host.zip(zone) else { return Ok(()) };
        if self.records.aggregates().zone_of(host, &self.services.options.get()) == zone {
            return Ok(());
        }
        let message = format!("Host \"{host}\" is not in the availability zone \"{zone}\".");
        Err(ApiError { code: 409, message })
    }

    /// Stops a server and makes an image of it (202). Depending on `shelved_offload_time` its guest is removed, then or
    /// later. One that boots from a volume needs no image and is offloaded at once.
    pub async fn shelve(&self, id: ServerId) -> Result<(), ApiError> {
        self.call("shelve", Some(id), Value::Null, 202, async {
            let context = self.context();
            let (server, host) = self.begin(&context, id, &preconditions::SHELVE)?;
            self.set_task(&server, TaskState::Shelving).await?;
            self.records.start_action(id, &context.request, "shelve");
            let method = match server.image {
                Some(_) => {
                    let name = format!("{}-shelved", server.name);
                    let image = self.create_image(&server, name, "snapshot", None).await;
                    if image.is_err() && self.services.switches.fixes(Fix::ShelveTakesTaskBack) {
                        self.take_task_back(id).await?;
                    }
                    Method::ShelveInstance { image: image? }
                }
                None => Method::ShelveOffloadInstance,
            };
            self.cast(&context, id, Address::Compute(host), method);
            Ok(())
        })
        .await
    }

    /// Ends the task of a shelve that is not begun after all.
    async fn take_task_back(&self, id: ServerId) -> Result<(), ApiError> {
        let expected = ExpectedTask::OneOf(&[Some(TaskState::Shelving)]);
        let none = &mut |server: &mut Server| server.task_state = None;
        Ok(self.services.records.update_server(id, expected, none).await.map(drop)?)
    }

    /// Removes the guest of a shelved server from its host (202).
    pub async fn shelve_offload(&self, id: ServerId) -> Result<(), ApiError> {
        self.call("shelveOffload", Some(id), Value::Null, 202, async {
            let context = self.context();
            let (server, host) = self.begin(&context, id, &preconditions::SHELVE_OFFLOAD)?;
            self.set_task(&server, TaskState::ShelvingOffloading).await?;
            self.records.start_action(id, &context.request, "shelveOffload");
            self.cast(&context, id, Address::Compute(host), Method::ShelveOffloadInstance);
            Ok(())
        })
        .await
    }

    /// Brings a shelved server back (202). Only one that is on no host can be sent somewhere.
    pub async fn unshelve(&self, id: ServerId, request: UnshelveServer) -> Result<(), ApiError> {
        self.call("unshelve", Some(id), json!(request), 202, async {
            let context = self.context();
            let server = self.server(id)?;
            check_lock(&context, &server)?;
            preconditions::UNSHELVE.check(&server)?;
            let UnshelveServer { availability_zone, unpin, host } = request;
            let zone_given = availability_zone.is_some() || unpin;
            if server.vm_state != VmState::ShelvedOffloaded && (zone_given || host.is_some()) {
                let message = format!(
                    "Specifying an availability zone or a host when unshelving server \"{id}\" with status \
                     \"{}\" is not supported. The server status must be SHELVED_OFFLOADED.",
                    server.status()
                );
                return Err(ApiError { code: 409, message });
            }
            self.check_zone(availability_zone.as_deref(), None)?;
            self.check_unshelve_zone(&server, availability_zone.as_deref()).await?;
            self.check_host_is_known(host.as_ref())?;
            self.check_unshelve_quota(&server)?;
            let mut spec = self.request_spec(&server)?;
            if zone_given {
                spec.availability_zone = availability_zone;
            }
            self.check_host_is_in_zone(host.as_ref(), spec.availability_zone.as_deref())?;
            if zone_given {
                self.records.save_request_spec(&spec);
            }
            spec.requested_destination = host;
            self.set_task(&server, TaskState::Unshelving).await?;
            self.records.start_action(id, &context.request, "unshelve");
            let method = Method::UnshelveServer { request_spec: Box::new(spec) };
            self.cast(&context, id, Address::Conductor, method);
            Ok(())
        })
        .await
    }
}
