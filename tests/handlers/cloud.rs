//! What operators and other services change beside servers: aggregates, services, ports, and who asked for what.

use crate::common::{pass, stacks};
use conductor::{
    Caller, FixedIp, Network, NetworkError, NewPort, Port, RequestedInterface, RequestedNetworks, Subnet,
};
use harness::{Outcome, Simulation, TestCloud};
use model::ids::NetworkId;
use model::{HostName, MigrationId, PortId, ServerStatus, TaskState};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use uuid::uuid;

const FLAVOR: &str = "m1.small";

fn two_hosts() -> Simulation {
    stacks(&["fake", "fake"])
}

fn aggregates_of(cloud: &TestCloud, host: &str) -> usize {
    let node = cloud.compute_node(&host.into()).unwrap().id;
    cloud.placement().get().provider(node).unwrap().aggregates().count()
}

#[test]
fn a_host_joins_an_aggregate_and_leaves_it_here_and_in_placement() {
    two_hosts().run(async |cloud| {
        let aggregates = cloud.records().aggregates();
        let now = cloud.services().clock.now();
        let id = uuid!("3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c05").into();
        let made = aggregates.create(id, "fast".to_owned(), BTreeMap::new(), now).number;
        let (first, second) = ("host1".into(), "host2".into());
        let api = cloud.api();
        for host in [&first, &second] {
            api.set_aggregate_member(made, host, true).unwrap();
        }
        assert_eq!((aggregates_of(cloud, "host1"), aggregates_of(cloud, "host2")), (1, 1));
        let changed = aggregates.change(made, now, |aggregate| {
            aggregate.metadata.insert("availability_zone".to_owned(), "fast".to_owned());
        });
        let changed = changed.unwrap();
        assert_eq!((changed.zone(), changed.updated_at), (Some("fast"), Some(now)));
        let server = cloud.boot(FLAVOR, Some("host2")).await;
        assert_eq!(cloud.server(server).availability_zone.as_deref(), Some("fast"));
        let left = api.set_aggregate_member(made, &first, false).unwrap();
        assert_eq!(left.aggregate.hosts.iter().collect::<Vec<_>>(), [&second]);
        assert_eq!((aggregates_of(cloud, "host1"), aggregates_of(cloud, "host2")), (0, 1));
        assert_eq!(api.set_aggregate_member(made + 1, &first, true), None);
        assert_eq!(aggregates.change(made + 1, now, |_| {}), None);
        cloud.delete_server(server).await;
        // A service that is deleted leaves its aggregates.
        cloud.stop_compute(&second).await.unwrap();
        api.delete_service(&second);
        assert!(aggregates.get(made).unwrap().aggregate.hosts.is_empty());
    });
}

#[test]
fn a_host_that_placement_does_not_know_is_disabled_all_the_same() {
    two_hosts().run(async |cloud| {
        let node = cloud.compute_node(&"host1".into()).unwrap().id;
        let gone = placement::Command::DeleteProvider { id: node };
        cloud.placement().update(|placement| placement.apply(&gone)).unwrap();
        cloud.api().set_service_disabled(&"host1".into(), true, None).await.unwrap();
        cloud.wait_for_log(&format!("Cannot set the status of {node} in placement")).await;
        assert!(cloud.records().services()[0].disabled);
        cloud.run_periodics().await;
        assert!(cloud.placement().get().provider(node).is_ok(), "the next update sets it right");
    });
}

#[test]
fn who_asked_for_a_move_is_remembered() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        let (project, user) = ("ops".into(), "olga".into());
        let caller = Caller { project, user, is_admin: true, request: Some("req-1".into()) };
        cloud.api().of(caller).migrate(server, None).await.unwrap();
        cloud.at_rest().await;
        let asker = cloud.records().asker_of_migration(cloud.last_migration(server).id).unwrap();
        assert_eq!((asker.user, asker.project), ("olga".into(), "ops".into()));
        let unknown = MigrationId(uuid!("3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c07"));
        assert_eq!(cloud.records().asker_of_migration(unknown), None);
        let records = &cloud.services().records;
        let message = format!("Migration {unknown} could not be found.");
        assert_eq!(records.migration(unknown).unwrap_err().message, message);
        assert_eq!(records.update_migration(unknown, &mut |_| {}).await.unwrap_err().message, message);
    });
}

fn ports_of_ones_own<const N: usize>(ports: [PortId; N]) -> RequestedNetworks {
    RequestedNetworks::Interfaces(ports.map(RequestedInterface::Port).into())
}

