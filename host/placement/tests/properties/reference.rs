//! A second, naive implementation of what the engine promises: plain lists, every provider looked at for every
//! question, no indexes and no early exits. It is there to be read and believed, not to be fast.
//!
//! Candidates follow Placement's own way of finding them (`placement/objects/allocation_candidate.py`): partial
//! candidates for each group at each anchor, their product, and then the filters.

use model::{AggregateId, ProviderId, ResourceAmounts, ResourceClass};
use novarig_placement::{
    AllocationRequest, CandidatesRequest, GroupPolicy, Inventory, RequestGroup, SHARES_VIA_AGGREGATE,
    TraitName,
};
use std::collections::{BTreeMap, BTreeSet};

/// A provider with everything it has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) parent: Option<ProviderId>,
    /// By class: the inventory, and how much of it is used.
    pub(crate) stocks: BTreeMap<ResourceClass, (Inventory, u64)>,
    pub(crate) traits: BTreeSet<TraitName>,
    pub(crate) aggregates: BTreeSet<AggregateId>,
}

/// All providers.
pub(crate) type World = BTreeMap<ProviderId, Node>;

/// One group's share of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Partial {
    suffix: String,
    resources: Vec<(ProviderId, ResourceClass, u64)>,
    providers: BTreeSet<ProviderId>,
}

fn root_of(world: &World, mut id: ProviderId) -> ProviderId {
    while let Some(parent) = world[&id].parent {
        id = parent;
    }
    id
}

fn lineage(world: &World, id: ProviderId) -> Vec<ProviderId> {
    std::iter::successors(Some(id), |id| world[id].parent).collect()
}

fn shares(node: &Node) -> bool {
    node.traits.contains(&TraitName::from(SHARES_VIA_AGGREGATE))
}

/// Whether a sharing provider shares with the tree of this root.
fn shares_with(world: &World, id: ProviderId, root: ProviderId) -> bool {
    shares(&world[&id])
        && world.iter().any(|(other, node)| {
            root_of(world, *other) == root && !node.aggregates.is_disjoint(&world[&id].aggregates)
        })
}

fn has_room(node: &Node, class: &ResourceClass, amount: u64) -> bool {
    node.stocks
        .get(class)
        .is_some_and(|(inventory, used)| inventory.permits(amount) && inventory.holds(used + amount))
}

fn in_aggregates(node: &Node, group: &RequestGroup) -> bool {
    group.member_of.iter().all(|any| !any.is_disjoint(&node.aggregates))
}

/// All candidates, in no particular order.
pub(crate) fn candidates(world: &World, request: &CandidatesRequest) -> BTreeSet<AllocationRequest> {
    let nested = world.values().any(|node| node.parent.is_some());
    let mut found = BTreeSet::new();
    for (anchor, node) in world.iter().filter(|(_, node)| node.parent.is_none()) {
        if !request.root_required.is_subset(&node.traits) || !request.root_forbidden.is_disjoint(&node.traits)
        {
            continue;
        }
        let groups: Vec<Vec<Partial>> =
            request.groups.iter().map(|group| partials(world, *anchor, group)).collect();
        for choice in product(&groups) {
            if let Some(candidate) = merge(world, request, &choice) {
                let providers: Vec<ProviderId> = candidate.allocations.keys().copied().collect();
                let trees: BTreeSet<ProviderId> = providers.iter().map(|id| root_of(world, *id)).collect();
                if request.nested_aware || !nested || trees.len() == providers.len() {
                    found.insert(candidate);
                }
            }
        }
    }
    found
}

fn partials(world: &World, anchor: ProviderId, group: &RequestGroup) -> Vec<Partial> {
    let reachable: Vec<ProviderId> = (world.keys().copied())
        .filter(|id| root_of(world, *id) == anchor || shares_with(world, *id, anchor))
        .collect();
    let wanted_tree = group.in_tree.map(|id| world.contains_key(&id).then(|| root_of(world, id)));
    if wanted_tree == Some(None) {
        return Vec::new();
    }
    let wanted_tree = wanted_tree.flatten();
    if group.suffix.is_empty() {
        spread(world, anchor, group, &reachable, wanted_tree)
    } else {
        reachable
            .iter()
            .filter(|id| meets_alone(world, **id, group, wanted_tree))
            .map(|id| Partial {
                suffix: group.suffix.clone(),
                resources: group
                    .resources
                    .iter()
                    .map(|(class, amount)| (*id, class.clone(), *amount))
                    .collect(),
                providers: [*id].into(),
            })
            .collect()
    }
}

