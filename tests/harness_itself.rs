//! The harness keeps its own promises: stages in order, tear-down always, waits that say what they waited for, leaks
//! that are reported.

use harness::{Leak, Outcome, Report, Simulation, Stage, TestCloud};
use model::{EventResult, MigrationStatus, ServerStatus};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const FLAVOR: &str = "m1.small";

fn one_host() -> Simulation {
    Simulation::new().host("host1", "fake")
}

fn failure<T>(report: &Report<T>) -> String {
    report.failure().unwrap_or_else(|| panic!("it did not fail: {report:?}"))
}

/// What happened, in order.
#[derive(Clone, Default)]
struct Diary(Rc<RefCell<Vec<&'static str>>>);

impl Diary {
    fn note(&self, what: &'static str) {
        self.0.borrow_mut().push(what);
    }

    fn read(&self) -> Vec<&'static str> {
        self.0.borrow().clone()
    }

    /// Notes the stage, and that what it made is undone.
    fn stage(
        &self,
        simulation: Simulation,
        stage: Stage,
        made: &'static str,
        undone: &'static str,
    ) -> Simulation {
        let diary = self.clone();
        simulation.set_up(stage, async move |cloud: &TestCloud| {
            diary.undo(cloud, undone);
            diary.note(made);
        })
    }

    fn undo(&self, cloud: &TestCloud, undone: &'static str) {
        let diary = self.clone();
        cloud.add_cleanup(undone, async move |_: &TestCloud| {
            diary.note(undone);
            Ok(())
        });
    }

    /// All stages, described in another order than they come.
    fn stages(&self) -> Simulation {
        let simulation = self.stage(one_host(), Stage::Resources, "resources", "no resources");
        let simulation = self.stage(simulation, Stage::Clients, "clients", "no clients");
        self.stage(simulation, Stage::Credentials, "credentials", "no credentials")
    }
}

#[test]
fn stages_come_in_order_and_are_undone_in_reverse() {
    let diary = Diary::default();
    diary.stages().run(async |_| diary.note("test"));
    assert_eq!(
        diary.read(),
        ["credentials", "clients", "resources", "test", "no resources", "no clients", "no credentials"]
    );
}

#[test]
fn a_test_that_is_skipped_makes_nothing() {
    let diary = Diary::default();
    let simulation = diary
        .stages()
        .set("max_attempts", "1")
        .skip_if(|config| (config.options.max_attempts < 2).then(|| "needs alternates".to_owned()));
    let report = simulation.try_run(async |_| diary.note("test"));
    assert!(
        matches!(&report.outcome, Outcome::Skipped(reason) if reason == "needs alternates"),
        "{report:?}"
    );
    assert_eq!(diary.read(), [""; 0]);
}

#[test]
fn a_stage_that_fails_half_way_is_undone_with_those_before_it_and_its_error_goes_on() {
    let diary = Diary::default();
    let simulation = diary.stage(one_host(), Stage::Credentials, "credentials", "no credentials");
    let half = diary.clone();
    let simulation = simulation.set_up(Stage::Clients, async move |cloud: &TestCloud| {
        half.undo(cloud, "no first client");
        half.note("first client");
        panic!("no second client to be had");
    });
    let simulation = diary.stage(simulation, Stage::Resources, "resources", "no resources");
    let report = simulation.try_run(async |_| diary.note("test"));
    assert_eq!(failure(&report), "no second client to be had");
    assert_eq!(diary.read(), ["credentials", "first client", "no first client", "no credentials"]);
    assert_eq!(report.tear_down_problems(), [""; 0]);
}

#[test]
fn a_test_that_panics_is_torn_down_and_leaves_nothing() {
    let diary = Diary::default();
    let report = diary.stages().try_run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        cloud.api().stop(server).await.unwrap();
        panic!("half-way through a stop");
    });
    let _: &Report<()> = &report;
    assert_eq!(failure(&report), "half-way through a stop");
    assert_eq!(diary.read().last(), Some(&"no credentials"));
    assert_eq!(report.tear_down_problems(), [""; 0], "server, guest, port and allocation are gone");
}

