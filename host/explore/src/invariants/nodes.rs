//! What the resource trackers of hosts count as used of their nodes.

use super::Broken;
use crate::cloud_state::{CloudState, Counted, ServerState};
use model::{Flavor, HostName, Migration, Server, TaskState, VmState};

/// What the resource tracker of each host will count at its next update is what is reserved for the host, every server on it with
/// its flavor, and every server that moves from or to it with the flavor it has there. Between two updates the record follows
/// only the claims that the host hears of, and Nova's may well be wrong for as long: that is no violation.
pub(super) fn nodes_count_their_servers(cloud: &CloudState) -> Vec<Broken> {
    let wrong = cloud.recounted.iter().filter_map(|(host, counted)| {
        let (expected, because) = expected(cloud, host);
        let message = || {
            let because = if because.is_empty() { "no server".to_owned() } else { because.join(", ") };
            format!("{host} counts {counted} for its node; it should count {expected}, for {because}")
        };
        (*counted != expected).then(|| Broken::new(host.as_str(), message()))
    });
    wrong.collect()
}

/// What a node is to count, and for whom.
fn expected(cloud: &CloudState, host: &HostName) -> (Counted, Vec<String>) {
    let (mut sum, mut because) = (cloud.reserved, Vec::new());
    for state in cloud.servers.iter().filter(|state| !state.server.deleted()) {
        let server = &state.server;
        let here = server.is_on(host) && occupies(server);
        if here {
            add(&mut sum, server, &server.flavor);
            because.push(format!("server {} with flavor {}", server.name, server.flavor.name));
        }
        if let Some(flavor) = moving(state, host, here) {
            add(&mut sum, server, flavor);
            because.push(format!("the move of server {} with flavor {}", server.name, flavor.name));
        }
    }
    (sum, because)
}

/// Whether a server that is on a host uses something of it (`vm_states.ALLOW_RESOURCE_REMOVAL`).
fn occupies(server: &Server) -> bool {
    !matches!(server.vm_state, VmState::Deleted | VmState::ShelvedOffloaded)
}

/// The flavor with which a server that moves counts on a host beside what it counts there as a server, if it does: the new
/// one where it goes, the old one where it comes from; on one host that which its record does not name.
fn moving<'a>(state: &'a ServerState, host: &HostName, counted: bool) -> Option<&'a Flavor> {
    let server = &state.server;
    let migration = newest(state, host).filter(|_| on_the_move(server))?;
    let incoming = migration.dest_compute.as_ref() == Some(host);
    let outbound = migration.source_compute == *host;
    match (incoming, outbound) {
        (true, true) if server.flavor.id == migration.old_flavor.id => Some(&migration.new_flavor),
        (true, true) => Some(&migration.old_flavor),
        (true, false) if !counted => Some(&migration.new_flavor),
        (false, true) if !counted => Some(&migration.old_flavor),
        _ => None,
    }
}

/// The newest migration from or to a host that is not over, or failed.
fn newest<'a>(state: &'a ServerState, host: &HostName) -> Option<&'a Migration> {
    let of_host = state.migrations.iter().filter(|migration| migration.involves(host));
    of_host
        .filter(|migration| migration.status.in_progress_or_error())
        .max_by_key(|migration| (migration.updated_at, migration.number))
}

/// Whether the migration of a server counts at all (`_instance_in_resize_state`).
fn on_the_move(server: &Server) -> bool {
    use TaskState::*;
    let moving = matches!(
        server.task_state,
        Some(
            ResizePrep
                | ResizeMigrating
                | ResizeMigrated
                | ResizeFinish
                | Rebuilding
                | RebuildBlockDeviceMapping
                | RebuildSpawning
        )
    );
    match server.vm_state {
        VmState::Resized => true,
        VmState::Active | VmState::Stopped => moving,
        _ => false,
    }
}

fn add(sum: &mut Counted, server: &Server, flavor: &Flavor) {
    sum.vcpus += u64::from(flavor.vcpus);
    sum.memory_mb += flavor.memory_mb;
    sum.local_gb += server.local_gb(flavor);
}
