//! What a server and its migration hold while a move lasts, and after one that failed.
//!
//! Before a cold move claims anything on the destination, everything the server holds on the source is given to the
//! migration; confirming drops it, reverting gives it back (`nova/conductor/tasks/migrate.py`,
//! `nova/compute/manager.py`). When a step fails, what remains depends on the step: it is the table
//! [`AFTER_FAILURE`], read from Nova's error handling and observed on Nova 34.0.0.

use crate::cloud_state::{CloudState, Holding, ServerState};
use model::{EventResult, Migration, MigrationStatus, MigrationType, Server, VmState};

/// A host of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one it leaves.
    Source,
    /// The one it goes to.
    Destination,
}

/// A flavor of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The one before.
    Old,
    /// The one after.
    New,
}

/// What is held of which host.
pub type Hold = (Side, Size);

/// What is held after a step of a move has failed.
#[derive(Clone, Copy, Debug)]
pub struct FailedStep {
    /// The event of the instance action under which the step is recorded.
    pub event: &'static str,
    /// A part of the event's error when it is placement that refused; of several rows for an event the first that fits
    /// counts.
    pub because: Option<&'static str>,
    /// What the server holds.
    pub server: Hold,
    /// What the migration still holds, which nobody will drop any more.
    pub migration: Option<Hold>,
    /// Where Nova decides so.
    pub source: &'static str,
}

/// How placement's refusal begins when an allocation cannot be given back.
const MOVE_REFUSED: &str = "Failed to move allocations";
/// How placement's refusal begins when an allocation cannot be dropped.
const DELETE_REFUSED: &str = "Failed to delete allocations";

/// What is held after a failure, step by step.
pub const AFTER_FAILURE: &[FailedStep] = &[
    FailedStep {
        event: "cold_migrate",
        because: None,
        server: (Side::Source, Size::Old),
        migration: None,
        source: "nova/conductor/tasks/migrate.py, rollback: what the migration held is given back",
    },
    FailedStep {
        event: "compute_prep_resize",
        because: None,
        server: (Side::Source, Size::Old),
        migration: None,
        source: "nova/compute/manager.py, _prep_resize: the allocations are reverted, there is no guest on the destination",
    },
    FailedStep {
        event: "compute_resize_instance",
        because: None,
        server: (Side::Source, Size::Old),
        migration: None,
        source: "nova/compute/manager.py, resize_instance: the record still names the source, unless its last save finds a deletion",
    },
    FailedStep {
        event: "compute_finish_resize",
        because: None,
        server: (Side::Destination, Size::New),
        migration: None,
        source: "nova/compute/manager.py, finish_resize: the record names the destination already, and hard reboot or rebuild \
                 happen there; its flavor may be the old one again",
    },
    FailedStep {
        event: "compute_confirm_resize",
        because: Some(DELETE_REFUSED),
        server: (Side::Destination, Size::New),
        migration: Some((Side::Source, Size::Old)),
        source: "nova/compute/manager.py, confirm_resize: the server goes to ERROR, the allocation is leaked",
    },
    FailedStep {
        event: "compute_confirm_resize",
        because: None,
        server: (Side::Destination, Size::New),
        migration: None,
        source: "nova/compute/manager.py, confirm_resize: the allocation is dropped whether or not the driver cleaned up",
    },
    FailedStep {
        event: "compute_revert_resize",
        because: None,
        server: (Side::Destination, Size::New),
        migration: Some((Side::Source, Size::Old)),
        source: "nova/compute/manager.py, revert_resize: the source, which would give it back, is never asked",
    },
    FailedStep {
        event: "compute_finish_revert_resize",
        because: Some(MOVE_REFUSED),
        server: (Side::Destination, Size::New),
        migration: Some((Side::Source, Size::Old)),
        source: "nova/compute/manager.py, finish_revert_resize: the server goes to ERROR, the allocation is leaked",
    },
    FailedStep {
        event: "compute_finish_revert_resize",
        because: None,
        server: (Side::Source, Size::Old),
        migration: None,
        source: "nova/compute/manager.py, finish_revert_resize: the allocations are reverted before the driver is called",
    },
];

/// What a server and its last migration are to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) server: Holding,
    pub(crate) migration: Holding,
    /// Why it is not simply the server's flavor on its host.
    pub(crate) because: Option<String>,
}

