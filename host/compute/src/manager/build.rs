//! Building a server (`build_and_run_instance` and what it calls).

use super::ComputeManager;
use super::operation::Operation;
use super::volumes::next_device_name;
use crate::virt_types;
use model::request_spec::{RequestSpec, Selection};
use model::rpc::{Address, Message, Method, RequestContext, Retry};
use model::{
    ExceptionClass, Fix, NetworkInfo, NovaError, PowerState, Server, ServerId, TaskState, Timestamp, VmState,
};
use std::cell::Cell;
use virt::types;

/// The root device when the driver has no opinion.
const DEFAULT_ROOT_DEVICE: &str = "/dev/sda";

/// What became of a build on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BuildResult {
    Active,
    Failed,
    Rescheduled,
}

/// What a build has changed of its server and could not save, for somebody else had given the server a task. Nova's object keeps
/// it and writes it with whatever it saves next, over that task.
#[derive(Clone, Copy, Debug, Default)]
enum Unsaved {
    #[default]
    Nothing,
    /// How far it had come.
    Task(TaskState),
    /// The guest runs.
    Launched { power_state: PowerState, at: Timestamp },
}

impl Unsaved {
    fn write_to(self, server: &mut Server) {
        match self {
            Unsaved::Nothing => {}
            Unsaved::Task(task) => {
                server.vm_state = VmState::Building;
                server.task_state = Some(task);
            }
            Unsaved::Launched { power_state, at } => {
                server.power_state = power_state;
                server.vm_state = VmState::Active;
                server.task_state = None;
                server.launched_at = Some(at);
            }
        }
    }
}

