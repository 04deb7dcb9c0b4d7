//! Networks and their subnets, and which addresses of these are given out.

use super::addresses::{Allocations, Cidr, Pool};
use model::ProjectId;
use model::ids::NetworkId;
use std::collections::BTreeMap;
use std::net::IpAddr;
use uuid::Uuid;

/// A network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its id.
    pub id: NetworkId,
    /// Its name, under which servers show their addresses.
    pub name: String,
    /// What its owner says of it.
    pub description: String,
    /// Whose it is; none for the cloud's own.
    pub project: Option<ProjectId>,
    /// Whether every project may use it.
    pub shared: bool,
    /// Whether floating addresses come from it.
    pub external: bool,
    /// Whether it is in service.
    pub admin_state_up: bool,
}

/// A range of addresses of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: Uuid,
    /// The network it is of.
    pub network: NetworkId,
    /// Its name.
    pub name: String,
    /// What its owner says of it.
    pub description: String,
    /// Whose it is; none for the cloud's own.
    pub project: Option<ProjectId>,
    /// Its addresses.
    pub cidr: Cidr,
    /// The address of its gateway.
    pub gateway: Option<IpAddr>,
    /// The addresses that are given out.
    pub pools: Vec<Pool>,
    /// Whether guests are told their addresses.
    pub enable_dhcp: bool,
    /// The name servers that guests are told.
    pub name_servers: Vec<String>,
}

/// What cannot be done with networks, subnets and addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// There is no such network.
    #[error("Network {0} could not be found.")]
    NoNetwork(NetworkId),
    /// There is no such subnet.
    #[error("Subnet {0} could not be found.")]
    NoSubnet(Uuid),
    /// Ports are on it.
    #[error(
        "Unable to complete operation on network {0}. There are one or more ports still in use on the network."
    )]
    NetworkInUse(NetworkId),
    /// Ports have its addresses.
    #[error(
        "Unable to complete operation on subnet {0}: One or more ports have an IP allocation from this subnet."
    )]
    SubnetInUse(Uuid),
    /// Another subnet of the network has some of the addresses.
    #[error(
        "Invalid input for operation: Requested subnet with cidr: {0} for network: {1} overlaps with another subnet."
    )]
    Overlap(Cidr, NetworkId),
    /// The gateway or a pool is not within the subnet, or a pool ends before it begins.
    #[error("Invalid input for operation: {0}")]
    Invalid(String),
    /// All addresses are given out.
    #[error("No more IP addresses available on network {0}.")]
    NoAddress(NetworkId),
    /// The address is given out.
    #[error("IP address {0} already allocated in subnet {1}")]
    AddressTaken(IpAddr, Uuid),
    /// No subnet of the network has the address.
    #[error("IP address {0} is not a valid IP for any of the subnets on the specified network.")]
    AddressElsewhere(IpAddr),
}

/// All networks of a cloud.
#[derive(Debug, Default)]
pub(super) struct Networks {
    networks: BTreeMap<NetworkId, Network>,
    /// In the order in which they were made.
    subnets: Vec<Subnet>,
    given: BTreeMap<Uuid, Allocations>,
}

impl Networks {
    pub(super) fn all(&self) -> Vec<Network> {
        self.networks.values().cloned().collect()
    }

    pub(super) fn subnets(&self) -> &[Subnet] {
        &self.subnets
    }

    pub(super) fn get(&self, id: NetworkId) -> Option<&Network> {
        self.networks.get(&id)
    }

    pub(super) fn put(&mut self, network: Network) {
        self.networks.insert(network.id, network);
    }

    pub(super) fn remove(&mut self, id: NetworkId) {
        self.networks.remove(&id);
        let gone = |subnet: &Subnet| subnet.network == id;
        let of_it: Vec<Uuid> =
            self.subnets.iter().filter(|subnet| gone(subnet)).map(|subnet| subnet.id).collect();
        of_it.iter().for_each(|subnet| drop(self.given.remove(subnet)));
        self.subnets.retain(|subnet| !gone(subnet));
    }

