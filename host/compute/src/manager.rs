//! The compute manager: what one host does with its servers (`nova/compute/manager.py`).
//!
//! Each operation is in a file of its own and reads in the order of Nova's; the wrappers all of them share (event,
//! fault, task state, exception notification) are in [`operation`].

mod block_devices;
mod build;
mod confirm_resize;
mod console_output;
mod deleted_meanwhile;
mod diagnostics;
mod finish_resize;
mod group_policy;
mod init_host;
mod init_instance;
mod inject_network_info;
mod interfaces;
mod interrupted;
mod live_migration;
mod live_migration_checks;
mod live_migration_dest;
mod live_migration_rollback;
mod locks;
mod operation;
mod pause;
mod periodic;
mod power;
mod power_update;
mod prep_resize;
mod reboot;
mod rebuild;
mod rescue;
mod resize_instance;
mod revert_resize;
mod set_admin_password;
mod set_host_enabled;
mod shelve;
mod snapshot;
mod soft_delete;
mod suspend;
mod terminate;
mod trigger_crash_dump;
mod unshelve;
mod volumes;

pub(crate) use interrupted::Interrupted;
pub use periodic::PeriodicTask;

use crate::crashes::Life;
use crate::instance_events::ComputeVirtApi;
use crate::records::ExpectedTask;
use crate::report_client::Owner;
use crate::resource_tracker::ResourceTracker;
use crate::services::Services;
use crate::virt_types;
use async_trait::async_trait;
use model::rpc::{Address, Answer, ExternalEvent, Message, Method, POWER_UPDATE, RequestContext};
use model::{
    ExceptionClass, Fix, HostName, Migration, MigrationId, NotificationPriority, NovaError, PowerState,
    Server, ServerId, TaskState, VmState,
};
use runtime::{Handler, Reply};
use std::cell::RefCell;
use std::fmt::Display;
use std::future::Future;
use std::rc::{Rc, Weak};
use virt::{Durable, FaultPlan, Hypervisor, HypervisorEnv, Limits, PreparedStack};

/// Seconds a guest has to shut down by itself, and how often it is reminded (`shutdown_timeout` and the retry interval
/// of `_get_power_off_values`).
const SHUTDOWN_TIMEOUT_S: u32 = 60;
const SHUTDOWN_RETRY_INTERVAL_S: u32 = 10;

/// The manager of one compute host.
pub struct ComputeManager {
    /// Itself, for what goes on after a message is answered.
    me: Weak<ComputeManager>,
    host: HostName,
    address: Address,
    publisher: String,
    driver: Hypervisor,
    tracker: ResourceTracker,
    /// That of the service that does its work: its own, or, once it died, the one after it.
    life: RefCell<Rc<Life>>,
    outgoing: live_migration::Outgoing,
    locks: locks::Locks,
    services: Services,
}

/// A compute service that did not start, because its driver raised or because it died.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the compute service of {host} did not start: {error}")]
pub struct StartError {
    /// The host.
    pub host: HostName,
    /// What the driver raised, or that the service died.
    pub error: NovaError,
    /// Whether it died.
    pub died: bool,
}

impl ComputeManager {
    /// A hypervisor for `host`, which outlives the service that looks after it. It needs a `LocalSet` to run on.
    pub fn hypervisor(
        host: &HostName,
        stack: PreparedStack,
        faults: FaultPlan,
        services: &Services,
    ) -> Hypervisor {
        Hypervisor::start(
            stack,
            HypervisorEnv {
                host: host.clone(),
                clock: services.clock,
                random: services.random.fork(&format!("driver {host}")),
                trace: services.trace.clone(),
                faults,
                virtapi: Rc::new(ComputeVirtApi { host: host.clone(), services: services.clone() }),
                durable: Durable::new(),
                config: virt_types::compute_config(host, &services.options.get()),
                limits: Limits::default(),
            },
        )
    }