/// What this server and its last migration are to hold.
pub(crate) fn expected(cloud: &CloudState, state: &ServerState) -> Expected {
    let server = &state.server;
    if server.deleted() {
        return Expected::default();
    }
    let offloaded = server.vm_state == VmState::ShelvedOffloaded && server.host.is_none();
    match state.last_migration().and_then(|migration| Some((migration, during_or_after(migration, state)?))) {
        // Whatever its move came to, it holds nothing since.
        Some((migration, (_, of_migration, _))) if offloaded => Expected {
            migration: of_migration.map(|hold| holding(cloud, server, migration, hold)).unwrap_or_default(),
            ..Expected::default()
        },
        Some((migration, (of_server, of_migration, because))) => Expected {
            server: holding(cloud, server, migration, of_server),
            migration: of_migration.map(|hold| holding(cloud, server, migration, hold)).unwrap_or_default(),
            because: Some(because),
        },
        None => Expected { server: at_home(cloud, server), ..Expected::default() },
    }
}

/// What server and migration hold while a move lasts or after it failed; none when the move left nothing special.
fn during_or_after(migration: &Migration, state: &ServerState) -> Option<(Hold, Option<Hold>, String)> {
    use MigrationStatus as Status;
    let cold = match migration.kind {
        MigrationType::Resize | MigrationType::Migration => true,
        MigrationType::LiveMigration | MigrationType::Evacuation => false,
    };
    match migration.status {
        Status::Error if cold => failed_step(migration, state).map(|step| {
            let because = format!("{} failed", step.event);
            (step.server, step.migration, because)
        }),
        Status::Accepted
        | Status::PreMigrating
        | Status::Queued
        | Status::Preparing
        | Status::Running
        | Status::Migrating
        | Status::PostMigrating
        | Status::Finished
        | Status::Confirming
        | Status::Reverting
            if cold =>
        {
            let because = format!("its migration is {}", migration.status);
            Some(((Side::Destination, Size::New), Some((Side::Source, Size::Old)), because))
        }
        // Over without a trace; or a move that holds nothing under a migration.
        Status::Accepted
        | Status::PreMigrating
        | Status::Queued
        | Status::Preparing
        | Status::Running
        | Status::Migrating
        | Status::PostMigrating
        | Status::Finished
        | Status::Confirming
        | Status::Reverting
        | Status::Confirmed
        | Status::Reverted
        | Status::Done
        | Status::Completed
        | Status::Cancelled
        | Status::Failed
        | Status::Error => None,
    }
}

/// Whether this move failed in a way that leaves the migration what it holds.
pub(crate) fn leaks(migration: &Migration, state: &ServerState) -> bool {
    migration.status == MigrationStatus::Error
        && failed_step(migration, state).is_some_and(|step| step.migration.is_some())
}

/// The row of the table for the last step of this move that failed.
fn failed_step(migration: &Migration, state: &ServerState) -> Option<&'static FailedStep> {
    let next = state.migrations.iter().find(|other| other.number > migration.number);
    let its_own = |start| start >= migration.created_at && next.is_none_or(|next| start < next.created_at);
    let events = state.actions.iter().flat_map(|action| &action.events);
    let failed: Vec<_> =
        events.filter(|event| its_own(event.start) && event.result == Some(EventResult::Error)).collect();
    // Events of the conductor enclose those of the computes: the last to begin tells how far the move came.
    failed.into_iter().rev().find_map(|event| {
        AFTER_FAILURE.iter().find(|step| {
            let details = event.details.as_deref().unwrap_or_default();
            step.event == event.event && step.because.is_none_or(|because| details.contains(because))
        })
    })
}

fn holding(cloud: &CloudState, server: &Server, migration: &Migration, (side, size): Hold) -> Holding {
    let host = match side {
        Side::Source => Some(&migration.source_compute),
        Side::Destination => migration.dest_compute.as_ref(),
    };
    let flavor = match size {
        Size::Old => &migration.old_flavor,
        Size::New => &migration.new_flavor,
    };
    let provider = host.and_then(|host| cloud.nodes.get(host));
    provider.map(|provider| (*provider, flavor.resources(server.volume_backed()))).into_iter().collect()
}

/// Its flavor on its host; nothing without a host.
fn at_home(cloud: &CloudState, server: &Server) -> Holding {
    let provider = server.host.as_ref().and_then(|host| cloud.nodes.get(host));
    provider
        .map(|provider| (*provider, server.flavor.resources(server.volume_backed())))
        .into_iter()
        .collect()
}
