//! A driver that does what no driver may do fails its call with a clear fault on the server; the other hosts do not
//! notice, and the host itself lives on. How the boundary finds out is tested in `host/virt`; here it is seen from a
//! cloud.

use crate::common::test_layer;
use harness::{ServerExpectation, Simulation, TestCloud};
use model::{HostName, MigrationStatus, PowerState, Server, ServerStatus};
use std::sync::OnceLock;

const OLD: &str = "m1.small";
const NEW: &str = "m1.medium";

/// What a driver may do, and what the fault says of it.
const MISBEHAVIOURS: [(&str, &str); 4] = [
    ("panic", "panicked: "),
    ("loop", "computed longer than a call may"),
    ("memory", "bytes of memory and may have"),
    ("stack", "called itself too deep"),
];

/// The layer in `misbehave/`, built once.
fn misbehave() -> &'static [u8] {
    static LAYER: OnceLock<Vec<u8>> = OnceLock::new();
    LAYER.get_or_init(|| test_layer("misbehave"))
}

/// A cloud whose `bad` host misbehaves in one method, and whose other host does not.
fn one_bad_host(bad: &str, good: &str, method: &str, how: &str) -> Simulation {
    Simulation::new()
        .driver("misbehave", misbehave())
        .host(bad, &format!("fake+misbehave(method={method},how={how})"))
        .host(good, "fake")
        .set("weight_classes", "HostNameWeigher")
}

fn assert_fault(server: &Server, host: &str, method: &str, text: &str) {
    let message = server.faults.last().unwrap().message.as_str();
    for part in [format!("of host {host}, {method}: "), text.to_owned()] {
        assert!(message.contains(&part), "{message:?} does not contain {part:?}");
    }
}

/// A server lives its life on the host that behaves.
async fn assert_unaffected(cloud: &TestCloud, host: &str) {
    let server = cloud.boot_and_check_allocations(OLD, host).await;
    cloud.stop_server(server).await;
    cloud.start_server(server).await;
    cloud.delete_and_check_allocations(server).await;
    assert_eq!(cloud.hypervisor(&host.into()).unwrap().deaths(), 0);
}

#[test]
fn a_build_that_the_driver_dies_of_fails_with_a_clear_fault_and_other_hosts_go_on() {
    for (how, text) in MISBEHAVIOURS {
        one_bad_host("host1", "host2", "spawn", how).run(async |cloud| {
            let server =
                cloud.create_server(cloud.build_server(OLD, Some("host1")), ServerStatus::Error).await;
            assert_fault(&server, "host1", "spawn", text);
            cloud.assert_no_allocations(server.id);
            cloud.run_periodics().await;
            cloud.assert_flavor_matches_usage("host1", &[]);
            assert_unaffected(cloud, "host2").await;
        });
    }
}

#[test]
fn a_build_that_the_driver_dies_of_is_rescheduled() {
    for (how, text) in MISBEHAVIOURS {
        one_bad_host("host1", "host2", "spawn", how).run(async |cloud| {
            let server = cloud.boot(OLD, None).await;
            cloud.assert_flavor_matches_allocation(OLD, server, "host2");
            cloud.assert_flavor_matches_usage("host1", &[]);
            let bad = cloud.hypervisor(&"host1".into()).unwrap();
            assert_eq!(bad.deaths(), 1, "{how}: {text}");
        });
    }
}

#[test]
fn a_migration_that_the_destinations_driver_dies_of_fails_as_any_other() {
    for (how, text) in MISBEHAVIOURS {
        one_bad_host("host2", "host1", "finish_migration", how).run(async |cloud| {
            let server = cloud.boot_and_check_allocations(OLD, "host1").await;
            cloud.api().resize(server, NEW).await.unwrap();
            cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
            let failed = ServerExpectation::from(ServerStatus::Error).host("host2").flavor(OLD);
            let record = cloud.wait_for_server_parameter(server, failed).await;
            assert_fault(&record, "host2", "finish_migration", text);
            cloud.run_periodics().await;
            cloud.assert_flavor_matches_allocation(NEW, server, "host2");
            cloud.assert_flavor_matches_usage("host1", &[]);
            assert_unaffected(cloud, "host1").await;
        });
    }
}

#[test]
fn guests_outlive_the_death_of_their_hosts_agent() {
    one_bad_host("host1", "host2", "power_off", "panic").run(async |cloud| {
        let server = cloud.boot_and_check_allocations(OLD, "host1").await;
        cloud.api().stop(server).await.unwrap();
        cloud.wait_for_action_fail_completion(server, "stop", "compute_stop_instance").await;
        let running = ServerExpectation::from(ServerStatus::Active).task_state(None);
        let record = cloud.wait_for_server_parameter(server, running.power_state(PowerState::Running)).await;
        assert_fault(&record, "host1", "power_off", "no more");
        cloud.assert_guests(server, &["host1"]).await;
        cloud.boot_and_check_allocations(OLD, "host1").await;
    });
}

#[test]
fn a_host_whose_driver_dies_at_the_start_is_not_in_service_and_the_others_are() {
    Simulation::new().driver("misbehave", misbehave()).host("host1", "fake").run(async |cloud| {
        let failure =
            cloud.failure_of(cloud.start_compute("host2", "fake+misbehave(method=init_host)")).await;
        let failure = failure.unwrap();
        for part in
            ["the compute service of host2 did not start", "of host host2, init_host: panicked: ", "no more"]
        {
            assert!(failure.contains(part), "{failure}");
        }
        assert!(cloud.compute_node(&HostName::from("host2")).is_none());
        assert_unaffected(cloud, "host1").await;
    });
}

#[test]
fn a_driver_that_does_not_fit_the_contract_is_refused_before_it_runs() {
    let truncated = &misbehave()[..misbehave().len() / 2];
    for (name, wasm) in [("text", b"not WebAssembly at all".as_slice()), ("truncated", truncated)] {
        let report = Simulation::new()
            .driver("misfit", wasm)
            .host("host1", "fake")
            .host("host2", "misfit")
            .try_run(async |_| panic!("the test ran although a host has no driver"));
        let failure = report.failure().unwrap();
        assert!(failure.starts_with("host host2 has no driver: "), "{name}: {failure}");
        assert!(failure.contains("misfit"), "{name}: {failure}");
        assert_eq!(report.tear_down_problems(), Vec::<String>::new(), "{name}");
    }
}
