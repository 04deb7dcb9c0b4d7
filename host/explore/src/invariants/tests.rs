//! A cloud in order, and each way in which it can be out of order.

use super::*;
use crate::cloud_state::{Guest, Holding, ProviderState, ServerState};
use model::{
    Action, ActionEvent, EventResult, Flavor, HostName, Migration, MigrationId, MigrationStatus,
    MigrationType, PowerState, ProviderId, RequestId, ResourceClass, Server, ServerId, TaskState, Timestamp,
    VmState,
};
use placement::Inventory;
use std::collections::BTreeMap;
use uuid::Uuid;

const SERVER: ServerId = ServerId(Uuid::from_u128(1));
const MIGRATION: MigrationId = MigrationId(Uuid::from_u128(2));
const HOSTS: [&str; 3] = ["host1", "host2", "host3"];

fn provider(host: &str) -> ProviderId {
    let position = HOSTS.iter().position(|name| *name == host).unwrap();
    ProviderId(Uuid::from_u128(100 + position as u128))
}

fn flavor(name: &str) -> Flavor {
    Flavor::defaults().into_iter().find(|flavor| flavor.name == name).unwrap()
}

fn holding(host: &str, name: &str) -> Holding {
    [(provider(host), flavor(name).resources(false))].into()
}

fn server(host: &str, flavor_name: &str, vm_state: VmState) -> Server {
    Server {
        id: SERVER,
        number: 1,
        name: "web".to_owned(),
        project_id: "p".into(),
        user_id: "u".into(),
        image: Some(model::ImageId(Uuid::from_u128(9))),
        flavor: flavor(flavor_name),
        old_flavor: None,
        new_flavor: None,
        old_vm_state: None,
        vm_state,
        task_state: None,
        power_state: PowerState::Running,
        host: Some(host.into()),
        node: Some(host.into()),
        availability_zone: None,
        root_device_name: None,
        block_devices: Vec::new(),
        network_info: Vec::new(),
        locked: false,
        progress: 0,
        created_at: Timestamp::SIMULATION_START,
        launched_at: Some(Timestamp::SIMULATION_START),
        shelved: None,
        soft_deleted_at: None,
        deleted_at: None,
        faults: Vec::new(),
        reservation_id: String::new(),
        launch_index: 0,
    }
}

fn guest() -> Guest {
    Guest { uuid: SERVER.to_string(), power_state: PowerState::Running }
}

/// A cloud with a server that is active on host1.
fn cloud() -> CloudState {
    let inventory = BTreeMap::from([(ResourceClass::VCPU, (Inventory::of(10), 1))]);
    CloudState {
        servers: vec![ServerState {
            server: server("host1", "m1.small", VmState::Active),
            migrations: Vec::new(),
            actions: Vec::new(),
            volume_attachments: 0,
            ports: 0,
        }],
        nodes: HOSTS.iter().map(|host| (HostName::from(*host), provider(host))).collect(),
        providers: HOSTS
            .iter()
            .map(|host| ProviderState {
                id: provider(host),
                name: (*host).to_owned(),
                inventories: inventory.clone(),
            })
            .collect(),
        allocations: [(SERVER.into(), holding("host1", "m1.small"))].into(),
        guests: HOSTS
            .iter()
            .map(|host| {
                (HostName::from(*host), Ok(if *host == "host1" { vec![guest()] } else { Vec::new() }))
            })
            .collect(),
        ..CloudState::default()
    }
}

/// The same after a resize to host2 that has come to `status`; `failed` is the event that failed.
fn moved(status: MigrationStatus, failed: Option<(&str, &str)>, record: Server) -> CloudState {
    let mut cloud = cloud();
    let event = |(event, details): (&str, &str)| ActionEvent {
        event: event.to_owned(),
        host: "host2".into(),
        start: Timestamp::SIMULATION_START,
        finish: Some(Timestamp::SIMULATION_START),
        result: Some(EventResult::Error),
        details: Some(details.to_owned()),
        error_class: None,
    };
    cloud.servers[0] = ServerState {
        server: record,
        volume_attachments: 0,
        ports: 0,
        migrations: vec![Migration {
            id: MIGRATION,
            number: 1,
            server: SERVER,
            kind: MigrationType::Resize,
            status,
            source_compute: "host1".into(),
            dest_compute: Some("host2".into()),
            dest_host: None,
            old_flavor: flavor("m1.small"),
            new_flavor: flavor("m1.medium"),
            created_at: Timestamp::SIMULATION_START,
            updated_at: Timestamp::SIMULATION_START,
        }],
        actions: vec![Action {
            server: SERVER,
            request: RequestId::from("req-1"),
            action: "resize".to_owned(),
            start: Timestamp::SIMULATION_START,
            message: None,
            events: failed.into_iter().map(event).collect(),
        }],
    };
    cloud
}

/// The names of what is violated.
fn violated(cloud: &CloudState) -> Vec<&'static str> {
    check_all(cloud).into_iter().map(|violation| violation.invariant).collect()
}

#[test]
fn a_cloud_in_order_violates_nothing() {
    assert_eq!(check_all(&cloud()), []);
    assert_eq!(check_all(&CloudState::default()), []);
}

#[test]
fn an_allocation_on_another_host_or_of_another_flavor_is_told_with_both_sides() {
    for wrong in [holding("host2", "m1.small"), holding("host1", "m1.medium"), Holding::new()] {
        let mut cloud = cloud();
        cloud.allocations.insert(SERVER.into(), wrong);
        assert_eq!(violated(&cloud), ["server_holds_its_flavor_on_its_host"]);
    }
    let mut cloud = cloud();
    cloud.allocations.insert(SERVER.into(), holding("host2", "m1.small"));
    assert_eq!(
        check_all(&cloud)[0].message,
        "server web is ACTIVE on host1 with flavor m1.small and holds 1 VCPU, 2048 MEMORY_MB, 20 DISK_GB on host2; it \
         should hold 1 VCPU, 2048 MEMORY_MB, 20 DISK_GB on host1"
    );
}