impl ComputeManager {
    /// Builds the server here. A failure that another host may not have goes back to the conductor with the alternates
    /// that are left; any other leaves the server in ERROR, on no host, without an allocation.
    pub(super) async fn build_and_run_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        request_spec: RequestSpec,
        alternates: Vec<Selection>,
        retry: Option<Retry>,
    ) -> Result<(), NovaError> {
        let _lock = self.locks.enter(id).await;
        let operation = Operation::new(context, id, "compute__do_build_and_run_instance");
        let outcome = self
            .run(operation, self.do_build_and_run_instance(context, id, request_spec, alternates, retry))
            .await;
        if matches!(outcome, Ok(BuildResult::Failed) | Err(_)) {
            self.services.report_client.delete_allocations(&self.address, id.into());
        }
        outcome.map(drop)
    }

    async fn do_build_and_run_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        request_spec: RequestSpec,
        alternates: Vec<Selection>,
        retry: Option<Retry>,
    ) -> Result<BuildResult, NovaError> {
        let begun = self
            .save_expecting(id, &[Some(TaskState::Scheduling), None], |server| {
                server.vm_state = VmState::Building;
                server.task_state = None;
            })
            .await;
        match begun {
            Ok(_) => {}
            Err(error) if is_deletion(&error) => return Ok(BuildResult::Failed),
            Err(error) => return Err(error),
        }
        let unsaved = Cell::default();
        let error = match self.build_on_this_host(id, &unsaved).await {
            Ok(()) => return Ok(BuildResult::Active),
            Err(error) => error,
        };
        // Nova takes InstanceNotFound for a server that was deleted meanwhile, whose state is left to the deletion. Cured,
        // the record decides whether it was.
        let taken_for_deleted = is_deletion(&error)
            && !(self.services.switches.fixes(Fix::BuildInstanceNotFound) && self.is_wanted(id));
        if taken_for_deleted {
            self.cleanup_allocated_networks(id, &unsaved).await;
            return Ok(BuildResult::Failed);
        }
        match (error.class, retry) {
            (ExceptionClass::RescheduledException, Some(retry)) => {
                let retry = Retry { reason: Some(reschedule_reason(&error)), ..retry };
                self.reschedule_build(context, id, request_spec, alternates, retry).await?;
                Ok(BuildResult::Rescheduled)
            }
            _ => {
                self.give_up_build(id, &error, &unsaved).await;
                Ok(BuildResult::Failed)
            }
        }
    }

    /// Hands the build back, so that the next alternate is tried.
    async fn reschedule_build(
        &self,
        context: &RequestContext,
        id: ServerId,
        request_spec: RequestSpec,
        alternates: Vec<Selection>,
        retry: Retry,
    ) -> Result<(), NovaError> {
        self.cleanup_allocated_networks(id, &Cell::default()).await;
        self.save(id, |server| {
            nil_out_host(server);
            server.task_state = Some(TaskState::Scheduling);
        })
        .await?;
        self.services.report_client.delete_allocations(&self.address, id.into());
        let method = Method::BuildInstances { request_spec: Box::new(request_spec), alternates, retry };
        let message = Message { context: context.clone(), server: id, method };
        self.services.bus.cast(&self.address, Address::Conductor, message);
        Ok(())
    }

    /// Leaves the server in ERROR with the reason as its fault.
    async fn give_up_build(&self, id: ServerId, error: &NovaError, unsaved: &Cell<Unsaved>) {
        self.cleanup_allocated_networks(id, unsaved).await;
        self.cleanup_volumes(id).await;
        let message = error.is(ExceptionClass::RescheduledException).then(|| reschedule_reason(error));
        let message = message.filter(|reason| !reason.is_empty());
        self.store_fault(id, error, message).await;
        // A server deleted meanwhile has nothing to save.
        let _ = self
            .save(id, |server| {
                unsaved.get().write_to(server);
                nil_out_host(server);
                server.vm_state = VmState::Error;
                server.task_state = None;
            })
            .await;
    }

    /// The build proper (`_build_and_run_instance`): claim, prepare, spawn. Every error is one of the classes that
    /// decide how it goes on: the server is gone, reschedule, abort, or (after the spawn) whatever it was.
    async fn build_on_this_host(&self, id: ServerId, unsaved: &Cell<Unsaved>) -> Result<(), NovaError> {
        self.notify(id, "create.start");
        if let Err(error) = self.claim_and_spawn(id, unsaved).await {
            self.notify_error(id, "create", &error);
            return Err(translate_build_error(id, error));
        }
        // From here on a failure does not free the claim: the guest runs.
        let server = self.services.records.server(id)?;
        let power_state = match self.power_state(&server).await {
            Err(error) if self.services.switches.fixes(Fix::BuildDestroysGuest) => {
                self.take_built_guest_back(id).await;
                self.notify_error(id, "create", &error);
                return Err(error);
            }
            // Nova leaves the guest running, and gives the build up without a notification.
            power_state => power_state?,
        };
        let launched = Unsaved::Launched { power_state, at: self.services.clock.now() };
        let saved = self.save_or_keep(id, &[Some(TaskState::Spawning)], launched, unsaved).await;
        if let Err(error) = saved {
            if is_deletion(&error) {
                self.notify_error(id, "create", &error);
            }
            return Err(error);
        }
        self.notify(id, "create.end");
        Ok(())
    }

    /// Saves how far the build has come, or keeps it where the task is none of `expected`.
    async fn save_or_keep(
        &self,
        id: ServerId,
        expected: &'static [Option<TaskState>],
        change: Unsaved,
        unsaved: &Cell<Unsaved>,
    ) -> Result<Server, NovaError> {
        let saved = self.save_expecting(id, expected, |server| change.write_to(server)).await;
        if saved.as_ref().is_err_and(NovaError::is_preempted) {
            unsaved.set(change);
        }
        saved
    }

    /// Everything under the claim; when it fails the claim is given back, and with it host and node.
    async fn claim_and_spawn(&self, id: ServerId, unsaved: &Cell<Unsaved>) -> Result<(), NovaError> {
        self.tracker.instance_claim(&self.driver, id).await?;
        // After the claim, which sets the host: of two servers that arrive at once the second sees the first.
        let outcome = match self.validate_instance_group_policy(id).await {
            Ok(()) => self.prepare_and_spawn(id, unsaved).await,
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            let kept = unsaved.take();
            match self.tracker.abort_instance_claim(&self.driver, id, |server| kept.write_to(server)).await {
                Err(error) if !error.is(ExceptionClass::InstanceNotFound) => return Err(error),
                _ => {}
            }
        }
        outcome
    }

    /// Destroys a guest whose build failed after its spawn, and gives the claim back.
    async fn take_built_guest_back(&self, id: ServerId) {
        // The build fails with the error there was; that the guest stays is then in the log.
        if let Err(error) = self.shutdown_instance(id, false).await {
            self.log("warning", || format!("Cannot destroy the guest of the failed build of {id}: {error}"));
        }
        let _ = self.tracker.abort_instance_claim(&self.driver, id, |_| ()).await;
    }

    /// `_build_resources` and the spawn within.
    async fn prepare_and_spawn(&self, id: ServerId, unsaved: &Cell<Unsaved>) -> Result<(), NovaError> {
        let networking = self.save_or_keep(id, &[None], Unsaved::Task(TaskState::Networking), unsaved).await;
        let server = networking.map_err(|error| match error.class {
            ExceptionClass::UnexpectedTaskState => NovaError::build_abort(id, &error.message),
            _ => error,
        })?;
        // In Nova this goes on beside the build, which learns only from the spawn that it failed.
        let (network_info, unallocated) = match self.allocate_network(&server).await {
            Ok(info) => (info, None),
            Err(error) => (NetworkInfo::new(), Some(error)),
        };
        self.save(id, |server| server.network_info = network_info.clone()).await?;
        if let Err(error) = self.prepare_devices(id, &network_info).await {
            match self.clean_up_unspawned(id, &network_info).await {
                Err(second) if self.services.switches.fixes(Fix::AbortStaysAbort) => {
                    self.log("warning", || format!("Ignoring error of the clean-up of {id}: {second}"));
                }
                // In Nova the clean-up's own error takes the place of this one, and with it the decision.
                cleaned_up => cleaned_up?,
            }
            return Err(match error.class {
                _ if is_deletion(&error) => error,
                ExceptionClass::UnexpectedTaskState | ExceptionClass::InvalidBdm => {
                    NovaError::build_abort(id, &error.message)
                }
                _ => NovaError::build_abort(id, "Failure prepping block device."),
            });
        }
        let prepared = &[Some(TaskState::BlockDeviceMapping)];
        let spawning = self.save_or_keep(id, prepared, Unsaved::Task(TaskState::Spawning), unsaved).await;
        let spawned = match (spawning, unallocated) {
            (Ok(server), None) => self.spawn(&server, &network_info, true).await,
            (Ok(_), Some(error)) | (Err(error), _) => Err(error),
        };
        let Err(error) = spawned else { return Ok(()) };
        // Without interfaces there may be ports that nobody will use.
        if self.shutdown_instance(id, network_info.is_empty()).await.is_err() {
            return Err(NovaError::build_abort(id, &error.to_string()));
        }
        Err(error)
    }

    /// The driver's preparations and the names of the devices, up to task block_device_mapping.
    async fn prepare_devices(&self, id: ServerId, network_info: &NetworkInfo) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let instance = virt_types::instance(&server);
        let network = virt_types::network_info(network_info);
        self.driver.prepare_for_spawn(instance.clone()).await?;
        self.driver.prepare_networks_before_block_device_mapping(instance, network).await?;
        self.default_block_device_names(&server).await?;
        self.save(id, |server| {
            server.vm_state = VmState::Building;
            server.task_state = Some(TaskState::BlockDeviceMapping);
        })
        .await?;
        self.prep_block_devices(id).await
    }

    /// Names the devices that have no name, with the driver's help where it has an opinion.
    async fn default_block_device_names(&self, server: &Server) -> Result<(), NovaError> {
        let mut server = server.clone();
        if server.root_device_name.is_none() {
            let instance = virt_types::instance(&server);
            let image = self.image_meta(&server);
            let root = server.block_devices.iter().find(|device| device.is_root());
            let root = root.map(virt_types::block_device);
            let named =
                self.driver.default_root_device_name(instance, image, root).await.map_err(NovaError::from);
            let name = unless_not_implemented(named)?.unwrap_or_else(|| DEFAULT_ROOT_DEVICE.to_owned());
            server = self
                .save(server.id, |server| {
                    server.root_device_name = Some(name.clone());
                    for device in server.block_devices.iter_mut().filter(|device| device.is_root()) {
                        device.device_name = Some(name.clone());
                    }
                })
                .await?;
        }
        let request = types::DeviceNamesRequest {
            instance: virt_types::instance(&server),
            root_device_name: server.root_device_name.clone().unwrap_or_default(),
            devices: server.block_devices.iter().map(virt_types::block_device).collect(),
        };
        let named = self.driver.default_device_names_for_instance(request).await.map_err(NovaError::from);
        let named = unless_not_implemented(named)?.unwrap_or_default();
        self.save(server.id, |server| {
            for known in named.iter().filter(|known| known.device_name.is_some()) {
                let of = |device: &&mut model::BlockDevice| device.id.to_string() == known.uuid;
                if let Some(device) = server.block_devices.iter_mut().find(of) {
                    device.device_name.clone_from(&known.device_name);
                }
            }
            while let Some(at) = server.block_devices.iter().position(|device| device.device_name.is_none()) {
                let name = next_device_name(server);
                server.block_devices[at].device_name = Some(name);
            }
        })
        .await
        .map(drop)
    }

    /// Asks the driver for the guest.
    pub(super) async fn spawn(
        &self,
        server: &Server,
        network_info: &NetworkInfo,
        power_on: bool,
    ) -> Result<(), NovaError> {
        let allocations = self.services.report_client.allocations_of(server.id.into());
        let request = types::SpawnRequest {
            instance: virt_types::instance(server),
            image_meta: self.image_meta(server),
            injected_files: Vec::new(),
            admin_password: None,
            allocations: virt_types::allocations(&allocations),
            network_info: virt_types::network_info(network_info),
            block_device_info: virt_types::block_device_info(server),
            power_on,
            accel_info: Vec::new(),
        };
        Ok(self.driver.spawn(request).await?)
    }

    /// Makes the server's ports and binds them where the driver says (`_allocate_network_async`).
    async fn allocate_network(&self, server: &Server) -> Result<NetworkInfo, NovaError> {
        let bind_to = self.port_binding_host(server).await?;
        self.services.network.allocate_for_instance(server, &bind_to).await
    }

    /// The server's image as the driver is shown it.
    pub(super) fn image_meta(&self, server: &Server) -> types::ImageMeta {
        let image = server.image.and_then(|image| self.services.records.image(image));
        virt_types::image_meta(image.as_ref())
    }

    /// Undoes the driver's preparations of a build that did not reach the spawn (`_build_resources_cleanup`).
    async fn clean_up_unspawned(&self, id: ServerId, network_info: &NetworkInfo) -> Result<(), NovaError> {
        let Some(server) = self.services.records.server_even_deleted(id) else { return Ok(()) };
        let instance = virt_types::instance(&server);
        let network = virt_types::network_info(network_info);
        self.driver.clean_networks_preparation(instance.clone(), network).await?;
        Ok(self.driver.failed_spawn_cleanup(instance).await?)
    }

    /// Unplugs the interfaces, which may fail without consequence, and gives the ports back. The server keeps those that the
    /// network service does not take; if it is deleted before it is on another host or in ERROR, nobody gives them back.
    async fn cleanup_allocated_networks(&self, id: ServerId, unsaved: &Cell<Unsaved>) {
        let Some(server) = self.services.records.server_even_deleted(id) else { return };
        let network_info = match self.network_info(&server).await {
            Ok(network_info) => network_info,
            Err(error) => {
                self.log("warning", || format!("Stale VIFs may be left of {id} on this host: {error}"));
                return;
            }
        };
        let network = virt_types::network_info(&network_info);
        let _ = self.driver.unplug_vifs(virt_types::instance(&server), network).await;
        match self.services.give_ports_back(id).await {
            Err(error) => self.log("error", || format!("Failed to deallocate networks of {id}: {error}")),
            Ok(()) => {
                // A server deleted meanwhile has nothing to save.
                let kept = unsaved.take();
                let _ = self.save(id, |server| kept.write_to(server)).await;
            }
        }
    }
}

