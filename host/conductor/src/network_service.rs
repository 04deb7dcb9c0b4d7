//! The network service, in memory: networks with their subnets, and ports on them (`nova/network/neutron.py` against the
//! stand-in of Nova's functional tests). A cloud has one network of its own from the beginning, which servers are plugged into
//! that ask for none.

mod addresses;
mod networks;

pub use addresses::{Cidr, CidrError, Pool};
pub use networks::{Network, NetworkError, Subnet};

use async_trait::async_trait;
use compute::{NetworkApi, ServiceFaults};
use model::ids::NetworkId;
use model::{ExceptionClass, HostName, NetworkInfo, NovaError, PortId, ProjectId, Server, ServerId, Vif};
use networks::Networks;
use runtime::{Randomness, Trace, TraceEvent};
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use uuid::Uuid;

/// The name of the cloud's own network.
const HOME_NAME: &str = "private";
/// Its addresses.
const HOME_CIDR: &str = "192.168.0.0/16";

/// One port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Port {
    /// Its id.
    pub id: PortId,
    /// The network it is on.
    pub network: NetworkId,
    /// The server it is plugged into.
    pub device: Option<ServerId>,
    /// Its bindings: host to whether that binding is the active one.
    pub bindings: BTreeMap<HostName, bool>,
    /// MAC address.
    pub mac_address: String,
    /// Fixed addresses; none on a network without a subnet.
    pub fixed_ips: Vec<FixedIp>,
    /// Whether it was made for a server, and goes with it; else it is a user's own.
    pub made_for_server: bool,
    /// Counts up with each port that is plugged in, so that a server's are known in order.
    pub plugged: u64,
}

/// A fixed address of a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FixedIp {
    /// The subnet it is of.
    pub subnet: Uuid,
    /// The address.
    pub address: IpAddr,
}

/// A port that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPort {
    /// The network it is on.
    pub network: NetworkId,
    /// The subnet its address is to be of, if it matters.
    pub subnet: Option<Uuid>,
    /// Its address, if it matters.
    pub address: Option<IpAddr>,
    /// Its MAC address, if it matters.
    pub mac_address: Option<String>,
    /// Whether it is to go with the server that it will be plugged into.
    pub made_for_server: bool,
}

impl NewPort {
    /// A user's port with any free address of a network.
    pub fn on(network: NetworkId) -> Self {
        Self { network, subnet: None, address: None, mac_address: None, made_for_server: false }
    }
}

/// The network service of one cloud.
pub struct NetworkService {
    trace: Trace,
    random: Randomness,
    faults: ServiceFaults,
    home: Cell<NetworkId>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    made: u32,
    plugged: u64,
    networks: Networks,
    ports: BTreeMap<PortId, Port>,
    requested: BTreeMap<ServerId, RequestedNetworks>,
}

/// What a server is plugged into when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestedNetworks {
    /// Nothing.
    Nothing,
    /// These, in this order.
    Interfaces(Vec<RequestedInterface>),
}

/// One thing a server is plugged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestedInterface {
    /// A port of a user's own.
    Port(PortId),
    /// A new port on a network, with this address if one is given.
    Network(NetworkId, Option<IpAddr>),
}

/// The cloud's own network and its subnet, whose id follows from the network's.
fn home(id: NetworkId) -> (Network, Option<Subnet>) {
    let network = Network {
        id,
        name: HOME_NAME.to_owned(),
        description: String::new(),
        project: None,
        shared: true,
        external: false,
        admin_state_up: true,
    };
    let subnet = HOME_CIDR.parse::<Cidr>().ok().map(|cidr| Subnet {
        id: Uuid::new_v5(&id.0, b"subnet"),
        network: id,
        name: format!("{HOME_NAME}-subnet"),
        description: String::new(),
        project: None,
        cidr,
        gateway: cidr.default_gateway(),
        pools: vec![Pool {
            first: Ipv4Addr::new(192, 168, 0, 2).into(),
            last: Ipv4Addr::new(192, 168, 255, 254).into(),
        }],
        enable_dhcp: true,
        name_servers: Vec::new(),
    });
    (network, subnet)
}

