//! Finding and claiming a host (`nova/scheduler/manager.py, select_destinations`): ask placement for candidates, filter
//! and weigh their hosts, claim the first that lets itself be claimed, and keep the next as alternates.

use crate::records::StateOfRecord;
use compute::{Owner, Records, Services};
use model::rpc::Address;
use model::{HostName, NotificationPriority, NovaError, ProviderId, RequestSpec, Selection, ServerId};
use placement::{CandidatesRequest, GroupPolicy, RequestGroup, TraitName};
use runtime::TraceEvent;
use scheduler::{AllocationCandidate, Decision, HostState, ResourceRequest, Weighed};
use std::collections::{BTreeMap, BTreeSet};

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
    let options = services.options.get().clone();
    let target = fixed_destination(records, spec)?;
    let asked = scheduler::resource_request(spec, target, &options);
    let candidates = allocation_candidates(services, &asked);
    if candidates.is_empty() {
        return Err(NovaError::no_valid_host(""));
    }
    notify(services, spec.server, "start");
    let hosts = host_states(services, records, candidates);
    let random = services.random.clone();
    let decision = scheduler::schedule(spec, hosts, &options, &mut |bound| random.below(bound));
    trace(services, spec.server, &decision);
    let owner = Owner { project: spec.project_id.clone(), user: spec.user_id.clone() };
    let mut ordered = decision.ordered.iter();
    let selected = loop {
        let Some(weighed) = ordered.next() else {
            return Err(NovaError::no_valid_host("There are not enough hosts available."));
        };
        let selection = selection_of(weighed);
        if claim(services, spec.server, &selection, &owner)? {
            break selection;
        }
    };
    let wanted = usize::try_from(options.max_attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let others = decision.ordered.iter().map(selection_of).filter(|other| other.host != selected.host);
    let alternates = others.take(wanted).collect();
    notify(services, spec.server, "end");
    Ok(Destinations { selected, alternates })
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

/// What placement offers, by the providers that occur in it. A query that placement refuses offers nothing.
fn allocation_candidates(
    services: &Services,
    asked: &ResourceRequest,
) -> BTreeMap<ProviderId, Vec<AllocationCandidate>> {
    let request = candidates_request(asked);
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

/// The scheduler's request as placement takes it. Every node must be one that no operator disabled
/// (`compute_status_filter`).
fn candidates_request(asked: &ResourceRequest) -> CandidatesRequest {
    let names =
        |set: &BTreeSet<String>| set.iter().map(|name| TraitName::from(&**name)).collect::<BTreeSet<_>>();
    let group = |suffix: &str, group: &scheduler::RequestGroup| RequestGroup {
        suffix: suffix.to_owned(),
        resources: group.resources.clone(),
        required: names(&group.required).into_iter().map(|name| BTreeSet::from([name])).collect(),
        forbidden: names(&group.forbidden),
        member_of: group.member_of.clone(),
        not_member_of: group.forbidden_aggregates.clone(),
        in_tree: group.in_tree,
    };
    let mut root_forbidden = names(&asked.root_forbidden);
    root_forbidden.insert(TraitName::from("COMPUTE_STATUS_DISABLED"));
    CandidatesRequest {
        groups: std::iter::once(group("", &asked.unsuffixed))
            .chain(asked.granular.iter().map(|(suffix, granular)| group(suffix, granular)))
            .collect(),
        group_policy: match asked.group_policy {
            Some(scheduler::GroupPolicy::Isolate) => GroupPolicy::Isolate,
            Some(scheduler::GroupPolicy::None) | None => GroupPolicy::None,
        },
        limit: asked.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        root_required: names(&asked.root_required),
        root_forbidden,
        same_subtree: asked.same_subtree.clone(),
        nested_aware: true,
    }
}

/// The states of the hosts that placement offers something on.
fn host_states(
    services: &Services,
    records: &StateOfRecord,
    mut candidates: BTreeMap<ProviderId, Vec<AllocationCandidate>>,
) -> Vec<HostState> {
    let now = services.clock.now();
    let options = services.options.get();
    records
        .compute_nodes()
        .iter()
        .filter_map(|node| {
            let mut state = HostState::new(node);
            state.allocation_candidates = candidates.remove(&node.id)?;
            state.service_enabled = !records.service_disabled(&node.host);
            state.service_up = records.service_is_up(&node.host, now, options.service_down_time);
            state.availability_zone = options.default_availability_zone.0.clone();
            Some(state)
        })
        .collect()
}

fn selection_of(weighed: &Weighed) -> Selection {
    let state = &weighed.host;
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
