//! Compute services that die: what they were doing has no end, nobody is told, and what they left is there when they come
//! back; with the fixes that make operations durable it goes on then. What becomes of each operation is shown by the sweep
//! (`host/explore/tests/search.rs`).

use conductor::LiveMigrateServer;
use harness::{Leak, Simulation, TestCloud};
use model::rpc::RebootType;
use model::{Fix, HostName, MigrationStatus, ServerStatus, TaskState, VmState};
use runtime::MessageFault;
use std::time::Duration;
use virt::{Fault, When};

const FLAVOR: &str = "m1.small";
const DIES: Fault = Fault::Crash { when: When::Before };
const SLOW: Fault = Fault::Slow { by: Duration::from_secs(5), when: When::Before };

fn two_hosts() -> Simulation {
    Simulation::new().host("host1", "fake").host("host2", "fake")
}

fn two_hosts_that_go_on() -> Simulation {
    Fix::ALL.iter().copied().fold(two_hosts(), Simulation::fix)
}

fn dies_at(cloud: &TestCloud, write: &str, when: When) {
    cloud.services().write_faults.add(write.parse().unwrap(), when);
}

async fn restart(cloud: &TestCloud, host: &str) {
    cloud.restart_compute(&host.into()).await.unwrap();
    cloud.at_rest().await;
}

#[test]
fn a_service_that_died_is_down_once_its_time_is_over_and_up_again_when_it_starts() {
    two_hosts().run(async |cloud| {
        let host: HostName = "host1".into();
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        let is_up = || {
            let services = cloud.services();
            let down_time = services.options.get().service_down_time;
            cloud.records().service_is_up(&host, services.clock.now(), down_time)
        };
        cloud.inject_fault("host1:power_off", DIES);
        cloud.api().stop(server).await.unwrap();
        cloud.at_rest().await;
        assert!(is_up(), "it was heard of a moment ago");
        assert_eq!(cloud.crashed_hosts(), std::slice::from_ref(&host));
        cloud.services().clock.sleep(Duration::from_secs(61)).await;
        assert!(!is_up());
        restart(cloud, "host1").await;
        assert!(is_up());
        assert!(cloud.crashed_hosts().is_empty());
        // The stop is taken up where it was interrupted.
        assert_eq!(cloud.server(server).status(), ServerStatus::Shutoff);
    });
}

#[test]
fn who_waits_for_a_host_that_died_learns_it_when_the_time_is_over() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        cloud.inject_fault("host2:check_can_live_migrate_destination", DIES);
        let before = cloud.services().clock.now();
        cloud.api().live_migrate(server, Default::default()).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.services().clock.now().since(before), Duration::from_secs(60));
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
        assert_eq!(cloud.last_migration(server).status, MigrationStatus::Error);
        cloud.assert_flavor_matches_allocation(FLAVOR, server, "host1");
        restart(cloud, "host2").await;
        // As in Nova nobody ends the event that the dead service had begun.
        let left = cloud.violations().await;
        let left: Vec<_> = left.iter().map(|violation| violation.invariant).collect();
        assert_eq!(left, ["every_event_finished"]);
    });
}

#[test]
fn messages_for_a_host_that_died_wait_and_the_one_it_had_taken_is_lost() {
    two_hosts().run(async |cloud| {
        let lost = cloud.boot(FLAVOR, Some("host1")).await;
        let faults = cloud.services().bus.faults();
        faults.add("compute.host1:pause_instance".parse().unwrap(), MessageFault::Crash);
        cloud.api().pause(lost).await.unwrap();
        cloud.at_rest().await;
        let waits = cloud.api().create(cloud.build_server(FLAVOR, Some("host1"))).await.unwrap();
        cloud.delete_in_tear_down(waits);
        cloud.at_rest().await;
        assert_eq!(cloud.server(waits).status(), ServerStatus::Build);
        restart(cloud, "host1").await;
        assert_eq!(cloud.server(waits).status(), ServerStatus::Active);
        // As in Nova: a pause that was not begun is over when the host starts, and the server is as it was.
        let record = cloud.server(lost);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
    });
}