    /// Starts the service of `host` on its hypervisor: initialises the driver, reports the node, and listens
    /// (`init_host`, `pre_start_hook`).
    pub async fn start(
        host: HostName,
        driver: Hypervisor,
        services: Services,
    ) -> Result<Rc<ComputeManager>, StartError> {
        let services = services.for_compute(&host);
        let manager = Rc::new_cyclic(|me| ComputeManager {
            me: me.clone(),
            address: Address::Compute(host.clone()),
            publisher: format!("nova-compute:{host}"),
            tracker: ResourceTracker::new(host.clone(), services.clone()),
            life: RefCell::new(services.crashes.begin(&host)),
            outgoing: live_migration::Outgoing::default(),
            locks: locks::Locks::default(),
            host: host.clone(),
            driver,
            services,
        });
        let begun =
            manager.life().spend(Rc::clone(&manager).init_host()).await.unwrap_or_else(|| Err(died()));
        begun.map_err(|error| StartError { host, error, died: manager.crashed() })?;
        manager.services.bus.listen(manager.address.clone(), Rc::clone(&manager) as Rc<dyn Handler>);
        Ok(manager)
    }

    /// Stops the service: it no longer listens, and its driver is told. Guests go on.
    pub async fn stop(&self) -> Result<(), NovaError> {
        self.services.bus.leave(&self.address);
        Ok(self.driver.cleanup_host(self.host.to_string()).await?)
    }

    /// The periodic task that brings node record and placement up to date.
    pub async fn update_available_resource(&self) -> Result<(), NovaError> {
        let updated = self.life().spend(self.tracker.update_available_resource(&self.driver)).await;
        updated.unwrap_or_else(|| Err(died()))
    }

    /// The record of the host's node as the next run of that task would count it; none before the first. Between two runs the
    /// record follows only the claims that the host hears of. Nothing changes by it.
    pub fn recounted_node(&self) -> Option<model::ComputeNode> {
        self.tracker.recounted()
    }

    /// Whether the service died.
    pub fn crashed(&self) -> bool {
        self.life.borrow().is_over()
    }

    fn life(&self) -> Rc<Life> {
        Rc::clone(&self.life.borrow())
    }

    /// Goes on with something in the background as long as the service lives.
    fn live_on(self: Rc<Self>, work: impl Future<Output = ()> + 'static) {
        let tasks = self.services.tasks.clone();
        tasks.spawn(async move {
            let work = async {
                work.await;
                Ok(Answer::Done)
            };
            self.spend(work).await;
        });
    }

    /// On whose behalf the service does what nobody asked for.
    fn own_context(&self) -> RequestContext {
        RequestContext {
            request: format!("req-{}", self.services.random.uuid()).into(),
            project_id: "".into(),
            user_id: "".into(),
            is_admin: true,
        }
    }

    /// The server, also one that was deleted since the message about it was sent: in Nova it comes with the message.
    fn server_as_sent(&self, id: ServerId) -> Result<Server, NovaError> {
        self.services.records.server_even_deleted(id).ok_or_else(|| NovaError::instance_not_found(id))
    }

    /// Changes a server whatever its task.
    async fn save(&self, id: ServerId, mut change: impl FnMut(&mut Server)) -> Result<Server, NovaError> {
        self.services.records.update_server(id, ExpectedTask::Any, &mut change).await
    }

    /// Changes a server whose task is one of `expected`.
    async fn save_expecting(
        &self,
        id: ServerId,
        expected: &'static [Option<TaskState>],
        mut change: impl FnMut(&mut Server),
    ) -> Result<Server, NovaError> {
        self.services.records.update_server(id, ExpectedTask::OneOf(expected), &mut change).await
    }

    /// Passes an outcome on, where a failure puts the server into ERROR, unless it means "never mind". Nova's object keeps what was
    /// changed and not saved, and writes it with that state (`_set_instance_obj_error_state`).
    async fn or_save_in_error<T>(
        &self,
        id: ServerId,
        outcome: Result<T, NovaError>,
        mut change: impl FnMut(&mut Server),
    ) -> Result<T, NovaError> {
        if let Err(error) = &outcome {
            let never_mind = error.is(ExceptionClass::NotImplementedError)
                || error.is(ExceptionClass::InstanceFaultRollback);
            // A server deleted meanwhile has nothing to save.
            let _ = self
                .save(id, |server| {
                    change(server);
                    if !never_mind {
                        server.vm_state = VmState::Error;
                    }
                })
                .await;
        }
        outcome
    }

    /// Changes a server whose task is one of `expected`, where a failure puts it into ERROR. Nova's object keeps what it could
    /// not save, and writes it with that state: over the task of a deletion, too (`_set_instance_obj_error_state`).
    async fn save_expecting_or_error(
        &self,
        id: ServerId,
        expected: &'static [Option<TaskState>],
        mut change: impl FnMut(&mut Server),
    ) -> Result<Server, NovaError> {
        let saved = self.save_expecting(id, expected, &mut change).await;
        if saved.as_ref().is_err_and(NovaError::is_preempted) {
            self.save(id, |server| {
                change(server);
                server.vm_state = VmState::Error;
            })
            .await?;
        }
        saved
    }

