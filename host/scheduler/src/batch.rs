//! A request for one or several servers: a host for each, claimed, with alternates
//! (`nova/scheduler/manager.py, _schedule, _get_alternate_hosts`).

use crate::decision::{Decision, Failure, Weighed};
use crate::explain::Explanation;
use crate::host_state::HostState;
use crate::schedule::{Round, schedule_round};
use model::{Options, ProviderId, RequestSpec, ServerId};
use std::collections::BTreeSet;

/// What was found for one server.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The server.
    pub server: ServerId,
    /// The claimed host, as it was before the server was counted in.
    pub host: HostState,
    /// Hosts to try when the claimed one fails, best first; nothing is claimed on them, and other servers of the request
    /// may have the same.
    pub alternates: Vec<HostState>,
    /// How the host came to be chosen, if that was asked for.
    pub explanation: Option<Explanation>,
}

/// What is wanted beside the hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Hosts to try when the claimed one fails.
    pub alternates: bool,
    /// Why each host is where it is, which takes time and room for every host and server.
    pub explanations: bool,
}

/// A request for which there is no complete answer.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchError<E> {
    /// The servers for which a host was claimed before; the caller gives these claims back.
    pub claimed: Vec<Chosen>,
    /// Why there is none for the next server.
    pub reason: BatchFailure<E>,
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq)]
pub enum BatchFailure<E> {
    /// No host that passed let itself be claimed (Nova: NoValidHost, "There are not enough hosts available."). This is
    /// what the scheduler said of them.
    NotEnoughHosts(Box<Decision>),
    /// Hosts could not be ordered.
    Unordered(Failure),
    /// Claiming itself failed.
    Claim(E),
}

/// Chooses a host for each of `servers`, which differ in nothing but their ids. `claim` is asked to claim the first
/// allocation candidate of a host and says whether it could; the best host that lets itself be claimed is taken. Each
/// server chosen counts for the next ones: in the amounts, on the host, and in the server group.
pub fn select_destinations<E>(
    request: &RequestSpec,
    servers: &[ServerId],
    hosts: Vec<HostState>,
    options: &Options,
    beside: Beside,
    random: &mut dyn FnMut(u64) -> u64,
    claim: &mut dyn FnMut(ServerId, &HostState) -> Result<bool, E>,
) -> Result<Vec<Chosen>, BatchError<E>> {
    let mut request = request.clone();
    let mut left = hosts;
    let mut claimed: Vec<Chosen> = Vec::with_capacity(servers.len());
    let one_server = servers.len() == 1;
    for server in servers {
        request.server = *server;
        let round = if claimed.is_empty() { Round::First } else { Round::Later };
        let decision = schedule_round(&request, std::mem::take(&mut left), options, round, random);
        if let Some(failure) = decision.failure {
            return Err(BatchError { claimed, reason: BatchFailure::Unordered(failure) });
        }
        let taken = match first_claimed(*server, &decision.ordered, claim) {
            Ok(Some(taken)) => taken,
            Ok(None) => {
                return Err(BatchError { claimed, reason: BatchFailure::NotEnoughHosts(Box::new(decision)) });
            }
            Err(error) => return Err(BatchError { claimed, reason: BatchFailure::Claim(error) }),
        };
        let explanation = beside.explanations.then(|| decision.explain());
        left = decision.ordered.into_iter().map(|weighed| weighed.host).collect();
        let host = left[taken].clone();
        if !one_server {
            left[taken].place(&request);
        }
        if let Some(group) = &mut request.instance_group {
            group.hosts.insert(host.host.clone());
            group.members.insert(*server);
        }
        claimed.push(Chosen { server: *server, host, alternates: Vec::new(), explanation });
    }
    if beside.alternates {
        if !one_server {
            let later = schedule_round(&request, left, options, Round::Later, random).ordered;
            left = later.into_iter().map(|weighed| weighed.host).collect();
        }
        let selected: BTreeSet<ProviderId> = claimed.iter().map(|one| one.host.compute_node).collect();
        for one in &mut claimed {
            one.alternates = alternates(&one.host, &selected, &left, options.max_attempts).cloned().collect();
        }
    }
    Ok(claimed)
}