impl NetworkService {
    /// A cloud's own network without ports; calls fail where `faults` say so.
    pub fn new(random: Randomness, trace: Trace, faults: ServiceFaults) -> Self {
        let home = Cell::new(NetworkId(random.uuid()));
        let service = Self { trace, random, faults, home, state: RefCell::default() };
        service.set_network_id(service.home.get());
        service
    }

    fn strike(&self, call: &'static str) -> Result<(), NovaError> {
        self.faults.strike(call, &self.trace)
    }

    /// The cloud's own network.
    pub fn network_id(&self) -> NetworkId {
        self.home.get()
    }

    /// Gives the cloud's own network an id that somebody knows beforehand. It must have no ports yet.
    pub fn set_network_id(&self, id: NetworkId) {
        let networks = &mut self.state.borrow_mut().networks;
        networks.remove(self.home.replace(id));
        let (network, subnet) = home(id);
        networks.put(network);
        if let Some(subnet) = subnet {
            // The only subnet of its network overlaps with none.
            let _ = networks.put_subnet(subnet);
        }
    }

    /// All networks, by id.
    pub fn networks(&self) -> Vec<Network> {
        self.state.borrow().networks.all()
    }

    /// The network of this id.
    pub fn network(&self, id: NetworkId) -> Option<Network> {
        self.state.borrow().networks.get(id).cloned()
    }

    /// All subnets, in the order in which they were made.
    pub fn subnets(&self) -> Vec<Subnet> {
        self.state.borrow().networks.subnets().to_vec()
    }

    /// An id that no network or subnet has.
    pub fn new_id(&self) -> Uuid {
        self.random.uuid()
    }

    /// Adds a network, or puts it in the place of the one with its id.
    pub fn put_network(&self, network: Network) {
        self.state.borrow_mut().networks.put(network);
    }

    /// Deletes a network with its subnets. Errors: `NoNetwork`, `NetworkInUse`.
    pub fn delete_network(&self, id: NetworkId) -> Result<(), NetworkError> {
        let state = &mut *self.state.borrow_mut();
        state.networks.get(id).ok_or(NetworkError::NoNetwork(id))?;
        // Whoever asks for none is plugged into the cloud's own, so that it is always in use.
        if id == self.home.get() || state.ports.values().any(|port| port.network == id) {
            return Err(NetworkError::NetworkInUse(id));
        }
        state.networks.remove(id);
        Ok(())
    }

    /// Adds a subnet, or puts it in the place of the one with its id. Errors: `NoNetwork`, `Overlap`, `Invalid`.
    pub fn put_subnet(&self, subnet: Subnet) -> Result<(), NetworkError> {
        self.state.borrow_mut().networks.put_subnet(subnet)
    }

    /// Deletes a subnet. Errors: `NoSubnet`, `SubnetInUse`.
    pub fn delete_subnet(&self, id: Uuid) -> Result<(), NetworkError> {
        let state = &mut *self.state.borrow_mut();
        let known = state.networks.subnets().iter().find(|subnet| subnet.id == id);
        let home = known.ok_or(NetworkError::NoSubnet(id))?.network == self.home.get();
        if home || state.ports.values().flat_map(|port| &port.fixed_ips).any(|fixed| fixed.subnet == id) {
            return Err(NetworkError::SubnetInUse(id));
        }
        state.networks.remove_subnet(id);
        Ok(())
    }

    /// Gives out an address of a network for something that is no port: this one, or the next free one. Errors: `NoNetwork`,
    /// `NoAddress` (also when there is no subnet), `AddressTaken`, `AddressElsewhere`.
    pub fn take_address(&self, network: NetworkId, address: Option<IpAddr>) -> Result<FixedIp, NetworkError> {
        let networks = &mut self.state.borrow_mut().networks;
        networks.get(network).ok_or(NetworkError::NoNetwork(network))?;
        let given = networks.take(network, None, address)?.ok_or(NetworkError::NoAddress(network))?;
        Ok(FixedIp { subnet: given.0, address: given.1 })
    }

