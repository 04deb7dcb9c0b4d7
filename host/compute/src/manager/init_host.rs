//! What a compute service does when it starts (`init_host`, `_destroy_evacuated_instances`).

use super::ComputeManager;
use crate::virt_types;
use model::{
    Bug, ExceptionClass, Fix, Migration, MigrationStatus, NovaError, ProviderId, Server, ServerId, VmState,
};
use std::collections::BTreeSet;
use std::rc::Rc;
use virt::CallError;

impl ComputeManager {
    /// Initialises the driver, goes on with what is kept of the service before, removes the guests that were evacuated while
    /// the service was down, takes up what was interrupted, and reports the node. A driver that raises keeps the service from
    /// starting, unless it is not ready yet or only asked for numbers.
    pub(super) async fn init_host(self: Rc<Self>) -> Result<(), NovaError> {
        self.driver.init_host(self.host.to_string()).await?;
        let nodes = self.if_ready(self.driver.get_nodenames_by_uuid(false).await)?.unwrap_or_default();
        Rc::clone(&self).take_up_interrupted_work().await;
        let mut handled = self.destroy_evacuated_instances().await?;
        // One that is being evacuated is no longer this host's to look after.
        let mut servers = self.services.records.servers_on(&self.host);
        servers.retain(|server| !handled.contains(&server.id));
        handled.extend(servers.iter().map(|server| server.id));
        let instances = servers.iter().map(virt_types::instance).collect();
        for instance in self.driver.process_instances_at_startup(instances).await? {
            match servers.iter().find(|server| server.id.to_string() == instance.uuid) {
                Some(server) => self.init_instance(server).await?,
                None => self.log("warning", || {
                    format!("The driver names instance {}, which is not one of {}", instance.uuid, self.host)
                }),
            }
        }
        let nodes = nodes.iter().filter_map(|(uuid, _)| uuid.parse().ok());
        self.end_interrupted_builds(nodes, &handled).await;
        let available = self.if_ready(self.driver.get_available_nodes(true).await)?;
        let Some(node) = available.and_then(|nodes| nodes.into_iter().next()) else { return Ok(()) };
        if let Err(error) = self.tracker.update_node(&self.driver, node).await {
            self.log("error", || format!("Error updating resources for node {}: {error}", self.host));
        }
        Ok(())
    }

    /// The driver's answer; none of one that is not ready yet.
    fn if_ready<T>(&self, answer: Result<T, CallError>) -> Result<Option<T>, NovaError> {
        match answer.map_err(NovaError::from) {
            Err(error) if error.is(ExceptionClass::VirtDriverNotReady) => {
                self.log("warning", || error.message);
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }

    /// Puts the servers into ERROR that hold these nodes, are being built, and are on no host yet: their builds were interrupted
    /// before the claim (`_error_out_instances_whose_build_was_interrupted`). What they hold stays until they are deleted.
    async fn end_interrupted_builds(
        &self,
        nodes: impl Iterator<Item = ProviderId>,
        handled: &BTreeSet<ServerId>,
    ) {
        if self.services.switches.fixes(Fix::HostWorkGoesOn) {
            // They were not interrupted: they have ended, or are on their way.
            return;
        }
        for node in nodes {
            for id in self.services.report_client.consumers_of(node).into_iter().map(|held| ServerId(held.0))
            {
                let interrupted = |server: Server| server.vm_state == VmState::Building;
                if !handled.contains(&id) && self.services.records.server(id).is_ok_and(interrupted) {
                    self.set_error_state(id, true).await;
                }
            }
        }
    }

    /// Removes the guests that were evacuated from this host, and what their servers still hold here.
    /// Answers which servers these are.
    async fn destroy_evacuated_instances(&self) -> Result<BTreeSet<ServerId>, NovaError> {
        let switches = &self.services.switches;
        let mut evacuations = self.services.records.evacuations_from(&self.host);
        if switches.has(Bug::Bug1764883) {
            // As if an evacuation that is still under way were none.
            evacuations.retain(|migration| migration.status != MigrationStatus::PreMigrating);
        }
        if evacuations.is_empty() {
            return Ok(BTreeSet::new());
        }
        let evacuated = evacuations.iter().map(|migration| migration.server).collect();
        let known = self.driver.list_instance_uuids().await?;
        let mut kept = BTreeSet::new();
        for migration in &evacuations {
            let Some(server) = self.services.records.server_even_deleted(migration.server) else { continue };
            if !known.contains(&server.id.to_string()) {
                continue;
            }
            if server.deleted() && switches.has(Bug::Bug1794996) {
                // Its networks and volumes are asked for as if it were still there.
                return Err(NovaError::instance_not_found(server.id));
            }
            match self.destroy_evacuated_guest(&server).await {
                Err(error) if switches.fixes(Fix::HostRestarts) => {
                    self.log("error", || format!("Cannot destroy evacuated instance {}: {error}", server.id));
                    kept.insert(migration.id);
                }
                // In Nova one guest that cannot be destroyed keeps the whole service from starting.
                destroyed => destroyed?,
            }
        }
        evacuations.retain(|migration| !kept.contains(&migration.id));
        for migration in &evacuations {
            self.complete_evacuation(migration).await;
        }
        Ok(evacuated)
    }

    async fn destroy_evacuated_guest(&self, server: &Server) -> Result<(), NovaError> {
        let network_info = match server.deleted() {
            true => Vec::new(),
            false => self.services.network.get_instance_nw_info(server.id).await?,
        };
        let context = self.own_context();
        let destroy_disks = server.deleted()
            || !self.is_instance_storage_shared(&context, server, server.host.clone()).await?;
        let request = virt_types::destroy_request(server, &network_info, destroy_disks);
        Ok(self.driver.destroy(request).await?)
    }

    /// Takes this host out of what the server holds; one that was deleted meanwhile holds nothing any more.
    async fn complete_evacuation(&self, migration: &Migration) {
        if let Ok(server) = self.services.records.server(migration.server) {
            self.remove_this_host_from_allocation(&server);
        }
        // A migration that is gone needs no status.
        let _ = self.set_migration_status(migration.id, MigrationStatus::Completed).await;
    }
}
