//! Finding and claiming a host (`nova/scheduler/manager.py, select_destinations`): ask placement for candidates, filter
//! and weigh their hosts, claim the first that lets itself be claimed, and keep the next as alternates.

mod not_offered;

use crate::records::StateOfRecord;
use compute::{Owner, Records, Services};
use model::rpc::Address;
use model::{
    ComputeNode, ExceptionClass, HostName, NotificationPriority, NovaError, Options, ProviderId, RequestSpec,
    Selection, Server, ServerId,
};
use placement::{CandidatesRequest, GroupPolicy, RequestGroup, TraitName};
use runtime::TraceEvent;
use scheduler::{
    AllocationCandidate, BatchError, BatchFailure, Beside, CloudFacts, Explanation, HostState, NotOffered,
    ResidentServer, ResourceRequest, SupportedInstance,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who sends the scheduler's notifications.
const PUBLISHER: &str = "nova-scheduler:scheduler";

/// The chosen host, already claimed, and those to try when it fails.
pub(crate) struct Destinations {
    pub(crate) selected: Selection,
    pub(crate) alternates: Vec<Selection>,
}

/// Chooses and claims a host for the one server of a request. Errors: `NoValidHost` with the reason Nova gives, and
/// `UnsupportedPolicyException` when the server's group cannot be heeded.
pub(crate) fn select_destinations(
    services: &Services,
    records: &StateOfRecord,
    spec: &RequestSpec,
) -> Result<Destinations, NovaError> {
    let mut chosen = select_for_each(services, records, spec, &[spec.server])?;
    chosen.pop().ok_or_else(|| NovaError::no_valid_host("There are not enough hosts available."))
}

/// Chooses and claims a host for each of `servers`, which differ in nothing but their ids, and in their order. The hosts
/// fill up as they are chosen. If one server gets no host none does.
pub(crate) fn select_for_each(
    services: &Services,
    records: &StateOfRecord,
    spec: &RequestSpec,
    servers: &[ServerId],
) -> Result<Vec<Destinations>, NovaError> {
    let options = services.options.get();
    let spec = with_group(records, spec, &options)?;
    let spec = spec.as_ref();
    let target = fixed_destination(records, spec)?;
    let asked = placement_request(services, records, spec, target, &options)?;
    let candidates = allocation_candidates(services, &asked);
    let left_out = match services.trace.enabled() {
        true => not_offered::not_offered(services, records, &asked, &candidates),
        false => Vec::new(),
    };
    if candidates.is_empty() {
        trace(services, spec.server, Explanation::default(), None, &[], &left_out);
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
        servers,
        hosts,
        &options,
        Beside { alternates: true, explanations: services.trace.enabled() },
        &mut |bound| random.below(bound),
        &mut |server, host| claim(services, server, &selection_of(host), &owner),
    );
    let chosen = chosen.map_err(|failed| refused(services, servers, failed, &left_out))?;
    for one in &chosen {
        let explanation = one.explanation.clone().unwrap_or_default();
        trace(services, one.server, explanation, Some(&one.host), &one.alternates, &left_out);
    }
    notify(services, spec.server, "end");
    let destinations = chosen.iter().map(|one| Destinations {
        selected: selection_of(&one.host),
        alternates: one.alternates.iter().map(selection_of).collect(),
    });
    Ok(destinations.collect())
}

/// Gives back what was claimed for the servers before the one that got no host. Answers why it got none, as the caller is
/// told.
fn refused(
    services: &Services,
    servers: &[ServerId],
    failed: BatchError<NovaError>,
    left_out: &[NotOffered],
) -> NovaError {
    for one in &failed.claimed {
        services.report_client.delete_allocations(&Address::Conductor, one.server.into());
    }
    match failed.reason {
        BatchFailure::NotEnoughHosts(decision) => {
            if let Some(server) = servers.get(failed.claimed.len()) {
                trace(services, *server, decision.explain(), None, &[], left_out);
            }
            NovaError::no_valid_host("There are not enough hosts available.")
        }
        BatchFailure::Unordered(failure) => NovaError::no_valid_host(&failure.to_string()),
        BatchFailure::Claim(error) => error,
    }
}

/// The request with the group of its server as it is now (`nova/scheduler/utils.py, setup_instance_group`). A server on
/// the move counts as a member on the host it leaves.
fn with_group<'s>(
    records: &StateOfRecord,
    spec: &'s RequestSpec,
    options: &Options,
) -> Result<Cow<'s, RequestSpec>, NovaError> {
    let Some(group) = records.server_group_of(spec.server) else { return Ok(Cow::Borrowed(spec)) };
    scheduler::check_group_policy(group.policy, options)
        .map_err(|error| NovaError::new(ExceptionClass::UnsupportedPolicy, error.to_string()))?;
    let hosts = records.hosts_of_group(&group, None);
    Ok(Cow::Owned(RequestSpec { instance_group: Some(group.for_scheduler(hosts)), ..spec.clone() }))
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
        .select_nodes(|node| candidates.contains_key(&node.id))
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
    let mut check = with_group(records, spec, &options)?.into_owned();
    check.requested_destination = Some(host.clone());
    check.scheduler_hints.insert("_nova_check_type".to_owned(), vec!["rebuild".to_owned()]);
    notify(services, spec.server, "start");
    let node = records.compute_node(host);
    let hosts = node.iter().map(|node| host_state(services, records, node)).collect();
    let random = services.random.clone();
    let decision = scheduler::schedule(&check, hosts, &options, &mut |bound| random.below(bound));
    let passed = decision.ordered.first().map(|one| &one.host);
    trace(services, spec.server, decision.explain(), passed, &[], &[]);
    // Of one host nothing is weighed, which alone could fail.
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

fn trace(
    services: &Services,
    server: ServerId,
    explanation: Explanation,
    chosen: Option<&HostState>,
    alternates: &[HostState],
    not_offered: &[NotOffered],
) {
    let name = |state: &HostState| state.host.clone();
    services.trace.record(|| TraceEvent::Scheduled {
        server,
        chosen: chosen.map(name),
        alternates: alternates.iter().map(name).collect(),
        explanation: Explanation { not_offered: not_offered.to_vec(), ..explanation },
    });
}
