//! Drivers that were built against two versions of the contract in one cloud.

use harness::Simulation;
use model::{PowerState, ServerStatus};

const FLAVOR: &str = "m1.small";

#[test]
fn drivers_and_layers_of_both_contracts_look_after_servers_of_one_cloud() {
    Simulation::new()
        .driver("old-driver", test_guests::OLD_DRIVER)
        .driver("old-layer", test_guests::OLD_LAYER)
        .host("host1", "old-driver")
        .host("host2", "fake")
        .host("host3", "fake+old-layer")
        .run(async |cloud| {
            for host in ["host1", "host2", "host3"] {
                let server = cloud.boot_and_check_allocations(FLAVOR, host).await;
                let stopped = cloud.stop_server(server).await;
                assert_eq!(stopped.power_state, PowerState::Shutdown, "{host}");
                let started = cloud.start_server(server).await;
                assert_eq!(started.power_state, PowerState::Running, "{host}");
                assert_eq!(started.status(), ServerStatus::Active, "{host}");
                cloud.assert_guests(server, &[host]).await;
                cloud.delete_and_check_allocations(server).await;
            }
        });
}
