//! Hosts and requests for the tests of this crate.

use crate::aggregate::Aggregate;
use crate::host_state::{HostState, ResidentServer};
use model::resources::Ratio;
use model::{
    AggregateId, ComputeNode, Flavor, ImageId, ImageMeta, ProviderId, RequestSpec, ServerId, Timestamp,
};
use std::sync::Arc;
use uuid::Uuid;

pub(crate) fn server(number: u128) -> ServerId {
    ServerId(Uuid::from_u128(number))
}

/// An empty host with 4 processors and 8 GiB of memory.
pub(crate) fn host(name: &str) -> HostState {
    HostState::new(&ComputeNode {
        id: ProviderId(Uuid::from_u128(name.bytes().fold(7, |sum, byte| sum * 131 + u128::from(byte)))),
        host: name.into(),
        hypervisor_hostname: name.into(),
        hypervisor_type: "fake".into(),
        hypervisor_version: 1000,
        host_ip: Some("127.0.0.1".into()),
        vcpus: 4,
        vcpus_used: 0,
        memory_mb: 8192,
        memory_mb_used: 0,
        local_gb: 1028,
        local_gb_used: 0,
        disk_available_least: None,
        supported_instances: Vec::new(),
        running_vms: 0,
        cpu_allocation_ratio: Ratio::ONE,
        ram_allocation_ratio: Ratio::ONE,
        disk_allocation_ratio: Ratio::ONE,
        created_at: Timestamp::default(),
    })
}

pub(crate) fn host_with(name: &str, servers: &[ServerId]) -> HostState {
    let mut state = host(name);
    state.instances = servers.iter().map(|server| (*server, ResidentServer::default())).collect();
    state
}

/// Puts the host in one more aggregate.
pub(crate) fn in_aggregate(state: &mut HostState, metadata: &[(&str, &str)]) {
    let number = state.aggregates.len() as u128;
    state.aggregates.push(Arc::new(Aggregate {
        id: AggregateId(Uuid::from_u128(number)),
        name: format!("aggregate{number}"),
        hosts: [state.host.clone()].into(),
        metadata: metadata.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
    }));
}

/// A request of project `project` for a server of m1.tiny.
pub(crate) fn request() -> RequestSpec {
    RequestSpec::new(server(100), "project".into(), "user".into(), Flavor::defaults().remove(0))
}

pub(crate) fn request_with_image(properties: &[(&str, &str)]) -> RequestSpec {
    let id = ImageId(Uuid::from_u128(5));
    RequestSpec {
        image: Some(id),
        image_meta: Some(ImageMeta {
            id,
            name: "image".into(),
            disk_format: "raw".into(),
            min_disk_gb: 0,
            min_ram_mb: 0,
            properties: properties.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        }),
        ..request()
    }
}
