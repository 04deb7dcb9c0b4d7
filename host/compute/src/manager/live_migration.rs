//! The source's part in a live migration (`live_migration`, `_do_live_migration`): wait for a free slot, let the destination
//! prepare, send the guest, and see to it that the destination keeps it.
//!
//! Between its message and its slot a migration is queued, until its preparation ends it is preparing; both can still be
//! called off by taking it off the list of those that wait.

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::{Address, Message, Method, RequestContext};
use model::{Bug, ExceptionClass, Fix, HostName, MigrationId, MigrationStatus, NovaError, Server, ServerId};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use tokio::sync::Notify;
use virt::types;

/// The live migrations that leave a host.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    state: RefCell<State>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// How many are past the queue.
    under_way: u64,
    /// Those that can be called off without asking the driver, by server.
    waiting: BTreeMap<ServerId, MigrationId>,
}

impl Outgoing {
    fn enqueue(&self, server: ServerId, migration: MigrationId) {
        self.state.borrow_mut().waiting.insert(server, migration);
    }

    /// Takes a migration off the list of those that wait. Answers whether it was on it.
    pub(super) fn take(&self, server: ServerId) -> bool {
        self.state.borrow_mut().waiting.remove(&server).is_some()
    }

    fn waits(&self, server: ServerId) -> bool {
        self.state.borrow().waiting.contains_key(&server)
    }

    /// Waits for one of `slots`; without slots there is no limit.
    async fn enter(&self, slots: u64) {
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.state.borrow_mut();
                if slots == 0 || state.under_way < slots {
                    state.under_way += 1;
                    return;
                }
            }
            freed.await;
        }
    }

    fn leave(&self) {
        self.state.borrow_mut().under_way -= 1;
        // One slot, one that waits; it is stored for one that is about to wait.
        self.freed.notify_one();
    }
}

/// A live migration, as its steps hand it on.
#[derive(Clone, Debug)]
pub(super) struct LiveMigration<Data = types::LiveMigrateData> {
    pub(super) migration: MigrationId,
    pub(super) dest: HostName,
    /// The availability zone of the destination. It is saved with whatever is saved of the server next, also here.
    pub(super) zone: Option<String>,
    pub(super) block_migration: Option<bool>,
    /// What the drivers have told each other.
    pub(super) data: Data,
}

impl ComputeManager {
    /// Queues the migration; the step ends well before it begins.
    pub(super) async fn live_migration(
        &self,
        context: &RequestContext,
        id: ServerId,
        asked: LiveMigration<Value>,
    ) -> Result<(), NovaError> {
        let LiveMigration { migration, dest, zone, block_migration, data } = asked;
        let operation = Operation::new(context, id, "compute_live_migration").errors_out(migration);
        self.run(operation.keeps_task_state(), async {
            let data = virt_types::from_message(data)?;
            let moving = LiveMigration { migration, dest, zone, block_migration, data };
            self.set_migration_status(migration, MigrationStatus::Queued).await?;
            self.outgoing.enqueue(id, migration);
            let Some(manager) = self.me.upgrade() else { return Ok(()) };
            let (context, slots) =
                (context.clone(), self.services.options.get().max_concurrent_live_migrations);
            manager.clone().live_on(async move {
                manager.outgoing.enter(slots).await;
                // One that was called off while it was queued is over already.
                if manager.outgoing.waits(id) {
                    // What goes wrong is in the records.
                    let _ = manager.do_live_migration(&context, id, moving).await;
                }
                manager.outgoing.leave();
            });
            Ok(())
        })
        .await
    }

