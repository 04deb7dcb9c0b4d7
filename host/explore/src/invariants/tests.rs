//! A cloud in order, and each way in which it can be out of order.

use super::*;
use crate::cloud_state::{Counted, Guest, Holding, ProviderState, ServerState, Unended};
use conductor::{Attachment, Port};
use model::ids::NetworkId;
use model::{
    Action, ActionEvent, AttachmentId, BlockDevice, EventResult, Flavor, HostName, Migration, MigrationId,
    MigrationStatus, MigrationType, PortId, PowerState, ProviderId, RequestId, ResourceClass, Server,
    ServerId, TaskState, Timestamp, Vif, VmState, VolumeConnector, VolumeId,
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
fn a_server_that_was_offloaded_after_its_move_failed_holds_nothing() {
    let mut offloaded = server("host1", "m1.small", VmState::ShelvedOffloaded);
    (offloaded.host, offloaded.node) = (None, None);
    for (event, leaked) in [("cold_migrate", None), ("compute_revert_resize", Some(MIGRATION))] {
        let mut cloud = moved(MigrationStatus::Error, Some((event, "driver says no")), offloaded.clone());
        let leaked = leaked.map(|migration| (migration.into(), holding("host1", "m1.small")));
        cloud.allocations = leaked.into_iter().collect();
        cloud.guests.clear();
        assert_eq!(check_all(&cloud), [], "{event}");
        cloud.allocations.insert(SERVER.into(), holding("host1", "m1.small"));
        assert_eq!(violated(&cloud), ["server_holds_its_flavor_on_its_host"], "{event}");
    }
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

    // The API shows REBUILD for such a server.
    lost.servers[0].server.vm_state = VmState::Error;
    lost.servers[0].server.task_state = Some(TaskState::RebuildSpawning);
    assert_eq!(violated(&lost), ["no_task_left"]);

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

fn count(vcpus: u64, memory_mb: u64, local_gb: u64) -> Counted {
    Counted { vcpus, memory_mb, local_gb }
}

#[test]
fn a_resource_tracker_counts_what_is_reserved_and_its_servers() {
    let counted = CloudState {
        recounted: [("host1".into(), count(1, 2048 + 512, 20))].into(),
        reserved: count(0, 512, 0),
        ..cloud()
    };
    assert_eq!(check_all(&counted), []);
    let mut wrong = counted;
    wrong.servers[0].server.host = Some("host2".into());
    wrong.allocations = [(SERVER.into(), holding("host2", "m1.small"))].into();
    wrong.guests = [("host2".into(), Ok(vec![guest()]))].into();
    assert_eq!(
        check_all(&wrong)[0].message,
        "host1 counts 1 VCPU, 2560 MiB of memory and 20 GiB of disk for its node; it should count 0 VCPU, 512 MiB of \
         memory and 0 GiB of disk, for no server"
    );
}

#[test]
fn a_resource_tracker_counts_what_moves_from_and_to_its_node_with_the_flavor_it_has_there() {
    let mut waiting = moved(MigrationStatus::Finished, None, server("host2", "m1.medium", VmState::Resized));
    waiting.allocations =
        [(SERVER.into(), holding("host2", "m1.medium")), (MIGRATION.into(), holding("host1", "m1.small"))]
            .into();
    waiting.guests.insert("host2".into(), Ok(vec![guest()]));
    waiting.recounted = [
        ("host1".into(), count(1, 2048, 20)),
        ("host2".into(), count(2, 4096, 40)),
        ("host3".into(), count(0, 0, 0)),
    ]
    .into();
    assert_eq!(check_all(&waiting), []);
    waiting.servers[0].migrations[0].status = MigrationStatus::Confirmed;
    waiting.servers[0].server.vm_state = VmState::Active;
    waiting.allocations = [(SERVER.into(), holding("host2", "m1.medium"))].into();
    waiting.guests.insert("host1".into(), Ok(Vec::new()));
    assert_eq!(violated(&waiting), ["nodes_count_their_servers"]);
    assert_eq!(check_all(&waiting)[0].about, "host1");
}

const PORT: PortId = PortId(Uuid::from_u128(3));

/// The cloud with a port that is plugged into the server.
fn plugged() -> CloudState {
    let mut cloud = cloud();
    let network = NetworkId(Uuid::from_u128(4));
    cloud.servers[0].server.network_info =
        vec![Vif { port: PORT, network, mac_address: "fa:16:3e:00:00:01".to_owned(), fixed_ips: Vec::new() }];
    cloud.ports = vec![Port {
        id: PORT,
        network,
        device: Some(SERVER),
        bindings: [("host1".into(), true)].into(),
        mac_address: "fa:16:3e:00:00:01".to_owned(),
        fixed_ips: Vec::new(),
        made_for_server: true,
        plugged: 1,
    }];
    cloud
}

#[test]
fn a_port_belongs_to_a_server_that_has_it_and_is_bound_to_its_host_alone() {
    assert_eq!(check_all(&plugged()), []);
    const BOUND: &str = "ports_are_bound_where_their_servers_are";

    let mut elsewhere = plugged();
    elsewhere.ports[0].bindings = [("host1".into(), false), ("host2".into(), true)].into();
    assert_eq!(violated(&elsewhere), [BOUND]);
    assert!(
        check_all(&elsewhere)[0]
            .message
            .ends_with("is bound to host1 (inactive), host2; its server web is ACTIVE on host1")
    );

    let mut stranger = plugged();
    stranger.ports[0].device = Some(ServerId(Uuid::from_u128(99)));
    assert_eq!(violated(&stranger), [BOUND, "every_interface_has_its_port"]);

    let mut left = plugged();
    left.servers[0].server.network_info.clear();
    assert_eq!(violated(&left), [BOUND]);

    let mut gone = plugged();
    gone.ports.clear();
    assert_eq!(violated(&gone), ["every_interface_has_its_port"]);

    let mut free = plugged();
    free.servers[0].server.network_info.clear();
    free.ports[0].device = None;
    assert_eq!(check_all(&free), [], "a port of a user's own that is plugged into nothing");
}

const VOLUME: VolumeId = VolumeId(Uuid::from_u128(5));
const ATTACHMENT: AttachmentId = AttachmentId(Uuid::from_u128(6));

/// The cloud with a volume that the server has.
fn attached() -> CloudState {
    let mut cloud = cloud();
    let mut device = BlockDevice::new(Uuid::from_u128(7), VOLUME, 1, false);
    device.attachment = Some(ATTACHMENT);
    cloud.servers[0].server.block_devices = vec![device];
    let connector = VolumeConnector { host: "host1".to_owned(), ip: String::new(), initiator: None };
    cloud.attachments = vec![Attachment {
        id: ATTACHMENT,
        volume: VOLUME,
        server: SERVER,
        connector: Some(connector),
        completed: true,
    }];
    cloud
}

#[test]
fn the_volumes_of_a_server_are_the_attachments_to_it() {
    assert_eq!(check_all(&attached()), []);

    let mut gone = attached();
    gone.attachments.clear();
    assert_eq!(violated(&gone), ["volumes_are_attached_as_recorded"]);

    let mut left = attached();
    left.servers[0].server.block_devices.clear();
    assert_eq!(violated(&left), ["no_attachment_without_its_server"]);

    let connected = |host: &str| {
        let mut cloud = attached();
        cloud.attachments[0].connector.as_mut().unwrap().host = host.to_owned();
        cloud
    };
    assert_eq!(violated(&connected("host2")), ["volumes_are_attached_as_recorded"]);
    assert!(check_all(&connected("host2"))[0].message.ends_with("which is connected from host2"));
    assert_eq!(check_all(&connected("a-name-of-the-drivers-own")), []);

    let mut another = attached();
    another.attachments[0].server = ServerId(Uuid::from_u128(99));
    assert_eq!(violated(&another), ["volumes_are_attached_as_recorded", "no_attachment_without_its_server"]);
}

#[test]
fn a_project_uses_what_its_servers_are_or_hold() {
    let said = |instances, cores, ram| {
        let usage = [("instances", instances), ("cores", cores), ("ram", ram)].into();
        CloudState { quota_usage: [("p".into(), usage)].into(), ..cloud() }
    };
    assert_eq!(check_all(&said(1, 1, 2048)), []);
    assert_eq!(
        check_all(&said(1, 3, 2048))[0].message,
        "project p is said to use 3 cores, 1 instances, 2048 ram; its servers use 1 cores, 1 instances, 2048 ram"
    );
    let mut soft_deleted = said(0, 0, 0);
    soft_deleted.servers[0].server.vm_state = VmState::SoftDeleted;
    assert_eq!(check_all(&soft_deleted), []);
    soft_deleted.quota_by_placement = true;
    assert_eq!(violated(&soft_deleted), ["quota_usage_is_what_servers_hold"], "placement counts it still");
}

#[test]
fn what_began_and_was_not_told_to_end_is_reported() {
    let unended = Unended {
        server: SERVER,
        event: "instance.pause".to_owned(),
        publisher: "nova-compute:host1".to_owned(),
    };
    let cloud = CloudState { unended: vec![unended], ..cloud() };
    let [violation] = &*check_all(&cloud) else { panic!("there is one violation") };
    assert_eq!(violation.invariant, "every_start_has_its_end");
    assert_eq!(
        violation.message,
        "nova-compute:host1 notified instance.pause.start of server web, and nobody notified that it ended or failed"
    );
}
