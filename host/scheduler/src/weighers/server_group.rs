//! ServerGroupSoftAffinityWeigher and ServerGroupSoftAntiAffinityWeigher: the soft policies of server groups
//! (`nova/scheduler/weights/affinity.py`).

use super::Weigher;
use crate::host_state::HostState;
use model::{GroupPolicy, InstanceGroup, Options, RequestSpec};

fn members_on(state: &HostState, group: &InstanceGroup) -> f64 {
    state.instances.keys().filter(|server| group.members.contains(server)).count() as f64
}

fn group(request: &RequestSpec, policy: GroupPolicy) -> Option<&InstanceGroup> {
    request.instance_group.as_ref().filter(|group| group.policy == policy)
}

/// Many members on the host are good.
pub(super) fn soft_affinity<'a>(request: &'a RequestSpec, options: &Options) -> Weigher<'a> {
    let group = group(request, GroupPolicy::SoftAffinity);
    Weigher::new(
        "ServerGroupSoftAffinityWeigher",
        "soft_affinity_weight_multiplier",
        options.soft_affinity_weight_multiplier.get(),
        move |state| group.map_or(0.0, |group| members_on(state, group)),
    )
}

/// Many members on the host are bad.
pub(super) fn soft_anti_affinity<'a>(request: &'a RequestSpec, options: &Options) -> Weigher<'a> {
    let group = group(request, GroupPolicy::SoftAntiAffinity);
    Weigher::new(
        "ServerGroupSoftAntiAffinityWeigher",
        "soft_anti_affinity_weight_multiplier",
        options.soft_anti_affinity_weight_multiplier.get(),
        move |state| group.map_or(0.0, |group| 0.0 - members_on(state, group)),
    )
}
