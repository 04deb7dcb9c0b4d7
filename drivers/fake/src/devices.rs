//! Volumes and interfaces. A hypervisor's belong to guests; Nova's fake driver keeps two maps beside them, which do not care
//! whether there is such a guest and outlive it.

use crate::guests::change;
use crate::variants::quirks;
use novarig_driver_sdk::types::{
    AttachVolumeRequest, DetachVolumeRequest, Instance, SavedVolume, SwapVolumeRequest, Vif, VirtError,
};
use novarig_driver_sdk::{durable, log};

/// Nova's map of interfaces, by port.
pub(crate) const INTERFACES: &str = "interface/";

/// Nova's map of volumes, by name of the guest and device.
pub(crate) const MOUNTS: &str = "mount/";

fn interface(port: &str) -> String {
    format!("{INTERFACES}{port}")
}

fn mount(instance: &Instance, mountpoint: &str) -> String {
    format!("{MOUNTS}{}{mountpoint}", instance.name)
}

/// What `spawn` does in Nova's besides.
pub(crate) fn remember_interfaces(vifs: &[Vif]) {
    for vif in vifs {
        durable::set(&interface(&vif.id), &[]);
    }
}

pub(crate) fn attach_interface(instance: &Instance, vif: Vif) -> Result<(), VirtError> {
    let failed = || Err(VirtError::InterfaceAttachFailed(instance.uuid.clone()));
    if quirks()? {
        if durable::get(&interface(&vif.id)).is_some() {
            return failed();
        }
        remember_interfaces(&[vif]);
        return Ok(());
    }
    let mut is_there = false;
    change(instance, |guest| {
        is_there = guest.network_info.iter().any(|other| other.id == vif.id);
        if !is_there {
            guest.network_info.push(vif);
        }
    })?;
    if is_there { failed() } else { Ok(()) }
}

pub(crate) fn detach_interface(instance: &Instance, vif: &Vif) -> Result<(), VirtError> {
    let failed = || Err(VirtError::InterfaceDetachFailed(instance.uuid.clone()));
    if quirks()? {
        if durable::get(&interface(&vif.id)).is_none() {
            return failed();
        }
        durable::delete(&interface(&vif.id));
        return Ok(());
    }
    let mut was_there = false;
    change(instance, |guest| {
        let before = guest.network_info.len();
        guest.network_info.retain(|other| other.id != vif.id);
        was_there = guest.network_info.len() < before;
    })?;
    if was_there { Ok(()) } else { failed() }
}

fn plug(instance: &Instance, mountpoint: String, connection_info: String) -> Result<(), VirtError> {
    if quirks()? {
        durable::set(&mount(instance, &mountpoint), connection_info.as_bytes());
        return Ok(());
    }
    change(instance, |guest| {
        guest.volumes.retain(|volume| volume.mountpoint != mountpoint);
        guest.volumes.push(SavedVolume { mountpoint, connection_info });
    })
}

pub(crate) fn attach_volume(request: AttachVolumeRequest) -> Result<(), VirtError> {
    plug(&request.instance, request.mountpoint, request.connection_info)
}

/// A volume that is not there counts as detached.
pub(crate) fn detach_volume(request: &DetachVolumeRequest) -> Result<(), VirtError> {
    let DetachVolumeRequest { instance, mountpoint, .. } = request;
    if quirks()? {
        durable::delete(&mount(instance, mountpoint));
        return Ok(());
    }
    change(instance, |guest| {
        let before = guest.volumes.len();
        guest.volumes.retain(|volume| volume.mountpoint != *mountpoint);
        if guest.volumes.len() == before {
            log::warning(&format!("no volume of {} is at {mountpoint}", instance.uuid));
        }
    })
}

pub(crate) fn swap_volume(request: SwapVolumeRequest) -> Result<(), VirtError> {
    plug(&request.instance, request.mountpoint, request.new_connection_info)
}
