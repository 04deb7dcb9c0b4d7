//! Counting what servers and migrations use of a node.

use model::{ComputeNode, Flavor, HostName, Migration, Options, Server, ServerId, TaskState, VmState};
use std::collections::{BTreeMap, BTreeSet};

/// What is used of a node, and by whom. Amounts may fall below what is reserved for a moment, so they are signed.
#[derive(Clone, Debug)]
pub(super) struct Usage {
    vcpus: i64,
    memory_mb: i64,
    local_gb: i64,
    /// Servers that count with their flavor.
    tracked_servers: BTreeSet<ServerId>,
    /// Servers that count with a flavor because they move from or to this node.
    tracked_migrations: BTreeSet<ServerId>,
    /// Servers counted as guests; unlike the amounts this follows every save.
    guests: BTreeMap<ServerId, VmState>,
}

impl Usage {
    /// What is used when there is no server: what the host keeps for itself.
    pub(super) fn reserved(options: &Options) -> Self {
        let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        Self {
            vcpus: signed(options.reserved_host_cpus),
            memory_mb: signed(options.reserved_host_memory_mb),
            local_gb: signed(options.reserved_host_disk_mb.div_ceil(1024)),
            tracked_servers: BTreeSet::new(),
            tracked_migrations: BTreeSet::new(),
            guests: BTreeMap::new(),
        }
    }

    /// Whether this server counts with its flavor.
    pub(super) fn is_tracked(&self, server: ServerId) -> bool {
        self.tracked_servers.contains(&server)
    }

    /// Follows a server: a new one is counted, also one that is brought back while its record still says that it is on no
    /// host; one that is removed, deleted or offloaded no longer (`_update_usage_from_instance`). Always answers true, for
    /// callers that chain.
    pub(super) fn track_server(&mut self, server: &Server, removed: bool) -> bool {
        if !self.is_tracked(server.id) {
            if !removed {
                self.guests.insert(server.id, server.vm_state);
                self.tracked_servers.insert(server.id);
                self.add(server, &server.flavor, 1);
            }
        } else if removed || !occupies_host(server) {
            self.guests.remove(&server.id);
            self.tracked_servers.remove(&server.id);
            self.add(server, &server.flavor, -1);
        } else {
            self.guests.insert(server.id, server.vm_state);
        }
        true
    }

    /// Counts `flavor` for a server that moves from or to this node.
    pub(super) fn track_migration(&mut self, server: &Server, flavor: &Flavor) {
        self.tracked_migrations.insert(server.id);
        self.add(server, flavor, 1);
    }

    /// No longer counts `flavor` for a server whose move is over here.
    pub(super) fn drop_move(&mut self, server: &Server, flavor: &Flavor) {
        self.add(server, flavor, -1);
    }

    /// Tracks the server no more, also where it stays; what is counted for it stays counted.
    pub(super) fn forget(&mut self, server: ServerId) {
        self.tracked_migrations.remove(&server);
        self.tracked_servers.remove(&server);
    }

    /// Puts the numbers into the node record.
    pub(super) fn write_to(&self, record: &mut ComputeNode) {
        let unsigned = |amount: i64| u64::try_from(amount).unwrap_or(0);
        record.vcpus_used = unsigned(self.vcpus);
        record.memory_mb_used = unsigned(self.memory_mb);
        record.local_gb_used = unsigned(self.local_gb);
        record.running_vms = self.guests.len() as u64;
    }

    fn add(&mut self, server: &Server, flavor: &Flavor, sign: i64) {
        let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        self.vcpus += sign * i64::from(flavor.vcpus);
        self.memory_mb += sign * signed(flavor.memory_mb);
        self.local_gb += sign * signed(server.local_gb(flavor));
    }
}

/// Whether a server that is on a host uses something of it (`vm_states.ALLOW_RESOURCE_REMOVAL`).
pub(super) fn occupies_host(server: &Server) -> bool {
    !matches!(server.vm_state, VmState::Deleted | VmState::ShelvedOffloaded)
}

/// Whether an offloaded server is being spawned again (`vm_states.allow_resource_removal`).
pub(super) fn is_arriving(server: &Server) -> bool {
    server.vm_state == VmState::ShelvedOffloaded && server.task_state == Some(TaskState::Spawning)
}

/// Which flavor a migration adds to a node's usage, if any: on the destination the new one, on the source the old one,
/// as long as the server itself is not counted there; on one host the one the server does not show
/// (`_update_usage_from_migration`).
pub(super) fn tracked_flavor(
    host: &HostName,
    migration: &Migration,
    server: &Server,
    usage: &Usage,
) -> Option<Flavor> {
    let incoming = migration.dest_compute.as_ref() == Some(host);
    let outbound = &migration.source_compute == host;
    let tracked = usage.is_tracked(server.id);
    match (incoming, outbound) {
        (true, true) if server.flavor.id == migration.old_flavor.id => Some(migration.new_flavor.clone()),
        (true, true) => Some(migration.old_flavor.clone()),
        (true, false) if !tracked => Some(migration.new_flavor.clone()),
        (false, true) if !tracked => Some(migration.old_flavor.clone()),
        _ => None,
    }
}

/// Whether a server is on the move, so that its migration counts (`_instance_in_resize_state`).
pub(super) fn in_resize_state(server: &Server) -> bool {
    use TaskState::*;
    match server.vm_state {
        VmState::Resized => true,
        VmState::Active | VmState::Stopped => matches!(
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
        ),
        _ => false,
    }
}