/// The server is on no host, and in no zone (`_nil_out_instance_obj_host_and_node`).
pub(super) fn nil_out_host(server: &mut Server) {
    server.host = None;
    server.node = None;
    server.availability_zone = None;
}

/// Whether the error says that the server was deleted meanwhile.
pub(super) fn is_deletion(error: &NovaError) -> bool {
    matches!(error.class, ExceptionClass::InstanceNotFound | ExceptionClass::UnexpectedDeletingTaskState)
}

/// An answer, or none when the driver does not offer the method.
fn unless_not_implemented<T>(answer: Result<T, NovaError>) -> Result<Option<T>, NovaError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is(ExceptionClass::NotImplementedError) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What an error of claim, preparation or spawn means for the build (virt-driver: exceptions out of spawn).
fn translate_build_error(id: ServerId, error: NovaError) -> NovaError {
    use ExceptionClass as E;
    match error.class {
        E::InstanceNotFound | E::UnexpectedDeletingTaskState | E::BuildAbortException => error,
        E::NoMoreFixedIps => NovaError::build_abort(
            id,
            &format!("Failed to allocate the network(s) with error {error}, not rescheduling."),
        ),
        E::ExternalNetworkAttachForbidden
        | E::VirtualInterfaceCreateException
        | E::VirtualInterfaceMacAddressException
        | E::FixedIpInvalidOnHost
        | E::UnableToAutoAllocateNetwork
        | E::NetworksWithQoSPolicyNotSupported
        | E::VTPMSecretForbidden => {
            NovaError::build_abort(id, "Failed to allocate the network(s), not rescheduling.")
        }
        E::FlavorDiskTooSmall
        | E::FlavorMemoryTooSmall
        | E::ImageNotActive
        | E::ImageUnacceptable
        | E::InvalidDiskInfo
        | E::InvalidDiskFormat
        | E::SignatureVerificationError
        | E::CertificateValidationFailed
        | E::VolumeEncryptionNotSupported
        | E::InvalidInput
        | E::RequestedVRamTooHigh => NovaError::build_abort(id, &error.message),
        _ => rescheduled_because(id, &error),
    }
}

/// A reschedule for the text of `error`, which is kept apart from the sentence around it.
fn rescheduled_because(id: ServerId, error: &NovaError) -> NovaError {
    let reason = NovaError { inner: None, ..error.clone() };
    NovaError { inner: Some(Box::new(reason)), ..NovaError::rescheduled(id, &error.message) }
}

fn reschedule_reason(error: &NovaError) -> String {
    error.inner.as_ref().map_or_else(|| error.message.clone(), |reason| reason.message.clone())
}
