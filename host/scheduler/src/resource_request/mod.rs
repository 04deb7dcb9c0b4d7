//! What is asked of placement for a request (`nova/scheduler/utils.py, ResourceRequest`).
//!
//! The request is typed; the conductor turns it into placement's own query. [`ResourceRequest::query`] gives the text
//! that Nova would send, for the trace and for people.

mod extra_specs;
pub(crate) mod hardware;
mod query;
#[cfg(test)]
mod tests;

use hardware::Processors;
use model::{AggregateId, Options, ProviderId, RequestSpec, ResourceAmounts, ResourceClass};
use std::collections::{BTreeMap, BTreeSet};

/// A query for allocation candidates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceRequest {
    /// The group without a suffix, which several providers of one tree may meet together.
    pub unsuffixed: RequestGroup,
    /// Groups that one provider each must meet, by suffix.
    pub granular: BTreeMap<String, RequestGroup>,
    /// Whether granular groups may share a provider; none when nothing was said.
    pub group_policy: Option<GroupPolicy>,
    /// Traits the root provider must have.
    pub root_required: BTreeSet<String>,
    /// Traits the root provider must not have.
    pub root_forbidden: BTreeSet<String>,
    /// Suffixes of groups that must be met within one subtree.
    pub same_subtree: Vec<BTreeSet<String>>,
    /// Candidates wanted at most.
    pub limit: Option<u64>,
}

/// Amounts and conditions that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestGroup {
    /// Amounts.
    pub resources: ResourceAmounts,
    /// Traits that are required.
    pub required: BTreeSet<String>,
    /// Traits that are forbidden.
    pub forbidden: BTreeSet<String>,
    /// Sets of aggregates, of each of which the provider must be in at least one.
    pub member_of: Vec<BTreeSet<AggregateId>>,
    /// Aggregates the provider must be in none of.
    pub forbidden_aggregates: BTreeSet<AggregateId>,
    /// The tree it must be in, by any of its providers.
    pub in_tree: Option<ProviderId>,
}

/// Whether granular groups may be met by one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupPolicy {
    /// They may.
    None,
    /// Each needs a provider of its own.
    Isolate,
}

impl RequestGroup {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Hints under which every candidate must be seen, because a filter of our own decides.
const UNLIMITED_HINTS: [&str; 3] = ["group", "same_host", "different_host"];

/// What to ask of placement for this request; `target` is the one node that is wanted, when there is one. The request
/// filters are not applied yet.
pub fn resource_request(
    request: &RequestSpec,
    target: Option<ProviderId>,
    options: &Options,
) -> ResourceRequest {
    build(request, target, options, true)
}

/// What to ask of placement too, and to use after what [`resource_request`] found: the same with shared processors in
/// place of dedicated ones, for hosts that do not tell the two apart. None when that is not to be tried.
pub fn fallback_resource_request(
    request: &RequestSpec,
    target: Option<ProviderId>,
    options: &Options,
) -> Option<ResourceRequest> {
    let dedicated = Processors::by_policy(request).dedicated > 0;
    (dedicated && !options.disable_fallback_pcpu_query).then(|| build(request, target, options, false))
}

fn build(
    request: &RequestSpec,
    target: Option<ProviderId>,
    options: &Options,
    by_policy: bool,
) -> ResourceRequest {
    let mut asked = ResourceRequest { same_subtree: request.same_subtree.clone(), ..Default::default() };
    let hinted = UNLIMITED_HINTS.iter().any(|hint| request.scheduler_hints.contains_key(*hint));
    asked.limit = (!hinted).then_some(options.max_placement_results);

    let stated = extra_specs::apply(&request.flavor.extra_specs, &mut asked);
    let flavor_suffixes = asked.granular.len();
    add_image_traits(request, &mut asked);
    for wanted in &request.requested_resources {
        let group = RequestGroup {
            resources: wanted.resources.clone(),
            required: wanted.required_traits.clone(),
            forbidden: wanted.forbidden_traits.clone(),
            member_of: wanted.aggregates.clone(),
            ..Default::default()
        };
        asked.granular.insert(wanted.id.clone(), group);
    }
    hardware::add_devices(request, &mut asked);
    let processors = if by_policy {
        hardware::add_thread_policy(request, &mut asked);
        Processors::by_policy(request)
    } else {
        Processors::all_shared(request)
    };
    add_flavor_amounts(request, &processors, &stated, &mut asked);

    asked.unsuffixed.in_tree = target;
    asked.unsuffixed.resources.retain(|_, amount| *amount > 0);
    for group in asked.granular.values_mut() {
        group.resources.retain(|_, amount| *amount > 0);
    }
    asked.granular.retain(|_, group| !group.is_empty());
    if asked.granular.len() > 1 && asked.group_policy.is_none() && flavor_suffixes <= 1 {
        asked.group_policy = Some(GroupPolicy::None);
    }
    asked
}

/// The flavor's own sizes, as far as its extra specs do not state the amount of a class themselves.
fn add_flavor_amounts(
    request: &RequestSpec,
    processors: &Processors,
    stated: &BTreeSet<ResourceClass>,
    asked: &mut ResourceRequest,
) {
    let flavor = &request.flavor;
    let root_gb = if request.is_bfv { 0 } else { flavor.root_gb };
    let disk = flavor.ephemeral_gb.saturating_add(flavor.swap_mb.div_ceil(1024)).saturating_add(root_gb);
    let mut add = |class: ResourceClass, amount| {
        if !stated.contains(&class) {
            asked.unsuffixed.resources.insert(class, amount);
        }
    };
    // Whoever states one kind of processors states both.
    if !stated.contains(&ResourceClass::VCPU) && !stated.contains(&PCPU) {
        for (class, amount) in processors.amounts() {
            add(class, amount);
        }
    }
    add(ResourceClass::MEMORY_MB, flavor.memory_mb);
    add(ResourceClass::DISK_GB, disk);
}

/// Dedicated processors.
const PCPU: ResourceClass = ResourceClass::from_static("PCPU");

/// Traits that the image requires, as `trait:NAME=required`.
fn add_image_traits(request: &RequestSpec, asked: &mut ResourceRequest) {
    for (key, value) in request.image_meta.iter().flat_map(|image| &image.properties) {
        if let Some(name) = key.strip_prefix("trait:")
            && value == "required"
        {
            asked.unsuffixed.required.insert(name.to_owned());
        }
    }
}