    /// Sets the status of a migration.
    async fn set_migration_status(
        &self,
        id: MigrationId,
        status: model::MigrationStatus,
    ) -> Result<Migration, NovaError> {
        self.services.records.update_migration(id, &mut |migration| migration.status = status).await
    }

    /// The guest's state, as the driver tells it; no state when it knows no such guest (`_get_power_state`).
    async fn power_state(&self, server: &Server) -> Result<PowerState, NovaError> {
        match self.driver.get_info(virt_types::instance(server), false).await.map_err(NovaError::from) {
            Ok(info) => Ok(virt_types::power_state_from(info.state)),
            Err(error) if error.is(ExceptionClass::InstanceNotFound) => Ok(PowerState::NoState),
            Err(error) => Err(error),
        }
    }

    /// The guest's state; when the driver cannot tell it, `change` is saved all the same. In Nova the record has been
    /// changed by then, and the wrapper that ends the task saves it with all changes.
    async fn power_state_or_save(
        &self,
        server: &Server,
        change: impl FnMut(&mut Server),
    ) -> Result<PowerState, NovaError> {
        match self.power_state(server).await {
            Ok(state) => Ok(state),
            Err(error) => {
                // A server deleted meanwhile has nothing to save.
                let _ = self.save(server.id, change).await;
                Err(error)
            }
        }
    }

    fn log_unexpected(&self, server: ServerId, event: &ExternalEvent) {
        self.log("warning", || {
            format!("Received unexpected event {}-{} for instance {server}", event.name, event.tag)
        });
    }

    fn log(&self, level: &'static str, message: impl FnOnce() -> String) {
        self.services.trace.log(&self.address, level, message);
    }

    /// Sends `instance.<action>` of this host.
    fn notify(&self, server: ServerId, action: &str) {
        self.notify_about(server, action, &[]);
    }

    /// The same, about more than the server, by the names of Nova's payloads.
    fn notify_about(&self, server: ServerId, action: &str, about: &[(&str, &dyn Display)]) {
        let event_type = format!("instance.{action}");
        let (notifier, priority) = (&self.services.notifier, NotificationPriority::Info);
        notifier.send(&self.publisher, &event_type, priority, Some(server), None, about);
    }

    /// Sends `instance.<action>.error` of this host.
    fn notify_error(&self, server: ServerId, action: &str, error: &NovaError) {
        self.notify_error_about(server, action, error, &[]);
    }

    /// The same, about more than the server.
    fn notify_error_about(
        &self,
        server: ServerId,
        action: &str,
        error: &NovaError,
        about: &[(&str, &dyn Display)],
    ) {
        let event_type = format!("instance.{action}.error");
        let (notifier, priority) = (&self.services.notifier, NotificationPriority::Error);
        notifier.send(&self.publisher, &event_type, priority, Some(server), Some(error), about);
    }

    /// Whether a server is there and nobody deletes it.
    fn is_wanted(&self, id: ServerId) -> bool {
        let deleting = [Some(TaskState::Deleting), Some(TaskState::SoftDeleting)];
        self.services.records.server(id).is_ok_and(|server| !deleting.contains(&server.task_state))
    }

    /// In Nova `NotImplementedError` means "never mind" and `InstanceFaultRollback` "all is as it was", also in the middle of
    /// a move. Cured, they are errors as any other.
    fn unless_never_mind<T>(&self, outcome: Result<T, NovaError>) -> Result<T, NovaError> {
        use ExceptionClass::{InstanceFaultRollback, NotImplementedError, NovaException};
        let fixes = |fix| self.services.switches.fixes(fix);
        outcome.map_err(|error| match error {
            NovaError { class: NotImplementedError, .. } if fixes(Fix::MovesNotImplemented) => {
                NovaError::new(NovaException, "The driver does not offer a step of the move.")
            }
            NovaError { class: InstanceFaultRollback, inner: Some(inner), .. }
                if fixes(Fix::MovesFaultRollback) =>
            {
                *inner
            }
            other => other,
        })
    }

