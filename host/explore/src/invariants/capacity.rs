//! How much of each inventory is in use.

use crate::cloud_state::CloudState;

/// No more of an inventory is used than may be handed out: (total − reserved) × allocation ratio.
pub(super) fn usages_within_capacity(cloud: &CloudState) -> Vec<String> {
    let mut broken = Vec::new();
    for provider in &cloud.providers {
        for (class, (inventory, used)) in &provider.inventories {
            if !inventory.holds(*used) {
                broken.push(format!(
                    "{} has a capacity of {} {class}, and {used} are used",
                    provider.name,
                    inventory.capacity()
                ));
            }
        }
    }
    broken
}
