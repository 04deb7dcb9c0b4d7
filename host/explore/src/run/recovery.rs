//! What an operator does about a cloud in which something went wrong, and whether it helps: every compute service is started
//! again, every server is put into ERROR if it hangs and deleted, every periodic task runs. Nothing may be left then.

use crate::cloud_state::CloudState;
use crate::invariants::Violation;
use compute::PeriodicTask;
use conductor::Cloud;
use model::ServerId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What stands for an invariant where something is left.
pub const RECOVERY: &str = "recovery_leaves_nothing";

/// What stands for an invariant where the recovered cloud differs from the one in which no fault struck, recovered alike.
pub const ALIKE: &str = "recovered_cloud_is_as_without_the_fault";

/// What two recovered clouds may differ in, and why.
pub const DIFFERENCES: &[(&str, &str)] =
    &[("images", "a snapshot that failed was not made, and one that was asked for in vain stays")];

/// What there is of a recovered cloud beside what users had in it, all of which is gone: by what it is about, what is to be said
/// of it. Servers, their ports, attachments, allocations and guests are not compared: nothing of them may be left at all
/// ([`RECOVERY`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered(BTreeMap<String, String>);

impl Recovered {
    fn of(cloud: &Cloud, state: &CloudState) -> Self {
        let mut all = BTreeMap::new();
        for (host, counted) in &state.counted {
            all.insert(format!("the node of {host}"), format!("counts {counted}"));
        }
        for service in cloud.records().services() {
            let running = if service.running { "runs" } else { "does not run" };
            let disabled = if service.disabled { ", disabled" } else { "" };
            let forced = if service.forced_down { ", forced down" } else { "" };
            all.insert(format!("the service of {}", service.host), format!("{running}{disabled}{forced}"));
        }
        for provider in cloud.placement().get().providers() {
            let name = format!("the provider {}", provider.name());
            let capacities: Vec<String> = provider
                .inventories()
                .map(|(class, inventory, _)| format!("{} {class}", inventory.capacity()))
                .collect();
            all.insert(format!("{name}, inventories"), format!("are {}", capacities.join(", ")));
            let traits: Vec<String> = provider.traits().map(ToString::to_string).collect();
            all.insert(format!("{name}, traits"), format!("are {}", traits.join(", ")));
            all.insert(format!("{name}, aggregates"), format!("are {}", provider.aggregates().count()));
        }
        let free = state.ports.iter().filter(|port| port.device.is_none()).count();
        all.insert("ports".to_owned(), format!("{free} are plugged into nothing"));
        all.insert("images".to_owned(), format!("there are {}", state.images));
        Self(all)
    }

    /// In what this one differs from one that never saw the fault, but for the [`DIFFERENCES`] that have a name.
    pub(super) fn differences(&self, without: &Self) -> Vec<Violation> {
        let about: BTreeSet<&String> = self.0.keys().chain(without.0.keys()).collect();
        let named = |about: &str| DIFFERENCES.iter().any(|(known, _)| *known == about);
        let differ = about.into_iter().filter(|about| !named(about)).filter_map(|about| {
            let of = |recovered: &Self| {
                recovered.0.get(about).cloned().unwrap_or_else(|| "is not there".to_owned())
            };
            let (is, without) = (of(self), of(without));
            (is != without).then(|| {
                Violation::new(ALIKE, about.as_str(), format!("{about} {is}; without the fault: {without}"))
            })
        });
        differ.collect()
    }
}

/// Longer than any task waits before it cleans up (`running_deleted_instance_timeout`).
const A_WHILE: Duration = Duration::from_secs(3600);

/// Recovers a cloud that is at rest. Answers of what is left all the same, and of what the cloud is then.
pub(super) async fn recover(cloud: &Cloud) -> (Vec<Violation>, Recovered) {
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
    let state = CloudState::read(cloud).await;
    let left = left(&state).into_iter();
    let left = left.map(|(about, message)| Violation::new(RECOVERY, about, message)).collect();
    (left, Recovered::of(cloud, &state))
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

/// What there is in a cloud that ought to be empty: what it is about, and what is to be said of it.
fn left(state: &CloudState) -> Vec<(String, String)> {
    let mut left = Vec::new();
    for server in &state.servers {
        let (id, name) = (server.server.id, &server.server.name);
        let mut still =
            |what: String| left.push((format!("server {name}"), format!("server {name} still {what}")));
        if !server.server.deleted() {
            let task = server.server.task_state.map_or_else(String::new, |task| format!(" with task {task}"));
            still(format!("is {}{task}", server.server.status()));
        }
        let (ports, volumes) = (state.ports_of(id).count(), state.attachments_of(id).count());
        if ports > 0 {
            still(format!("has {ports} ports"));
        }
        if volumes > 0 {
            still(format!("has {volumes} attachments of volumes"));
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
        left.push((format!("consumer {consumer}"), format!("{of} an allocation")));
    }
    for (host, guests) in &state.guests {
        let message = match guests {
            Ok(guests) if guests.is_empty() => continue,
            Ok(guests) => format!("{host} still has {} guests", guests.len()),
            Err(problem) => format!("the guests of {host} cannot be known: {problem}"),
        };
        left.push((host.to_string(), message));
    }
    left
}
