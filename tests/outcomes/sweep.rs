//! The failure sweep: every driver call that a built-in scenario makes is made to fail, in every way, one at a time, and
//! what is left is held against the tables of Nova's allocations (who holds what after which step failed).
//!
//! One helper, [`sweep`], serves every scenario; what a failure must leave is data, in [`AFTER_MOVE_FAILURE`] and
//! [`after_build_failure`]. (That nothing else breaks is for the explorer to show: `host/explore/tests/search.rs`.) The
//! observed runs cover the same ground with Nova's own fake driver; here the driver is the one that behaves as a hypervisor
//! does, so that invariants about guests mean something.

use super::failing::{Failed, KINDS, failing};
use explore::CloudState;
use explore::scenario::FaultKind as Kind;
use model::{ExceptionClass, MigrationStatus, ServerStatus};
use virt::Method;

/// Every failing call of a built-in scenario, in every way.
fn sweep(name: &str) -> Vec<Failed> {
    failing(name, harness::engine().unwrap(), &harness::shipped())
}

/// Host and flavor: what a record names, or what is held.
type Place = (&'static str, &'static str);

/// What a failed step of a move leaves.
struct AfterMoveFailure {
    scenario: &'static str,
    method: Method,
    record: Place,
    server_holds: Place,
    migration_holds: Option<Place>,
}

const SMALL: &str = "m1.small";
const MEDIUM: &str = "m1.medium";

const fn row(
    scenario: &'static str,
    method: Method,
    record: Place,
    server_holds: Place,
    migration_holds: Option<Place>,
) -> AfterMoveFailure {
    AfterMoveFailure { scenario, method, record, server_holds, migration_holds }
}

/// Nova's table of allocations after a failed resize or cold migration. A server that is not in ERROR because the driver
/// does not offer the method holds the same.
const AFTER_MOVE_FAILURE: &[AfterMoveFailure] = &[
    row("resize", Method::MigrateDiskAndPowerOff, ("host1", SMALL), ("host1", SMALL), None),
    row("resize", Method::FinishMigration, ("host2", SMALL), ("host2", MEDIUM), None),
    row("resize-same-host", Method::MigrateDiskAndPowerOff, ("host1", SMALL), ("host1", SMALL), None),
    row("resize-same-host", Method::FinishMigration, ("host1", SMALL), ("host1", MEDIUM), None),
    row("cold-migrate", Method::MigrateDiskAndPowerOff, ("host1", SMALL), ("host1", SMALL), None),
    row("cold-migrate", Method::FinishMigration, ("host2", SMALL), ("host2", SMALL), None),
    row("resize-confirm", Method::MigrateDiskAndPowerOff, ("host1", SMALL), ("host1", SMALL), None),
    row("resize-confirm", Method::FinishMigration, ("host2", SMALL), ("host2", MEDIUM), None),
    row("resize-confirm", Method::ConfirmMigration, ("host2", MEDIUM), ("host2", MEDIUM), None),
    row("resize-revert", Method::MigrateDiskAndPowerOff, ("host1", SMALL), ("host1", SMALL), None),
    row("resize-revert", Method::FinishMigration, ("host2", SMALL), ("host2", MEDIUM), None),
    row("resize-revert", Method::Destroy, ("host2", MEDIUM), ("host2", MEDIUM), Some(("host1", SMALL))),
    row("resize-revert", Method::FinishRevertMigration, ("host1", SMALL), ("host1", SMALL), None),
];

/// What is held, by provider name, shown as text so that both sides read alike.
fn held(state: &CloudState, consumer: model::ConsumerId) -> String {
    state.show_holding(&state.held_by(consumer))
}

fn holding(state: &CloudState, place: Option<Place>) -> String {
    let holding: explore::cloud_state::Holding = place
        .map(|(host, flavor)| {
            let flavor = model::Flavor::defaults().into_iter().find(|known| known.name == flavor).unwrap();
            (state.nodes[&model::HostName::from(host)], flavor.resources(false))
        })
        .into_iter()
        .collect();
    state.show_holding(&holding)
}

