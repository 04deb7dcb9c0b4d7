//! A server's network information, as the drivers receive it (`nova/network/model.py`).

use crate::ids::{NetworkId, PortId};
use serde::{Deserialize, Serialize};

/// One virtual interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vif {
    /// The port.
    pub port: PortId,
    /// The network it is on.
    pub network: NetworkId,
    /// MAC address, lower case with colons.
    pub mac_address: String,
    /// Fixed addresses.
    pub fixed_ips: Vec<String>,
}

/// All virtual interfaces of a server.
pub type NetworkInfo = Vec<Vif>;
