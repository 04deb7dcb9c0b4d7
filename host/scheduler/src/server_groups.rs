//! The rules of server groups outside the filter chain: whether a policy can be kept at all, and the late check on the
//! compute node (`nova/scheduler/utils.py, setup_instance_group`; `nova/compute/manager.py`,
//! `_validate_instance_group_policy`).

use model::options::{FilterName, WeightClasses};
use model::{GroupPolicy, HostName, InstanceGroup, Options, ServerId};
use std::collections::BTreeSet;

/// A policy for which the filter or weigher is not there (Nova: UnsupportedPolicyException).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ServerGroup policy is not supported: {needs} not configured")]
pub struct UnsupportedPolicy {
    /// The class that is needed.
    pub needs: &'static str,
}

/// Whether the scheduler is configured to keep this policy.
pub fn check_group_policy(policy: GroupPolicy, options: &Options) -> Result<(), UnsupportedPolicy> {
    let filter = |name: FilterName| (options.enabled_filters.contains(&name), name.as_str());
    let weigher = |name: &'static str| {
        let there = match &options.weight_classes {
            WeightClasses::All => true,
            WeightClasses::HostName => false,
            WeightClasses::Named(names) => names.iter().any(|known| known == name),
        };
        (there, name)
    };
    let (there, needs) = match policy {
        GroupPolicy::Affinity => filter(FilterName::ServerGroupAffinityFilter),
        GroupPolicy::AntiAffinity => filter(FilterName::ServerGroupAntiAffinityFilter),
        GroupPolicy::SoftAffinity => weigher("ServerGroupSoftAffinityWeigher"),
        GroupPolicy::SoftAntiAffinity => weigher("ServerGroupSoftAntiAffinityWeigher"),
    };
    if there { Ok(()) } else { Err(UnsupportedPolicy { needs }) }
}

/// A server that may not be on this host after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupViolation {
    /// Too many members are here already.
    #[error("Anti-affinity instance group policy was violated")]
    AntiAffinity,
    /// The members are elsewhere.
    #[error("Affinity instance group policy was violated")]
    Affinity,
}

/// The late check, when the server arrives on its host: requests that ran at the same time did not see each other.
/// `here` are the servers on the host and those that migrate to it; `group` is as it is now.
pub fn check_group_on_host(
    group: &InstanceGroup,
    server: ServerId,
    host: &HostName,
    here: &BTreeSet<ServerId>,
) -> Result<(), GroupViolation> {
    match group.policy {
        GroupPolicy::AntiAffinity => {
            let others = group.members.iter().filter(|member| **member != server && here.contains(member));
            let limit = group.max_server_per_host.map_or(1, |limit| limit as usize);
            if others.count() >= limit { Err(GroupViolation::AntiAffinity) } else { Ok(()) }
        }
        GroupPolicy::Affinity if !group.hosts.is_empty() && !group.hosts.contains(host) => {
            Err(GroupViolation::Affinity)
        }
        GroupPolicy::Affinity | GroupPolicy::SoftAffinity | GroupPolicy::SoftAntiAffinity => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{GroupViolation, check_group_on_host, check_group_policy};
    use crate::testing::server;
    use model::{GroupPolicy, InstanceGroup, Options};

    #[test]
    fn each_policy_needs_its_filter_or_weigher() {
        let mut options = Options::default();
        let policies = [
            (GroupPolicy::Affinity, "ServerGroupAffinityFilter"),
            (GroupPolicy::AntiAffinity, "ServerGroupAntiAffinityFilter"),
            (GroupPolicy::SoftAffinity, "ServerGroupSoftAffinityWeigher"),
            (GroupPolicy::SoftAntiAffinity, "ServerGroupSoftAntiAffinityWeigher"),
        ];
        for (policy, _) in policies {
            assert_eq!(check_group_policy(policy, &options), Ok(()));
        }
        options.set_by_name("enabled_filters", "ComputeFilter").unwrap();
        options.set_by_name("weight_classes", "HostNameWeigher").unwrap();
        for (policy, needs) in policies {
            let message = check_group_policy(policy, &options).unwrap_err().to_string();
            assert_eq!(message, format!("ServerGroup policy is not supported: {needs} not configured"));
        }
    }

    #[test]
    fn the_late_check_counts_the_others_that_are_here_or_on_their_way() {
        let group = |policy, max_server_per_host, hosts: &[&str]| InstanceGroup {
            policy,
            max_server_per_host,
            members: [server(1), server(2), server(3)].into(),
            hosts: hosts.iter().map(|host| (*host).into()).collect(),
        };
        use GroupPolicy::{Affinity, AntiAffinity, SoftAffinity, SoftAntiAffinity};
        let anti = Err(GroupViolation::AntiAffinity);
        for (group, here, expected) in [
            (group(AntiAffinity, None, &[]), vec![1, 9], Ok(())),
            (group(AntiAffinity, None, &[]), vec![1, 2], anti),
            (group(AntiAffinity, Some(2), &[]), vec![1, 2], Ok(())),
            (group(AntiAffinity, Some(2), &[]), vec![2, 3], anti),
            (group(SoftAntiAffinity, None, &[]), vec![1, 2], Ok(())),
            (group(Affinity, None, &[]), vec![], Ok(())),
            (group(Affinity, None, &["host1"]), vec![], Ok(())),
            (group(Affinity, None, &["host2"]), vec![], Err(GroupViolation::Affinity)),
            (group(SoftAffinity, None, &["host2"]), vec![], Ok(())),
        ] {
            let here = here.into_iter().map(server).collect();
            assert_eq!(check_group_on_host(&group, server(1), &"host1".into(), &here), expected, "{group:?}");
        }
    }
}