#[test]
fn every_failing_call_of_a_move_leaves_what_the_table_says() {
    let mut reached = 0;
    for scenario in ["resize", "resize-same-host", "cold-migrate", "resize-confirm", "resize-revert"] {
        for failed in sweep(scenario).iter().filter(|failed| !failed.in_build) {
            let rows = AFTER_MOVE_FAILURE.iter();
            let Some(row) =
                rows.clone().find(|row| row.scenario == scenario && row.method == failed.point.method)
            else {
                continue;
            };
            reached += 1;
            let (name, state) = (failed.name(scenario), &failed.run.state);
            let server = &state.servers[0].server;
            let migration = state.servers[0].last_migration().unwrap();
            let record = (server.host.as_ref().unwrap().as_str(), server.flavor.name.as_str());
            assert_eq!(record, row.record, "{name}: host and flavor of the record");
            assert_eq!(
                held(state, server.id.into()),
                holding(state, Some(row.server_holds)),
                "{name}: server"
            );
            assert_eq!(
                held(state, migration.id.into()),
                holding(state, row.migration_holds),
                "{name}: migration"
            );
            assert_eq!(migration.status, MigrationStatus::Error, "{name}");
            let offered = failed.kind != Kind::Raise(ExceptionClass::NotImplementedError);
            let status = if offered { ServerStatus::Error } else { ServerStatus::Active };
            assert_eq!(server.status(), status, "{name}");
            let silent = failed.kind == Kind::Raise(ExceptionClass::InstanceNotFound);
            assert_eq!(server.faults.is_empty(), silent, "{name}: {:?}", server.faults);
        }
    }
    assert_eq!(reached, AFTER_MOVE_FAILURE.len() * KINDS.len(), "some rows of the table were not reached");
}

/// What a failing call leaves of a build: the status, the host (which holds the flavor, all others hold nothing), and a part
/// of the fault.
fn after_build_failure(
    method: Method,
    kind: &Kind,
) -> Option<(ServerStatus, Option<&'static str>, &'static str)> {
    use ExceptionClass as E;
    let abort = (ServerStatus::Error, None, "aborted: Failure prepping block device.");
    let hangs = (ServerStatus::Build, None, "");
    let next_host = (ServerStatus::Active, Some("host2"), "");
    let here = (ServerStatus::Active, Some("host1"), "");
    Some(match (method, kind) {
        (
            Method::PrepareForSpawn
            | Method::PrepareNetworksBeforeBlockDeviceMapping
            | Method::DefaultRootDeviceName
            | Method::DefaultDeviceNamesForInstance
            | Method::Spawn,
            Kind::Raise(E::InstanceNotFound),
        ) => hangs,
        (
            Method::DefaultRootDeviceName | Method::DefaultDeviceNamesForInstance,
            Kind::Raise(E::NotImplementedError),
        ) => here,
        (
            Method::PrepareForSpawn
            | Method::PrepareNetworksBeforeBlockDeviceMapping
            | Method::DefaultRootDeviceName
            | Method::DefaultDeviceNamesForInstance,
            _,
        ) => abort,
        (Method::Spawn, Kind::Raise(E::VirtualInterfaceCreateException)) => {
            (ServerStatus::Error, None, "aborted: Failed to allocate the network(s), not rescheduling.")
        }
        (Method::Spawn, _) => next_host,
        _ => return None,
    })
}

#[test]
fn every_failing_call_of_a_build_leaves_what_the_table_says() {
    let mut reached = 0;
    for failed in &sweep("boot") {
        let Some((status, host, fault)) = after_build_failure(failed.point.method, &failed.kind) else {
            continue;
        };
        reached += 1;
        let (name, state) = (failed.name("boot"), &failed.run.state);
        let server = &state.servers[0].server;
        assert_eq!(server.status(), status, "{name}");
        assert_eq!(server.host.as_ref().map(model::HostName::as_str), host, "{name}");
        let place = host.map(|host| (host, SMALL));
        assert_eq!(held(state, server.id.into()), holding(state, place), "{name}");
        let shown = server.faults.last().map_or("", |fault| fault.message.as_str());
        assert!(shown.contains(fault), "{name}: {shown:?}");
    }
    assert_eq!(reached, 5 * KINDS.len());
}
