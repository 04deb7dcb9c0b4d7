//! What a compute service does when it starts (`init_host`, `_destroy_evacuated_instances`).

use super::ComputeManager;
use crate::virt_types;
use model::{Bug, Fix, Migration, MigrationStatus, NovaError, Server, ServerId};
use std::collections::BTreeSet;
use std::rc::Rc;

impl ComputeManager {
    /// Initialises the driver, goes on with what is kept of the service before, removes the guests that were evacuated while
    /// the service was down, takes up what was interrupted, and reports the node. A driver that raises keeps the service from
    /// starting, unless it is only asked for numbers.
    pub(super) async fn init_host(self: Rc<Self>) -> Result<(), NovaError> {
        self.driver.init_host(self.host.to_string()).await?;
        self.driver.get_nodenames_by_uuid(false).await?;
        Rc::clone(&self).take_up_interrupted_work().await;
        let evacuated = self.destroy_evacuated_instances().await?;
        let servers = self.services.records.servers_on(&self.host);
        let instances = servers.iter().map(virt_types::instance).collect();
        self.driver.process_instances_at_startup(instances).await?;
        // One that is being evacuated is no longer this host's to look after.
        for server in servers.iter().filter(|server| !evacuated.contains(&server.id)) {
            self.init_instance(server).await?;
        }
        self.driver.get_available_nodes(true).await?;
        if let Err(error) = self.tracker.update_available_resource(&self.driver).await {
            self.log("error", || format!("Error updating resources for node {}: {error}", self.host));
        }
        Ok(())
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