    /// Takes back an address that was given out.
    pub fn give_back_address(&self, fixed: &FixedIp) {
        self.state.borrow_mut().networks.give_back(fixed.subnet, fixed.address);
    }

    /// The networks a project's servers can be plugged into: its own and those that are for all, but no external ones that are
    /// not for all (`nova/network/neutron.py, _get_available_networks`).
    pub fn available_to(&self, project: &ProjectId) -> Vec<Network> {
        let mut networks = self.networks();
        networks.retain(|network| {
            network.shared || (network.project.as_ref() == Some(project) && !network.external)
        });
        networks
    }

    /// Says what a server that is being made is to be plugged into, when that is not a new port of its own.
    pub fn request(&self, server: ServerId, wanted: RequestedNetworks) {
        self.state.borrow_mut().requested.insert(server, wanted);
    }

    /// Whether it can be read: nobody is just changing it.
    pub(crate) fn is_free(&self) -> bool {
        self.state.try_borrow().is_ok()
    }

    /// All ports, by id.
    pub fn ports(&self) -> Vec<Port> {
        self.state.borrow().ports.values().cloned().collect()
    }

    /// The ports of a server, in the order in which they were plugged in.
    pub fn ports_of(&self, server: ServerId) -> Vec<Port> {
        let state = self.state.borrow();
        let mut ports: Vec<_> =
            state.ports.values().filter(|port| port.device == Some(server)).cloned().collect();
        ports.sort_by_key(|port| port.plugged);
        ports
    }

    /// Makes a port of a user's on the cloud's own network, plugged into no server. Errors: `NoMoreFixedIps`.
    pub fn create_port(&self) -> Result<PortId, NovaError> {
        let home = NewPort::on(self.network_id());
        self.create_port_as(home).map_err(|error| no_address(self.network_id(), &error))
    }

    /// Makes a port that is plugged into no server. Errors: `NoNetwork`, `NoSubnet`, `NoAddress`, `AddressTaken`,
    /// `AddressElsewhere`.
    pub fn create_port_as(&self, wanted: NewPort) -> Result<PortId, NetworkError> {
        self.make_port(None, wanted).map(|port| port.id)
    }

    /// Adds a port that somebody knows beforehand, or puts it in the place of the one with its id.
    pub fn put_port(&self, port: Port) {
        self.saved(&port);
        let state = &mut *self.state.borrow_mut();
        for fixed in &port.fixed_ips {
            // What it has, it has, even if somebody else has it as well.
            let _ = state.networks.take(port.network, Some(fixed.subnet), Some(fixed.address));
        }
        state.ports.insert(port.id, port);
    }

    /// The subnet of the cloud's own network.
    pub fn home_subnet(&self) -> Option<Uuid> {
        let home = self.network_id();
        self.state
            .borrow()
            .networks
            .subnets()
            .iter()
            .find(|subnet| subnet.network == home)
            .map(|subnet| subnet.id)
    }

    /// Deletes a port that is plugged into no server. Answers whether it did.
    pub fn delete_port(&self, id: PortId) -> bool {
        let state = &mut *self.state.borrow_mut();
        let free = state.ports.get(&id).is_some_and(|port| port.device.is_none());
        if free {
            state.remove_port(id);
        }
        free
    }

    /// Forgets what a server was to be plugged into.
    pub fn forget(&self, server: ServerId) {
        self.state.borrow_mut().requested.remove(&server);
    }

