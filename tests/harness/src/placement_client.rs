//! What placement holds, by the names of hosts (`integrated_helpers.py, PlacementHelperMixin`). Classes of which nothing
//! is used are left out.

use crate::cloud::TestCloud;
use model::{ConsumerId, HostName, ProviderId, ResourceAmounts, ResourceClass};
use placement::{Command, Inventory, Placement, ProviderRef};
use std::collections::{BTreeMap, BTreeSet};

/// The root provider of each host that has one, with an amount by class.
pub type AmountsByHost = BTreeMap<String, ResourceAmounts>;

impl TestCloud {
    /// The names of all providers, in order of creation.
    pub fn get_all_providers(&self) -> Vec<String> {
        self.placement().get().providers().map(|provider| provider.name().to_owned()).collect()
    }

    /// The root provider of a host, which has the id of its node.
    pub fn get_provider_uuid_by_host(&self, host: &str) -> ProviderId {
        match self.compute_node(&HostName::from(host)) {
            Some(node) => node.id,
            None => self.fail(None, format_args!("host {host} has no node record")),
        }
    }

    /// A provider by its name.
    pub fn get_provider_uuid_by_name(&self, name: &str) -> ProviderId {
        let found = self
            .placement()
            .get()
            .providers()
            .find(|provider| provider.name() == name)
            .map(|found| found.id());
        found.unwrap_or_else(|| self.fail(None, format_args!("there is no provider {name}")))
    }

    /// What is used of a host's root provider.
    pub fn get_provider_usages(&self, host: &str) -> ResourceAmounts {
        self.of_provider(host, |provider| used(std::iter::once(provider)))
    }

    /// What is used in the whole tree of a host's root provider.
    pub fn get_tree_usages(&self, host: &str) -> ResourceAmounts {
        self.of_provider(host, |provider| used(provider.tree()))
    }

    /// What is used on every host, in the whole tree of each.
    pub fn get_usages(&self) -> AmountsByHost {
        let nodes = self.records().compute_nodes().into_iter();
        nodes.map(|node| (node.host.to_string(), self.get_tree_usages(node.host.as_str()))).collect()
    }

    /// The inventories of a host's root provider.
    pub fn get_provider_inventory(&self, host: &str) -> BTreeMap<ResourceClass, Inventory> {
        self.of_provider(host, |provider| {
            provider.inventories().map(|(class, inventory, _)| (class.clone(), inventory)).collect()
        })
    }

    /// Who holds what of a host's root provider.
    pub fn get_allocations_by_provider(&self, host: &str) -> BTreeMap<ConsumerId, ResourceAmounts> {
        self.of_provider(host, |provider| {
            let own = |consumer: placement::ConsumerRef<'_>| {
                let amounts = consumer.of_provider(&provider);
                (consumer.id(), amounts.map(|(class, amount)| (class.clone(), amount)).collect())
            };
            provider.consumers().map(own).collect()
        })
    }

    /// The traits of a host's root provider.
    pub fn get_provider_traits(&self, host: &str) -> BTreeSet<String> {
        self.of_provider(host, |provider| provider.traits().map(ToString::to_string).collect())
    }

    /// What a consumer, a server or a migration, holds: by name of provider. Empty when it holds nothing.
    pub fn get_allocations(&self, consumer: impl Into<ConsumerId>) -> AmountsByHost {
        let placement = self.placement().get();
        let Some(consumer) = placement.consumer(consumer.into()) else { return AmountsByHost::new() };
        let own = consumer.allocations().map(|(provider, amounts)| {
            let amounts = amounts.map(|(class, amount)| (class.clone(), amount)).collect();
            (provider.name().to_owned(), amounts)
        });
        own.collect()
    }

    /// Keeps so much of a class of a host's root provider back from the scheduler, until the driver next reports its
    /// inventory.
    pub fn reserve_placement_resource(&self, host: &str, class: &ResourceClass, reserved: u32) {
        let id = self.get_provider_uuid_by_host(host);
        let read = |placement: &Placement| {
            let provider = placement.provider(id).ok()?;
            Some((provider.generation(), provider.inventory(class)?.0))
        };
        let found = read(&self.placement().get());
        let Some((generation, inventory)) = found else {
            self.fail(None, format_args!("{host} has no inventory of {class}"))
        };
        let inventory = Inventory { reserved, ..inventory };
        let command = Command::UpdateInventory { provider: id, generation, class: class.clone(), inventory };
        if let Err(error) = self.placement().update(|placement| placement.apply(&command)) {
            self.fail(None, format_args!("{reserved} of {class} cannot be reserved on {host}: {error}"));
        }
    }

    fn of_provider<T>(&self, host: &str, look: impl FnOnce(ProviderRef<'_>) -> T) -> T {
        let id = self.get_provider_uuid_by_host(host);
        let placement = self.placement().get();
        match placement.provider(id) {
            Ok(provider) => look(provider),
            Err(error) => self.fail(None, format_args!("host {host} has no provider: {error}")),
        }
    }
}

/// The sum of what is used of some providers.
fn used<'a>(providers: impl Iterator<Item = ProviderRef<'a>>) -> ResourceAmounts {
    let mut sum = ResourceAmounts::new();
    for (class, _, used) in providers.flat_map(|provider| provider.inventories().collect::<Vec<_>>()) {
        if used > 0 {
            *sum.entry(class.clone()).or_default() += used;
        }
    }
    sum
}
