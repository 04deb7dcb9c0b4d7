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