    /// How many addresses are given out.
    pub(super) fn addresses(&self) -> usize {
        self.given.values().map(Allocations::len).sum()
    }

    /// Adds a subnet, or puts it in the place of the one with its id.
    pub(super) fn put_subnet(&mut self, subnet: Subnet) -> Result<(), NetworkError> {
        if !self.networks.contains_key(&subnet.network) {
            return Err(NetworkError::NoNetwork(subnet.network));
        }
        let mut others = self.subnets.iter().filter(|other| other.id != subnet.id);
        if others.any(|other| other.network == subnet.network && other.cidr.overlaps(subnet.cidr)) {
            return Err(NetworkError::Overlap(subnet.cidr, subnet.network));
        }
        check(&subnet)?;
        match self.subnets.iter_mut().find(|known| known.id == subnet.id) {
            Some(known) => *known = subnet,
            None => self.subnets.push(subnet),
        }
        Ok(())
    }

    pub(super) fn remove_subnet(&mut self, id: Uuid) {
        self.subnets.retain(|subnet| subnet.id != id);
        self.given.remove(&id);
    }

    /// Gives out an address of a network: this one, or the next free one of this subnet or of any, IPv4 first. None when the
    /// network has no subnet.
    pub(super) fn take(
        &mut self,
        network: NetworkId,
        subnet: Option<Uuid>,
        address: Option<IpAddr>,
    ) -> Result<Option<(Uuid, IpAddr)>, NetworkError> {
        let mut fitting: Vec<&Subnet> = self
            .subnets
            .iter()
            .filter(|known| known.network == network && subnet.is_none_or(|wanted| wanted == known.id))
            .collect();
        if let (Some(wanted), true) = (subnet, fitting.is_empty()) {
            return Err(NetworkError::NoSubnet(wanted));
        }
        fitting.sort_by_key(|subnet| subnet.cidr.version());
        if let Some(address) = address {
            let subnet = fitting.iter().find(|subnet| subnet.cidr.contains(address));
            let subnet = subnet.ok_or(NetworkError::AddressElsewhere(address))?.id;
            if !self.given.entry(subnet).or_default().take(address) {
                return Err(NetworkError::AddressTaken(address, subnet));
            }
            return Ok(Some((subnet, address)));
        }
        for subnet in &fitting {
            if let Some(address) = self.given.entry(subnet.id).or_default().next(&subnet.pools) {
                return Ok(Some((subnet.id, address)));
            }
        }
        if fitting.is_empty() { Ok(None) } else { Err(NetworkError::NoAddress(network)) }
    }

    pub(super) fn give_back(&mut self, subnet: Uuid, address: IpAddr) {
        if let Some(given) = self.given.get_mut(&subnet) {
            given.give_back(address);
        }
    }
}