#[test]
fn a_clean_up_that_fails_or_panics_does_not_keep_the_others_from_running() {
    let diary = Diary::default();
    let report = one_host().try_run(async |cloud| {
        diary.undo(cloud, "first made");
        cloud.add_cleanup("the panicking one", async |_: &TestCloud| panic!("not me"));
        diary.undo(cloud, "then made");
        cloud.add_cleanup("the failing one", async |_: &TestCloud| Err("will not go".to_owned()));
    });
    assert_eq!(diary.read(), ["then made", "first made"]);
    assert_eq!(
        report.tear_down_problems(),
        ["clean-up failed: the failing one: will not go", "clean-up failed: the panicking one: not me"]
    );
}

#[test]
#[should_panic(expected = "tear-down:\nclean-up failed: the failing one: will not go")]
fn a_problem_in_tear_down_fails_a_test_that_passed() {
    one_host().run(async |cloud| {
        cloud.add_cleanup("the failing one", async |_: &TestCloud| Err("will not go".to_owned()));
    });
}

#[test]
#[should_panic(expected = "the test's own")]
fn a_problem_in_tear_down_does_not_hide_why_the_test_failed() {
    one_host().run(async |cloud| {
        cloud.add_cleanup("the failing one", async |_: &TestCloud| Err("will not go".to_owned()));
        panic!("the test's own");
    });
}

#[test]
fn what_is_left_is_reported() {
    let report = one_host().try_run(async |cloud| {
        // Made behind the harness's back, so nobody deletes it.
        let server = cloud.api().create(cloud.build_server(FLAVOR, None)).await.unwrap();
        cloud.wait_for_state_change(server, ServerStatus::Active).await;
        (server, cloud.network().ports_of(server)[0].id)
    });
    let Outcome::Passed((server, port)) = report.outcome else { panic!("{report:?}") };
    assert_eq!(
        report.leaks,
        [
            Leak::Server { server },
            Leak::allocation("host1", server),
            Leak::Port { port, device: Some(server) },
            Leak::guest("host1", server),
        ]
    );
}

#[test]
fn a_leak_that_was_expected_must_come() {
    let report = one_host().try_run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        cloud.expect_leak(Leak::guest("host1", server));
        server
    });
    let Outcome::Passed(server) = report.outcome else { panic!("{report:?}") };
    assert_eq!(
        report.tear_down_problems(),
        [format!("expected to be leaked, but was not: guest {server} on host1")]
    );
}

#[test]
fn a_wait_in_vain_tells_what_it_awaited_what_it_found_and_what_had_happened_to_the_server() {
    let simulation = Simulation::new().host("host1", "fake").host("host2", "fake+fail-finish-migration");
    let report = simulation.wait_limit(Duration::from_secs(30)).try_run(async |cloud| {
        let other = cloud.boot("m1.tiny", Some("host2")).await;
        cloud.stop_server(other).await;
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        cloud.api().resize(server, "m1.medium").await.unwrap();
        let begin = cloud.services().clock.now();
        let failure = cloud.failure_of(async {
            cloud.wait_for_state_change(server, ServerStatus::VerifyResize).await;
        });
        let failure = failure.await.unwrap();
        let waited = cloud.services().clock.now().since(begin);
        assert_eq!(waited, Duration::from_secs(30), "of simulated time");
        (server, failure)
    });
    let Outcome::Passed((server, failure)) = report.outcome else { panic!("{report:?}") };
    let mut lines = failure.lines();
    assert_eq!(
        lines.next().unwrap(),
        format!(
            "waited 30 s of simulated time for server {server} to have status VERIFY_RESIZE; found status ERROR, vm_state \
             error, task none, power Running, host host2, flavor m1.small, fault 500 \"Virtual Interface creation failed\""
        )
    );
    let excerpt: Vec<_> = lines.collect();
    let line_with = |text: &str| excerpt.iter().position(|line| line.contains(text));
    let in_order = [
        "step 6: wait for server-2: status VERIFY_RESIZE",
        "begins finish_resize",
        "host2 driver     finish_migration#1",
        "finish_migration#1 -> {\"error\":\"VirtualInterfaceCreateException\"",
        "vm_state: \"active\" -> \"error\"",
        "fault 500 \"Virtual Interface creation failed\"",
    ];
    let places: Vec<_> =
        in_order.iter().map(|text| line_with(text).unwrap_or_else(|| panic!("{text}: {failure}"))).collect();
    assert!(places.is_sorted(), "{places:?}\n{failure}");
    assert_eq!(line_with("stop_instance"), None, "the other server is none of its business\n{failure}");
}

