//! What the host has to give.

use crate::bench::{Host, call, expect};
use crate::rule::{Stop, rules};
use crate::samples::{root_provider, server, uuid};
use std::collections::BTreeSet;
use virt::Method;
use virt::types::{
    ConsumerAllocations, Inventory, NodeResources, ProviderAllocation, ProviderTree, ResourceAmount,
};

/// The numbers of the host's node.
pub(crate) async fn resources(host: &Host) -> Result<NodeResources, Stop> {
    let node = host.node().await?;
    let resources = call!(host.get_available_resource(node.clone()));
    resources.ok_or_else(|| Stop::Broken {
        expected: format!("get_available_resource knows {node}, which get_available_nodes names"),
        found: "no such node".to_owned(),
    })
}

/// The tree that the driver makes of a node without inventory.
async fn tree(host: &Host) -> Result<ProviderTree, Stop> {
    let node = host.node().await?;
    Ok(call!(host.update_provider_tree(vec![root_provider(&node)], node.clone(), None)).tree)
}

fn inventories(tree: &ProviderTree) -> impl Iterator<Item = &Inventory> {
    tree.iter().flat_map(|provider| &provider.inventories)
}

fn total(tree: &ProviderTree, classes: &[&str]) -> u64 {
    inventories(tree)
        .filter(|inventory| classes.contains(&inventory.resource_class.as_str()))
        .map(|inventory| inventory.total)
        .sum()
}

/// The numbers by which resources are compared.
fn numbers(node: &NodeResources) -> [u64; 3] {
    [node.vcpus.into(), node.memory_mb, node.local_gb]
}

fn used(node: &NodeResources) -> [u64; 3] {
    [node.vcpus_used.into(), node.memory_mb_used, node.local_gb_used]
}

fn show(numbers: [u64; 3]) -> String {
    format!("{} processors, {} MiB, {} GiB", numbers[0], numbers[1], numbers[2])
}

