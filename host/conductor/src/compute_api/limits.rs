//! What a request would make too much, and that it is refused (`nova/compute/utils.py, check_num_instances_quota`,
//! `nova/objects/quotas.py, check_deltas`).
//!
//! Limits are checked against the project, and against the user where one was set for the user. A refusal names the project's
//! limits and usage, unless only the user's are exceeded.

use super::{ApiError, ComputeApi, Count};
use crate::limits::Limits;
use model::options::{QuotaDriver, UnsetLimits};
use model::rpc::RequestContext;
use model::{
    ExceptionClass, Flavor, NovaError, ProjectId, ResourceClass, Server, ServerGroup, UserId, VmState,
};
use std::collections::BTreeMap;

/// How much of each resource, by Nova's names; what is not named is not used.
pub type Amounts = BTreeMap<&'static str, i64>;

/// A resource of which there would be too much.
struct Excess {
    resource: &'static str,
    limit: i64,
    used: i64,
}

impl ComputeApi {
    /// What the servers of a project use, or those of a user in it: `instances`, `cores` and `ram` in MiB.
    pub fn quota_usage(&self, project: &ProjectId, user: Option<&UserId>) -> Amounts {
        let (mut servers, mut cores, mut ram) = (0, 0, 0);
        self.records.for_each_server(|server: &Server| {
            let own = server.project_id == *project && user.is_none_or(|user| server.user_id == *user);
            if own && server.vm_state != VmState::SoftDeleted {
                servers += 1;
                cores += u64::from(server.flavor.vcpus);
                ram += server.flavor.memory_mb;
            }
        });
        let mut used = Amounts::from([("instances", signed(servers))]);
        if self.services.options.get().count_usage_from_placement {
            let held = self.services.report_client.read(|placement| placement.usages(project, user));
            let total = |classes: &[ResourceClass]| {
                let amounts = held.values().flat_map(|totals| &totals.resources);
                signed(amounts.filter(|(class, _)| classes.contains(class)).map(|(_, amount)| amount).sum())
            };
            used.insert("cores", total(&[ResourceClass::VCPU, ResourceClass::new("PCPU")]));
            used.insert("ram", total(&[ResourceClass::MEMORY_MB]));
        } else {
            used.insert("cores", signed(cores));
            used.insert("ram", signed(ram));
        }
        used
    }

    /// How many servers of this flavor the caller may make: as many as at most are asked for, or fewer, but not fewer than at
    /// least are. Errors: 403.
    pub(super) fn allowed_servers(&self, flavor: &Flavor, asked: Count) -> Result<u32, ApiError> {
        self.check_unified_limits(flavor, asked.max.into())?;
        let (project, user) = (&self.caller.project, &self.caller.user);
        let excess = |count: u32| self.excess(project, user, &for_servers(flavor, count.into()));
        let over = excess(asked.max);
        if over.is_empty() {
            return Ok(asked.max);
        }
        // The most for which there is room: fewer servers never need more.
        let (mut fit, mut too_many) = (asked.min.saturating_sub(1), asked.max);
        while too_many - fit > 1 {
            let count = fit + (too_many - fit) / 2;
            if excess(count).is_empty() {
                fit = count;
            } else {
                too_many = count;
            }
        }
        if fit >= asked.min {
            return Ok(fit);
        }
        let wanted = for_servers(flavor, asked.max.into());
        let requested = |resource: &str| match resource {
            "instances" if asked.min != asked.max => format!("{}-{}", asked.min, asked.max),
            _ => wanted.get(resource).copied().unwrap_or(0).to_string(),
        };
        Err(refused(&over, requested))
    }

