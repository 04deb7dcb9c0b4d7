//! Whether a server can be moved while it runs: what destination and source say to that
//! (`check_can_live_migrate_destination`, `check_can_live_migrate_source`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::{Address, Message, Method, RequestContext};
use model::{Bug, ComputeNode, ExceptionClass, HostName, MigrationId, NovaError, Server, ServerId};
use serde_json::Value;
use virt::types;

impl ComputeManager {
    /// Asks this host's driver whether it can take the guest, and the source whether it can send it. Answers what the two
    /// drivers have told each other. A source that refuses, whatever it raises, is a `MigrationPreCheckError`, after which
    /// another host is tried.
    pub(super) async fn check_can_live_migrate_destination(
        &self,
        context: &RequestContext,
        id: ServerId,
        migration: MigrationId,
        block_migration: Option<bool>,
        disk_over_commit: Option<bool>,
    ) -> Result<Value, NovaError> {
        let operation =
            Operation::new(context, id, "compute_check_can_live_migrate_destination").keeps_task_state();
        self.run(operation, async {
            let server = self.server_as_sent(id)?;
            self.validate_instance_group_policy(id).await.map_err(|error| match error.class {
                ExceptionClass::GroupAffinityViolation => NovaError::new(
                    ExceptionClass::MigrationPreCheckError,
                    format!(
                        "Migration pre-check error: Failed to validate instance group policy due to: {error}"
                    ),
                ),
                _ => error,
            })?;
            let source = server.host.clone().ok_or_else(|| NovaError::instance_not_found(id))?;
            let request = types::CheckDestinationRequest {
                instance: virt_types::instance(&server),
                src_compute_info: virt_types::compute_info(&self.node_of(&source)?),
                dst_compute_info: virt_types::compute_info(&self.node_of(&self.host)?),
                block_migration,
                disk_over_commit,
            };
            let data = self.driver.check_can_live_migrate_destination(request).await?;
            let checked = self.check_with_source(context, &server, source, migration, &data).await;
            // It comes in any case, and what it raises takes the place of what was raised before.
            self.driver.cleanup_live_migration_destination_check(data).await?;
            virt_types::to_message(&checked?)
        })
        .await
    }

    async fn check_with_source(
        &self,
        context: &RequestContext,
        server: &Server,
        source: HostName,
        migration: MigrationId,
        data: &types::LiveMigrateData,
    ) -> Result<types::LiveMigrateData, NovaError> {
        let method = Method::CheckCanLiveMigrateSource { data: virt_types::to_message(data)? };
        let message = Message { context: context.clone(), server: server.id, method };
        let asked = self.services.bus.call(&self.address, Address::Compute(source.clone()), message).await;
        let data = match asked {
            Ok(answer) => virt_types::from_message(answer.into_value()?)?,
            // Whatever the source raises only says that it cannot send the guest to this host.
            Err(error) if self.services.switches.has(Bug::Bug2044235) => return Err(error),
            Err(error) => {
                return Err(NovaError::new(
                    ExceptionClass::MigrationPreCheckError,
                    format!(
                        "Error while check_can_live_migrate_source from {source} to host {}: {} {}",
                        self.host,
                        error.class.name(),
                        error.text()
                    ),
                ));
            }
        };
        let migration = self.services.records.migration(migration)?;
        let allocations = self.services.report_client.allocations_of(server.id.into());
        let request = types::CheckSourceDataRequest {
            instance: virt_types::instance(server),
            migrate_data: data,
            migration: virt_types::migration(&migration),
            limits: None,
            allocs: virt_types::allocations(&allocations),
        };
        let mut data = self.driver.check_source_migrate_data_at_dest(request).await?;
        if data.vifs.is_none() {
            data.vifs = Some(skeleton_vifs(server));
        }
        Ok(data)
    }

    /// Asks this host's driver whether it can send the guest.
    pub(super) async fn check_can_live_migrate_source(
        &self,
        context: &RequestContext,
        id: ServerId,
        data: Value,
    ) -> Result<Value, NovaError> {
        let operation =
            Operation::new(context, id, "compute_check_can_live_migrate_source").keeps_task_state();
        self.run(operation, async {
            let server = self.server_as_sent(id)?;
            let mut data: types::LiveMigrateData = virt_types::from_message(data)?;
            data.is_volume_backed = Some(server.volume_backed());
            let request = types::CheckSourceRequest {
                instance: virt_types::instance(&server),
                dest_check_data: data,
                block_device_info: virt_types::block_device_info(&server),
            };
            virt_types::to_message(&self.driver.check_can_live_migrate_source(request).await?)
        })
        .await
    }

    fn node_of(&self, host: &HostName) -> Result<ComputeNode, NovaError> {
        self.services.records.compute_node(host).ok_or_else(|| {
            let message = format!("Compute host {host} could not be found.");
            NovaError::new(ExceptionClass::ComputeHostNotFound, message)
        })
    }
}

/// The server's interfaces as they are on the source; the destination has yet to say how it plugs them.
fn skeleton_vifs(server: &Server) -> Vec<types::MigrateVif> {
    virt_types::network_info(&server.network_info)
        .into_iter()
        .map(|vif| types::MigrateVif {
            port_id: vif.id.clone(),
            source_vif: vif,
            host: None,
            vif_type: None,
            vnic_type: None,
            details: Vec::new(),
            profile: Vec::new(),
        })
        .collect()
}
