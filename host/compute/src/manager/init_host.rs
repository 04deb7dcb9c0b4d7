//! What a compute service does when it starts (`init_host`, `_destroy_evacuated_instances`).

use super::ComputeManager;
use crate::virt_types;
use model::{Migration, MigrationStatus, NovaError, Server};

impl ComputeManager {
    /// Initialises the driver, removes the guests that were evacuated while the service was down, takes up what was
    /// interrupted, and reports the node.
    /// A driver that raises keeps the service from starting, unless it is only asked for numbers.
    pub(super) async fn init_host(&self) -> Result<(), NovaError> {
        self.driver.init_host(self.host.to_string()).await?;
        self.driver.get_nodenames_by_uuid(false).await?;
        self.destroy_evacuated_instances().await?;
        let servers = self.services.records.servers_on(&self.host);
        let instances = servers.iter().map(virt_types::instance).collect();
        self.driver.process_instances_at_startup(instances).await?;
        for server in &servers {
            self.init_instance(server).await?;
        }
        self.driver.get_available_nodes(true).await?;
        if let Err(error) = self.tracker.update_available_resource(&self.driver).await {
            self.log("error", || format!("Error updating resources for node {}: {error}", self.host));
        }
        Ok(())
    }

    /// Removes the guests that were evacuated from this host, and what their servers still hold here.
    async fn destroy_evacuated_instances(&self) -> Result<(), NovaError> {
        let evacuations = self.services.records.evacuations_from(&self.host);
        if evacuations.is_empty() {
            return Ok(());
        }
        let known = self.driver.list_instance_uuids().await?;
        for migration in &evacuations {
            let Some(server) = self.services.records.server_even_deleted(migration.server) else { continue };
            if known.contains(&server.id.to_string()) {
                self.destroy_evacuated_guest(&server).await?;
            }
        }
        for migration in &evacuations {
            self.complete_evacuation(migration).await;
        }
        Ok(())
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
