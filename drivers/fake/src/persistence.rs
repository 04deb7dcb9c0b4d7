//! All the driver knows, for another driver or another instance of this one.

use crate::devices::{INTERFACES, MOUNTS};
use crate::guests::{GUESTS, MOVED, set_used, used_by_guests};
use novarig_driver_sdk::durable;
use novarig_driver_sdk::types::{DriverState, SavedEntry};

/// The name by which stacks call it.
const COMPONENT: &str = "fake";

/// The guests in the form of the contract; all else as it stands in durable storage.
pub(crate) fn save() -> DriverState {
    let entries = durable::keys("").into_iter().filter(|key| !key.starts_with(GUESTS.0));
    DriverState {
        guests: GUESTS.all(),
        entries: entries
            .filter_map(|key| {
                let value = durable::get(&key)?;
                Some(SavedEntry { component: COMPONENT.to_owned(), key, value })
            })
            .collect(),
    }
}

/// The guests that were here before are gone.
pub(crate) fn restore(state: DriverState) {
    for drawer in [GUESTS.0, MOVED.0, INTERFACES, MOUNTS] {
        for key in durable::keys(drawer) {
            durable::delete(&key);
        }
    }
    for guest in state.guests {
        GUESTS.put(guest);
    }
    set_used(used_by_guests());
    for entry in state.entries.into_iter().filter(|entry| entry.component == COMPONENT) {
        durable::set(&entry.key, &entry.value);
    }
}