    async fn do_live_migration(
        &self,
        context: &RequestContext,
        id: ServerId,
        mut moving: LiveMigration,
    ) -> Result<(), NovaError> {
        self.set_migration_status(moving.migration, MigrationStatus::Preparing).await?;
        let source = self.server_as_sent(id)?;
        moving.data = match self.prepare_destination(context, &source, &moving).await {
            Ok(data) => data,
            Err(error) => {
                self.outgoing.take(id);
                self.set_migration_status(moving.migration, MigrationStatus::Error).await?;
                self.rollback_live_migration(context, &source, &moving, MigrationStatus::Failed, true)
                    .await?;
                return Err(error);
            }
        };
        if !self.outgoing.take(id) {
            self.rollback_live_migration(context, &source, &moving, MigrationStatus::Cancelled, false)
                .await?;
            self.notify(id, "live_migration_abort.end");
            return Ok(());
        }
        self.set_migration_status(moving.migration, MigrationStatus::Running).await?;
        let moved = self.send_guest(context, &source, &moving).await;
        if moved.is_err() && self.services.switches.has(Bug::Bug1628606) {
            self.set_migration_status(moving.migration, MigrationStatus::Error).await?;
        } else if moved.is_err() {
            // It is almost certainly too late to take it back.
            self.set_migration_status(moving.migration, MigrationStatus::Error).await?;
            self.set_error_state(id, true).await;
        }
        moved
    }

    async fn prepare_destination(
        &self,
        context: &RequestContext,
        server: &Server,
        moving: &LiveMigration,
    ) -> Result<types::LiveMigrateData, NovaError> {
        let disk_info = match moving.data.block_migration {
            Some(true) => {
                let devices = virt_types::block_device_info(server);
                let disks = self.driver.get_instance_disk_info(virt_types::instance(server), devices).await?;
                virt_types::to_message(&disks)?
            }
            _ => Value::Null,
        };
        let method = Method::PreLiveMigration { disk_info, data: virt_types::to_message(&moving.data)? };
        let message = Message { context: context.clone(), server: server.id, method };
        let dest = Address::Compute(moving.dest.clone());
        virt_types::from_message(self.services.bus.call(&self.address, dest, message).await?.into_value()?)
    }

    /// Has the driver send the guest, and does what its answer asks for.
    async fn send_guest(
        &self,
        context: &RequestContext,
        source: &Server,
        moving: &LiveMigration,
    ) -> Result<(), NovaError> {
        let server = self.server_as_sent(source.id)?;
        let request = types::LiveMigrationRequest {
            instance: virt_types::instance(&server),
            dest: moving.dest.to_string(),
            block_migration: moving.block_migration.unwrap_or(false),
            migrate_data: moving.data.clone(),
        };
        let outcome = match self.driver.live_migration(request).await.map_err(NovaError::from) {
            Err(error) if self.services.switches.fixes(Fix::LiveMigrationRollsBack) => {
                self.store_fault(source.id, &error, None).await;
                types::LiveMigrationOutcome::RolledBack(types::RollbackStatus::Error)
            }
            // A driver is to answer that it rolled back; of one that raises Nova undoes nothing.
            outcome => outcome?,
        };
        let status = match outcome {
            types::LiveMigrationOutcome::Completed => {
                return self.finish_live_migration(context, source, moving).await;
            }
            types::LiveMigrationOutcome::RolledBack(types::RollbackStatus::Failed) => MigrationStatus::Failed,
            types::LiveMigrationOutcome::RolledBack(types::RollbackStatus::Cancelled) => {
                MigrationStatus::Cancelled
            }
            types::LiveMigrationOutcome::RolledBack(types::RollbackStatus::Error) => MigrationStatus::Error,
        };
        self.rollback_live_migration(context, source, moving, status, false).await
    }

