//! What a project may have: servers, processors, memory, server groups and their members (`nova/quota.py`,
//! `nova/compute/utils.py, check_num_instances_quota`).

use super::{ApiError, ComputeApi, Count};
use model::rpc::RequestContext;
use model::{ExceptionClass, Flavor, NovaError, Server, ServerGroup, VmState};

/// One resource under quota.
struct Limited {
    name: &'static str,
    /// None: as much as there is.
    limit: Option<u64>,
    used: u64,
    /// What one server of the request takes.
    each: u64,
}

impl Limited {
    /// How many servers the rest suffices for.
    fn fits(&self) -> u64 {
        match self.limit {
            Some(limit) if self.each > 0 => limit.saturating_sub(self.used) / self.each,
            _ => u64::MAX,
        }
    }
}

fn limit(option: i64) -> Option<u64> {
    u64::try_from(option).ok()
}

impl ComputeApi {
    /// How many of the servers asked for may be made; at least as many as must. Errors: `TooManyInstances`.
    pub(super) fn check_instances_quota(
        &self,
        context: &RequestContext,
        flavor: &Flavor,
        count: Count,
    ) -> Result<u32, ApiError> {
        let options = self.services.options.get();
        let all_unlimited = options.instances < 0 && options.cores < 0 && options.ram < 0;
        if all_unlimited {
            return Ok(count.max);
        }
        let (mut servers, mut cores, mut ram) = (0, 0, 0);
        self.records.for_each_server(|server: &Server| {
            if server.project_id == context.project_id && server.vm_state != VmState::SoftDeleted {
                servers += 1;
                cores += u64::from(server.flavor.vcpus);
                ram += server.flavor.memory_mb;
            }
        });
        let limited = |name, option, used, each| Limited { name, limit: limit(option), used, each };
        // In the order in which a refusal names them.
        let resources = [
            limited("cores", options.cores, cores, u64::from(flavor.vcpus)),
            limited("instances", options.instances, servers, 1),
            limited("ram", options.ram, ram, flavor.memory_mb),
        ];
        let fits = resources.iter().map(Limited::fits).min().unwrap_or(u64::MAX);
        if fits >= u64::from(count.min) {
            return Ok(u32::try_from(fits).map_or(count.max, |fits| fits.min(count.max)));
        }
        Err(too_many(&resources, count).into())
    }

    /// Refuses servers beyond those a user may have in one group.
    pub(super) fn check_group_members_quota(
        &self,
        context: &RequestContext,
        group: Option<&ServerGroup>,
        number: u32,
    ) -> Result<(), ApiError> {
        let Some((group, limit)) = group.zip(limit(self.services.options.get().server_group_members)) else {
            return Ok(());
        };
        let is_own = |server: &Server| server.user_id == context.user_id;
        let members = group.members.iter().filter_map(|member| self.services.records.server(*member).ok());
        if members.filter(is_own).count() as u64 + u64::from(number) <= limit {
            return Ok(());
        }
        let message = "Quota exceeded, too many servers in group";
        Err(NovaError::new(ExceptionClass::OverQuota, message).into())
    }

    /// Refuses a server group beyond those a project may have.
    pub(super) fn check_groups_quota(&self, context: &RequestContext) -> Result<(), ApiError> {
        let Some(limit) = limit(self.services.options.get().server_groups) else { return Ok(()) };
        let groups = self.records.server_groups();
        let own = groups.iter().filter(|group| group.project_id == context.project_id);
        if (own.count() as u64) < limit {
            return Ok(());
        }
        let message = "Quota exceeded, too many server groups.";
        Err(NovaError::new(ExceptionClass::OverQuota, message).into())
    }
}

/// The refusal, which names what does not suffice for all that was asked for.
fn too_many(resources: &[Limited], count: Count) -> NovaError {
    let over: Vec<&Limited> =
        resources.iter().filter(|resource| resource.fits() < u64::from(count.max)).collect();
    let requested = |resource: &Limited| match resource.name {
        "instances" if count.min != count.max => format!("{}-{}", count.min, count.max),
        _ => resource.each.saturating_mul(u64::from(count.max)).to_string(),
    };
    let listed =
        |show: &dyn Fn(&Limited) -> String| over.iter().map(|one| show(one)).collect::<Vec<_>>().join(", ");
    let names = listed(&|one| one.name.to_owned());
    let message = format!(
        "Quota exceeded for {names}: Requested {}, but already used {} of {} {names}",
        listed(&requested),
        listed(&|one| one.used.to_string()),
        listed(&|one| one.limit.map_or("-1".to_owned(), |limit| limit.to_string())),
    );
    NovaError::new(ExceptionClass::TooManyInstances, message)
}