    /// How many records of each kind there are.
    pub fn census(&self) -> [(&'static str, usize); 3] {
        let state = self.state.borrow();
        [
            ("ports", state.ports.len()),
            ("addresses of ports", state.networks.addresses()),
            ("requested networks", state.requested.len()),
        ]
    }

    /// Changes every port of a server.
    fn change(&self, server: ServerId, change: impl Fn(&mut Port)) {
        let mut state = self.state.borrow_mut();
        for port in state.ports.values_mut().filter(|port| port.device == Some(server)) {
            let before = port.clone();
            change(port);
            if *port != before {
                self.saved(port);
            }
        }
    }

    fn saved(&self, port: &Port) {
        self.trace.record(|| TraceEvent::PortSaved { port: serde_json::to_value(port).unwrap_or_default() });
    }

    fn make_port(&self, server: Option<ServerId>, wanted: NewPort) -> Result<Port, NetworkError> {
        let state = &mut *self.state.borrow_mut();
        let NewPort { network, subnet, address, mac_address, made_for_server } = wanted;
        state.networks.get(network).ok_or(NetworkError::NoNetwork(network))?;
        let given = state.networks.take(network, subnet, address)?;
        state.made = state.made.wrapping_add(1);
        state.plugged += 1;
        let [_, high, middle, low] = state.made.wrapping_add(1).to_be_bytes();
        let port = Port {
            id: PortId(self.random.uuid()),
            network,
            device: server,
            bindings: BTreeMap::new(),
            mac_address: mac_address.unwrap_or_else(|| format!("fa:16:3e:{high:02x}:{middle:02x}:{low:02x}")),
            fixed_ips: given.into_iter().map(|(subnet, address)| FixedIp { subnet, address }).collect(),
            made_for_server: made_for_server || server.is_some(),
            plugged: state.plugged,
        };
        state.ports.insert(port.id, port.clone());
        Ok(port)
    }

    /// Makes a port for a server, and plugs it in.
    fn make_port_for(
        &self,
        server: ServerId,
        network: NetworkId,
        address: Option<IpAddr>,
    ) -> Result<Port, NovaError> {
        let wanted = NewPort { address, ..NewPort::on(network) };
        self.make_port(Some(server), wanted).map_err(|error| no_address(network, &error))
    }

    fn info(&self, server: ServerId) -> NetworkInfo {
        self.ports_of(server).into_iter().map(|port| self.vif(port)).collect()
    }

    fn vif(&self, port: Port) -> Vif {
        Vif {
            port: port.id,
            network: port.network,
            mac_address: port.mac_address,
            fixed_ips: port.fixed_ips.iter().map(|fixed| fixed.address.to_string()).collect(),
        }
    }

    /// Plugs a user's port in.
    fn plug(&self, server: ServerId, port: PortId) -> Result<(), NovaError> {
        let mut state = self.state.borrow_mut();
        state.plugged += 1;
        let plugged = state.plugged;
        let free = state.ports.get_mut(&port).filter(|port| port.device.is_none());
        let Some(port) = free else {
            return Err(port_not_found(port));
        };
        port.device = Some(server);
        port.plugged = plugged;
        Ok(())
    }

    /// Unplugs a port, which goes if it was made for its server.
    fn release(&self, mut port: Port) {
        port.device = None;
        port.bindings.clear();
        let state = &mut *self.state.borrow_mut();
        if port.made_for_server {
            state.remove_port(port.id);
        } else {
            state.ports.insert(port.id, port.clone());
        }
        self.saved(&port);
    }
}

impl State {
    /// Removes a port, whose addresses are free again.
    fn remove_port(&mut self, id: PortId) {
        for fixed in self.ports.remove(&id).into_iter().flat_map(|port| port.fixed_ips) {
            self.networks.give_back(fixed.subnet, fixed.address);
        }
    }
}

/// The error of Nova's for a port that cannot be made.
fn no_address(network: NetworkId, error: &NetworkError) -> NovaError {
    let message = match error {
        NetworkError::NoAddress(_) => format!("No fixed IP addresses available for network: {network}"),
        other => other.to_string(),
    };
    NovaError::new(ExceptionClass::NoMoreFixedIps, message)
}

fn bind_actively(port: &mut Port, host: &HostName) {
    port.bindings.values_mut().for_each(|active| *active = false);
    port.bindings.insert(host.clone(), true);
}

fn port_not_found(port: PortId) -> NovaError {
    NovaError::new(ExceptionClass::PortNotFound, format!("Port {port} could not be found."))
}

#[async_trait(?Send)]
impl NetworkApi for NetworkService {
    async fn allocate_for_instance(
        &self,
        server: &Server,
        host: &HostName,
    ) -> Result<NetworkInfo, NovaError> {
        self.strike("network.allocate_for_instance")?;
        if self.ports_of(server.id).is_empty() {
            let requested = self.state.borrow().requested.get(&server.id).cloned();
            match requested {
                None => drop(self.make_port_for(server.id, self.network_id(), None)?),
                Some(RequestedNetworks::Nothing) => {}
                Some(RequestedNetworks::Interfaces(interfaces)) => {
                    for interface in interfaces {
                        match interface {
                            RequestedInterface::Port(port) => self.plug(server.id, port)?,
                            RequestedInterface::Network(network, address) => {
                                drop(self.make_port_for(server.id, network, address)?);
                            }
                        }
                    }
                }
            }
        }
        self.change(server.id, |port| {
            port.bindings.clear();
            bind_actively(port, host);
        });
        Ok(self.info(server.id))
    }

