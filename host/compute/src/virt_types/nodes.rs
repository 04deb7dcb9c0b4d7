//! Nodes as the driver contract has them, and what the drivers of two hosts tell each other in a live migration.

use model::{ComputeNode, ExceptionClass, NovaError};
use serde_json::Value;
use virt::types;

/// A node as the driver of another host is shown it, with what its record has.
pub(crate) fn compute_info(node: &ComputeNode) -> types::ComputeInfo {
    let number = |amount: u64| u32::try_from(amount).unwrap_or(u32::MAX);
    types::ComputeInfo {
        host: node.host.to_string(),
        host_ip: node.host_ip.clone(),
        node: types::NodeResources {
            vcpus: number(node.vcpus),
            memory_mb: node.memory_mb,
            local_gb: node.local_gb,
            vcpus_used: number(node.vcpus_used),
            memory_mb_used: node.memory_mb_used,
            local_gb_used: node.local_gb_used,
            uuid: Some(node.id.to_string()),
            hypervisor_type: node.hypervisor_type.clone(),
            hypervisor_version: u64::from(node.hypervisor_version),
            hypervisor_hostname: node.hypervisor_hostname.to_string(),
            disk_available_least: node.disk_available_least,
            cpu_info: types::CpuInfo {
                arch: String::new(),
                model: String::new(),
                vendor: String::new(),
                features: Vec::new(),
                topology: types::CpuTopology { sockets: 0, cores: 0, threads: 0 },
            },
            supported_instances: node
                .supported_instances
                .iter()
                .map(|kind| types::SupportedInstance {
                    arch: kind.architecture.clone(),
                    hypervisor_type: kind.hypervisor_type.clone(),
                    vm_mode: kind.vm_mode.clone(),
                })
                .collect(),
            stats: Vec::new(),
            numa_topology: None,
            pci_passthrough_devices: Vec::new(),
        },
    }
}

/// A driver's words as a message carries them; nobody between the two computes reads them.
pub(crate) fn to_message(data: &impl serde::Serialize) -> Result<Value, NovaError> {
    serde_json::to_value(data).map_err(|error| unreadable(&error))
}

/// A driver's words out of a message.
pub(crate) fn from_message<T: serde::de::DeserializeOwned>(data: Value) -> Result<T, NovaError> {
    serde_json::from_value(data).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> NovaError {
    NovaError::new(ExceptionClass::Unexpected, format!("migrate data cannot be read: {error}"))
}
