//! The search for allocation candidates: which providers could together supply what is asked for
//! (`placement/objects/allocation_candidate.py`, `placement/objects/research_context.py`).
//!
//! A request is a list of groups. The group without a suffix may be spread over one tree and the sharing providers tied
//! to it; each group with a suffix must be met by a single provider. A candidate takes all its providers from one tree,
//! its anchor, and from the providers that share with that tree.
//!
//! The search walks the anchors in order of creation, leaping over the trees that the indexes show to lack something
//! ([`resolve`]), and at each anchor tries the combinations depth first ([`search`]), giving up a combination as soon as
//! it breaks a rule. Candidates therefore come in order of their anchor's creation, and with a limit the search ends
//! at the limit.

mod resolve;
mod result;
mod search;

pub use result::{AllocationCandidates, AllocationRequest, Candidate, CandidateSet, ProviderSummary};

use crate::error::PlacementError;
use crate::names::TraitName;
use crate::state::Placement;
use model::{AggregateId, ProviderId, ResourceAmounts};
use std::collections::BTreeSet;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidatesRequest {
    /// The groups, each with a suffix of its own, in the order they were given.
    pub groups: Vec<RequestGroup>,
    /// Whether groups with a suffix may be met by the same provider.
    pub group_policy: GroupPolicy,
    /// The most candidates to find.
    pub limit: Option<usize>,
    /// Traits the anchor must have, whether or not it supplies anything.
    pub root_required: BTreeSet<TraitName>,
    /// Traits the anchor must not have.
    pub root_forbidden: BTreeSet<TraitName>,
    /// Suffixes of groups whose providers must include one that is an ancestor of, or the same as, all the others.
    pub same_subtree: Vec<BTreeSet<String>>,
    /// Whether a candidate may use several providers of one tree (from 1.29).
    pub nested_aware: bool,
}

impl Default for CandidatesRequest {
    /// Nothing asked for yet, as of the newest microversion.
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            group_policy: GroupPolicy::None,
            limit: None,
            root_required: BTreeSet::new(),
            root_forbidden: BTreeSet::new(),
            same_subtree: Vec::new(),
            nested_aware: true,
        }
    }
}

/// Amounts and conditions that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestGroup {
    /// The suffix; empty for the one group that may be spread over several providers.
    pub suffix: String,
    /// Amounts by class.
    pub resources: ResourceAmounts,
    /// At least one trait of each of these sets.
    pub required: Vec<BTreeSet<TraitName>>,
    /// None of these traits.
    pub forbidden: BTreeSet<TraitName>,
    /// In at least one aggregate of each of these sets.
    pub member_of: Vec<BTreeSet<AggregateId>>,
    /// In none of these aggregates.
    pub not_member_of: BTreeSet<AggregateId>,
    /// Only from the tree of this provider.
    pub in_tree: Option<ProviderId>,
}

/// How groups with a suffix relate to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupPolicy {
    /// They may be met by the same provider.
    #[default]
    None,
    /// Each must be met by a provider of its own.
    Isolate,
}

impl Placement {
    /// What could supply the request, as things are. An unknown resource class or trait is an error, unless there is
    /// nothing for a group before it; an unknown provider or aggregate only leaves nothing to find.
    pub fn candidates(&self, request: &CandidatesRequest) -> Result<CandidateSet<'_>, PlacementError> {
        let found = match resolve::resolve(self, request)? {
            Some(question) => search::search(self, question, request.limit)?,
            None => Vec::new(),
        };
        let suffixes = request.groups.iter().map(|group| group.suffix.clone()).collect();
        let whole_trees = request.nested_aware || self.index.nested == 0;
        Ok(CandidateSet::new(self, suffixes, found, whole_trees))
    }
}