#[test]
fn a_server_gets_the_ports_that_were_asked_for_and_leaves_them_to_their_owner() {
    two_hosts().run(async |cloud| {
        let known = PortId(uuid!("3f1c0d6e-6c1d-4f0e-9a55-0d3a5b1f7c06"));
        cloud.network().put_port(Port {
            id: known,
            device: None,
            bindings: BTreeMap::new(),
            mac_address: "fa:16:3e:4c:2c:30".to_owned(),
            network: cloud.network().network_id(),
            fixed_ips: vec![FixedIp {
                subnet: cloud.network().home_subnet().unwrap(),
                address: [192, 168, 1, 3].into(),
            }],
            made_for_server: false,
            plugged: 0,
        });
        let own = cloud.network().create_port().unwrap();
        let server = cloud.api().create(cloud.build_server(FLAVOR, Some("host1"))).await.unwrap();
        cloud.network().request(server, ports_of_ones_own([own, known]));
        let built = cloud.wait_for_state_change(server, ServerStatus::Active).await;
        let ports: Vec<_> = built.network_info.iter().map(|vif| vif.port).collect();
        assert_eq!(ports, [own, known]);
        // They are taken now.
        let other = cloud.api().create(cloud.build_server(FLAVOR, Some("host2"))).await.unwrap();
        cloud.network().request(other, ports_of_ones_own([known]));
        cloud.wait_for_state_change(other, ServerStatus::Error).await;
        for server in [server, other] {
            cloud.delete_server(server).await;
        }
        assert_eq!(cloud.network().ports().iter().filter(|port| port.device.is_none()).count(), 2);
        for port in [known, own] {
            assert!(cloud.network().delete_port(port));
        }
    });
}

#[test]
fn a_network_without_addresses_makes_no_ports() {
    two_hosts().run(async |cloud| {
        let mut made = Vec::new();
        let refused = loop {
            match cloud.network().create_port() {
                Ok(port) => made.push(port),
                Err(error) => break error,
            }
        };
        let network = cloud.network().network_id();
        assert_eq!(refused.message, format!("No fixed IP addresses available for network: {network}"));
        // All but the network's own, the gateway's and that of the broadcast.
        assert_eq!(made.len(), 0x1_0000 - 3);
        for port in made {
            assert!(cloud.network().delete_port(port));
        }
    });
}

#[test]
fn an_address_that_is_taken_makes_no_port_and_the_server_that_asked_for_it_is_not_built() {
    two_hosts().run(async |cloud| {
        let network = cloud.network().network_id();
        let address = Some([192, 168, 1, 77].into());
        let taken = cloud.network().create_port_as(NewPort { address, ..NewPort::on(network) }).unwrap();
        let server = cloud.api().create(cloud.build_server(FLAVOR, Some("host1"))).await.unwrap();
        cloud.delete_in_tear_down(server);
        let wanted = RequestedInterface::Network(network, address);
        cloud.network().request(server, RequestedNetworks::Interfaces(vec![wanted]));
        let failed = cloud.wait_for_state_change(server, ServerStatus::Error).await;
        assert_eq!(failed.network_info.len(), 0);
        let subnet = cloud.network().home_subnet().unwrap();
        let told = format!("IP address 192.168.1.77 already allocated in subnet {subnet}");
        let fault = failed.faults.last().unwrap();
        assert!(fault.message.contains(&told), "{}", fault.message);
        assert!(cloud.network().delete_port(taken));
    });
}

#[test]
fn a_subnet_is_deleted_once_no_port_has_an_address_of_it() {
    two_hosts().run(async |cloud| {
        let network = cloud.network();
        let home = network.networks()[0].clone();
        let (id, made) = (NetworkId(network.new_id()), network.new_id());
        network.put_network(Network { id, ..home });
        let of_home = network.subnets()[0].clone();
        network.put_subnet(Subnet { id: made, network: id, ..of_home.clone() }).unwrap();
        let port = network.create_port_as(NewPort::on(id)).unwrap();
        assert_eq!(network.delete_subnet(made), Err(NetworkError::SubnetInUse(made)));
        assert!(network.delete_port(port));
        network.delete_subnet(made).unwrap();
        assert_eq!(network.subnets(), [of_home]);
        assert_eq!(network.delete_subnet(made), Err(NetworkError::NoSubnet(made)));
        network.delete_network(id).unwrap();
    });
}

/// Whether a driver that is asked for its guests answers within a second.
async fn answers(cloud: &TestCloud, host: &HostName) -> bool {
    let (mut answer, mut second) = (pin!(cloud.guests_of(host)), pin!(pass(cloud, 1000)));
    poll_fn(|context| match answer.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => second.as_mut().poll(context).map(|()| false),
    })
    .await
}

/// So a run can be looked at in its middle. What is torn down afterwards is of no interest: nothing ends any more.
#[test]
fn a_cloud_that_is_halted_stands_still_and_its_drivers_answer_once_it_is_read() {
    let report = stacks(&["fake+slow(method=spawn,ms=1000)"]).try_run(async |cloud| {
        let (server, host) = (cloud.build_server(FLAVOR, None), "host1".into());
        let server = cloud.api().create(server).await.unwrap();
        pass(cloud, 500).await;
        assert!(answers(cloud, &host).await);
        cloud.halt();
        pass(cloud, 5000).await;
        assert!(!answers(cloud, &host).await, "no driver is called");
        cloud.faults().clear();
        assert_eq!(cloud.guests_of(&host).await, Ok(vec![server.to_string()]));
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Build, Some(TaskState::Spawning)));
    });
    assert!(matches!(report.outcome, Outcome::Passed(())));
}