#[test]
fn every_wait_has_its_bound_and_its_message() {
    one_host().wait_limit(Duration::from_secs(5)).run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        let mark = cloud.notification_mark();
        let in_vain = [
            cloud.failure_of(async { drop(cloud.wait_for_migration_status(server, &[MigrationStatus::Done]).await) }).await,
            cloud.failure_of(async { drop(cloud.wait_for_notification(mark, server, "instance.lock").await) }).await,
            cloud.failure_of(async { drop(cloud.wait_for_versioned_notifications("a.b", 1).await) }).await,
            cloud.failure_of(async { drop(cloud.wait_for_log("the end").await) }).await,
            cloud.failure_of(cloud.wait_until_deleted(server)).await,
            cloud.failure_of(cloud.wait_for_assert(|| Err("never".to_owned()))).await,
            cloud
                .failure_of(async {
                    let event = "compute_stop_instance";
                    cloud.wait_for_instance_action_event(server, "stop", event, EventResult::Success).await;
                })
                .await,
        ];
        let beginnings = in_vain.map(|failure| failure.unwrap().lines().next().unwrap().to_owned());
        let waited = "waited 5 s of simulated time for";
        assert_eq!(
            beginnings[..4],
            [
                format!("{waited} a migration of server {server} to be done; found []"),
                format!("{waited} notification instance.lock about server {server}; found []"),
                format!("{waited} 1 notifications a.b; found {:?}", types_sent(cloud)),
                format!("{waited} a log line with \"the end\"; found []"),
            ]
        );
        assert!(beginnings[4].starts_with(&format!("{waited} server {server} to be deleted; found status ACTIVE")));
        assert_eq!(beginnings[5], "never");
        assert_eq!(
            beginnings[6],
            format!("{waited} event compute_stop_instance of action stop of server {server} to end with Success; found only the actions [\"create\"]")
        );
    });
}

fn types_sent(cloud: &TestCloud) -> Vec<String> {
    cloud.services().notifier.sent().into_iter().map(|sent| sent.event_type).collect()
}

#[test]
fn an_allocation_that_is_not_as_asserted_is_told_beside_the_one_that_was_wanted() {
    one_host().run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        let first_line = |failure: Option<String>| failure.unwrap().lines().next().unwrap().to_owned();
        let wrong_flavor = async { cloud.assert_flavor_matches_allocation("m1.medium", server, "host1") };
        assert_eq!(
            first_line(cloud.failure_of(wrong_flavor).await),
            format!(
                "{server} holds host1: 20 DISK_GB, 2048 MEMORY_MB, 1 VCPU and not host1: 40 DISK_GB, 4096 MEMORY_MB, 2 VCPU"
            )
        );
        let unused = async { cloud.assert_flavor_matches_usage("host1", &[]) };
        assert_eq!(
            first_line(cloud.failure_of(unused).await),
            "usage of host1 is 20 DISK_GB, 2048 MEMORY_MB, 1 VCPU and not nothing"
        );
    });
}

#[test]
fn a_refusal_of_the_api_fails_a_verb_with_what_it_said() {
    one_host().run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        let refused = cloud.failure_of(async { drop(cloud.start_server(server).await) }).await.unwrap();
        let beginning =
            format!("the API refused: Cannot 'start' instance {server} while it is in vm_state active (409)");
        assert!(refused.starts_with(&beginning), "{refused}");
    });
}