    /// Gives what a migration holds on the source back to its server (`_revert_allocation`), in Nova also to one that was
    /// deleted meanwhile.
    fn revert_allocation(&self, server: &Server, migration: MigrationId) -> Result<(), NovaError> {
        let client = &self.services.report_client;
        if client.allocations_of(migration.into()).is_empty() {
            return Ok(());
        }
        let gone = self.services.records.server(server.id).is_err();
        if gone && self.services.switches.fixes(Fix::DeletedServerGetsNothingBack) {
            return self.delete_allocation_after_move(server, migration);
        }
        client.move_allocations(&self.address, migration.into(), server.id.into(), &Owner::of(server))
    }

    /// Takes this host out of what a server holds (`delete_allocation_for_evacuated_instance`).
    fn remove_this_host_from_allocation(&self, server: &Server) {
        if let Some(node) = self.services.records.compute_node(&self.host) {
            let owner = Owner::of(server);
            self.services.report_client.remove_provider_tree(
                &self.address,
                server.id.into(),
                node.id,
                &owner,
            );
        }
    }

    /// Drops what a migration holds on the source (`_delete_allocation_after_move`).
    fn delete_allocation_after_move(&self, server: &Server, migration: MigrationId) -> Result<(), NovaError> {
        self.services.report_client.empty_allocations(&self.address, migration.into(), &Owner::of(server))
    }
}

/// What is left of something that a service did when it died.
fn died() -> NovaError {
    NovaError::new(ExceptionClass::MessagingTimeout, "the compute service died")
}

#[async_trait(?Send)]
impl Handler for ComputeManager {
    async fn handle(&self, message: Message) -> Option<Reply> {
        // It is there as long as it is asked.
        let me = self.me.upgrade()?;
        let mine = Rc::clone(&me);
        me.spend(async move { mine.carry_out(message).await }).await
    }

    fn die(&self, message: Message) -> Option<Message> {
        self.services.end_of(&self.host);
        self.keep(Interrupted::Taken(message));
        None
    }
}

