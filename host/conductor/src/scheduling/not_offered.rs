//! Why placement does not offer a host, for who asks why a server did not go there. Placement only says which hosts it
//! offers; here its conditions are tried one after the other, and the first that does not hold is told.

use crate::records::StateOfRecord;
use compute::Services;
use model::{ProviderId, ResourceClass};
use placement::{Placement, ProviderRef, TraitName};
use scheduler::{AllocationCandidate, NotOffered, ResourceRequest};
use std::collections::BTreeMap;

/// The hosts that are not among those `offered`, each with the reason.
pub(super) fn not_offered(
    services: &Services,
    records: &StateOfRecord,
    asked: &ResourceRequest,
    offered: &BTreeMap<ProviderId, Vec<AllocationCandidate>>,
) -> Vec<NotOffered> {
    let nodes = records.compute_nodes().into_iter().filter(|node| !offered.contains_key(&node.id));
    services.report_client.read(|placement| {
        nodes
            .map(|node| NotOffered {
                reason: reason(placement, asked, node.id),
                host: node.host,
                node: node.hypervisor_hostname,
            })
            .collect()
    })
}

fn reason(placement: &Placement, asked: &ResourceRequest, root: ProviderId) -> String {
    let Ok(provider) = placement.provider(root) else { return "placement does not know it".to_owned() };
    if asked.unsuffixed.in_tree.is_some_and(|wanted| wanted != root) {
        return "another host is asked for".to_owned();
    }
    if let Some(name) = asked.root_forbidden.iter().find(|name| has_trait(provider, name)) {
        return format!("it has the trait {name}");
    }
    let required = asked.root_required.iter().find(|name| !has_trait(provider, name));
    let anywhere = |name: &str| provider.tree().any(|member| has_trait(member, name));
    if let Some(name) = required.or(asked.unsuffixed.required.iter().find(|name| !anywhere(name))) {
        return format!("it does not have the trait {name}");
    }
    let groups = std::iter::once(&asked.unsuffixed).chain(asked.granular.values());
    let mut amounts = groups.flat_map(|group| &group.resources);
    if let Some(lack) = amounts.find_map(|(class, amount)| lack_of(provider, class, *amount)) {
        return lack;
    }
    "its providers do not meet all of the request together, or it is beyond the limit of candidates"
        .to_owned()
}

fn has_trait(provider: ProviderRef<'_>, name: &str) -> bool {
    let wanted = TraitName::from(name);
    provider.traits().any(|found| *found == wanted)
}

/// What keeps every provider of a tree from giving so much of a class.
fn lack_of(root: ProviderRef<'_>, class: &ResourceClass, amount: u64) -> Option<String> {
    let mut lack = format!("it has no {class}");
    for provider in root.tree() {
        let Some((inventory, used)) = provider.inventory(class) else { continue };
        if !inventory.permits(amount) {
            let (min, max, step) = (inventory.min_unit, inventory.max_unit, inventory.step_size);
            lack = format!("{amount} {class} cannot be had at once: {min} to {max} in steps of {step}");
        } else if !inventory.holds(used.saturating_add(amount)) {
            let capacity = inventory.capacity();
            lack = format!("{amount} {class} are asked for, {used} of {capacity} are in use");
        } else {
            return None;
        }
    }
    Some(lack)
}
