//! The guests of the host, in durable storage: they go on when the agent dies.

use novarig_driver_sdk::{
    BlockDeviceInfo, Flavor, Instance, NetworkInfo, PowerState, SavedGuest, SavedVolume, VirtError, durable,
};

/// What a guest uses of its host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) vcpus: i64,
    pub(crate) memory_mb: i64,
    pub(crate) root_gb: i64,
}

impl Size {
    pub(crate) fn plus(self, other: Size) -> Size {
        Size {
            vcpus: self.vcpus.saturating_add(other.vcpus),
            memory_mb: self.memory_mb.saturating_add(other.memory_mb),
            root_gb: self.root_gb.saturating_add(other.root_gb),
        }
    }

    pub(crate) fn minus(self, other: Size) -> Size {
        Size {
            vcpus: self.vcpus.saturating_sub(other.vcpus),
            memory_mb: self.memory_mb.saturating_sub(other.memory_mb),
            root_gb: self.root_gb.saturating_sub(other.root_gb),
        }
    }
}

impl From<&Flavor> for Size {
    fn from(flavor: &Flavor) -> Size {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Size {
            vcpus: i64::from(flavor.vcpus),
            memory_mb: number(flavor.memory_mb),
            root_gb: number(flavor.root_gb),
        }
    }
}

/// The guest of this server.
pub(crate) fn guest_of(
    instance: &Instance,
    power_on: bool,
    network_info: NetworkInfo,
    disks: BlockDeviceInfo,
) -> SavedGuest {
    SavedGuest {
        uuid: instance.uuid.clone(),
        name: instance.name.clone(),
        state: if power_on { PowerState::Running } else { PowerState::Shutdown },
        flavor: instance.flavor.clone(),
        network_info,
        volumes: disks
            .devices
            .into_iter()
            .filter_map(|disk| {
                Some(SavedVolume { mountpoint: disk.device_name?, connection_info: disk.connection_info? })
            })
            .collect(),
    }
}

/// A drawer of durable storage with a guest for each server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawer(pub(crate) &'static str);

/// Guests that exist, running or not.
pub(crate) const GUESTS: Drawer = Drawer("guest/");

/// What a move left behind on its source until it is confirmed or reverted: disks without a guest.
pub(crate) const MOVED: Drawer = Drawer("moved/");

impl Drawer {
    fn key(self, uuid: &str) -> String {
        format!("{}{uuid}", self.0)
    }

    pub(crate) fn get(self, uuid: &str) -> Option<SavedGuest> {
        durable::load(&self.key(uuid))
    }

    pub(crate) fn has(self, uuid: &str) -> bool {
        durable::get(&self.key(uuid)).is_some()
    }

    pub(crate) fn put(self, guest: SavedGuest) {
        durable::store(&self.key(&guest.uuid), guest);
    }

    /// Takes a guest out.
    pub(crate) fn take(self, uuid: &str) -> Option<SavedGuest> {
        let guest = self.get(uuid);
        durable::delete(&self.key(uuid));
        guest
    }

    /// All of them, in order of identifiers.
    pub(crate) fn all(self) -> Vec<SavedGuest> {
        self.uuids().iter().filter_map(|uuid| self.get(uuid)).collect()
    }

    /// Their identifiers, in order.
    pub(crate) fn uuids(self) -> Vec<String> {
        durable::keys(self.0).into_iter().map(|key| key[self.0.len()..].to_owned()).collect()
    }
}

/// Changes a guest.
pub(crate) fn change(instance: &Instance, change: impl FnOnce(&mut SavedGuest)) -> Result<(), VirtError> {
    let mut guest =
        GUESTS.get(&instance.uuid).ok_or_else(|| VirtError::InstanceNotFound(instance.uuid.clone()))?;
    change(&mut guest);
    GUESTS.put(guest);
    Ok(())
}

/// The key of [`used`].
const USED: &str = "used";

/// The counter of resources in use that Nova's fake driver keeps beside its guests, with the drift it has there.
pub(crate) fn used() -> Size {
    let (vcpus, memory_mb, root_gb) = durable::load(USED).unwrap_or_default();
    Size { vcpus, memory_mb, root_gb }
}

/// Sets [`used`].
pub(crate) fn set_used(size: Size) {
    durable::store(USED, (size.vcpus, size.memory_mb, size.root_gb));
}

/// What the guests use.
pub(crate) fn used_by_guests() -> Size {
    GUESTS.all().iter().fold(Size::default(), |sum, guest| sum.plus(Size::from(&guest.flavor)))
}