impl ComputeManager {
    /// Does what a message asks for.
    async fn carry_out(&self, message: Message) -> Reply {
        let Message { context, server, method } = message;
        let context = &context;
        match method {
            Method::BuildAndRunInstance { request_spec, alternates, retry } => {
                self.build_and_run_instance(context, server, *request_spec, alternates, retry).await
            }
            Method::SetHostEnabled { enabled } => self.set_host_enabled(enabled).await,
            Method::TerminateInstance => self.terminate_instance(context, server).await,
            Method::StartInstance => self.start_instance(context, server).await,
            Method::StopInstance => self.stop_instance(context, server).await,
            Method::RebootInstance { reboot_type } => {
                self.reboot_instance(context, server, reboot_type).await
            }
            Method::PrepResize { migration, flavor, request_spec, alternates, retry } => {
                let request =
                    prep_resize::PrepResize { migration, flavor: *flavor, request_spec, alternates, retry };
                self.prep_resize(context, server, request).await
            }
            Method::ResizeInstance { migration, request_spec } => {
                self.resize_instance(context, server, migration, request_spec).await
            }
            Method::FinishResize { migration, disk_info, request_spec: _ } => {
                self.finish_resize(context, server, migration, disk_info).await
            }
            Method::ConfirmResize { migration } => self.confirm_resize(context, server, migration).await,
            Method::RevertResize { migration, request_spec } => {
                self.revert_resize(context, server, migration, request_spec).await
            }
            Method::FinishRevertResize { migration, request_spec: _ } => {
                self.finish_revert_resize(context, server, migration).await
            }
            Method::CheckInstanceSharedStorage { data } => {
                let shared = self.driver.check_instance_shared_storage_remote(data).await?;
                return Ok(Answer::Bool(shared));
            }
            Method::RebuildInstance { evacuation, preserve_ephemeral, stop, reimage } => {
                let rebuild = rebuild::Rebuild { evacuation, preserve_ephemeral, stop, reimage };
                self.rebuild_instance(context, server, rebuild).await
            }
            Method::ShelveInstance { image } => self.shelve_instance(context, server, image).await,
            Method::ShelveOffloadInstance => self.shelve_offload_instance(context, server).await,
            Method::UnshelveInstance { image, zone } => {
                self.unshelve_instance(context, server, image, zone).await
            }
            Method::SnapshotInstance { image } => self.snapshot_instance(context, server, image).await,
            Method::BackupInstance { image, backup_type, rotation } => {
                self.backup_instance(context, server, image, &backup_type, rotation).await
            }
            Method::AttachInterface { port } => {
                let attached = self.attach_interface(context, server, port).await?;
                return Ok(Answer::Port(attached.port));
            }
            Method::DetachInterface { port } => self.detach_interface(context, server, port).await,
            Method::ReserveBlockDeviceName { volume, device, delete_on_termination } => {
                self.reserve_block_device_name(context, server, volume, device, delete_on_termination).await
            }
            Method::AttachVolume { volume } => self.attach_volume(context, server, volume).await,
            Method::DetachVolume { volume } => self.detach_volume(context, server, volume).await,
            Method::SwapVolume { old, new, new_attachment } => {
                self.swap_volume(context, server, old, new, new_attachment).await
            }
            Method::ExtendVolume { volume } => self.extend_volume(context, server, volume).await,
            Method::RemoveVolumeConnection { volume } => self.remove_volume_connection(server, volume).await,
            Method::CheckCanLiveMigrateDestination { migration, block_migration, disk_over_commit } => {
                let asked = self.check_can_live_migrate_destination(
                    context,
                    server,
                    migration,
                    block_migration,
                    disk_over_commit,
                );
                return asked.await.map(Answer::Value);
            }
            Method::CheckCanLiveMigrateSource { data } => {
                return self.check_can_live_migrate_source(context, server, data).await.map(Answer::Value);
            }
            Method::LiveMigration { migration, dest, zone, block_migration, data } => {
                let asked = live_migration::LiveMigration { migration, dest, zone, block_migration, data };
                self.live_migration(context, server, asked).await
            }
            Method::PreLiveMigration { disk_info, data } => {
                return self.pre_live_migration(context, server, disk_info, data).await.map(Answer::Value);
            }
            Method::PostLiveMigrationAtDestination { zone, block_migration } => {
                self.post_live_migration_at_destination(context, server, zone, block_migration).await
            }
            Method::RollbackLiveMigrationAtDestination { destroy_disks, data } => {
                self.rollback_live_migration_at_destination(context, server, destroy_disks, data).await
            }
            Method::LiveMigrationForceComplete => self.live_migration_force_complete(context, server).await,
            Method::LiveMigrationAbort { migration } => {
                self.live_migration_abort(context, server, migration).await
            }
            Method::PauseInstance => self.pause_instance(context, server).await,
            Method::UnpauseInstance => self.unpause_instance(context, server).await,
            Method::SuspendInstance => self.suspend_instance(context, server).await,
            Method::ResumeInstance => self.resume_instance(context, server).await,
            Method::RescueInstance { rescue_password, rescue_image } => {
                self.rescue_instance(context, server, rescue_password, rescue_image).await
            }
            Method::UnrescueInstance => self.unrescue_instance(context, server).await,
            Method::SoftDeleteInstance => self.soft_delete_instance(context, server).await,
            Method::RestoreInstance => self.restore_instance(context, server).await,
            Method::TriggerCrashDump => self.trigger_crash_dump(context, server).await,
            Method::SetAdminPassword { new_pass } => self.set_admin_password(context, server, new_pass).await,
            Method::GetConsoleOutput { tail_length } => {
                return self.get_console_output(context, server, tail_length).await.map(Answer::Text);
            }
            Method::GetDiagnostics => return self.get_diagnostics(context, server).await.map(Answer::Value),
            Method::GetInstanceDiagnostics => {
                return self.get_instance_diagnostics(context, server).await.map(Answer::Value);
            }
            Method::InjectNetworkInfo => self.inject_network_info(context, server).await,
            Method::ExternalInstanceEvent { event } if event.name == POWER_UPDATE => {
                self.power_update(context, server, &event).await
            }
            Method::ExternalInstanceEvent { event } => {
                if !self.services.instance_events.deliver(&self.host, server, &event) {
                    self.log_unexpected(server, &event);
                }
                Ok(())
            }
            Method::ScheduleAndBuildInstances { .. }
            | Method::BuildInstances { .. }
            | Method::MigrateServer { .. }
            | Method::RebuildServer { .. }
            | Method::AttachVolumeToServer { .. }
            | Method::LiveMigrateInstance { .. }
            | Method::UnshelveServer { .. } => Err(NovaError::new(
                ExceptionClass::Unexpected,
                format!("{} is not for a compute", method.name()),
            )),
        }
        .map(|()| Answer::Done)
    }
}