#[test]
fn what_had_its_effect_before_the_host_died_is_there_when_it_comes_back() {
    two_hosts().run(async |cloud| {
        cloud.inject_fault("host1:spawn", Fault::Crash { when: When::After });
        let server = cloud.api().create(cloud.build_server(FLAVOR, Some("host1"))).await.unwrap();
        cloud.delete_in_tear_down(server);
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::Spawning));
        restart(cloud, "host1").await;
        // Nova gives an interrupted build up, whether or not its guest runs.
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Error, None));
        cloud.assert_guests(server, &["host1"]).await;
    });
}

#[test]
fn a_host_that_dies_as_it_starts_is_not_in_service() {
    two_hosts().run(async |cloud| {
        cloud.stop_compute(&"host1".into()).await.unwrap();
        cloud.faults().reset_counts();
        cloud.inject_fault("host1:get_available_resource", DIES);
        let refused = cloud.restart_compute(&"host1".into()).await.unwrap_err().to_string();
        assert!(refused.contains("the compute service died"), "{refused}");
        cloud.boot(FLAVOR, Some("host2")).await;
        restart(cloud, "host1").await;
        cloud.boot(FLAVOR, Some("host1")).await;
        cloud.assert_invariants().await;
    });
}

#[test]
fn what_a_conductor_that_died_was_doing_has_no_end_and_the_next_one_takes_what_comes() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        let faults = cloud.services().bus.faults();
        faults.add("conductor:migrate_server".parse().unwrap(), MessageFault::Crash);
        cloud.api().resize(server, "m1.medium").await.unwrap();
        cloud.at_rest().await;
        // As in Nova nobody takes up what it did.
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Resize, Some(TaskState::ResizePrep)));
        assert_eq!(cloud.records().migrations(), []);
        let other = cloud.boot(FLAVOR, Some("host2")).await;
        cloud.resize_server(other, "m1.medium").await;
        cloud.api().reset_state(server, true).await.unwrap();
        cloud.resize_server(server, "m1.medium").await;
        cloud.assert_invariants().await;
    });
}

#[test]
fn a_build_whose_host_died_goes_to_the_next_host_once_the_first_goes_on_with_it() {
    two_hosts_that_go_on().run(async |cloud| {
        cloud.inject_fault("host1:spawn", Fault::Crash { when: When::After });
        cloud.inject_fault("host2:spawn", Fault::Crash { when: When::After });
        let server = cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap();
        cloud.delete_in_tear_down(server);
        cloud.at_rest().await;
        let [first] = cloud.crashed_hosts().try_into().unwrap();
        cloud.faults().clear();
        restart(cloud, first.as_str()).await;
        let second = if first == "host1" { "host2" } else { "host1" };
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        cloud.assert_guests(server, &[second]).await;
        cloud.assert_invariants().await;
    });
}

#[test]
fn what_a_host_was_doing_is_kept_until_it_has_an_end_however_often_the_host_dies() {
    two_hosts_that_go_on().run(async |cloud| {
        cloud.inject_fault("host1:spawn", DIES);
        cloud.inject_fault("host1:destroy", DIES);
        let server = cloud.api().create(cloud.build_server(FLAVOR, Some("host1"))).await.unwrap();
        cloud.delete_in_tear_down(server);
        cloud.at_rest().await;
        // It dies again where it cleans up after the spawn that failed.
        let refused = cloud.restart_compute(&"host1".into()).await.unwrap_err().to_string();
        assert!(refused.contains("the compute service died"), "{refused}");
        cloud.at_rest().await;
        assert_eq!(cloud.services().crashes.kept(), 1);
        let kept = format!("{:?}", cloud.services().crashes);
        assert!(kept.contains("Begun(HostName(\"host1\"), ..)"), "{kept}");
        restart(cloud, "host1").await;
        assert_eq!(cloud.services().crashes.kept(), 0);
        assert_eq!(cloud.server(server).status(), ServerStatus::Error);
        cloud.assert_invariants().await;
    });
}