    /// Refuses servers beyond those a user may have in one group.
    pub(super) fn check_group_members_quota(
        &self,
        context: &RequestContext,
        group: Option<&ServerGroup>,
        number: u32,
    ) -> Result<(), ApiError> {
        let Some((group, limit)) = group.zip(self.limit_of_caller("server_group_members")) else {
            return Ok(());
        };
        let is_own = |server: &Server| server.user_id == context.user_id;
        let members = group.members.iter().filter_map(|member| self.services.records.server(*member).ok());
        if members.filter(is_own).count() as u64 + u64::from(number) <= limit {
            return Ok(());
        }
        Err(NovaError::new(ExceptionClass::OverQuota, "Quota exceeded, too many servers in group").into())
    }

    /// Refuses a server group beyond those a project may have.
    pub(super) fn check_groups_quota(&self, context: &RequestContext) -> Result<(), ApiError> {
        let Some(limit) = self.limit_of_caller("server_groups") else { return Ok(()) };
        let groups = self.records.server_groups();
        let own = groups.iter().filter(|group| group.project_id == context.project_id);
        if (own.count() as u64) < limit {
            return Ok(());
        }
        Err(NovaError::new(ExceptionClass::OverQuota, "Quota exceeded, too many server groups.").into())
    }

    /// What the caller may have of something that is not counted by servers; none: as much as there is.
    fn limit_of_caller(&self, resource: &'static str) -> Option<u64> {
        let options = self.services.options.get();
        if options.driver != QuotaDriver::Database {
            return None;
        }
        let limits = self.records.limits().borrow();
        u64::try_from(limits.of_user(&options, &self.caller.project, &self.caller.user, resource)).ok()
    }

    /// Refuses what a server would need more than it has, if it is too much. Nothing is asked for a server that shrinks.
    pub(super) fn check_resize_quota(&self, server: &Server, flavor: &Flavor) -> Result<(), ApiError> {
        let more = |new: u64, old: u64| signed(new.saturating_sub(old));
        self.check_unified_limits(flavor, 1)?;
        let wanted = Amounts::from([
            ("cores", more(u64::from(flavor.vcpus), u64::from(server.flavor.vcpus))),
            ("ram", more(flavor.memory_mb, server.flavor.memory_mb)),
        ]);
        if wanted.values().all(|amount| *amount == 0) {
            return Ok(());
        }
        self.check_quota(server, &wanted)
    }

    /// Refuses to bring back a server for which there is no room. One that is counted by its record was never given up.
    pub(super) fn check_unshelve_quota(&self, server: &Server) -> Result<(), ApiError> {
        let by_placement = self.services.options.get().count_usage_from_placement;
        if !by_placement || server.vm_state != VmState::ShelvedOffloaded {
            return Ok(());
        }
        let mut wanted = for_servers(&server.flavor, 1);
        wanted.insert("instances", 0);
        self.check_quota(server, &wanted)
    }

    /// Refuses to restore a server for which there is no room any more.
    pub(super) fn check_restore_quota(&self, server: &Server) -> Result<(), ApiError> {
        self.check_quota(server, &for_servers(&server.flavor, 1))
    }

    /// Refuses more metadata than a server may have.
    pub fn check_metadata_quota(&self, items: usize) -> Result<(), ApiError> {
        let options = self.services.options.get();
        let limits = self.records.limits().borrow();
        let (project, user) = (&self.caller.project, &self.caller.user);
        let limit = limits.of_project(&options, project, "metadata_items").min(limits.of_user(
            &options,
            project,
            user,
            "metadata_items",
        ));
        if limit < 0 || signed(items as u64) <= limit {
            return Ok(());
        }
        Err(ApiError { code: 403, message: format!("Maximum number of metadata items exceeds {limit}") })
    }

