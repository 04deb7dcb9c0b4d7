//! Choosing hosts by their names, before any filter runs (`nova/scheduler/host_manager.py, get_filtered_hosts`).

use crate::decision::Refused;
use crate::host_state::HostState;
use model::RequestSpec;
use std::collections::BTreeSet;

/// The scheduler hint that marks a check of a place the server already has.
pub(crate) const CHECK_TYPE_HINT: &str = "_nova_check_type";

/// What came of the names in a request.
pub(crate) struct Preselection {
    pub(crate) hosts: Vec<HostState>,
    /// Whether the hosts were forced, so that no filter may refuse them.
    pub(crate) forced: bool,
}

/// Keeps the hosts that the request's names allow.
pub(crate) fn preselect(
    request: &RequestSpec,
    mut hosts: Vec<HostState>,
    refused: &mut Vec<Refused>,
) -> Preselection {
    let mut keep = |reason: &'static str, test: &dyn Fn(&HostState) -> bool| {
        hosts.retain(|state| {
            let kept = test(state);
            if !kept {
                refused.push(Refused { host: state.host.clone(), node: state.node.clone(), filter: reason });
            }
            kept
        });
    };
    if let Some(wanted) = &request.requested_destination {
        keep("requested_destination", &|state| {
            state.host == *wanted && request.requested_node.as_ref().is_none_or(|node| state.node == *node)
        });
    }
    if !request.ignore_hosts.is_empty() {
        let ignored: BTreeSet<String> =
            request.ignore_hosts.iter().map(|host| host.as_str().to_lowercase()).collect();
        keep("ignore_hosts", &|state| !ignored.contains(&state.host.as_str().to_lowercase()));
    }
    if !request.force_hosts.is_empty() {
        let forced: BTreeSet<String> =
            request.force_hosts.iter().map(|host| host.as_str().to_lowercase()).collect();
        keep("force_hosts", &|state| forced.contains(&state.host.as_str().to_lowercase()));
    }
    if !request.force_nodes.is_empty() {
        keep("force_nodes", &|state| request.force_nodes.contains(&state.node));
    }
    let named = !request.force_hosts.is_empty() || !request.force_nodes.is_empty();
    Preselection { hosts, forced: named && !request.scheduler_hints.contains_key(CHECK_TYPE_HINT) }
}
