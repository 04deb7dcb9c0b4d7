//! Running a scenario twice, with a switch and without, and telling what was left.

pub(super) use crate::common::{pass, stacks, strike};
use harness::{Outcome, Simulation, TestCloud};
use model::{Bug, ConsumerId, Fix, ServerId};
use std::panic::resume_unwind;

pub(super) const SMALL: &str = "m1.small";
pub(super) const MEDIUM: &str = "m1.medium";

/// Hosts that are preferred in the order of their numbers.
pub(super) fn hosts(count: usize) -> Simulation {
    stacks(&vec!["fake(size=medium)"; count])
}

/// What a test sees with the bug, and without.
pub(super) fn with_bug_and_without<T>(
    bug: Bug,
    hosts: impl Fn() -> Simulation,
    test: impl AsyncFn(&TestCloud) -> T,
) -> (T, T) {
    (seen(hosts().bug(bug), &test), seen(hosts(), &test))
}

/// What a test sees as Nova 34.0.0 is, and with the fix.
pub(super) fn as_is_and_fixed<T>(
    fix: Fix,
    hosts: impl Fn() -> Simulation,
    test: impl AsyncFn(&TestCloud) -> T,
) -> (T, T) {
    (seen(hosts(), &test), seen(hosts().fix(fix), &test))
}

/// What a test sees, whatever it leaves behind: most of these defects leave something.
fn seen<T>(simulation: Simulation, test: &impl AsyncFn(&TestCloud) -> T) -> T {
    match simulation.try_run(async |cloud: &TestCloud| test(cloud).await).outcome {
        Outcome::Passed(seen) => seen,
        Outcome::Failed(panic) => resume_unwind(panic),
        Outcome::Skipped(reason) => panic!("skipped: {reason}"),
    }
}

/// A server in a few words, once the cloud came to rest: its status, task and host, what it holds, where its guests are.
pub(super) async fn told(cloud: &TestCloud, server: ServerId) -> String {
    cloud.at_rest().await;
    let record = cloud.server(server);
    let status = if record.deleted() { "deleted".to_owned() } else { format!("{:?}", record.status()) };
    let task = record.task_state.map(|task| format!(" {task}")).unwrap_or_default();
    let host = record.host.as_ref().map_or("nowhere", model::HostName::as_str);
    let (holds, guests) = (held(cloud, server), guests(cloud, server).await);
    format!("{status}{task} on {host}, holds [{holds}], guests [{guests}]")
}

/// The hosts on which a server or migration holds something.
pub(super) fn held(cloud: &TestCloud, consumer: impl Into<ConsumerId>) -> String {
    cloud.get_allocations(consumer).into_keys().collect::<Vec<_>>().join(" ")
}

/// The hosts on which a server has a guest.
pub(super) async fn guests(cloud: &TestCloud, server: ServerId) -> String {
    let mut found = Vec::new();
    for host in cloud.host_names() {
        if cloud.guests_of(&host).await.unwrap().contains(&server.to_string()) {
            found.push(host.to_string());
        }
    }
    found.join(" ")
}

/// Takes the service of a host away for good.
pub(super) async fn lose(cloud: &TestCloud, host: &str) {
    cloud.stop_compute(&host.into()).await.unwrap();
    cloud.api().force_down(&host.into(), true).await.unwrap();
}