rules! {
    /// The numbers of a node are those of a node that is named, and no more is in use than there is.
    a_node_has_what_is_in_use(bench) for GetAvailableResource {
        let host = bench.host().await?;
        let name = host.node().await?;
        let node = resources(&host).await?;
        expect(node.hypervisor_hostname == name, format!("hypervisor_hostname {name}"), || node.hypervisor_hostname.clone())?;
        expect(!node.hypervisor_type.is_empty(), "a hypervisor_type", || "an empty text".to_owned())?;
        let fits = used(&node).iter().zip(numbers(&node)).all(|(used, total)| *used <= total);
        expect(fits, format!("at most {} in use", show(numbers(&node))), || show(used(&node)))?;
        let other = call!(host.get_available_resource("no-such-node".to_owned()));
        expect(other.is_none(), "nothing of no-such-node", || "numbers".to_owned())?;
    }

    /// No less is in use with a guest than without, and after it is destroyed as much as before.
    what_is_in_use_follows_the_guests(bench) for GetAvailableResource, Spawn, Destroy {
        let host = bench.host().await?;
        let before = used(&resources(&host).await?);
        let server = server("a");
        host.spawn(&server).await?;
        let with = used(&resources(&host).await?);
        let grown = with.iter().zip(before).all(|(with, before)| *with >= before);
        expect(grown, format!("with a guest, at least {} in use", show(before)), || show(with))?;
        host.destroy(&server).await?;
        let after = used(&resources(&host).await?);
        expect(after == before, format!("after destroy, {} in use", show(before)), || show(after))?;
    }

    /// Guests do not change what a node has.
    guests_do_not_change_what_there_is(bench) for GetAvailableResource {
        let host = bench.host().await?;
        let before = numbers(&resources(&host).await?);
        host.spawn(&server("a")).await?;
        let after = numbers(&resources(&host).await?);
        expect(before == after, show(before), || show(after))?;
    }

    /// A layer has no hardware: a stack has no more resources than its driver has alone.
    layers_add_no_resources(bench) for GetAvailableResource if Layered {
        let alone = bench.host_without_layers().await?;
        let truth = numbers(&resources(&alone).await?);
        let host = bench.host().await?;
        let said = numbers(&resources(&host).await?);
        let honest = said.iter().zip(truth).all(|(said, truth)| *said <= truth);
        expect(honest, format!("at most {}, which the driver has", show(truth)), || show(said))?;
    }

    /// update_provider_tree answers a tree whose root is the node, parents before children.
    the_tree_begins_with_the_node(bench) for UpdateProviderTree {
        let host = bench.host().await?;
        let node = host.node().await?;
        let tree = tree(&host).await?;
        let root = tree.first().map(|root| (root.name.clone(), root.uuid.clone(), root.parent.clone()));
        expect(root == Some((node.clone(), uuid("90de"), None)), format!("{node} as it was given, first"), || format!("{root:?}"))?;
        let mut before = BTreeSet::new();
        let mut names = BTreeSet::new();
        for provider in &tree {
            let rooted = provider.parent.as_ref().is_none_or(|parent| before.contains(parent));
            expect(rooted, "parents before children", || format!("{} before its parent", provider.name))?;
            expect(names.insert(provider.name.clone()), "unique names", || format!("{} twice", provider.name))?;
            expect(before.insert(provider.uuid.clone()), "unique identifiers", || format!("{} twice", provider.uuid))?;
        }
    }

    /// Every inventory can be given out: amounts fit into each other, each class is there once.
    inventories_make_sense(bench) for UpdateProviderTree {
        let host = bench.host().await?;
        let tree = tree(&host).await?;
        expect(inventories(&tree).next().is_some(), "an inventory", || "none".to_owned())?;
        for provider in &tree {
            let mut classes = BTreeSet::new();
            for inventory in &provider.inventories {
                let class = &inventory.resource_class;
                expect(classes.insert(class), format!("{class} once on {}", provider.name), || "twice".to_owned())?;
                let fits = inventory.total > 0
                    && inventory.reserved <= inventory.total
                    && (1..=inventory.max_unit).contains(&inventory.min_unit)
                    && inventory.step_size > 0
                    && inventory.allocation_ratio > 0.0;
                expect(fits, format!("an inventory of {class} that can be given out"), || format!("{inventory:?}"))?;
            }
        }
    }

    /// A driver offers no more in its inventories than it says the node has.
    inventories_are_of_what_the_node_has(bench) for UpdateProviderTree, GetAvailableResource {
        let host = bench.host().await?;
        let node = resources(&host).await?;
        let tree = tree(&host).await?;
        let offered = [total(&tree, &["VCPU", "PCPU"]), total(&tree, &["MEMORY_MB"]), total(&tree, &["DISK_GB"])];
        let fits = offered.iter().zip(numbers(&node)).all(|(offered, total)| *offered <= total);
        expect(fits, format!("at most {}", show(numbers(&node))), || show(offered))?;
    }

    /// What update_provider_tree answered it answers again when it gets that.
    the_tree_comes_to_rest(bench) for UpdateProviderTree {
        let host = bench.host().await?;
        let node = host.node().await?;
        let once = tree(&host).await?;
        let twice = call!(host.update_provider_tree(once.clone(), node, None)).tree;
        expect(once == twice, "the same tree again", || "another one".to_owned())?;
    }

    /// Traits and aggregates that an operator has set are handed back.
    what_an_operator_has_set_stays(bench) for UpdateProviderTree {
        let host = bench.host().await?;
        let tree = tree(&host).await?;
        let root = tree.first();
        let traits = root.is_some_and(|root| root.traits.contains(&"CUSTOM_OF_THE_OPERATOR".to_owned()));
        expect(traits, "the trait CUSTOM_OF_THE_OPERATOR on the root", || "it is gone".to_owned())?;
        let aggregates = root.is_some_and(|root| root.aggregates.contains(&uuid("a66")));
        expect(aggregates, "the aggregate on the root", || "it is gone".to_owned())?;
    }

    /// When update_provider_tree gets allocations it answers all of them.
    allocations_are_not_lost(bench) for UpdateProviderTree {
        let host = bench.host().await?;
        let node = host.node().await?;
        let tree = tree(&host).await?;
        let given = vec![ConsumerAllocations {
            consumer: uuid("c"),
            project_id: "project".to_owned(),
            user_id: "user".to_owned(),
            generation: Some(1),
            allocations: vec![ProviderAllocation {
                provider: uuid("90de"),
                resources: vec![ResourceAmount { resource_class: "VCPU".to_owned(), amount: 1 }],
            }],
        }];
        let answer = call!(host.update_provider_tree(tree, node, Some(given))).allocations;
        let consumers: Vec<String> = answer.unwrap_or_default().into_iter().map(|held| held.consumer).collect();
        expect(consumers == [uuid("c")], "the allocations of the one consumer", || format!("{consumers:?}"))?;
    }

    /// No capability is named twice, and they do not change while the driver runs.
    capabilities_are_fixed(bench) for Capabilities {
        let host = bench.host().await?;
        let once = host.capabilities().await?;
        for (position, capability) in once.iter().enumerate() {
            expect(!once[..position].contains(capability), "each capability once", || format!("{capability:?} twice"))?;
        }
        host.spawn(&server("a")).await?;
        let twice = host.capabilities().await?;
        expect(once == twice, "the same capabilities again", || format!("{} and then {}", once.len(), twice.len()))?;
    }

    /// capabilities_as_traits says of each trait what capabilities says.
    traits_follow_the_capabilities(bench) for CapabilitiesAsTraits, Capabilities {
        let host = bench.host().await?;
        let can = host.capabilities().await?;
        for (name, has) in call!(host.capabilities_as_traits()) {
            let capability = virt::types::Capability::ALL.iter().find(|capability| capability.provider_trait() == Some(&name));
            if let Some(capability) = capability {
                expect(has == can.contains(capability), format!("{name} is {}", can.contains(capability)), || has.to_string())?;
            }
        }
    }

    /// What the processors of the host do is told, and guests do not mind.
    processors_can_be_watched(bench) for GetHostCpuStats {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.get_host_cpu_stats());
        host.expect_guests(&[&server], "after get_host_cpu_stats").await?;
    }

    /// After a planned error of its own update the tree is what it was.
    a_failed_update_changes_nothing(bench) for UpdateProviderTree {
        let host = bench.host().await?;
        let before = tree(&host).await?;
        let lost = virt::Fault::Raise { error: virt::types::VirtError::VirtDriverNotReady, when: virt::When::After };
        bench.strike(&host, Method::UpdateProviderTree, lost);
        let node = host.node().await?;
        // It fails, as it is to.
        let _ = host.driver.update_provider_tree(vec![root_provider(&node)], node, None).await;
        let after = tree(&host).await?;
        expect(before == after, "the same tree again", || "another one".to_owned())?;
    }
}