#[test]
fn operations_that_waited_for_one_another_when_their_host_died_still_do_when_they_go_on() {
    two_hosts_that_go_on().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        cloud.inject_fault("host1:power_off", Fault::Hang { when: When::Before });
        cloud.api().stop(server).await.unwrap();
        // It waits for the stop, and both end with the service.
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.services().crashes.kept(), 2);
        restart(cloud, "host1").await;
        assert!(cloud.server(server).deleted());
        cloud.assert_guests(server, &[]).await;
        cloud.assert_invariants().await;
    });
}

#[test]
fn a_message_that_a_host_took_as_it_died_is_handled_by_the_next() {
    two_hosts_that_go_on().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        let faults = cloud.services().bus.faults();
        faults.add("compute.host1:pause_instance".parse().unwrap(), MessageFault::Crash);
        cloud.api().pause(server).await.unwrap();
        cloud.at_rest().await;
        let kept = format!("{:?}", cloud.services().crashes);
        assert!(kept.contains("Taken(Message "), "{kept}");
        restart(cloud, "host1").await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Paused);
        cloud.assert_invariants().await;
    });
}

#[test]
fn what_a_conductor_took_as_it_died_is_done_by_the_one_in_its_place() {
    two_hosts_that_go_on().run(async |cloud| {
        let faults = cloud.services().bus.faults();
        faults.add("conductor:schedule_and_build_instances".parse().unwrap(), MessageFault::Crash);
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        assert_eq!(cloud.server(server).status(), ServerStatus::Active);
        cloud.assert_invariants().await;
    });
}

#[test]
fn a_deletion_that_died_between_the_state_and_the_end_of_its_server_is_completed_at_the_next_start() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        dies_at(cloud, "compute.host1:records.delete_server#1", When::Before);
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).vm_state, VmState::Deleted);
        assert!(!cloud.server(server).deleted(), "it is not gone yet");
        let mark = cloud.notification_mark();
        restart(cloud, "host1").await;
        assert!(cloud.server(server).deleted());
        cloud.wait_for_notification(mark, server, "instance.delete.end").await;
        let left = cloud.violations().await;
        let left: Vec<_> = left.iter().map(|violation| violation.invariant).collect();
        assert_eq!(left, ["every_event_finished"]);
    });
}

#[test]
fn a_service_that_dies_as_it_writes_does_nothing_more_and_what_it_wrote_stays() {
    for (when, status) in
        [(When::Before, MigrationStatus::Migrating), (When::After, MigrationStatus::PostMigrating)]
    {
        two_hosts().run(async |cloud| {
            let server = cloud.boot(FLAVOR, Some("host1")).await;
            // The second write of the source to the migration comes after the driver's part.
            dies_at(cloud, "compute.host1:records.update_migration#2", when);
            cloud.api().resize(server, "m1.medium").await.unwrap();
            cloud.at_rest().await;
            assert_eq!(cloud.last_migration(server).status, status);
            assert_eq!(cloud.server(server).host, Some("host1".into()));
            assert_eq!(cloud.services().write_faults.struck().len(), 1);
            assert_eq!(cloud.crashed_hosts(), [HostName::from("host1")]);
            // As in Nova nobody ends the migration.
            cloud.expect_leak(Leak::allocation("host1", cloud.last_migration(server).id));
            restart(cloud, "host1").await;
        });
    }
}

#[test]
fn a_host_goes_on_after_the_write_at_which_it_died() {
    for when in [When::Before, When::After] {
        two_hosts_that_go_on().run(async |cloud| {
            let server = cloud.boot(FLAVOR, Some("host1")).await;
            dies_at(cloud, "compute.host1:records.update_migration#2", when);
            cloud.api().resize(server, "m1.medium").await.unwrap();
            cloud.at_rest().await;
            assert_eq!(cloud.services().crashes.kept(), 1);
            restart(cloud, "host1").await;
            let record = cloud.server(server);
            assert_eq!((record.status(), record.host), (ServerStatus::VerifyResize, Some("host2".into())));
            cloud.assert_invariants().await;
        });
    }
}

