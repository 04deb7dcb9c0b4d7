//! Finding and claiming a host (`nova/scheduler/manager.py, select_destinations`): ask placement for candidates, filter
//! and weigh their hosts, claim the first that lets itself be claimed, and keep the next as alternates.

use crate::records::StateOfRecord;
use compute::{Owner, Records, Services};
use model::rpc::Address;
use model::{
    ComputeNode, HostName, NotificationPriority, NovaError, Options, ProviderId, RequestSpec, Selection,
    Server, ServerId,
};
use placement::{CandidatesRequest, GroupPolicy, RequestGroup, TraitName};
use runtime::TraceEvent;
use scheduler::{
    AllocationCandidate, BatchError, BatchFailure, CloudFacts, Decision, HostState, ResidentServer,
    ResourceRequest, SupportedInstance,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who sends the scheduler's notifications.
const PUBLISHER: &str = "nova-scheduler:scheduler";

/// The chosen host, already claimed, and those to try when it fails.
pub(crate) struct Destinations {
    pub(crate) selected: Selection,
    pub(crate) alternates: Vec<Selection>,
}

/// Chooses and claims a host for the request. Errors: `NoValidHost` with the reason Nova gives.
pub(crate) fn select_destinations(
    services: &Services,
    records: &StateOfRecord,
    spec: &RequestSpec,
) -> Result<Destinations, NovaError> {
    let options = services.options.get();
    let target = fixed_destination(records, spec)?;
    let asked = placement_request(services, records, spec, target, &options)?;
    let candidates = allocation_candidates(services, &asked);
    if candidates.is_empty() {
        return Err(NovaError::no_valid_host(""));
    }
    notify(services, spec.server, "start");
    let mut hosts = host_states(services, records, candidates);
    // No server leaves the cell it is in.
    if let Some(host) = records.server_even_deleted(spec.server).and_then(|server| server.host) {
        let cell = records.cell_of(&host);
        hosts.retain(|state| state.cell == cell);
    }
    let random = services.random.clone();
    let owner = Owner { project: spec.project_id.clone(), user: spec.user_id.clone() };
    let chosen = scheduler::select_destinations(
        spec,
        &[spec.server],
        hosts,
        &options,
        true,
        &mut |bound| random.below(bound),
        &mut |server, host| claim(services, server, &selection_of(host), &owner),
    );
    let chosen = match chosen {
        Ok(mut chosen) => chosen.pop(),
        Err(BatchError { reason, .. }) => return Err(refused(services, spec.server, reason)),
    };
    let chosen = chosen.ok_or_else(|| NovaError::no_valid_host("There are not enough hosts available."))?;
    trace(services, spec.server, &chosen.decision);
    notify(services, spec.server, "end");
    Ok(Destinations {
        selected: selection_of(&chosen.host),
        alternates: chosen.alternates.iter().map(selection_of).collect(),
    })
}

/// Why no host was chosen, as the caller is told; the single server of a request holds nothing then.
fn refused(services: &Services, server: ServerId, reason: BatchFailure<NovaError>) -> NovaError {
    match reason {
        BatchFailure::NotEnoughHosts(decision) => {
            trace(services, server, &decision);
            NovaError::no_valid_host("There are not enough hosts available.")
        }
        BatchFailure::Unordered(failure) => NovaError::no_valid_host(&failure.to_string()),
        BatchFailure::Claim(error) => error,
    }
}

/// What to ask of placement, narrowed by the request filters. 34.0.0 does not ask for the trait of nodes that Nova owns.
fn placement_request(
    services: &Services,
    records: &StateOfRecord,
    spec: &RequestSpec,
    target: Option<ProviderId>,
    options: &Options,
) -> Result<ResourceRequest, NovaError> {
    let mut asked = scheduler::resource_request(spec, target, options);
    let is_trait =
        |name: &str| services.report_client.read(|placement| placement.has_trait(&TraitName::from(name)));
    let aggregates = records.aggregates().for_scheduler();
    let facts = CloudFacts { aggregates: &aggregates, segments: &[], owner_nova: false, is_trait: &is_trait };
    scheduler::apply_request_filters(&mut asked, spec, &facts, options)
        .map_err(|failed| NovaError::no_valid_host(&failed.to_string()))?;
    Ok(asked)
}

/// Claims the first of `alternates` that lets itself be claimed, and drops those before it.
pub(crate) fn claim_alternate(
    services: &Services,
    spec: &RequestSpec,
    alternates: Vec<Selection>,
) -> Result<Destinations, NovaError> {
    let owner = Owner { project: spec.project_id.clone(), user: spec.user_id.clone() };
    let mut left = alternates.into_iter();
    while let Some(selected) = left.next() {
        if claim(services, spec.server, &selected, &owner)? {
            return Ok(Destinations { selected, alternates: left.collect() });
        }
    }
    Err(NovaError::max_retries_exceeded(&format!(
        "Exhausted all hosts available for retrying build failures for instance {}.",
        spec.server
    )))
}

fn claim(
    services: &Services,
    server: ServerId,
    selection: &Selection,
    owner: &Owner,
) -> Result<bool, NovaError> {
    services.report_client.claim_resources(
        &Address::Conductor,
        server.into(),
        &selection.allocation_request,
        owner,
    )
}

/// The one node a request is bound to, if it is bound to one.
fn fixed_destination(records: &StateOfRecord, spec: &RequestSpec) -> Result<Option<ProviderId>, NovaError> {
    let Some(host) = spec.requested_destination.as_ref().or(spec.force_hosts.first()) else {
        return Ok(None);
    };
    match records.compute_node(host) {
        Some(node) => Ok(Some(node.id)),
        None => Err(NovaError::no_valid_host(&format!("No such host - host: {host} node: None "))),
    }
}

/// What placement offers, by the root of its providers. A query that placement refuses offers nothing.
fn allocation_candidates(
    services: &Services,
    asked: &ResourceRequest,
) -> BTreeMap<ProviderId, Vec<AllocationCandidate>> {
    let Some(request) = candidates_request(asked) else { return BTreeMap::new() };
    services.report_client.read(|placement| {
        let mut by_provider = BTreeMap::<_, Vec<_>>::new();
        let Ok(found) = placement.candidates(&request) else { return by_provider };
        for candidate in found.iter() {
            let offered = candidate.to_owned();
            let candidate = AllocationCandidate {
                allocations: offered.allocations,
                mappings: offered
                    .mappings
                    .into_iter()
                    .map(|(suffix, providers)| (suffix, providers.into_iter().collect()))
                    .collect(),
            };
            let roots: BTreeSet<_> = candidate
                .allocations
                .keys()
                .filter_map(|id| placement.provider(*id).ok().map(|provider| provider.root()))
                .collect();
            for root in roots {
                by_provider.entry(root).or_default().push(candidate.clone());
            }
        }
        by_provider
    })
}

/// The scheduler's request as placement takes it; none if placement would refuse it, which it does with several
/// granular groups and no policy for them.
fn candidates_request(asked: &ResourceRequest) -> Option<CandidatesRequest> {
    let group_policy = match asked.group_policy {
        Some(scheduler::GroupPolicy::Isolate) => GroupPolicy::Isolate,
        Some(scheduler::GroupPolicy::None) => GroupPolicy::None,
        None if asked.granular.len() > 1 => return None,
        None => GroupPolicy::None,
    };
    let groups = std::iter::once(("", &asked.unsuffixed))
        .chain(asked.granular.iter().map(|(suffix, granular)| (suffix.as_str(), granular)))
        .map(|(suffix, group)| request_group(suffix, group));
    Some(CandidatesRequest {
        groups: groups.collect(),
        group_policy,
        limit: asked.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        root_required: trait_names(&asked.root_required),
        root_forbidden: trait_names(&asked.root_forbidden),
        same_subtree: asked.same_subtree.clone(),
        nested_aware: true,
    })
}

fn request_group(suffix: &str, group: &scheduler::RequestGroup) -> RequestGroup {
    RequestGroup {
        suffix: suffix.to_owned(),
        resources: group.resources.clone(),
        required: trait_names(&group.required).into_iter().map(|name| BTreeSet::from([name])).collect(),
        forbidden: trait_names(&group.forbidden),
        member_of: group.member_of.clone(),
        not_member_of: group.forbidden_aggregates.clone(),
        in_tree: group.in_tree,
    }
}

fn trait_names(names: &BTreeSet<String>) -> BTreeSet<TraitName> {
    names.iter().map(|name| TraitName::from(&**name)).collect()
}

/// The states of the hosts that placement offers something on.
fn host_states(
    services: &Services,
    records: &StateOfRecord,
    mut candidates: BTreeMap<ProviderId, Vec<AllocationCandidate>>,
) -> Vec<HostState> {
    records
        .compute_nodes()
        .iter()
        .filter_map(|node| {
            let offered = candidates.remove(&node.id)?;
            Some(HostState { allocation_candidates: offered, ..host_state(services, records, node) })
        })
        .collect()
}

/// The state of a host, without what placement offers on it.
fn host_state(services: &Services, records: &StateOfRecord, node: &ComputeNode) -> HostState {
    let now = services.clock.now();
    let options = services.options.get();
    let mut state = HostState::new(node);
    state.cell = records.cell_of(&node.host);
    state.service_enabled = !records.service_disabled(&node.host);
    state.service_up = records.service_is_up(&node.host, now, options.service_down_time);
    state.join_aggregates(&records.aggregates().for_scheduler(), &options);
    state.instances =
        records.servers_on(&node.host).iter().map(|server| (server.id, resident(records, server))).collect();
    state.supported_instances = node.supported_instances.iter().map(supported).collect();
    if let Some(least) = node.disk_available_least {
        state.limit_free_disk(least);
    }
    state
}

/// Whether a server may be rebuilt on its host from another image. Placement is not asked and nothing is claimed.
/// Errors: `NoValidHost` when a filter refuses.
pub(crate) fn check_rebuild(
    services: &Services,
    records: &StateOfRecord,
    spec: &RequestSpec,
    host: &HostName,
) -> Result<(), NovaError> {
    let options = services.options.get().clone();
    let mut check = spec.clone();
    check.requested_destination = Some(host.clone());
    check.scheduler_hints.insert("_nova_check_type".to_owned(), vec!["rebuild".to_owned()]);
    notify(services, spec.server, "start");
    let node = records.compute_node(host);
    let hosts = node.iter().map(|node| host_state(services, records, node)).collect();
    let random = services.random.clone();
    let decision = scheduler::schedule(&check, hosts, &options, &mut |bound| random.below(bound));
    trace(services, spec.server, &decision);
    if let Some(failure) = decision.failure {
        return Err(NovaError::no_valid_host(&failure.to_string()));
    }
    if decision.ordered.is_empty() {
        return Err(NovaError::no_valid_host("There are not enough hosts available."));
    }
    notify(services, spec.server, "end");
    Ok(())
}

fn resident(records: &StateOfRecord, server: &Server) -> ResidentServer {
    let image = server.image.and_then(|image| records.image(image));
    ResidentServer { image_properties: Arc::new(image.map(|image| image.properties).unwrap_or_default()) }
}

fn supported(kind: &model::compute_node::SupportedInstance) -> SupportedInstance {
    SupportedInstance {
        architecture: kind.architecture.clone(),
        hypervisor_type: kind.hypervisor_type.clone(),
        vm_mode: kind.vm_mode.clone(),
    }
}

fn selection_of(state: &HostState) -> Selection {
    Selection {
        compute_node: state.compute_node,
        host: state.host.clone(),
        availability_zone: state.availability_zone.clone(),
        allocation_request: state
            .allocation_candidates
            .first()
            .map(|candidate| candidate.allocations.clone())
            .unwrap_or_default(),
    }
}

fn notify(services: &Services, server: ServerId, phase: &str) {
    let event_type = format!("scheduler.select_destinations.{phase}");
    services.notifier.emit(PUBLISHER, &event_type, NotificationPriority::Info, Some(server));
}

fn trace(services: &Services, server: ServerId, decision: &Decision) {
    services.trace.record(|| TraceEvent::Scheduled {
        server,
        hosts: decision.ordered.iter().map(|weighed| weighed.host.host.clone()).collect::<Vec<HostName>>(),
        refused: decision
            .refused
            .iter()
            .map(|refused| (refused.host.clone(), refused.filter.to_owned()))
            .collect(),
        weights: decision.ordered.iter().map(|weighed| (weighed.host.host.clone(), weighed.weight)).collect(),
    });
}