    /// The guest has arrived. Whatever fails from here on, the server is on the destination
    /// (`_post_live_migration_update_host`).
    async fn finish_live_migration(
        &self,
        context: &RequestContext,
        source: &Server,
        moving: &LiveMigration,
    ) -> Result<(), NovaError> {
        let id = source.id;
        let operation = Operation { event: None, ..Operation::new(context, id, "") }.keeps_task_state();
        let finished = self.run(operation, self.post_live_migration(context, source, moving)).await;
        if finished.is_err() && !self.services.switches.has(Bug::Bug1628606) {
            if self.services.switches.fixes(Fix::LiveMigrationPostReleasesSource) {
                self.delete_allocation_after_move(source, moving.migration)?;
            }
            let dest = &moving.dest;
            self.save(id, |server| {
                if !server.is_on(dest) {
                    server.host = Some(dest.clone());
                    server.node = Some(dest.clone());
                    server.task_state = None;
                    server.progress = 0;
                }
            })
            .await?;
        }
        finished
    }

    async fn post_live_migration(
        &self,
        context: &RequestContext,
        source: &Server,
        moving: &LiveMigration,
    ) -> Result<(), NovaError> {
        let id = source.id;
        self.notify(id, "live_migration_post.start");
        let activated = self.services.network.migrate_instance_start(id, &moving.dest).await;
        // What the source holds of the guest is let go whatever the network service says.
        let request = types::PostLiveMigrationRequest {
            instance: virt_types::instance(source),
            block_device_info: virt_types::block_device_info(source),
            migrate_data: moving.data.clone(),
        };
        self.driver.post_live_migration(request).await?;
        self.remove_source_volume_connections(source).await;
        activated?;
        let network_info = virt_types::network_info(&source.network_info);
        let unplugged = self
            .driver
            .post_live_migration_at_source(virt_types::instance(source), network_info.clone())
            .await
            .map_err(NovaError::from);
        let cleanup_unplugs = match unplugged {
            Err(error) if error.is(ExceptionClass::NotImplementedError) => true,
            unplugged => unplugged.map(|()| false)?,
        };
        if let CleanUp { needed: true, destroy_disks } = CleanUp::of(&moving.data) {
            let request = types::CleanupRequest {
                instance: virt_types::instance(source),
                network_info,
                block_device_info: virt_types::block_device_info(source),
                destroy_disks,
                migrate_data: Some(moving.data.clone()),
                destroy_vifs: cleanup_unplugs,
                destroy_secrets: false,
            };
            self.driver.cleanup(request).await?;
        }
        let method = Method::PostLiveMigrationAtDestination {
            zone: moving.zone.clone(),
            block_migration: moving.block_migration.unwrap_or(false),
        };
        let message = Message { context: context.clone(), server: id, method };
        let dest = Address::Compute(moving.dest.clone());
        self.services.bus.call(&self.address, dest, message).await?;
        if let Some(node) = self.tracker.available_node(&self.driver).await?
            && let Err(error) = self.tracker.update_node(&self.driver, node).await
        {
            self.log("error", || format!("Error updating resources for node {}: {error}", self.host));
        }
        self.notify(id, "live_migration_post.end");
        self.set_migration_status(moving.migration, MigrationStatus::Completed).await?;
        self.delete_allocation_after_move(source, moving.migration)
    }

    /// Deletes the attachments the volumes had here. What the volume service says to that is only logged.
    async fn remove_source_volume_connections(&self, source: &Server) {
        for device in &source.block_devices {
            let Some(attachment) = device.attachment else { continue };
            if let Err(error) = self.services.volumes.attachment_delete(attachment).await {
                self.log("error", || {
                    format!("Connection for volume {} not deleted on {}: {error}", device.volume, self.host)
                });
            }
        }
    }
}

/// What is left of a guest on a host that does not keep it, as the drivers' data tell (`_live_migration_cleanup_flags`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CleanUp {
    /// Whether there is anything to clean up.
    pub(super) needed: bool,
    /// Whether local disks go too.
    pub(super) destroy_disks: bool,
}

impl CleanUp {
    pub(super) fn of(data: &types::LiveMigrateData) -> Self {
        let needed = !data.is_shared_instance_path
            || data.dst_numa_info.is_some()
            || data.target_mdevs.is_some()
            || data.vtpm_secret.is_some();
        Self { needed, destroy_disks: !data.is_shared_block_storage }
    }
}