/// The index of the best host that has a candidate and lets itself be claimed.
fn first_claimed<E>(
    server: ServerId,
    ordered: &[Weighed],
    claim: &mut dyn FnMut(ServerId, &HostState) -> Result<bool, E>,
) -> Result<Option<usize>, E> {
    for (index, state) in ordered.iter().map(|weighed| &weighed.host).enumerate() {
        if !state.allocation_candidates.is_empty() && claim(server, state)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// The hosts to try after the chosen one: in their order those of its cell that were not chosen for any server of the
/// request and have a candidate, one fewer than there may be attempts.
pub fn alternates<'a>(
    chosen: &HostState,
    selected: &BTreeSet<ProviderId>,
    ordered: &'a [HostState],
    max_attempts: u64,
) -> impl Iterator<Item = &'a HostState> {
    ordered
        .iter()
        .filter(|state| {
            state.cell == chosen.cell
                && state.compute_node != chosen.compute_node
                && !selected.contains(&state.compute_node)
                && !state.allocation_candidates.is_empty()
        })
        .take(usize::try_from(max_attempts.saturating_sub(1)).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::{BatchError, BatchFailure, Beside, Chosen, select_destinations};
    use crate::host_state::{AllocationCandidate, HostState};
    use crate::testing::{host, request, server};
    use model::{GroupPolicy, InstanceGroup, Options, RequestSpec, ServerId};
    use std::convert::Infallible;

    const ALTERNATES: Beside = Beside { alternates: true, explanations: false };

    /// Hosts with a candidate each; the first have the most memory.
    fn hosts(names: &[&str]) -> Vec<HostState> {
        let sized = |(index, name): (usize, &&str)| HostState {
            free_ram_mb: 8192 - 100 * i64::try_from(index).unwrap(),
            allocation_candidates: vec![AllocationCandidate::default()],
            ..host(name)
        };
        names.iter().enumerate().map(sized).collect()
    }

    fn select(
        request: &RequestSpec,
        count: u128,
        hosts: Vec<HostState>,
        refuses: &[&str],
    ) -> Result<Vec<Chosen>, BatchError<Infallible>> {
        let servers: Vec<ServerId> = (1..=count).map(server).collect();
        let mut claim = |_: ServerId, state: &HostState| Ok(!refuses.contains(&state.host.as_str()));
        select_destinations(request, &servers, hosts, &Options::default(), ALTERNATES, &mut |_| 0, &mut claim)
    }

    fn places(chosen: &[Chosen]) -> Vec<(&str, Vec<&str>)> {
        chosen
            .iter()
            .map(|one| {
                (one.host.host.as_str(), one.alternates.iter().map(|state| state.host.as_str()).collect())
            })
            .collect()
    }

    #[test]
    fn the_best_host_is_claimed_and_the_next_two_are_alternates() {
        let chosen = select(&request(), 1, hosts(&["a", "b", "c", "d"]), &[]).unwrap();
        assert_eq!(places(&chosen), [("a", vec!["b", "c"])]);
    }

    #[test]
    fn a_host_that_refuses_or_has_no_candidate_is_passed_over_but_stays_an_alternate_if_it_has_one() {
        let mut states = hosts(&["a", "b", "c", "d"]);
        states[1].allocation_candidates.clear();
        let chosen = select(&request(), 1, states, &["a"]).unwrap();
        assert_eq!(places(&chosen), [("c", vec!["a", "d"])]);
    }

    #[test]
    fn alternates_are_of_the_same_cell_and_not_chosen_for_another_server() {
        let mut states = hosts(&["a", "b", "c", "d", "e"]);
        states[2].cell = Some("other".into());
        let chosen = select(&request(), 2, states, &[]).unwrap();
        // What was placed on the first host lets the second one pass it.
        assert_eq!(places(&chosen), [("a", vec!["d", "e"]), ("b", vec!["d", "e"])]);
    }

    #[test]
    fn anti_affinity_holds_within_a_request() {
        let mut asked = request();
        asked.instance_group = Some(InstanceGroup {
            policy: GroupPolicy::AntiAffinity,
            max_server_per_host: None,
            members: [server(1), server(2), server(3)].into(),
            hosts: Default::default(),
        });
        let chosen = select(&asked, 2, hosts(&["a", "b"]), &[]).unwrap();
        assert_eq!(places(&chosen), [("a", vec![]), ("b", vec![])]);
        match select(&asked, 3, hosts(&["a", "b"]), &[]) {
            Err(BatchError { claimed, reason: BatchFailure::NotEnoughHosts(decision) }) => {
                assert_eq!(claimed.len(), 2);
                let reasons: Vec<_> = decision.refused.iter().map(|one| one.filter).collect();
                assert_eq!(
                    reasons,
                    ["ServerGroupAntiAffinityFilter"],
                    "host a was refused in the round before"
                );
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn affinity_keeps_a_request_together() {
        let mut asked = request();
        asked.instance_group = Some(InstanceGroup {
            policy: GroupPolicy::Affinity,
            max_server_per_host: None,
            members: Default::default(),
            hosts: Default::default(),
        });
        let chosen = select(&asked, 3, hosts(&["a", "b"]), &[]).unwrap();
        assert_eq!(places(&chosen).iter().map(|place| place.0).collect::<Vec<_>>(), ["a", "a", "a"]);
    }

    #[test]
    fn one_attempt_has_no_alternates() {
        let options = Options { max_attempts: 1, ..Options::default() };
        let mut claim = |_: ServerId, _: &HostState| Ok::<_, Infallible>(true);
        let states = hosts(&["a", "b"]);
        let chosen = select_destinations(
            &request(),
            &[server(1)],
            states,
            &options,
            ALTERNATES,
            &mut |_| 0,
            &mut claim,
        )
        .unwrap();
        assert_eq!(places(&chosen), [("a", vec![])]);
    }

    #[test]
    fn an_error_of_the_claim_ends_the_request_and_tells_what_was_claimed() {
        let mut claims = 0;
        let mut claim = |_: ServerId, _: &HostState| {
            claims += 1;
            if claims == 1 { Ok(true) } else { Err("placement is gone") }
        };
        let servers = [server(1), server(2)];
        let options = Options::default();
        match select_destinations(
            &request(),
            &servers,
            hosts(&["a"]),
            &options,
            ALTERNATES,
            &mut |_| 0,
            &mut claim,
        ) {
            Err(BatchError { claimed, reason: BatchFailure::Claim(error) }) => {
                assert_eq!((claimed.len(), error), (1, "placement is gone"))
            }
            other => panic!("{other:?}"),
        }
    }
}
