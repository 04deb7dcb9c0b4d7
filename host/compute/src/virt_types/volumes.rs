//! Volumes as the driver contract has them.

use model::{BlockDevice, Server, VolumeConnector};
use virt::types;

/// The disks of a server as drivers are shown them: its volumes. What is made of image and flavor they know of themselves.
pub(crate) fn block_device_info(server: &Server) -> types::BlockDeviceInfo {
    types::BlockDeviceInfo {
        root_device_name: server.root_device_name.clone(),
        devices: server.block_devices.iter().map(block_device).collect(),
    }
}

/// One volume of a server.
pub(crate) fn block_device(device: &BlockDevice) -> types::BlockDevice {
    types::BlockDevice {
        uuid: device.id.to_string(),
        source_type: types::BlockDeviceSource::Volume,
        destination_type: types::BlockDeviceDestination::Volume,
        device_name: device.device_name.clone(),
        boot_index: device.boot_index,
        size: Some(device.size_gb),
        volume_id: Some(device.volume.to_string()),
        attachment_id: device.attachment.map(|attachment| attachment.to_string()),
        connection_info: device.connection_info.clone(),
        disk_bus: None,
        device_type: None,
        guest_format: None,
        tag: None,
        delete_on_termination: device.delete_on_termination,
        image_id: None,
        snapshot_id: None,
        volume_type: None,
        encryption: None,
    }
}

/// What the driver says of its host to the volume service.
pub(crate) fn volume_connector(connector: types::VolumeConnector) -> VolumeConnector {
    VolumeConnector { host: connector.host, ip: connector.ip, initiator: connector.initiator }
}