#[test]
fn a_deleted_server_holds_nothing_and_has_no_guest() {
    let mut cloud = cloud();
    cloud.servers[0].server.deleted_at = Some(Timestamp::SIMULATION_START);
    assert_eq!(violated(&cloud), ["server_holds_its_flavor_on_its_host", "no_guest_astray"]);
}

#[test]
fn a_consumer_that_is_nobody_is_reported() {
    let mut cloud = cloud();
    cloud.allocations.insert(model::ConsumerId(Uuid::from_u128(77)), holding("host1", "m1.small"));
    assert_eq!(violated(&cloud), ["every_consumer_exists"]);
}

#[test]
fn a_migration_may_hold_the_source_while_it_waits_and_must_let_go_when_confirmed() {
    let mut waiting = moved(MigrationStatus::Finished, None, server("host2", "m1.medium", VmState::Resized));
    waiting.allocations =
        [(SERVER.into(), holding("host2", "m1.medium")), (MIGRATION.into(), holding("host1", "m1.small"))]
            .into();
    waiting.guests.insert("host2".into(), Ok(vec![guest()]));
    assert_eq!(check_all(&waiting), [], "the source may keep what a revert needs");

    let mut confirmed = waiting.clone();
    confirmed.servers[0].migrations[0].status = MigrationStatus::Confirmed;
    confirmed.servers[0].server.vm_state = VmState::Active;
    assert_eq!(violated(&confirmed), ["migrations_hold_only_while_they_last", "one_guest_on_its_host"]);
}

#[test]
fn after_a_failed_finish_resize_the_server_holds_the_new_flavor_on_the_destination() {
    let failed = Some(("compute_finish_resize", "Virtual Interface creation failed"));
    let mut right = moved(MigrationStatus::Error, failed, server("host2", "m1.small", VmState::Error));
    right.allocations = [(SERVER.into(), holding("host2", "m1.medium"))].into();
    assert_eq!(check_all(&right), []);

    let mut wrong = right.clone();
    wrong.allocations = [(SERVER.into(), holding("host1", "m1.small"))].into();
    assert_eq!(violated(&wrong), ["server_holds_its_flavor_on_its_host"]);
    assert!(check_all(&wrong)[0].message.ends_with("since compute_finish_resize failed"));
}

#[test]
fn every_row_of_the_table_is_what_is_demanded_after_that_failure() {
    for row in moves::AFTER_FAILURE {
        let at = |(side, size): moves::Hold| {
            let host = if side == moves::Side::Source { "host1" } else { "host2" };
            let name = if size == moves::Size::Old { "m1.small" } else { "m1.medium" };
            holding(host, name)
        };
        let details = row.because.unwrap_or("driver says no");
        let record = server("host2", "m1.small", VmState::Error);
        let mut cloud = moved(MigrationStatus::Error, Some((row.event, details)), record);
        cloud.allocations = [(SERVER.into(), at(row.server))].into();
        if let Some(hold) = row.migration {
            cloud.allocations.insert(MIGRATION.into(), at(hold));
        }
        assert_eq!(check_all(&cloud), [], "{row:?}");
        cloud.allocations.insert(MIGRATION.into(), holding("host3", "m1.small"));
        assert_eq!(violated(&cloud), ["migrations_hold_only_while_they_last"], "{row:?}");
    }
}

#[test]
fn more_used_than_there_is_breaks_the_capacity() {
    let mut cloud = cloud();
    cloud.providers[0].inventories.insert(ResourceClass::VCPU, (Inventory::of(10), 11));
    assert_eq!(check_all(&cloud)[0].message, "host1 has a capacity of 10 VCPU, and 11 are used");
    assert_eq!(violated(&cloud), ["usages_within_capacity"]);
}

#[test]
fn guests_are_where_the_records_say_and_nowhere_else() {
    let mut lost = cloud();
    lost.guests.insert("host1".into(), Ok(Vec::new()));
    assert_eq!(violated(&lost), ["one_guest_on_its_host"]);

    let mut twice = cloud();
    twice.guests.insert("host3".into(), Ok(vec![guest()]));
    assert_eq!(violated(&twice), ["no_guest_astray", "one_guest_on_its_host"]);

    let mut in_error = moved(
        MigrationStatus::Error,
        Some(("compute_finish_resize", "")),
        server("host2", "m1.small", VmState::Error),
    );
    in_error.allocations = [(SERVER.into(), holding("host2", "m1.medium"))].into();
    assert_eq!(check_all(&in_error), [], "a server in ERROR needs no guest, and its migration names host1");

    let mut stranger = cloud();
    stranger
        .guests
        .insert("host2".into(), Ok(vec![Guest { uuid: "x".to_owned(), power_state: PowerState::Running }]));
    assert_eq!(violated(&stranger), ["no_guest_astray"]);

    let mut silent = cloud();
    silent.guests.insert("host1".into(), Err("does not answer".to_owned()));
    assert_eq!(check_all(&silent), [], "what cannot be known is not held against the cloud");
}

#[test]
fn tasks_and_events_come_to_an_end() {
    let mut cloud =
        moved(MigrationStatus::Reverted, Some(("x", "")), server("host1", "m1.small", VmState::Active));
    cloud.servers[0].server.task_state = Some(TaskState::Deleting);
    cloud.servers[0].actions[0].events[0].result = None;
    assert_eq!(violated(&cloud), ["no_task_left", "every_event_finished"]);
}
