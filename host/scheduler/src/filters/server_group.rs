//! ServerGroupAffinityFilter and ServerGroupAntiAffinityFilter: the hard policies of server groups
//! (`nova/scheduler/filters/affinity_filter.py`). The soft ones are weighers.

use super::Filter;
use model::{GroupPolicy, InstanceGroup, RequestSpec};

/// The request's group, if it has this policy.
fn group(request: &RequestSpec, policy: GroupPolicy) -> Option<&InstanceGroup> {
    request.instance_group.as_ref().filter(|group| group.policy == policy)
}

/// All members on one host: any host while there is none yet.
pub(super) fn affinity<'a>(request: &'a RequestSpec) -> Filter<'a> {
    let group = group(request, GroupPolicy::Affinity);
    Filter::new(move |state| {
        group.is_none_or(|group| group.hosts.is_empty() || group.hosts.contains(&state.host))
    })
}

/// Few members on a host; the server itself, where it is already, is no hindrance.
pub(super) fn anti_affinity<'a>(request: &'a RequestSpec) -> Filter<'a> {
    let group = group(request, GroupPolicy::AntiAffinity);
    Filter::new(move |state| {
        let Some(group) = group else { return true };
        if state.instances.contains_key(&request.server) {
            return true;
        }
        let members = state.instances.keys().filter(|server| group.members.contains(server)).count();
        members < group.max_server_per_host.map_or(1, |limit| limit as usize)
    })
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{host_with, passes, request, server};
    use model::options::FilterName::{ServerGroupAffinityFilter, ServerGroupAntiAffinityFilter};
    use model::{GroupPolicy, InstanceGroup, RequestSpec};

    fn grouped(policy: GroupPolicy, max_server_per_host: Option<u32>, hosts: &[&str]) -> RequestSpec {
        let mut asked = request();
        let members = [asked.server, server(1), server(2)].into();
        let hosts = hosts.iter().map(|host| (*host).into()).collect();
        asked.instance_group = Some(InstanceGroup { policy, max_server_per_host, members, hosts });
        asked
    }

    #[test]
    fn affinity_keeps_to_the_hosts_of_the_group_once_there_are_some() {
        let state = host_with("host1", &[]);
        for (hosts, expected) in [(&[][..], true), (&["host1"][..], true), (&["host2"][..], false)] {
            let asked = grouped(GroupPolicy::Affinity, None, hosts);
            assert_eq!(passes(ServerGroupAffinityFilter, &asked, &state), expected, "{hosts:?}");
        }
        let other = grouped(GroupPolicy::SoftAffinity, None, &["host2"]);
        assert!(passes(ServerGroupAffinityFilter, &other, &state), "a soft policy is no filter's business");
    }

    #[test]
    fn anti_affinity_counts_members_up_to_the_rule() {
        let own = request().server;
        let cases = [
            ("no member there", None, vec![], true),
            ("a stranger there", None, vec![server(9)], true),
            ("one member there", None, vec![server(1)], false),
            ("one member, two allowed", Some(2), vec![server(1)], true),
            ("two members, two allowed", Some(2), vec![server(1), server(2)], false),
            ("the server itself is there", None, vec![own, server(1)], true),
        ];
        for (what, rule, residents, expected) in cases {
            let asked = grouped(GroupPolicy::AntiAffinity, rule, &[]);
            let state = host_with("host1", &residents);
            assert_eq!(passes(ServerGroupAntiAffinityFilter, &asked, &state), expected, "{what}");
        }
        let other = grouped(GroupPolicy::SoftAntiAffinity, None, &[]);
        assert!(passes(ServerGroupAntiAffinityFilter, &other, &host_with("host1", &[server(1)])));
    }
}
