//! How much of each inventory is in use.

use super::Broken;
use crate::cloud_state::CloudState;

/// No more of an inventory is used than may be handed out: (total − reserved) × allocation ratio.
pub(super) fn usages_within_capacity(cloud: &CloudState) -> Vec<Broken> {
    let mut broken = Vec::new();
    for provider in &cloud.providers {
        for (class, (inventory, used)) in &provider.inventories {
            if !inventory.holds(*used) {
                let (name, capacity) = (&provider.name, inventory.capacity());
                let message = format!("{name} has a capacity of {capacity} {class}, and {used} are used");
                broken.push(Broken::new(format!("{name}, {class}"), message));
            }
        }
    }
    broken
}
