//! The network service, in memory: one network, a port for each server (`nova/network/neutron.py` against the stand-in
//! of Nova's functional tests).

use async_trait::async_trait;
use compute::{NetworkApi, ServiceFaults};
use model::ids::NetworkId;
use model::{ExceptionClass, HostName, Migration, NetworkInfo, NovaError, PortId, Server, ServerId, Vif};
use runtime::{Randomness, Trace, TraceEvent};
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

/// One port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Port {
    /// Its id.
    pub id: PortId,
    /// The server it is plugged into.
    pub device: Option<ServerId>,
    /// Its bindings: host to whether that binding is the active one.
    pub bindings: BTreeMap<HostName, bool>,
    /// MAC address.
    pub mac_address: String,
    /// Fixed address.
    pub fixed_ip: String,
    /// Whether it was made for a server, and goes with it; else it is a user's own.
    pub made_for_server: bool,
    /// Counts up with each port that is plugged in, so that a server's are known in order.
    pub plugged: u64,
}

/// The network service of one cloud.
pub struct NetworkService {
    trace: Trace,
    random: Randomness,
    faults: ServiceFaults,
    network: Cell<NetworkId>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    made: u32,
    /// The numbers of the ports that are there, and those that were given back, longest ago first.
    numbers: BTreeMap<PortId, u32>,
    free: VecDeque<u32>,
    plugged: u64,
    ports: BTreeMap<PortId, Port>,
    requested: BTreeMap<ServerId, RequestedNetworks>,
}

/// Addresses count up from 192.168.0.2 within 192.168.0.0/16, so the last port that gets one of its own has this number.
const LAST_NUMBER: u32 = 0xffff - 1;

impl State {
    /// A number no port has: a new one, or when all were given out that which was given back longest ago.
    fn take_number(&mut self) -> Option<u32> {
        if self.made == LAST_NUMBER {
            return self.free.pop_front();
        }
        self.made += 1;
        Some(self.made)
    }

    fn give_back(&mut self, port: PortId) {
        self.free.extend(self.numbers.remove(&port));
    }
}

/// What a server is plugged into when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestedNetworks {
    /// Nothing.
    Nothing,
    /// Ports of a user's own.
    Ports(Vec<PortId>),
}

impl NetworkService {
    /// A network without ports, whose calls fail where `faults` say so.
    pub fn new(random: Randomness, trace: Trace, faults: ServiceFaults) -> Self {
        let network = Cell::new(NetworkId(random.uuid()));
        Self { trace, random, faults, network, state: RefCell::default() }
    }

    fn strike(&self, call: &'static str) -> Result<(), NovaError> {
        self.faults.strike(call, &self.trace)
    }

    /// The one network.
    pub fn network_id(&self) -> NetworkId {
        self.network.get()
    }

    /// Gives the network an id that somebody knows beforehand. Ports that were made before are on it as well.
    pub fn set_network_id(&self, id: NetworkId) {
        self.network.set(id);
    }

    /// Says what a server that is being made is to be plugged into, when that is not a new port of its own.
    pub fn request(&self, server: ServerId, wanted: RequestedNetworks) {
        self.state.borrow_mut().requested.insert(server, wanted);
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

    /// Makes a port that belongs to a user and is plugged into no server. Errors: `NoMoreFixedIps`.
    pub fn create_port(&self) -> Result<PortId, NovaError> {
        self.make_port(None).map(|port| port.id)
    }

    /// Adds a port that somebody knows beforehand, or puts it in the place of the one with its id.
    pub fn put_port(&self, port: Port) {
        self.saved(&port);
        self.state.borrow_mut().ports.insert(port.id, port);
    }

    /// Deletes a port that is plugged into no server. Answers whether it did.
    pub fn delete_port(&self, id: PortId) -> bool {
        let state = &mut *self.state.borrow_mut();
        let ports = &mut state.ports;
        let free = ports.get(&id).is_some_and(|port| port.device.is_none());
        let deleted = free && ports.remove(&id).is_some();
        if deleted {
            state.give_back(id);
        }
        deleted
    }

    /// Forgets what a server was to be plugged into.
    pub(crate) fn forget(&self, server: ServerId) {
        self.state.borrow_mut().requested.remove(&server);
    }

    /// How many records of each kind there are.
    pub(crate) fn census(&self) -> [(&'static str, usize); 3] {
        let state = self.state.borrow();
        [
            ("ports", state.ports.len()),
            ("addresses of ports", state.numbers.len()),
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

    fn make_port(&self, server: Option<ServerId>) -> Result<Port, NovaError> {
        let mut state = self.state.borrow_mut();
        let Some(number) = state.take_number() else {
            return Err(NovaError::new(
                ExceptionClass::NoMoreFixedIps,
                format!("No fixed IP addresses available for network: {}", self.network_id()),
            ));
        };
        let (high, low) = ((number + 1) >> 8, (number + 1) & 0xff);
        state.plugged += 1;
        let port = Port {
            id: PortId(self.random.uuid()),
            device: server,
            bindings: BTreeMap::new(),
            mac_address: format!("fa:16:3e:00:{high:02x}:{low:02x}"),
            fixed_ip: format!("192.168.{high}.{low}"),
            made_for_server: server.is_some(),
            plugged: state.plugged,
        };
        state.numbers.insert(port.id, number);
        state.ports.insert(port.id, port.clone());
        Ok(port)
    }

    fn info(&self, server: ServerId) -> NetworkInfo {
        self.ports_of(server).into_iter().map(|port| self.vif(port)).collect()
    }

    fn vif(&self, port: Port) -> Vif {
        Vif {
            port: port.id,
            network: self.network_id(),
            mac_address: port.mac_address,
            fixed_ips: vec![port.fixed_ip],
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
            state.ports.remove(&port.id);
            state.give_back(port.id);
        } else {
            state.ports.insert(port.id, port.clone());
        }
        self.saved(&port);
    }
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
                None => drop(self.make_port(Some(server.id))?),
                Some(RequestedNetworks::Nothing) => {}
                Some(RequestedNetworks::Ports(ports)) => {
                    ports.into_iter().try_for_each(|port| self.plug(server.id, port))?;
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
            None => self.make_port(Some(server))?.id,
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

    async fn migrate_instance_finish(
        &self,
        server: ServerId,
        _migration: &Migration,
        host: &HostName,
    ) -> Result<(), NovaError> {
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
