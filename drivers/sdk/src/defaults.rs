//! What Nova's base class does where it does more than nothing (`nova/virt/driver.py, ComputeDriver`).

use crate::driver::{Bottom, Driver};
use crate::types::{Capability, Instance, Uuid, VirtError};

pub(crate) async fn get_nodenames_by_uuid<D: Driver<Bottom>>(
    _: &D,
    _refresh: bool,
) -> Result<Vec<(Uuid, String)>, VirtError> {
    Ok(Vec::new())
}

pub(crate) async fn node_is_available<D: Driver<Bottom>>(
    driver: &D,
    nodename: String,
) -> Result<bool, VirtError> {
    Ok(driver.get_available_nodes(false).await?.contains(&nodename)
        || driver.get_available_nodes(true).await?.contains(&nodename))
}

pub(crate) async fn network_binding_host_id<D: Driver<Bottom>>(
    _: &D,
    instance: Instance,
) -> Result<Option<String>, VirtError> {
    Ok(instance.host)
}

pub(crate) async fn capabilities<D: Driver<Bottom>>(_: &D) -> Result<Vec<Capability>, VirtError> {
    Ok(Vec::new())
}

pub(crate) async fn get_num_instances<D: Driver<Bottom>>(driver: &D) -> Result<u32, VirtError> {
    let count = driver.list_instances().await?.len();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

pub(crate) async fn instance_exists<D: Driver<Bottom>>(
    driver: &D,
    instance: Instance,
) -> Result<bool, VirtError> {
    match driver.list_instance_uuids().await {
        Ok(uuids) => Ok(uuids.contains(&instance.uuid)),
        Err(VirtError::NotImplemented) => Ok(driver.list_instances().await?.contains(&instance.name)),
        Err(error) => Err(error),
    }
}
