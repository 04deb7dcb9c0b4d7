//! Deleting a server (`terminate_instance` and what it calls).

use super::ComputeManager;
use super::operation::Operation;
use crate::report_client::Owner;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{ExceptionClass, Fix, NetworkInfo, NovaError, PowerState, Server, ServerId, VmState};

impl ComputeManager {
    /// Destroys the guest, releases everything the server holds, and marks it as deleted. When the driver raises, the
    /// server is in ERROR and keeps its allocation; a driver that knows no such guest counts as success, after which
    /// the server stays with task deleting.
    pub(super) async fn terminate_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
    ) -> Result<(), NovaError> {
        self.run(Operation::new(context, id, "compute_terminate_instance").locked(), async {
            match self.delete_instance(id).await {
                Err(error) if error.is(ExceptionClass::InstanceNotFound) => {
                    // Another deletion came first. In Nova only the log tells that this one is over, too.
                    let gone = self.services.records.server(id).is_err();
                    if gone && self.services.switches.fixes(Fix::SecondDeletionEnds) {
                        self.notify(id, "delete.end");
                    }
                    Ok(())
                }
                Err(error) => {
                    self.set_error_state(id, false).await;
                    Err(error)
                }
                Ok(()) => Ok(()),
            }
        })
        .await
    }

    /// The deletion proper.
    pub(super) async fn delete_instance(&self, id: ServerId) -> Result<(), NovaError> {
        self.notify(id, "delete.start");
        self.shutdown_instance(id, true).await?;
        self.delete_volumes(id).await;
        let server = self
            .save(id, |server| {
                server.vm_state = VmState::Deleted;
                server.task_state = None;
                server.power_state = PowerState::NoState;
            })
            .await?;
        self.complete_deletion(&server).await?;
        self.services.records.delete_server(id).await?;
        self.notify(id, "delete.end");
        Ok(())
    }

    /// Goes on with a deletion that ended between the server being `DELETED` and its being gone (`_complete_partial_deletion`).
    pub(super) async fn complete_partial_deletion(&self, server: &Server) -> Result<(), NovaError> {
        self.services.records.delete_server(server.id).await?;
        self.complete_deletion(server).await?;
        self.notify(server.id, "delete.end");
        Ok(())
    }

    /// Releases what a deleted server held here. With `reclaim_instance_interval` the allocation is emptied with its generation,
    /// so that a conflict fails the deletion; without, it is dropped whatever its generation.
    async fn complete_deletion(&self, server: &Server) -> Result<(), NovaError> {
        let id = server.id;
        match self.tracker.update_usage(&self.driver, server).await {
            Err(error) if self.services.switches.fixes(Fix::DeleteDespiteInventory) => {
                self.log("warning", || format!("Error updating resources after deleting {id}: {error}"));
            }
            // In Nova the deletion fails although the guest is gone.
            updated => updated?,
        }
        let client = &self.services.report_client;
        if self.services.options.get().reclaim_instance_interval.is_zero() {
            client.delete_allocations(&self.address, id.into());
        } else {
            client.empty_allocations(&self.address, id.into(), &Owner::of(server))?;
        }
        self.end_moves_given_up(server)
    }

    /// Destroys the guest and tells of it (`_shutdown_instance`).
    pub(super) async fn shutdown_instance(
        &self,
        id: ServerId,
        deallocate_networks: bool,
    ) -> Result<(), NovaError> {
        self.notify(id, "shutdown.start");
        self.tear_down(id, deallocate_networks).await?;
        self.notify(id, "shutdown.end");
        Ok(())
    }

    /// Destroys the guest of a server, which may be deleted already. With `deallocate_networks` the ports are given back, also
    /// when the driver raised, unless it could not power the guest off; a network service that refuses is then the error.
    pub(super) async fn tear_down(&self, id: ServerId, deallocate_networks: bool) -> Result<(), NovaError> {
        let server = self.server_as_sent(id)?;
        let network_info = self.network_info(&server).await?;
        let request = virt_types::destroy_request(&server, &network_info, true);
        let destroyed = match self.driver.destroy(request).await.map_err(NovaError::from) {
            // What is gone is destroyed. Nova takes it for a server that somebody else deletes.
            Err(error)
                if error.is(ExceptionClass::InstanceNotFound)
                    && self.services.switches.fixes(Fix::DeleteInstanceNotFound) =>
            {
                if self.is_gone(&server).await {
                    Ok(())
                } else {
                    let message = format!("The driver denies a guest that it has: {error}");
                    Err(NovaError::new(ExceptionClass::NovaException, message))
                }
            }
            destroyed => destroyed,
        };
        let still_runs =
            destroyed.as_ref().is_err_and(|error| error.is(ExceptionClass::InstancePowerOffFailure));
        if deallocate_networks && !still_runs {
            self.try_deallocate_network(id).await?;
        }
        destroyed?;
        self.delete_volume_attachments(id).await;
        Ok(())
    }

    /// The server's interfaces; of one that is recorded without any the network service is asked.
    pub(super) async fn network_info(&self, server: &Server) -> Result<NetworkInfo, NovaError> {
        match server.network_info.is_empty() {
            true => self.services.network.get_instance_nw_info(server.id).await,
            false => Ok(server.network_info.clone()),
        }
    }

    /// Gives the ports back; if the network service refuses the server is in ERROR (`_try_deallocate_network`).
    async fn try_deallocate_network(&self, id: ServerId) -> Result<(), NovaError> {
        let deallocated = self.services.give_ports_back(id).await;
        if deallocated.is_err() {
            self.set_error_state(id, false).await;
        }
        deallocated
    }
}
