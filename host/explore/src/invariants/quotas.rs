//! What projects are said to use.

use super::Broken;
use crate::cloud_state::CloudState;
use model::{ConsumerId, ProjectId, ResourceClass, VmState};
use std::collections::BTreeMap;

/// What a project is said to use is what its servers are: soft-deleted ones are not counted. Where placement counts, processors
/// and memory are what its servers and their migrations hold, so that a server counts twice while it moves.
pub(super) fn quota_usage_is_what_servers_hold(cloud: &CloudState) -> Vec<Broken> {
    let wrong = cloud.quota_usage.iter().filter_map(|(project, said)| {
        let expected = expected(cloud, project);
        let said: BTreeMap<_, _> = said.iter().map(|(resource, amount)| (*resource, *amount)).collect();
        let message = || {
            format!("project {project} is said to use {}; its servers use {}", show(&said), show(&expected))
        };
        (said != expected).then(|| Broken::new(format!("project {project}"), message()))
    });
    wrong.collect()
}

fn expected(cloud: &CloudState, project: &ProjectId) -> BTreeMap<&'static str, i64> {
    let (mut instances, mut cores, mut ram) = (0, 0, 0);
    let own = cloud.servers.iter().filter(|state| state.server.project_id == *project);
    for state in own {
        let server = &state.server;
        let counts = !server.deleted() && server.vm_state != VmState::SoftDeleted;
        if counts {
            instances += 1;
        }
        if cloud.quota_by_placement {
            let migrations = state.migrations.iter().map(|migration| ConsumerId::from(migration.id));
            for consumer in migrations.chain([ConsumerId::from(server.id)]) {
                for held in cloud.allocations.get(&consumer).into_iter().flat_map(|held| held.values()) {
                    let of = |class: &ResourceClass| held.get(class).copied().unwrap_or(0);
                    cores += of(&ResourceClass::VCPU) + of(&ResourceClass::new("PCPU"));
                    ram += of(&ResourceClass::MEMORY_MB);
                }
            }
        } else if counts {
            cores += u64::from(server.flavor.vcpus);
            ram += server.flavor.memory_mb;
        }
    }
    let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
    [("instances", instances), ("cores", signed(cores)), ("ram", signed(ram))].into()
}

fn show(amounts: &BTreeMap<&'static str, i64>) -> String {
    let each: Vec<String> = amounts.iter().map(|(resource, amount)| format!("{amount} {resource}")).collect();
    each.join(", ")
}
