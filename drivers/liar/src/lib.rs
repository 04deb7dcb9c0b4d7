//! The host reports resources it does not have, or has and does not report.
//!
//! In Nova nothing stands for it; a driver with a bug in its inventory does it. Both reports lie in the same way: the numbers
//! of the node, and the inventories of its provider.

use novarig_driver_sdk::{
    ConsumerAllocations, Driver, Inventory, Layer, NodeResources, ProviderTree, ProviderTreeUpdate,
    VirtError, below, export_driver, layer, settings,
};

#[derive(Default)]
struct Liar;

/// What is said instead of a number: the setting of this name, or so many per cent of the truth.
fn lie(key: &str, truth: u64) -> Result<u64, VirtError> {
    match settings::text(key) {
        Some(text) if !text.is_empty() => settings::get(key),
        _ => Ok(truth.saturating_mul(settings::get::<u64>("percent")?) / 100),
    }
}

fn lie_of(inventory: &mut Inventory) -> Result<(), VirtError> {
    let key = match inventory.resource_class.as_str() {
        "VCPU" => "vcpus",
        "MEMORY_MB" => "memory_mb",
        "DISK_GB" => "local_gb",
        _ => return Ok(()),
    };
    // An inventory of nothing is none, and the largest amount one can have is part of the lie.
    let total = lie(key, inventory.total)?.max(1);
    inventory.max_unit =
        if inventory.max_unit == inventory.total { total } else { inventory.max_unit.min(total) };
    inventory.reserved = inventory.reserved.min(total);
    inventory.total = total;
    Ok(())
}

#[layer]
impl Driver<Layer> for Liar {
    async fn get_available_resource(&self, nodename: String) -> Result<Option<NodeResources>, VirtError> {
        let Some(mut node) = below::get_available_resource(nodename).await? else { return Ok(None) };
        node.vcpus = u32::try_from(lie("vcpus", node.vcpus.into())?).unwrap_or(u32::MAX);
        node.memory_mb = lie("memory_mb", node.memory_mb)?;
        node.local_gb = lie("local_gb", node.local_gb)?;
        Ok(Some(node))
    }

    async fn update_provider_tree(
        &self,
        tree: ProviderTree,
        nodename: String,
        allocations: Option<Vec<ConsumerAllocations>>,
    ) -> Result<ProviderTreeUpdate, VirtError> {
        let mut update = below::update_provider_tree(tree, nodename.clone(), allocations).await?;
        let node = update.tree.iter_mut().find(|provider| provider.name == nodename);
        for inventory in node.into_iter().flat_map(|node| &mut node.inventories) {
            lie_of(inventory)?;
        }
        Ok(update)
    }
}

export_driver! {
    Liar: layer,
    name: "liar",
    summary: "The host reports resources it does not have, or does not report those it has",
    settings: {
        percent: integer = "200", "How much of the truth is reported, if nothing is said of the resource";
        vcpus: integer = "", "Processors that are reported";
        memory_mb: integer = "", "Memory in MiB that is reported";
        local_gb: integer = "", "Disk in GiB that is reported";
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::Provider;
    use novarig_driver_sdk::testing::{self, run};

    #[test]
    fn what_is_not_said_is_doubled_and_what_is_said_is_said() {
        testing::set("percent", "200");
        testing::set("vcpus", "1");
        let inventory = |class: &str, total| Inventory {
            resource_class: class.to_owned(),
            total,
            reserved: 2,
            min_unit: 1,
            max_unit: total,
            step_size: 1,
            allocation_ratio: 1.0,
        };
        let node = Provider {
            uuid: "p".to_owned(),
            name: "host1".to_owned(),
            parent: None,
            inventories: vec![inventory("VCPU", 4), inventory("MEMORY_MB", 8192), inventory("CUSTOM_A", 3)],
            traits: vec![],
            aggregates: vec![],
        };
        testing::below(
            "update_provider_tree",
            [Ok(ProviderTreeUpdate { tree: vec![node], allocations: None })],
        );
        let tree = run(Liar.update_provider_tree(vec![], "host1".to_owned(), None)).unwrap().tree;
        let numbers: Vec<_> = tree[0]
            .inventories
            .iter()
            .map(|inventory| (inventory.total, inventory.max_unit, inventory.reserved))
            .collect();
        assert_eq!(numbers, [(1, 1, 1), (16_384, 16_384, 2), (3, 3, 2)]);
    }
}
