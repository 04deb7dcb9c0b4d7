//! One decision: names, filters, weights, and the choice among the best (`nova/scheduler/manager.py`,
//! `_get_sorted_hosts`).

use crate::decision::{Decision, Weighed};
use crate::filters;
use crate::host_state::HostState;
use crate::preselection::{self, CHECK_TYPE_HINT};
use crate::weighers;
use model::{Options, RequestSpec};

/// Which round of a request for several servers this is. Some filters run in the first round only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Round {
    /// The first server of the request, or the only one.
    #[default]
    First,
    /// A later one; the hosts are those the first round left.
    Later,
}

/// Orders the hosts for one server: those that pass, best first, and those that do not, each with its reason.
/// `random(n)` gives a number below `n`; it is asked only when options call for a random choice.
pub fn schedule(
    request: &RequestSpec,
    hosts: Vec<HostState>,
    options: &Options,
    random: &mut dyn FnMut(u64) -> u64,
) -> Decision {
    schedule_round(request, hosts, options, Round::First, random)
}

/// As [`schedule`], for one of several servers of a request.
pub fn schedule_round(
    request: &RequestSpec,
    mut hosts: Vec<HostState>,
    options: &Options,
    round: Round,
    random: &mut dyn FnMut(u64) -> u64,
) -> Decision {
    hosts.sort_by(|a, b| (&a.host, &a.node).cmp(&(&b.host, &b.node)));
    let mut refused = Vec::new();
    let chosen = preselection::preselect(request, hosts, &mut refused);
    let passed = if chosen.forced {
        chosen.hosts
    } else {
        filters::run(request, chosen.hosts, options, round, &mut refused)
    };
    match weighers::weigh(request, passed, options) {
        Ok(mut ordered) => {
            choose_among_best(&mut ordered, options, random);
            Decision { ordered, refused, failure: None }
        }
        Err(failure) => Decision { ordered: Vec::new(), refused, failure: Some(failure) },
    }
}

/// Whether the request checks the host a server is rebuilt on rather than seeking one.
pub(crate) fn is_rebuild_check(request: &RequestSpec) -> bool {
    request
        .scheduler_hints
        .get(CHECK_TYPE_HINT)
        .is_some_and(|kinds| kinds.iter().any(|kind| kind == "rebuild"))
}

/// Shuffles the hosts that share the best weight, and draws the first from the best few, as far as options say so.
fn choose_among_best(ordered: &mut [Weighed], options: &Options, random: &mut dyn FnMut(u64) -> u64) {
    let Some(best) = ordered.first().map(|weighed| weighed.weight) else { return };
    if options.shuffle_best_same_weighed_hosts {
        let equals = ordered.iter().take_while(|weighed| weighed.weight == best).count();
        for last in (1..equals).rev() {
            ordered.swap(last, below(last + 1, random));
        }
    }
    let subset = usize::try_from(options.host_subset_size).unwrap_or(usize::MAX).min(ordered.len());
    if subset > 1 {
        ordered[..=below(subset, random)].rotate_right(1);
    }
}

/// A random index below `bound`, which is not 0, whatever the closure gives.
fn below(bound: usize, random: &mut dyn FnMut(u64) -> u64) -> usize {
    usize::try_from(random(bound as u64)).unwrap_or(usize::MAX).min(bound - 1)
}

#[cfg(test)]
mod tests {
    use super::schedule;
    use crate::host_state::HostState;
    use crate::testing::{host, in_aggregate, request};
    use crate::{Decision, Weighed};
    use model::{Options, RequestSpec};
    use proptest::prelude::*;

    fn names(ordered: &[Weighed]) -> Vec<&str> {
        ordered.iter().map(|weighed| weighed.host.host.as_str()).collect()
    }

    fn decide(request: &RequestSpec, hosts: Vec<HostState>) -> Decision {
        schedule(request, hosts, &Options::default(), &mut |_| panic!("no option asks for a random choice"))
    }

    fn refusals(decision: &Decision) -> Vec<(&str, &str)> {
        decision.refused.iter().map(|refused| (refused.host.as_str(), refused.filter)).collect()
    }

    #[test]
    fn equal_hosts_come_in_the_order_of_their_names() {
        let decision = decide(&request(), ["host3", "host1", "host2"].map(host).to_vec());
        assert_eq!(names(&decision.ordered), ["host1", "host2", "host3"]);
    }

    #[test]
    fn forced_hosts_are_found_in_any_case_and_no_filter_may_refuse_them() {
        let asked = RequestSpec { force_hosts: vec!["HOST1".into()], ..request() };
        let hosts = vec![HostState { service_up: false, ..host("host1") }, host("host2")];
        let decision = decide(&asked, hosts.clone());
        assert_eq!(names(&decision.ordered), ["host1"]);
        assert_eq!(refusals(&decision), [("host2", "force_hosts")]);
        let mut check = asked;
        check.scheduler_hints.insert("_nova_check_type".into(), vec!["other".into()]);
        assert_eq!(refusals(&decide(&check, hosts)), [("host2", "force_hosts"), ("host1", "ComputeFilter")]);
    }