    /// With quotas kept by the identity service, which knows no limits here: refuses what must have one (`nova/limit/utils.py`,
    /// should_enforce).
    fn check_unified_limits(&self, flavor: &Flavor, count: u64) -> Result<(), ApiError> {
        let options = self.services.options.get();
        if options.driver != QuotaDriver::Unified {
            return Ok(());
        }
        let anonymous = options.endpoint_service_type.is_none() && options.endpoint_service_name.is_none();
        if options.endpoint_id.is_none() && anonymous {
            let message =
                "Unexpected API Error. Please contact the administrator\n<class 'ValueError'>".to_owned();
            return Err(ApiError { code: 500, message });
        }
        let classes = flavor.resources(false).into_iter();
        let wanted = classes.map(|(class, amount)| (format!("class:{class}"), amount.saturating_mul(count)));
        let listed = |resource: &String| options.unified_limits_resource_list.contains(resource);
        let enforced = |(resource, _): &(String, u64)| match options.unified_limits_resource_strategy {
            UnsetLimits::Require => listed(resource),
            UnsetLimits::Ignore => !listed(resource),
        };
        let over: Vec<String> = wanted
            .chain([("servers".to_owned(), count)])
            .filter(enforced)
            .map(|(resource, amount)| {
                format!("Resource {resource} is over limit of 0 due to current usage 0 and delta {amount}")
            })
            .collect();
        if over.is_empty() {
            return Ok(());
        }
        let message = format!("Project {} is over a limit for [{}]", self.caller.project, over.join(", "));
        Err(ApiError { code: 403, message })
    }

    fn check_quota(&self, server: &Server, wanted: &Amounts) -> Result<(), ApiError> {
        let over = self.excess(&server.project_id, &server.user_id, wanted);
        if over.is_empty() {
            return Ok(());
        }
        Err(refused(&over, |resource| wanted.get(resource).copied().unwrap_or(0).to_string()))
    }

    /// Which of `wanted` a project, or the user in it, would have too much of.
    fn excess(&self, project: &ProjectId, user: &UserId, wanted: &Amounts) -> Vec<Excess> {
        let options = self.services.options.get();
        if options.driver != QuotaDriver::Database {
            return Vec::new();
        }
        let limits: &Limits = &self.records.limits().borrow();
        let set_for_user = |resource: &&str| limits.set_for_user(project, user, resource).is_some();
        let per_user = ["instances", "cores", "ram"].iter().any(set_for_user);
        let in_project = self.quota_usage(project, None);
        let by_user = if per_user { self.quota_usage(project, Some(user)) } else { Amounts::new() };
        let of = |amounts: &Amounts, resource: &str| amounts.get(resource).copied().unwrap_or(0);
        let own = |resource| Excess {
            resource,
            limit: limits.of_user(&options, project, user, resource),
            used: of(&by_user, resource),
        };
        let mut over = Vec::new();
        let mut only_user = false;
        for (resource, amount) in wanted.iter().map(|(resource, amount)| (*resource, *amount)) {
            let limit = limits.of_project(&options, project, resource);
            let used = of(&in_project, resource);
            let own = own(resource);
            if limit >= 0 && used + amount > limit {
                over.push(Excess { resource, limit, used });
            } else if per_user && own.limit >= 0 && own.used + amount > own.limit {
                only_user = true;
                over.push(own);
            }
        }
        if only_user {
            return over.into_iter().map(|one| own(one.resource)).collect();
        }
        over
    }
}

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn for_servers(flavor: &Flavor, count: u64) -> Amounts {
    Amounts::from([
        ("instances", signed(count)),
        ("cores", signed(u64::from(flavor.vcpus).saturating_mul(count))),
        ("ram", signed(flavor.memory_mb.saturating_mul(count))),
    ])
}

fn refused(over: &[Excess], requested: impl Fn(&str) -> String) -> ApiError {
    let list = |text: &dyn Fn(&Excess) -> String| over.iter().map(text).collect::<Vec<_>>().join(", ");
    let names = list(&|one| one.resource.to_owned());
    let message = format!(
        "Quota exceeded for {names}: Requested {}, but already used {} of {} {names}",
        list(&|one| requested(one.resource)),
        list(&|one| one.used.to_string()),
        list(&|one| one.limit.to_string()),
    );
    NovaError::new(ExceptionClass::TooManyInstances, message).into()
}
