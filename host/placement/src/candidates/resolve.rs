//! From the names of a request to the numbers of the indexes, and the conditions an anchor must meet.

use super::{CandidatesRequest, GroupPolicy, RequestGroup};
use crate::error::PlacementError;
use crate::filter::saturated;
use crate::index::Membership;
use crate::index::bits::Bits;
use crate::index::seek::{Seek, next_of_all};
use crate::names::{ClassId, TraitId};
use crate::state::{Placement, Slot};
use model::AggregateId;
use std::collections::{BTreeMap, BTreeSet};

/// A request in the engine's own numbers.
pub(super) struct Question<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// What a group names that does not exist. The groups are those before it.
    pub(super) unknown: Option<PlacementError>,
    pub(super) isolate: bool,
    pub(super) root_required: BTreeSet<TraitId>,
    pub(super) root_forbidden: BTreeSet<TraitId>,
    /// Groups, by place, whose providers must share an ancestor among themselves.
    pub(super) same_subtree: Vec<Vec<usize>>,
    /// Whether a candidate may use one provider of a tree only.
    pub(super) one_per_tree: bool,
    /// The providers that share with somebody, by the aggregate they do it in.
    pub(super) sharing: BTreeMap<AggregateId, Vec<Slot>>,
}

/// A group in the engine's own numbers.
pub(super) struct Group<'a> {
    /// Whether one provider must meet it all.
    pub(super) granular: bool,
    pub(super) resources: Vec<(ClassId, u64)>,
    pub(super) required: Vec<BTreeSet<TraitId>>,
    pub(super) forbidden: BTreeSet<TraitId>,
    member_of: Vec<Vec<&'a Membership>>,
    not_member_of: Vec<&'a Membership>,
    /// The root of the only tree to take from.
    tree: Option<Slot>,
}

/// The request in numbers, or nothing if it is plain already that nothing can meet it.
pub(super) fn resolve<'a>(
    state: &'a Placement,
    request: &CandidatesRequest,
) -> Result<Option<Question<'a>>, PlacementError> {
    let root_required = state.trait_ids(&request.root_required)?;
    let root_forbidden = state.trait_ids(&request.root_forbidden)?;
    let any_root = root_required.is_empty() && root_forbidden.is_empty();
    if !any_root && !has_root(state, &root_required, &root_forbidden) {
        return Ok(None);
    }
    let mut groups = Vec::with_capacity(request.groups.len());
    let mut unknown = None;
    for group in &request.groups {
        match resolve_group(state, group) {
            Ok(Some(group)) => groups.push(group),
            Ok(None) => return Ok(None),
            Err(error) if groups.is_empty() => return Err(error),
            Err(error) => {
                unknown = Some(error);
                break;
            }
        }
    }
    if groups.is_empty() {
        return Ok(None);
    }
    let place = |suffix: &String| request.groups.iter().position(|group| group.suffix == *suffix);
    let mut sharing: BTreeMap<AggregateId, Vec<Slot>> = BTreeMap::new();
    for slot in state.index.with_trait(state.sharing).own.iter().map(Slot) {
        for aggregate in &state.provider_at(slot).aggregates {
            sharing.entry(*aggregate).or_default().push(slot);
        }
    }
    Ok(Some(Question {
        groups,
        unknown,
        isolate: request.group_policy == GroupPolicy::Isolate,
        root_required,
        root_forbidden,
        same_subtree: request.same_subtree.iter().map(|set| set.iter().filter_map(place).collect()).collect(),
        one_per_tree: !request.nested_aware && state.index.nested > 0,
        sharing,
    }))
}

/// Whether a root has the traits that the anchor must have, and none of the others.
fn has_root(state: &Placement, required: &BTreeSet<TraitId>, forbidden: &BTreeSet<TraitId>) -> bool {
    let mut all = vec![Seek::In(&state.index.roots)];
    all.extend(required.iter().map(|id| Seek::In(&state.index.with_trait(*id).own)));
    let mut from = 0;
    while let Some(root) = next_of_all(&all, from) {
        if state.provider_at(Slot(root)).traits.is_disjoint(forbidden) {
            return true;
        }
        from = root + 1;
    }
    false
}

fn resolve_group<'a>(
    state: &'a Placement,
    group: &RequestGroup,
) -> Result<Option<Group<'a>>, PlacementError> {
    let resources = (group.resources.iter())
        .map(|(class, amount)| Ok((state.class_id(class)?, *amount)))
        .collect::<Result<Vec<_>, PlacementError>>()?;
    let aggregates =
        |ids: &BTreeSet<AggregateId>| ids.iter().map(|id| state.index.in_aggregate(*id)).collect();
    let member_of: Vec<Vec<&Membership>> = group.member_of.iter().map(aggregates).collect();
    let members: Vec<Seek<'_>> = member_of.iter().map(|any| any_of(any.iter().map(|m| &m.own))).collect();
    if !members.is_empty() && next_of_all(&members, 0).is_none() {
        return Ok(None);
    }
    let required = group.required.iter().map(|any| state.trait_ids(any)).collect::<Result<Vec<_>, _>>()?;
    let forbidden = state.trait_ids(&group.forbidden)?;
    let tree = match group.in_tree.map(|id| state.slot(id)) {
        None => None,
        Some(Ok(slot)) => Some(state.provider_at(slot).root),
        Some(Err(_)) => return Ok(None),
    };
    let somewhere =
        |(class, amount): &(ClassId, u64)| state.index.room(*class).own.next(0, saturated(*amount));
    if resources.iter().any(|resource| somewhere(resource).is_none()) {
        return Ok(None);
    }
    let granular = !group.suffix.is_empty();
    if resources.is_empty() && (!granular || required.is_empty() && member_of.is_empty()) {
        // A group that asks for no resources and only says what it does not want matches nothing: the real service
        // takes the empty list of wanted providers for the answer.
        return Ok(None);
    }
    Ok(Some(Group {
        granular,
        resources,
        required,
        forbidden,
        member_of,
        not_member_of: aggregates(&group.not_member_of),
        tree,
    }))
}

