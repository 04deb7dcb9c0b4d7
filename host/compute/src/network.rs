//! What the compute manager asks of the network service (`nova/network/neutron.py`).

use async_trait::async_trait;
use model::{HostName, NetworkInfo, NovaError, PortId, Server, ServerId, Vif};

/// The network service, as far as servers need it.
#[async_trait(?Send)]
pub trait NetworkApi {
    /// Makes or claims the server's ports and binds them to `host`. Asked again for a server that has ports, it binds
    /// those.
    async fn allocate_for_instance(&self, server: &Server, host: &HostName)
    -> Result<NetworkInfo, NovaError>;

    /// Deletes the ports that were made for the server and lets go of those its owner made.
    async fn deallocate_for_instance(&self, server: ServerId) -> Result<(), NovaError>;

    /// The server's interfaces as they are now.
    async fn get_instance_nw_info(&self, server: ServerId) -> Result<NetworkInfo, NovaError>;

    /// Binds the server's ports to `host` and makes that binding the active one; another host's binding stays,
    /// inactive (`migrate_instance_finish`).
    async fn migrate_instance_finish(&self, server: ServerId, host: &HostName) -> Result<(), NovaError>;

    /// Binds the server's ports to `host`, with the active binding there.
    async fn setup_instance_network_on_host(
        &self,
        server: ServerId,
        host: &HostName,
    ) -> Result<(), NovaError>;

    /// Binds the server's ports to the destination of a live migration, not yet actively (`bind_ports_to_host`).
    async fn bind_ports_to_host(&self, server: ServerId, host: &HostName) -> Result<(), NovaError>;

    /// Makes the bindings to `host` the active ones; those of other hosts stay, inactive (`migrate_instance_start`).
    async fn migrate_instance_start(&self, server: ServerId, host: &HostName) -> Result<(), NovaError>;

    /// Lets the server's ports be bound to no host, as those of a server that is offloaded.
    async fn unbind_ports(&self, server: ServerId) -> Result<(), NovaError>;

    /// Gives the server one more port, bound to `host`: the one named, or a new one. Errors: `PortNotFound`.
    async fn attach_port(
        &self,
        server: ServerId,
        host: &HostName,
        port: Option<PortId>,
    ) -> Result<Vif, NovaError>;

    /// Takes a port from the server: one that was made for it is deleted, its owner's is let go.
    async fn deallocate_port(&self, server: ServerId, port: PortId) -> Result<(), NovaError>;

    /// Removes the bindings of the server's ports to `host` (`setup_networks_on_host` with teardown).
    async fn teardown_networks_on_host(&self, server: ServerId, host: &HostName) -> Result<(), NovaError>;
}