    #[test]
    fn forced_nodes_are_matched_exactly() {
        let hosts = vec![HostState { node: "Node".into(), ..host("host1") }, host("host2")];
        for (node, expected) in [("Node", &["host1"][..]), ("node", &[])] {
            let asked = RequestSpec { force_nodes: vec![node.into()], ..request() };
            assert_eq!(names(&decide(&asked, hosts.clone()).ordered), expected, "{node}");
        }
    }

    #[test]
    fn ignored_hosts_are_left_out_whatever_their_case() {
        let asked = RequestSpec { ignore_hosts: ["Host2".into()].into(), ..request() };
        let decision = decide(&asked, ["host1", "host2"].map(host).to_vec());
        assert_eq!(names(&decision.ordered), ["host1"]);
        assert_eq!(refusals(&decision), [("host2", "ignore_hosts")]);
    }

    #[test]
    fn a_requested_destination_is_the_only_one_and_is_filtered() {
        let hosts = vec![host("host1"), HostState { service_enabled: false, ..host("host2") }];
        let asked = |host: &str, node: Option<&str>| RequestSpec {
            requested_destination: Some(host.into()),
            requested_node: node.map(Into::into),
            ..request()
        };
        assert_eq!(names(&decide(&asked("host1", None), hosts.clone()).ordered), ["host1"]);
        assert!(decide(&asked("host1", Some("other")), hosts.clone()).ordered.is_empty());
        let refused = decide(&asked("host2", None), hosts);
        assert_eq!(refusals(&refused), [("host1", "requested_destination"), ("host2", "ComputeFilter")]);
    }

    #[test]
    fn the_best_few_are_drawn_from_and_equals_are_shuffled_only_when_asked_for() {
        let mut hosts = ["a", "b", "c", "d"].map(host).to_vec();
        hosts[3].free_ram_mb = 1;
        let mut options = Options { host_subset_size: 3, ..Options::default() };
        let mut bounds = Vec::new();
        let decision = schedule(&request(), hosts.clone(), &options, &mut |bound| {
            bounds.push(bound);
            2
        });
        assert_eq!((names(&decision.ordered), bounds), (vec!["c", "a", "b", "d"], vec![3]));

        (options.host_subset_size, options.shuffle_best_same_weighed_hosts) = (1, true);
        let mut bounds = Vec::new();
        let decision = schedule(&request(), hosts.clone(), &options, &mut |bound| {
            bounds.push(bound);
            0
        });
        assert_eq!((names(&decision.ordered), bounds), (vec!["b", "c", "a", "d"], vec![3, 2]));

        (options.host_subset_size, options.shuffle_best_same_weighed_hosts) = (100, false);
        let decision = schedule(&request(), hosts, &options, &mut |_| u64::MAX);
        assert_eq!(names(&decision.ordered)[0], "d", "a number out of bounds is the last");
    }

    #[test]
    fn a_missing_metric_fails_the_request() {
        let mut options = Options::default();
        options.set_by_name("metrics.weight_setting", "load=1").unwrap();
        let decision = schedule(&request(), ["a", "b"].map(host).to_vec(), &options, &mut |_| 0);
        assert!(decision.ordered.is_empty() && decision.failure.is_some());
    }

    fn any_host() -> impl Strategy<Value = HostState> {
        let sizes = (0_i64..4, 0_u64..4, 0_u64..3, any::<bool>(), prop::option::of(-2_i32..3));
        ("[a-e]{1,3}", sizes).prop_map(|(name, (ram, cpus, builds, up, multiplier))| {
            let mut state = host(&name);
            (state.free_ram_mb, state.vcpus_used, state.failed_builds) = (ram * 512, cpus, builds);
            state.service_up = up;
            if let Some(multiplier) = multiplier {
                in_aggregate(&mut state, &[("ram_weight_multiplier", &multiplier.to_string())]);
            }
            state
        })
    }

    proptest! {
        #[test]
        fn the_decision_does_not_depend_on_the_order_of_the_hosts(
            hosts in prop::collection::btree_map("[a-e]{1,3}", any_host(), 0..9), shift in 0_usize..9
        ) {
            let hosts: Vec<HostState> = hosts
                .into_iter()
                .map(|(name, state)| HostState { host: name.as_str().into(), node: name.as_str().into(), ..state })
                .collect();
            let mut turned = hosts.clone();
            turned.rotate_left(if hosts.is_empty() { 0 } else { shift % hosts.len() });
            prop_assert_eq!(decide(&request(), hosts), decide(&request(), turned));
        }

        #[test]
        fn every_host_is_ordered_or_refused_and_weights_fall(hosts in prop::collection::vec(any_host(), 0..9)) {
            let count = hosts.len();
            let decision = decide(&request(), hosts);
            prop_assert_eq!(decision.ordered.len() + decision.refused.len(), count);
            prop_assert!(decision.ordered.is_sorted_by(|a, b| a.weight >= b.weight));
        }
    }
}
