//! The guests of the host, in durable storage: they go on when the agent dies.

use novarig_driver_sdk::{Flavor, Instance, PowerState, durable};

/// A guest, or what is left of one that moved away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) running: bool,
    pub(crate) size: Size,
}

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
            vcpus: self.vcpus + other.vcpus,
            memory_mb: self.memory_mb + other.memory_mb,
            root_gb: self.root_gb + other.root_gb,
        }
    }

    pub(crate) fn minus(self, other: Size) -> Size {
        self.plus(Size { vcpus: -other.vcpus, memory_mb: -other.memory_mb, root_gb: -other.root_gb })
    }

    fn to_text(self) -> String {
        format!("{} {} {}", self.vcpus, self.memory_mb, self.root_gb)
    }

    fn from_text(text: &str) -> Option<Size> {
        let mut numbers = text.split(' ').map(|number| number.parse().ok());
        Some(Size { vcpus: numbers.next()??, memory_mb: numbers.next()??, root_gb: numbers.next()?? })
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

impl Guest {
    /// The guest of this server.
    pub(crate) fn of(instance: &Instance, running: bool) -> Guest {
        Guest {
            uuid: instance.uuid.clone(),
            name: instance.name.clone(),
            running,
            size: Size::from(&instance.flavor),
        }
    }

    pub(crate) fn power_state(&self) -> PowerState {
        if self.running { PowerState::Running } else { PowerState::Shutdown }
    }

    fn to_bytes(&self) -> Vec<u8> {
        format!("{}\n{}\n{}", self.name, self.running, self.size.to_text()).into_bytes()
    }

    fn from_bytes(uuid: &str, bytes: &[u8]) -> Option<Guest> {
        let mut lines = std::str::from_utf8(bytes).ok()?.split('\n');
        Some(Guest {
            uuid: uuid.to_owned(),
            name: lines.next()?.to_owned(),
            running: lines.next()?.parse().ok()?,
            size: Size::from_text(lines.next()?)?,
        })
    }
}

/// A drawer of durable storage with a guest for each server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawer(&'static str);

/// Guests that exist, running or not.
pub(crate) const GUESTS: Drawer = Drawer("guest/");

/// What a move left behind on its source until it is confirmed or reverted: disks without a guest.
pub(crate) const MOVED: Drawer = Drawer("moved/");

impl Drawer {
    fn key(self, uuid: &str) -> String {
        format!("{}{uuid}", self.0)
    }

    pub(crate) fn get(self, uuid: &str) -> Option<Guest> {
        Guest::from_bytes(uuid, &durable::get(&self.key(uuid))?)
    }

    pub(crate) fn put(self, guest: &Guest) {
        durable::set(&self.key(&guest.uuid), &guest.to_bytes());
    }

    /// Takes a guest out.
    pub(crate) fn take(self, uuid: &str) -> Option<Guest> {
        let guest = self.get(uuid);
        durable::delete(&self.key(uuid));
        guest
    }

    /// All of them, in order of identifiers.
    pub(crate) fn all(self) -> Vec<Guest> {
        self.uuids().iter().filter_map(|uuid| self.get(uuid)).collect()
    }

    /// Their identifiers, in order.
    pub(crate) fn uuids(self) -> Vec<String> {
        durable::keys(self.0).into_iter().map(|key| key[self.0.len()..].to_owned()).collect()
    }
}

/// The key of [`used`].
const USED: &str = "used";

/// The counter of resources in use that Nova's fake driver keeps beside its guests, with the drift it has there.
pub(crate) fn used() -> Size {
    let text = durable::get(USED).and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| Size::from_text(&text)).unwrap_or_default()
}

/// Sets [`used`].
pub(crate) fn set_used(size: Size) {
    durable::set(USED, size.to_text().as_bytes());
}