#[test]
fn a_resize_on_one_host_goes_on_after_its_first_step_was_interrupted() {
    let host = Simulation::new().host("host1", "fake").set("allow_resize_to_same_host", "true");
    Fix::ALL.iter().copied().fold(host, Simulation::fix).run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        dies_at(cloud, "compute.host1:records.start_event#2", When::Before);
        cloud.api().resize(server, "m1.medium").await.unwrap();
        cloud.at_rest().await;
        restart(cloud, "host1").await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::VerifyResize, None));
        cloud.assert_invariants().await;
    });
}

#[test]
fn what_a_conductor_was_doing_as_it_died_ends_there_or_is_gone_on_with_by_the_one_in_its_place() {
    let at = "conductor:records.update_server#1";
    two_hosts().run(async |cloud| {
        dies_at(cloud, at, When::After);
        let server = cloud.api().create(cloud.build_server(FLAVOR, Some("host1"))).await.unwrap();
        cloud.delete_in_tear_down(server);
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Build, Some(TaskState::Scheduling)));
        assert_ne!(record.availability_zone, None, "that is what it wrote");
        cloud.boot(FLAVOR, Some("host1")).await;
    });
    for when in [When::Before, When::After] {
        two_hosts_that_go_on().run(async |cloud| {
            dies_at(cloud, at, when);
            let server = cloud.boot(FLAVOR, Some("host1")).await;
            assert_eq!(cloud.server(server).status(), ServerStatus::Active);
            assert_eq!(cloud.services().write_faults.struck().len(), 1);
            cloud.assert_invariants().await;
        });
    }
}

#[test]
fn what_a_deletion_interrupts_leaves_it_its_task_and_the_next_start_takes_the_deletion_up() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        cloud.inject_fault("host1:pause", SLOW);
        cloud.inject_fault("host1:destroy", DIES);
        cloud.api().pause(server).await.unwrap();
        cloud.api().delete(server).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::Deleting));
        restart(cloud, "host1").await;
        assert!(cloud.server(server).deleted());
    });
}

#[test]
fn a_start_calls_off_a_live_migration_that_runs_and_leaves_one_that_does_not_run_yet() {
    for runs in [false, true] {
        two_hosts().run(async |cloud| {
            let server = cloud.boot(FLAVOR, Some("host1")).await;
            if runs {
                cloud.inject_fault("host1:live_migration", DIES);
            } else {
                dies_at(cloud, "compute.host1:records.update_migration#2", When::After);
            }
            let mark = cloud.notification_mark();
            cloud.api().live_migrate(server, LiveMigrateServer::default()).await.unwrap();
            cloud.at_rest().await;
            let status = |runs| if runs { MigrationStatus::Running } else { MigrationStatus::Preparing };
            assert_eq!(cloud.last_migration(server).status, status(runs));
            restart(cloud, "host1").await;
            let record = cloud.server(server);
            assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
            let migration = cloud.last_migration(server);
            // As in Nova nobody gives back what it holds.
            cloud.expect_leak(Leak::allocation("host1", migration.id));
            if runs {
                assert_eq!(migration.status, MigrationStatus::Error);
                cloud.wait_for_notification(mark, server, "instance.live_migration_abort.start").await;
            } else {
                assert_eq!(migration.status, MigrationStatus::Preparing);
            }
        });
    }
}

#[test]
fn a_start_ends_a_reboot_that_was_asked_for_and_not_begun() {
    two_hosts().run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        cloud
            .services()
            .bus
            .faults()
            .add("compute.host1:reboot_instance".parse().unwrap(), MessageFault::Crash);
        cloud.api().reboot(server, RebootType::Hard).await.unwrap();
        cloud.at_rest().await;
        assert_eq!(cloud.server(server).task_state, Some(TaskState::RebootingHard));
        restart(cloud, "host1").await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.task_state), (ServerStatus::Active, None));
    });
}