    async fn deallocate_for_instance(&self, server: ServerId) -> Result<(), NovaError> {
        self.strike("network.deallocate_for_instance")?;
        self.ports_of(server).into_iter().for_each(|port| self.release(port));
        Ok(())
    }

    async fn bind_ports_to_host(&self, server: ServerId, host: &HostName) -> Result<(), NovaError> {
        self.strike("network.bind_ports_to_host")?;
        self.change(server, |port| {
            port.bindings.entry(host.clone()).or_insert(false);
        });
        Ok(())
    }

    async fn migrate_instance_start(&self, server: ServerId, host: &HostName) -> Result<(), NovaError> {
        self.strike("network.migrate_instance_start")?;
        self.change(server, |port| bind_actively(port, host));
        Ok(())
    }

    async fn unbind_ports(&self, server: ServerId) -> Result<(), NovaError> {
        self.strike("network.unbind_ports")?;
        self.change(server, |port| port.bindings.clear());
        Ok(())
    }

    async fn attach_port(
        &self,
        server: ServerId,
        host: &HostName,
        port: Option<PortId>,
    ) -> Result<Vif, NovaError> {
        self.strike("network.attach_port")?;
        let id = match port {
            Some(port) => {
                self.plug(server, port)?;
                port
            }
            None => self.make_port_for(server, self.network_id(), None)?.id,
        };
        self.change(server, |port| {
            if port.id == id {
                bind_actively(port, host);
            }
        });
        let attached = self.ports_of(server).into_iter().find(|port| port.id == id);
        attached.map(|port| self.vif(port)).ok_or_else(|| port_not_found(id))
    }

    async fn deallocate_port(&self, server: ServerId, port: PortId) -> Result<(), NovaError> {
        self.strike("network.deallocate_port")?;
        self.ports_of(server)
            .into_iter()
            .filter(|plugged| plugged.id == port)
            .for_each(|port| self.release(port));
        Ok(())
    }

    async fn get_instance_nw_info(&self, server: ServerId) -> Result<NetworkInfo, NovaError> {
        self.strike("network.get_instance_nw_info")?;
        Ok(self.info(server))
    }

    async fn migrate_instance_finish(&self, server: ServerId, host: &HostName) -> Result<(), NovaError> {
        self.strike("network.migrate_instance_finish")?;
        self.change(server, |port| bind_actively(port, host));
        Ok(())
    }

    async fn setup_instance_network_on_host(
        &self,
        server: ServerId,
        host: &HostName,
    ) -> Result<(), NovaError> {
        self.strike("network.setup_instance_network_on_host")?;
        self.change(server, |port| bind_actively(port, host));
        Ok(())
    }

    async fn teardown_networks_on_host(&self, server: ServerId, host: &HostName) -> Result<(), NovaError> {
        self.strike("network.teardown_networks_on_host")?;
        self.change(server, |port| {
            port.bindings.remove(host);
        });
        Ok(())
    }
}