/// The gateway and the pools must be the subnet's own addresses, and pools must not overlap.
fn check(subnet: &Subnet) -> Result<(), NetworkError> {
    let cidr = subnet.cidr;
    if let Some(gateway) = subnet.gateway.filter(|gateway| !cidr.contains(*gateway)) {
        return Err(NetworkError::Invalid(format!("Gateway {gateway} is not valid on subnet {cidr}.")));
    }
    let mut pools: Vec<&Pool> = subnet.pools.iter().collect();
    pools.sort_by_key(|pool| pool.first);
    for pool in &pools {
        let Pool { first, last } = pool;
        if !cidr.contains(*first) || !cidr.contains(*last) || first > last {
            let message = format!("The allocation pool {first}-{last} is not valid on subnet {cidr}.");
            return Err(NetworkError::Invalid(message));
        }
        if let Some(gateway) = subnet.gateway.filter(|gateway| (first..=last).contains(&gateway)) {
            let message = format!("Gateway ip {gateway} conflicts with allocation pool {first}-{last}.");
            return Err(NetworkError::Invalid(message));
        }
    }
    if pools.windows(2).any(|pair| matches!(pair, [low, high] if high.first <= low.last)) {
        return Err(NetworkError::Invalid("Found overlapping allocation pools.".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::home;
    use super::{NetworkError, NetworkId, Networks, Pool, Subnet};
    use std::net::IpAddr;
    use uuid::Uuid;

    const NETWORK: NetworkId = NetworkId(Uuid::from_u128(1));

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn subnet(number: u128, cidr: &str, pools: &[(&str, &str)]) -> Subnet {
        Subnet {
            id: Uuid::from_u128(number),
            network: NETWORK,
            name: String::new(),
            description: String::new(),
            project: None,
            cidr: cidr.parse().expect("a range"),
            gateway: Some(ip("10.0.0.1")),
            pools: pools.iter().map(|(first, last)| Pool { first: ip(first), last: ip(last) }).collect(),
            enable_dhcp: true,
            name_servers: Vec::new(),
        }
    }

    fn networks() -> Networks {
        let mut networks = Networks::default();
        networks.put(home(NETWORK).0);
        networks
    }

    fn invalid(text: &str) -> Result<(), NetworkError> {
        Err(NetworkError::Invalid(text.to_owned()))
    }

    #[test]
    fn a_subnet_is_of_a_network_and_its_gateway_and_pools_are_its_own() {
        let mut networks = networks();
        let mut put = |cidr: &str, pools: &[(&str, &str)]| networks.put_subnet(subnet(7, cidr, pools));
        let outside = "Gateway 10.0.0.1 is not valid on subnet 10.9.0.0/24.";
        assert_eq!(put("10.9.0.0/24", &[]), invalid(outside));
        let beyond = "The allocation pool 10.0.0.9-10.0.1.3 is not valid on subnet 10.0.0.0/24.";
        assert_eq!(put("10.0.0.0/24", &[("10.0.0.9", "10.0.1.3")]), invalid(beyond));
        let gateway = "Gateway ip 10.0.0.1 conflicts with allocation pool 10.0.0.1-10.0.0.9.";
        assert_eq!(put("10.0.0.0/24", &[("10.0.0.1", "10.0.0.9")]), invalid(gateway));
        let twice = [("10.0.0.8", "10.0.0.20"), ("10.0.0.2", "10.0.0.8")];
        assert_eq!(put("10.0.0.0/24", &twice), invalid("Found overlapping allocation pools."));
        let elsewhere = Subnet { network: NetworkId(Uuid::from_u128(2)), ..subnet(7, "10.0.0.0/24", &[]) };
        let stranger = elsewhere.network;
        assert_eq!(networks.put_subnet(elsewhere), Err(NetworkError::NoNetwork(stranger)));
        assert!(networks.subnets().is_empty());
    }

    #[test]
    fn a_subnet_that_is_put_again_takes_its_own_place_and_one_that_is_removed_leaves_its_addresses() {
        let mut networks = networks();
        networks.put_subnet(subnet(7, "10.0.0.0/24", &[("10.0.0.2", "10.0.0.2")])).unwrap();
        let (of, address) = networks.take(NETWORK, None, None).unwrap().unwrap();
        assert_eq!((of, address), (Uuid::from_u128(7), ip("10.0.0.2")));
        assert_eq!(networks.take(NETWORK, None, None), Err(NetworkError::NoAddress(NETWORK)));
        networks.put_subnet(subnet(7, "10.0.0.0/24", &[("10.0.0.2", "10.0.0.3")])).unwrap();
        assert_eq!((networks.subnets().len(), networks.addresses()), (1, 1));
        assert_eq!(networks.take(NETWORK, None, None).unwrap().unwrap().1, ip("10.0.0.3"));
        let other = subnet(8, "10.0.0.0/25", &[]);
        let overlap = NetworkError::Overlap(other.cidr, NETWORK);
        assert_eq!(networks.put_subnet(other), Err(overlap));
        networks.remove_subnet(Uuid::from_u128(7));
        assert_eq!((networks.subnets().len(), networks.addresses()), (0, 0));
        assert_eq!(networks.take(NETWORK, None, None), Ok(None));
    }
}