fn any_of<'a>(sets: impl Iterator<Item = &'a Bits>) -> Seek<'a> {
    Seek::AnyOf(sets.map(Seek::In).collect())
}

impl Group<'_> {
    /// Whether one provider meets the whole of this granular group.
    pub(super) fn met_by(&self, state: &Placement, slot: Slot) -> bool {
        let provider = state.provider_at(slot);
        // Without resources the real service does not look at the tree asked for.
        let in_tree = self.resources.is_empty() || self.tree.is_none_or(|root| root == provider.root);
        in_tree
            && self.resources.iter().all(|(class, amount)| state.can_supply(slot, *class, *amount))
            && self.required.iter().all(|any| !any.is_disjoint(&provider.traits))
            && self.forbidden.is_disjoint(&provider.traits)
            && self.in_aggregates(slot)
            && !self.in_forbidden(slot)
    }

    /// Whether a provider of the anchor's tree, or one that shares with it, may supply one class of this group.
    pub(super) fn supplied_by(
        &self,
        state: &Placement,
        slot: Slot,
        anchor: Slot,
        part: (ClassId, u64),
    ) -> bool {
        let provider = state.provider_at(slot);
        let shared = provider.root != anchor;
        if self.tree.is_some_and(|root| root != anchor || shared) {
            return false;
        }
        state.can_supply(slot, part.0, part.1)
            && self.forbidden.is_disjoint(&provider.traits)
            // A root's aggregates count for its whole tree, but a sharing provider's must be its own.
            && (self.in_aggregates(slot) || !shared && self.in_aggregates(anchor))
            && !self.in_forbidden(slot)
            && !self.in_forbidden(anchor)
    }

    fn in_aggregates(&self, slot: Slot) -> bool {
        self.member_of.iter().all(|any| any.iter().any(|membership| membership.own.contains(slot.0)))
    }

    fn in_forbidden(&self, slot: Slot) -> bool {
        self.not_member_of.iter().any(|membership| membership.own.contains(slot.0))
    }
}

impl Question<'_> {
    /// For every group, the roots of the trees that some provider which could supply something of it shares with.
    /// One set for each class of the spread group, and one for each granular group, in order.
    pub(super) fn shared_roots(&self, state: &Placement) -> Vec<Bits> {
        let mut sets = Vec::new();
        for group in &self.groups {
            if group.granular {
                sets.push(self.roots_shared_with(state, |slot| group.met_by(state, slot)));
            } else {
                for (class, amount) in &group.resources {
                    let supplies = |slot| group.tree.is_none() && state.can_supply(slot, *class, *amount);
                    sets.push(self.roots_shared_with(state, supplies));
                }
            }
        }
        sets
    }

    fn roots_shared_with(&self, state: &Placement, supplies: impl Fn(Slot) -> bool) -> Bits {
        let mut roots = Bits::default();
        for (aggregate, slots) in &self.sharing {
            if slots.iter().any(|slot| supplies(*slot)) {
                roots.unite(&state.index.in_aggregate(*aggregate).tree);
            }
        }
        roots
    }

    /// Conditions that every anchor of a candidate meets. Some roots that meet them have no candidate all the same.
    pub(super) fn anchor_conditions<'s>(&'s self, state: &'s Placement, shared: &'s [Bits]) -> Vec<Seek<'s>> {
        let mut all = vec![Seek::In(&state.index.roots)];
        all.extend(self.root_required.iter().map(|id| Seek::In(&state.index.with_trait(*id).own)));
        let mut shared = shared.iter();
        for group in &self.groups {
            let mut rooms = group.resources.iter().map(|(class, amount)| {
                let own = Seek::Room(&state.index.room(*class).tree, saturated(*amount));
                group.tree.map_or(own, |root| Seek::Only(root.0))
            });
            if group.granular {
                let roots = shared.next();
                all.extend(rooms.map(|room| with_shared(room, roots)));
            } else {
                all.extend(rooms.by_ref().map(|room| with_shared(room, shared.next())));
            }
            if self.sharing.is_empty() {
                // Whatever meets the group is then in the anchor's own tree.
                let traits = |any: &BTreeSet<TraitId>| {
                    Seek::AnyOf(any.iter().map(|id| Seek::In(&state.index.with_trait(*id).tree)).collect())
                };
                all.extend(group.required.iter().map(traits));
                all.extend(group.member_of.iter().map(|any| any_of(any.iter().map(|m| &m.tree))));
            }
        }
        all
    }
}

fn with_shared<'s>(own: Seek<'s>, shared: Option<&'s Bits>) -> Seek<'s> {
    match shared {
        Some(roots) if !roots.is_empty() => Seek::AnyOf(vec![own, Seek::In(roots)]),
        Some(_) | None => own,
    }
}
