//! What the search found, to read from or to keep.

use super::search::Found;
use crate::names::TraitName;
use crate::state::{Placement, Slot};
use crate::view::ProviderRef;
use model::{ProviderId, ResourceAmounts, ResourceClass};
use std::collections::{BTreeMap, BTreeSet};

/// The candidates of one request, reading from the placement they were found in.
#[derive(Clone, Debug)]
pub struct CandidateSet<'a> {
    state: &'a Placement,
    suffixes: Vec<String>,
    found: Vec<Found>,
    summarised: Vec<Slot>,
}

impl<'a> CandidateSet<'a> {
    /// With `whole_trees`, the summaries cover every provider of each tree that a candidate takes something from.
    pub(super) fn new(
        state: &'a Placement,
        suffixes: Vec<String>,
        found: Vec<Found>,
        whole_trees: bool,
    ) -> Self {
        let mut slots: Vec<Slot> =
            found.iter().flat_map(|f| f.resources.iter().map(|(slot, _, _)| *slot)).collect();
        if whole_trees {
            slots.iter_mut().for_each(|slot| *slot = state.provider_at(*slot).root);
        }
        slots.sort_unstable();
        slots.dedup();
        if whole_trees {
            slots = slots.into_iter().flat_map(|root| state.tree_of(root)).collect();
        }
        Self { state, suffixes, found, summarised: slots }
    }

    /// How many candidates there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there is no candidate.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The candidates, in order of their anchor's creation.
    pub fn iter(&self) -> impl Iterator<Item = Candidate<'_, 'a>> {
        self.found.iter().map(|found| Candidate { set: self, found })
    }

    /// The providers to describe along with the candidates: all of each tree that a candidate takes something from.
    pub fn providers(&self) -> impl Iterator<Item = ProviderRef<'a>> {
        let state = self.state;
        self.summarised.iter().map(move |slot| ProviderRef::new(state, *slot))
    }

    /// The same, to keep.
    pub fn to_owned(&self) -> AllocationCandidates {
        let provider_summaries = self.providers().map(|p| (p.id(), ProviderSummary::of(&p))).collect();
        AllocationCandidates {
            allocation_requests: self.iter().map(|c| c.to_owned()).collect(),
            provider_summaries,
        }
    }
}

/// One way to supply the request.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'s, 'a> {
    set: &'s CandidateSet<'a>,
    found: &'s Found,
}

impl<'s, 'a> Candidate<'s, 'a> {
    /// Who supplies what: each provider's amounts follow one another.
    pub fn resources(&self) -> impl Iterator<Item = (ProviderRef<'a>, &'a ResourceClass, u64)> + use<'s, 'a> {
        let state = self.set.state;
        self.found.resources.iter().map(move |(slot, class, amount)| {
            (ProviderRef::new(state, *slot), state.class_name(*class), *amount)
        })
    }

    /// Which providers meet which group, by suffix: each group's providers follow one another.
    pub fn mappings(&self) -> impl Iterator<Item = (&'s str, ProviderRef<'a>)> + use<'s, 'a> {
        let set = self.set;
        self.found
            .mappings
            .iter()
            .map(move |(group, slot)| (set.suffixes[*group].as_str(), ProviderRef::new(set.state, *slot)))
    }

    /// The same, to keep.
    pub fn to_owned(&self) -> AllocationRequest {
        let mut request = AllocationRequest::default();
        for (provider, class, amount) in self.resources() {
            request.allocations.entry(provider.id()).or_default().insert(class.clone(), amount);
        }
        for (suffix, provider) in self.mappings() {
            request.mappings.entry(suffix.to_string()).or_default().insert(provider.id());
        }
        request
    }
}

/// The candidates of one request and the providers they are about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AllocationCandidates {
    /// Each a set of allocations that could be written as it is.
    pub allocation_requests: Vec<AllocationRequest>,
    /// All providers of the trees involved.
    pub provider_summaries: BTreeMap<ProviderId, ProviderSummary>,
}

/// One way to supply a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AllocationRequest {
    /// Amounts by provider and class.
    pub allocations: BTreeMap<ProviderId, ResourceAmounts>,
    /// The providers that meet each group, by suffix.
    pub mappings: BTreeMap<String, BTreeSet<ProviderId>>,
}

/// What there is to know of a provider when choosing between candidates.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderSummary {
    /// By class, the capacity in whole units and how much of it is used.
    pub resources: BTreeMap<ResourceClass, (f64, u64)>,
    /// Its traits.
    pub traits: BTreeSet<TraitName>,
    /// The provider it is part of.
    pub parent: Option<ProviderId>,
    /// The root of its tree.
    pub root: ProviderId,
}

impl ProviderSummary {
    fn of(provider: &ProviderRef<'_>) -> Self {
        let resources = provider.inventories().map(|(class, i, used)| (class.clone(), (i.capacity(), used)));
        Self {
            resources: resources.collect(),
            traits: provider.traits().cloned().collect(),
            parent: provider.parent(),
            root: provider.root(),
        }
    }
}