fn meets_alone(world: &World, id: ProviderId, group: &RequestGroup, wanted_tree: Option<ProviderId>) -> bool {
    let node = &world[&id];
    if group.resources.is_empty() && group.required.is_empty() && group.member_of.is_empty() {
        return false;
    }
    (group.resources.is_empty() || wanted_tree.is_none_or(|root| root_of(world, id) == root))
        && group.resources.iter().all(|(class, amount)| has_room(node, class, *amount))
        && group.required.iter().all(|any| !any.is_disjoint(&node.traits))
        && group.forbidden.is_disjoint(&node.traits)
        && in_aggregates(node, group)
        && group.not_member_of.is_disjoint(&node.aggregates)
}

fn spread(
    world: &World,
    anchor: ProviderId,
    group: &RequestGroup,
    reachable: &[ProviderId],
    wanted_tree: Option<ProviderId>,
) -> Vec<Partial> {
    let may_supply = |id: ProviderId, class: &ResourceClass, amount: u64| {
        let node = &world[&id];
        let own_tree = root_of(world, id) == anchor;
        has_room(node, class, amount)
            && wanted_tree.is_none_or(|root| own_tree && anchor == root)
            && (in_aggregates(node, group) || own_tree && in_aggregates(&world[&anchor], group))
            && group.not_member_of.is_disjoint(&node.aggregates)
            && group.not_member_of.is_disjoint(&world[&anchor].aggregates)
    };
    let by_class: Vec<Vec<(ProviderId, ResourceClass, u64)>> = (group.resources.iter())
        .map(|(class, amount)| {
            let suppliers = reachable.iter().filter(|id| may_supply(**id, class, *amount));
            suppliers.map(|id| (*id, class.clone(), *amount)).collect()
        })
        .collect();
    let mut found = Vec::new();
    for resources in product(&by_class).into_iter().filter(|resources| !resources.is_empty()) {
        let providers: BTreeSet<ProviderId> = resources.iter().map(|(id, _, _)| *id).collect();
        let traits: BTreeSet<TraitName> = providers.iter().flat_map(|id| world[id].traits.clone()).collect();
        if group.forbidden.is_disjoint(&traits) && group.required.iter().all(|any| !any.is_disjoint(&traits))
        {
            found.push(Partial { suffix: String::new(), resources, providers });
        }
    }
    found
}

fn merge(world: &World, request: &CandidatesRequest, choice: &[Partial]) -> Option<AllocationRequest> {
    let granular: Vec<&Partial> = choice.iter().filter(|partial| !partial.suffix.is_empty()).collect();
    let used: BTreeSet<ProviderId> = granular.iter().flat_map(|partial| partial.providers.clone()).collect();
    if request.group_policy == GroupPolicy::Isolate && used.len() != granular.len() {
        return None;
    }
    for suffixes in &request.same_subtree {
        let named = choice.iter().filter(|partial| suffixes.contains(&partial.suffix));
        let providers: BTreeSet<ProviderId> = named.flat_map(|partial| partial.providers.clone()).collect();
        let is_top = |top: &ProviderId| providers.iter().all(|id| lineage(world, *id).contains(top));
        if !providers.iter().any(is_top) {
            return None;
        }
    }
    let mut merged = AllocationRequest::default();
    for partial in choice {
        for (id, class, amount) in &partial.resources {
            let amounts: &mut ResourceAmounts = merged.allocations.entry(*id).or_default();
            *amounts.entry(class.clone()).or_default() += amount;
        }
        merged.mappings.entry(partial.suffix.clone()).or_default().extend(&partial.providers);
    }
    let fits = merged.allocations.iter().all(|(id, amounts)| {
        amounts.iter().all(|(class, amount)| {
            let (inventory, used) = &world[id].stocks[class];
            inventory.holds(used + amount) && *amount <= u64::from(inventory.max_unit)
        })
    });
    fits.then_some(merged)
}

/// Every way to take one item of each list. Of no lists there is one way, the empty one.
fn product<T: Clone>(lists: &[Vec<T>]) -> Vec<Vec<T>> {
    lists.iter().fold(vec![Vec::new()], |ways, list| {
        ways.iter()
            .flat_map(|way| list.iter().map(|item| [way.as_slice(), std::slice::from_ref(item)].concat()))
            .collect()
    })
}

/// The providers of a list with the conditions of this group, in order.
pub(crate) fn listed(world: &World, group: &RequestGroup) -> Vec<ProviderId> {
    let in_tree = |id: ProviderId| match group.in_tree {
        None => true,
        Some(other) => world.contains_key(&other) && root_of(world, id) == root_of(world, other),
    };
    let passes = |id: &ProviderId| {
        let node = &world[id];
        in_tree(*id)
            && group.resources.iter().all(|(class, amount)| has_room(node, class, *amount))
            && group.required.iter().all(|any| !any.is_disjoint(&node.traits))
            && group.forbidden.is_disjoint(&node.traits)
            && in_aggregates(node, group)
            && group.not_member_of.is_disjoint(&node.aggregates)
    };
    world.keys().copied().filter(passes).collect()
}
