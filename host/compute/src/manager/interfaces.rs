//! Plugging an interface into a guest, and taking one out (`attach_interface`, `detach_interface`).

use super::ComputeManager;
use super::operation::Operation;
use crate::virt_types;
use model::rpc::RequestContext;
use model::{ExceptionClass, Fix, HostName, NovaError, PortId, Server, ServerId, Vif};
use virt::types;

impl ComputeManager {
    /// Binds the port, or a new one, and plugs it in. When the driver raises one of Nova's exceptions the port is let
    /// go; one that does not offer the method leaves it attached in the record (observed on 34.0.0).
    pub(super) async fn attach_interface(
        &self,
        context: &RequestContext,
        id: ServerId,
        port: Option<PortId>,
    ) -> Result<Vif, NovaError> {
        let operation = Operation::new(context, id, "compute_attach_interface").keeps_task_state();
        self.run(operation, async {
            let server = self.services.records.server(id)?;
            if !self.driver.capabilities().await?.contains(&types::Capability::SupportsAttachInterface) {
                let message = format!("Attaching interfaces is not supported for instance {id}.");
                return Err(NovaError::new(ExceptionClass::AttachInterfaceNotSupported, message));
            }
            self.notify(id, "interface_attach.start");
            let bind_to = self.port_binding_host(&server).await?;
            let vif = self.services.network.attach_port(id, &bind_to, port).await?;
            self.refresh_network_info(id).await?;
            let (instance, image) = (virt_types::instance(&server), self.image_meta(&server));
            let plugged = self.driver.attach_interface(instance, image, virt_types::vif(&vif)).await;
            match plugged.map_err(NovaError::from) {
                Err(error)
                    if is_novas_own(&error)
                        || self.services.switches.fixes(Fix::AttachInterfaceNotImplemented) =>
                {
                    self.services.network.deallocate_port(id, vif.port).await?;
                    self.refresh_network_info(id).await?;
                    self.notify_error(id, "interface_attach", &error);
                    let message = format!("Failed to attach network adapter device to {id}");
                    return Err(NovaError::new(ExceptionClass::InterfaceAttachFailed, message));
                }
                plugged => plugged?,
            }
            self.notify(id, "interface_attach.end");
            Ok(vif)
        })
        .await
    }

    /// Takes an interface out and lets its port go. When the driver raises, it stays.
    pub(super) async fn detach_interface(
        &self,
        context: &RequestContext,
        id: ServerId,
        port: PortId,
    ) -> Result<(), NovaError> {
        let operation = Operation::new(context, id, "compute_detach_interface").keeps_task_state();
        self.run(operation, async {
            let server = self.services.records.server(id)?;
            let Some(condemned) = server.network_info.iter().find(|vif| vif.port == port) else {
                let message = format!("Port {port} is not attached");
                return Err(NovaError::new(ExceptionClass::PortNotFound, message));
            };
            self.notify(id, "interface_detach.start");
            let (instance, condemned) = (virt_types::instance(&server), virt_types::vif(condemned));
            let taken_out = self.driver.detach_interface(instance, condemned).await;
            match taken_out.map_err(NovaError::from) {
                Err(error) if is_novas_own(&error) => {
                    let message = format!("Failed to detach network adapter device from {id}");
                    return Err(NovaError::new(ExceptionClass::InterfaceDetachFailed, message));
                }
                taken_out => taken_out?,
            }
            self.services.network.deallocate_port(id, port).await?;
            self.refresh_network_info(id).await?;
            self.notify(id, "interface_detach.end");
            Ok(())
        })
        .await
    }

    /// The host that the server's ports are bound to here: this one, unless the driver names another (`network_binding_host_id`).
    pub(super) async fn port_binding_host(&self, server: &Server) -> Result<HostName, NovaError> {
        let named = self.driver.network_binding_host_id(virt_types::instance(server)).await?;
        Ok(named.map_or_else(|| self.host.clone(), HostName::from))
    }

    async fn refresh_network_info(&self, id: ServerId) -> Result<(), NovaError> {
        let network_info = self.services.network.get_instance_nw_info(id).await?;
        self.save(id, |server| server.network_info = network_info.clone()).await.map(drop)
    }
}

/// Whether an exception is one of Nova's own classes, as all are but Python's.
fn is_novas_own(error: &NovaError) -> bool {
    !matches!(error.class, ExceptionClass::NotImplementedError | ExceptionClass::Unexpected)
}
