//! The block devices of a server that is to be made (`block_device_mapping_v2`, `nova/block_device.py`).

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::volume;
use conductor::BootVolume;
use model::{ImageId, VolumeId};
use serde_json::{Value, json};

/// One volume that a server is to have from the beginning.
#[derive(Clone, Debug)]
pub(super) struct Device {
    source: Source,
    /// Its place among those to boot from; none when it is not one of them.
    pub(super) boot_index: Option<i32>,
    delete_on_termination: bool,
}

#[derive(Clone, Debug)]
enum Source {
    /// A volume that there is.
    Volume(VolumeId),
    /// One that is made for the server.
    New { size_gb: u64, image: Option<ImageId> },
}

impl Device {
    /// Whether its volume is not made for the server, so that no other server can have it.
    pub(super) fn is_there_already(&self) -> bool {
        matches!(self.source, Source::Volume(_))
    }

    /// The volume, which is made now if it has to be.
    pub(super) fn volume(&self, call: &Call<'_>) -> BootVolume {
        let volume = match self.source {
            Source::Volume(volume) => volume,
            Source::New { size_gb, image } => {
                volume::make_for_server(call.world, &call.requester, size_gb, image)
            }
        };
        BootVolume { volume, boot_index: self.boot_index, delete_on_termination: self.delete_on_termination }
    }

    /// Takes back that a volume was made for a server, if it was.
    pub(super) fn give_up(&self, call: &Call<'_>, volume: VolumeId) {
        if matches!(self.source, Source::New { .. }) {
            volume::forget(call.world, volume);
        }
    }
}

fn invalid(what: &str) -> Refusal {
    Refusal::bad_request(format!("Block Device Mapping is Invalid: {what}"))
}

/// The root device of a server when its image names none, by which old requests tell the volume to boot from.
const ROOT_DEVICE: &str = "vda";

/// The volumes among the devices of a request, in the present syntax or in the old one (`block_device_mapping`), which names
/// volumes only.
pub(super) fn read_any(call: &Call<'_>, given: &Value, has_image: bool) -> Result<Vec<Device>, Refusal> {
    let old = given["block_device_mapping"].as_array().filter(|devices| !devices.is_empty());
    let new = &given["block_device_mapping_v2"];
    let Some(old) = old else { return read(call, new, has_image) };
    if new.as_array().is_some_and(|devices| !devices.is_empty()) {
        let message = "Using different block_device_mapping syntaxes is not allowed in the same request.";
        return Err(Refusal::bad_request(message));
    }
    let named = old.iter().filter(|device| !body::truth(&device["no_device"]));
    let present = named.map(|device| {
        let name = device["device_name"].as_str().unwrap_or_default();
        let boots = !has_image && name.strip_prefix("/dev/").unwrap_or(name) == ROOT_DEVICE;
        match (&device["volume_id"], &device["snapshot_id"]) {
            (Value::Null, Value::Null) => Err(invalid("it names neither a volume nor a snapshot.")),
            (Value::Null, _) => Err(invalid("cannot make a volume device of a snapshot.")),
            (volume, _) => Ok(json!({
                "source_type": "volume", "destination_type": "volume", "uuid": volume,
                "boot_index": boots.then_some(0), "delete_on_termination": device["delete_on_termination"],
            })),
        }
    });
    read(call, &present.collect::<Result<_, _>>()?, has_image)
}

/// The volumes among the devices. An image as the local root disk is what a server has anyway, and local disks come with
/// the flavor.
fn read(call: &Call<'_>, devices: &Value, has_image: bool) -> Result<Vec<Device>, Refusal> {
    let mut volumes = Vec::new();
    for device in devices.as_array().into_iter().flatten() {
        let text = |key: &str| device[key].as_str().unwrap_or("");
        let source = match (text("source_type"), text("destination_type")) {
            ("image", "local") if has_image => continue,
            ("image", "local") => return Err(invalid("Mapping image to local is not supported.")),
            ("blank", "local" | "") => continue,
            ("volume", "volume" | "") => {
                let volume: Option<VolumeId> = text("uuid").parse().ok();
                Source::Volume(volume.ok_or_else(|| invalid("Missing device UUID."))?)
            }
            ("image", "volume") => {
                let image: Option<ImageId> = text("uuid").parse().ok();
                let known = image.filter(|id| call.cloud.services().records.image(*id).is_some());
                let no_such = format!("failed to get image {}.", text("uuid"));
                let image = Some(known.ok_or_else(|| invalid(&no_such))?);
                Source::New { size_gb: size_of(device, "Images")?, image }
            }
            ("blank", "volume") => Source::New { size_gb: size_of(device, "Blank volumes")?, image: None },
            (from, to) => {
                return Err(invalid(&format!("cannot make a {to} device of a {from}.")));
            }
        };
        let index = match &device["boot_index"] {
            Value::String(text) => text.parse().ok(),
            number => number.as_i64(),
        };
        let boot_index = index.filter(|index| *index >= 0).and_then(|index| i32::try_from(index).ok());
        let delete_on_termination = body::truth(&device["delete_on_termination"]);
        volumes.push(Device { source, boot_index, delete_on_termination });
    }
    Ok(volumes)
}

fn size_of(device: &Value, what: &str) -> Result<u64, Refusal> {
    body::whole(&device["volume_size"]).filter(|size| *size > 0).ok_or_else(|| {
        invalid(&format!("{what} with destination_type 'volume' need to have a non-zero size specified"))
    })
}
