//! What an operator does about a cloud in which something went wrong, and whether it helps: every compute service is started
//! again, every server is put into ERROR if it hangs and deleted, every periodic task runs. Nothing may be left then.

use crate::cloud_state::CloudState;
use crate::invariants::Violation;
use compute::PeriodicTask;
use conductor::Cloud;
use model::ServerId;
use std::time::Duration;

/// What stands for an invariant where something is left.
pub const RECOVERY: &str = "recovery_leaves_nothing";

/// Longer than any task waits before it cleans up (`running_deleted_instance_timeout`).
const A_WHILE: Duration = Duration::from_secs(3600);

/// Recovers a cloud that is at rest. Answers of what is left all the same.
pub(super) async fn recover(cloud: &Cloud) -> Vec<Violation> {
    cloud.faults().clear();
    for host in cloud.host_names() {
        // A host that does not start again is looked at as any other: what it has is left.
        let _ = cloud.restart_compute(&host).await;
    }
    look_after(cloud).await;
    for server in cloud.records().servers() {
        delete(cloud, server.id).await;
    }
    cloud.services().clock.sleep(A_WHILE).await;
    look_after(cloud).await;
    let left = left(&CloudState::read(cloud).await);
    left.into_iter().map(|message| Violation { invariant: RECOVERY, message }).collect()
}

async fn look_after(cloud: &Cloud) {
    rest(cloud).await;
    // What a task cannot do is left.
    for task in PeriodicTask::ALL {
        let _ = cloud.run_periodic(*task).await;
    }
    rest(cloud).await;
    let _ = cloud.run_periodics().await;
    rest(cloud).await;
}

async fn rest(cloud: &Cloud) {
    // What does not come to rest is left as it is.
    let _ = tokio::time::timeout(A_WHILE, cloud.at_rest()).await;
}

/// Deletes a server as an administrator can, if need be after a reset of its state.
async fn delete(cloud: &Cloud, id: ServerId) {
    let api = cloud.api();
    let present = || cloud.records().servers().into_iter().find(|server| server.id == id);
    let hangs = present().is_some_and(|server| server.task_state.is_some());
    if hangs {
        let _ = api.reset_state(id, false).await;
    }
    let _ = api.delete(id).await;
    rest(cloud).await;
    if present().is_some() {
        let _ = api.reset_state(id, false).await;
        let _ = api.force_delete(id).await;
        rest(cloud).await;
    }
}

/// What there is in a cloud that ought to be empty.
fn left(state: &CloudState) -> Vec<String> {
    let mut left = Vec::new();
    for server in &state.servers {
        let name = &server.server.name;
        if !server.server.deleted() {
            let task = server.server.task_state.map_or_else(String::new, |task| format!(" with task {task}"));
            left.push(format!("server {name} is still {}{task}", server.server.status()));
        }
        if server.ports > 0 {
            left.push(format!("server {name} still has {} ports", server.ports));
        }
        if server.volume_attachments > 0 {
            left.push(format!(
                "server {name} still has {} attachments of volumes",
                server.volume_attachments
            ));
        }
    }
    for consumer in state.allocations.keys() {
        let of = state.servers.iter().find_map(|server| {
            let name = &server.server.name;
            if *consumer == server.server.id.into() {
                return Some(format!("server {name} still holds"));
            }
            let migration = server.migrations.iter().find(|one| *consumer == one.id.into())?;
            Some(format!("a migration of server {name}, which is {}, still holds", migration.status))
        });
        let of = of.unwrap_or_else(|| format!("consumer {consumer} still holds"));
        left.push(format!("{of} an allocation"));
    }
    for (host, guests) in &state.guests {
        match guests {
            Ok(guests) if guests.is_empty() => {}
            Ok(guests) => left.push(format!("{host} still has {} guests", guests.len())),
            Err(problem) => left.push(format!("the guests of {host} cannot be known: {problem}")),
        }
    }
    left
}
