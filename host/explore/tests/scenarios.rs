//! Scenarios run on the shipped drivers: the built-in ones, and what people can write.

#![expect(clippy::unwrap_used, reason = "in a test a panic is how a failure is told")]

use model::{Bug, Switches};
use novarig_explore::{BUILTIN, DEFECTS, Run, RunConfig, Scenario, Stacks, builtin, report, run};
use std::cell::OnceCell;
use std::path::Path;
use virt::{Engine, Library};

thread_local! {
    static ENGINE: OnceCell<(Engine, Library)> = const { OnceCell::new() };
}

/// Runs a scenario with compiled code from the test's own folder.
fn run_it(scenario: &Scenario, config: &RunConfig) -> Run {
    ENGINE.with(|engine| {
        let (engine, library) = engine.get_or_init(|| {
            let mut library = Library::new();
            for shipped in drivers::SHIPPED {
                library.add(shipped.name, shipped.wasm);
            }
            (
                Engine::new(Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache/code"))).unwrap(),
                library,
            )
        });
        let stacks = Stacks::prepare(scenario, engine, library).unwrap();
        run(scenario, config, &stacks).unwrap()
    })
}

fn traced(seed: u64, bugs: &[Bug]) -> RunConfig {
    RunConfig {
        seed,
        switches: Switches { bugs: bugs.iter().copied().collect(), ..Switches::default() },
        trace: true,
        ..RunConfig::default()
    }
}

fn built_in(name: &str) -> Scenario {
    builtin(name).unwrap().scenario().unwrap()
}

/// The built-in resize with a destination that fails, or the same on one host.
fn failing(name: &str, host: &str) -> Scenario {
    let mut scenario = built_in(name);
    scenario.hosts.set(host.into(), "fake+fail-finish-migration".parse().unwrap());
    scenario
}

fn text(run: &Run) -> String {
    report::text(run, report::Paint::Plain)
}

fn written(yaml: &str) -> Run {
    run_it(&Scenario::from_yaml("test.yaml", yaml).unwrap(), &traced(0, &[]))
}

#[test]
fn every_built_in_scenario_passes_and_ends_as_its_name_says() {
    let none = None::<&str>;
    for (name, status, host, held) in [
        ("boot", "ACTIVE", Some("host1"), 1),
        ("resize", "VERIFY_RESIZE", Some("host2"), 2),
        ("resize-same-host", "VERIFY_RESIZE", Some("host1"), 2),
        ("resize-confirm", "ACTIVE", Some("host2"), 1),
        ("resize-revert", "ACTIVE", Some("host1"), 1),
        ("cold-migrate", "VERIFY_RESIZE", Some("host2"), 2),
        ("migrate-same-host", "ACTIVE", Some("host1"), 1),
        ("resize-fails", "ERROR", Some("host2"), 1),
        ("build-aborts", "ERROR", none, 0),
        ("unshelve-fails", "SHELVED_OFFLOADED", none, 0),
        ("swap-driver", "SHUTOFF", Some("host1"), 1),
        ("several-servers", "ACTIVE", Some("host1"), 2),
        ("anti-affinity", "ACTIVE", Some("host3"), 2),
        ("disabled-host", "ACTIVE", Some("host2"), 2),
    ] {
        let run = run_it(&built_in(name), &traced(0, &[]));
        let server = &run.report.servers[0];
        assert!(run.report.passed(), "{}", text(&run));
        assert_eq!(server.status.as_str(), status, "{}", text(&run));
        assert_eq!(server.host.as_ref().map(|host| host.as_str()), host, "{name}");
        assert_eq!(run.report.allocations.len(), held, "{}", text(&run));
    }
    assert_eq!(BUILTIN.len(), 14, "each built-in scenario is in the list above");
}

#[test]
fn bug_1825537_is_found_by_an_invariant_and_only_with_the_switch() {
    for (name, host) in [("resize", "host2"), ("resize-same-host", "host1")] {
        let scenario = failing(name, host);
        let without = run_it(&scenario, &traced(0, &[]));
        assert!(without.report.passed(), "{}", text(&without));
        let with = run_it(&scenario, &traced(0, &[Bug::Bug1825537]));
        let violated: Vec<_> = with.report.violations.iter().map(|violation| violation.invariant).collect();
        assert_eq!(violated, ["server_holds_its_flavor_on_its_host"], "{}", text(&with));
        let server = &with.report.servers[0];
        assert_eq!(server.status.as_str(), "ERROR");
        assert_eq!(server.host.as_ref().map(|host| host.as_str()), Some(host));
        assert!(server.fault.as_ref().unwrap().message.contains("Virtual Interface creation failed"));
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_a_different_one() {
    let scenario = built_in("resize-revert");
    let (one, two) = (run_it(&scenario, &traced(3, &[])), run_it(&scenario, &traced(3, &[])));
    assert_eq!(one.trace_json_lines(), two.trace_json_lines());
    assert_eq!(one.report.trace_digest, two.report.trace_digest);
    let other = run_it(&scenario, &traced(4, &[]));
    assert_ne!(one.report.trace_digest, other.report.trace_digest);
}

#[test]
fn without_a_trace_the_cloud_ends_the_same() {
    let scenario = failing("resize", "host2");
    let traced = run_it(&scenario, &traced(0, &[]));
    let silent = run_it(&scenario, &RunConfig::default());
    assert_eq!(silent.report.servers, traced.report.servers);
    assert_eq!(silent.report.allocations, traced.report.allocations);
    assert_eq!(silent.report.trace_digest, None);
    assert!(silent.trace.is_empty());
}

#[test]
fn a_fault_of_the_plan_strikes_where_it_says_and_one_that_does_not_is_told() {
    let run = written(
        "
name: planned
hosts: {host1: fake, host2: fake}
options: {weight_classes: HostNameWeigher}
steps:
  - boot: {server: web, flavor: m1.small}
  - inject_fault: {at: 'host2:finish_migration#1', error: InstanceNotFound, server: web}
  - inject_fault: {at: 'host2:finish_migration#9', error: trap}
  - resize: {server: web, flavor: m1.medium}
expect:
  - server: {name: web, status: ERROR, host: host2, flavor: m1.small, fault: none, task_state: none}
  - migration: {server: web, status: error, source: host1, dest: host2}
  - allocations: {server: web, are: {host2: m1.medium}}
  - allocations: {server: web, of_migration: true, are: {}}
  - usages: {host: host1, are: nothing}
  - usages: {host: host2, are: {VCPU: 2, MEMORY_MB: 4096, DISK_GB: 40}}
  - guests: {host: host2, are: []}
",
    );
    assert!(run.report.passed(), "{}", text(&run));
    let struck: Vec<_> = run.report.faults.iter().map(|fault| fault.struck).collect();
    assert_eq!(struck, [true, false]);
    assert!(text(&run).contains("planned fault never struck: the driver dies in host2:finish_migration#9"));
}

#[test]
fn an_unmet_expectation_says_what_is_there_instead() {
    let run = written(
        "
name: unmet
hosts: {host1: fake}
steps:
  - boot: {server: web, flavor: m1.small}
  - check: {server: {name: web, status: BUILD}}
  - wait_for: {server: web, status: SHUTOFF, migration: finished, within: 90s}
expect:
  - server: {name: web, host: none}
  - usages: {host: host1, are: m1.medium}
  - guests: {host: host1, are: []}
  - migration: {server: web}
",
    );
    assert!(!run.report.passed());
    let failed: Vec<_> = run.report.steps.iter().filter_map(|step| step.outcome.remark()).collect();
    assert_eq!(
        failed,
        [
            "expected that server web has status BUILD; its status is ACTIVE",
            "after 90s it is ACTIVE, its last migration none"
        ]
    );
    let problems: Vec<_> =
        run.report.expectations.into_iter().map(|judged| judged.problem.unwrap()).collect();
    assert_eq!(
        problems,
        [
            "expected that server web has host none; its host is host1",
            "expected that the usages of host1 are those of flavor m1.medium; they are 1 VCPU, 2048 MEMORY_MB, 20 DISK_GB",
            "expected that host1 has no guest; they are web",
            "expected that server web was moved; it was never moved",
        ]
    );
}

#[test]
fn a_refused_request_is_judged_as_the_scenario_says() {
    let scenario = |refusals: &str, refused: &str| {
        format!(
            "
name: refused
refusals: {refusals}
hosts: {{host1: fake}}
steps:
  - boot: {{server: web, flavor: m1.small}}
  - confirm: {{server: web{refused}}}
"
        )
    };
    let outcome = |yaml: String| {
        let run = written(&yaml);
        (run.report.passed(), run.report.steps[1].outcome.remark().unwrap())
    };
    let (passed, remark) = outcome(scenario("fail", ""));
    assert!(
        !passed && remark.starts_with("the API refuses it with code 409: Cannot 'confirmResize' instance"),
        "{remark}"
    );
    let (passed, remark) = outcome(scenario("record", ""));
    assert!(passed && remark.starts_with("refused (409)"), "{remark}");
    assert!(outcome(scenario("fail", ", refused: 409")).0);
    let (passed, remark) = outcome(scenario("record", ", refused: 404"));
    assert!(!passed && remark.ends_with("expected was code 404"), "{remark}");
    let wrongly_accepted = written(
        "{name: x, hosts: {host1: fake}, steps: [{boot: {server: web, flavor: m1.small, refused: 400}}]}",
    );
    assert!(!wrongly_accepted.report.passed());
}

#[test]
fn steps_about_a_server_whose_boot_was_refused_are_refused_as_well() {
    let run = written(
        "
name: unknown flavor
refusals: record
hosts: {host1: fake}
steps:
  - boot: {server: web, flavor: m1.nonsense}
  - stop: web
  - wait_for: {server: web, status: SHUTOFF}
",
    );
    let remarks: Vec<_> = run.report.steps.iter().filter_map(|step| step.outcome.remark()).collect();
    assert_eq!(
        remarks,
        [
            "refused (400): Flavor m1.nonsense could not be found.",
            "refused (404): there is no server web: its boot was refused",
            "refused (404): there is no server web: its boot was refused"
        ]
    );
    assert!(run.report.passed());
}

#[test]
fn every_kind_of_step_is_taken() {
    let run = written(
        "
name: all steps
hosts: {host1: fake, host2: fake, host3: fake}
options: {weight_classes: HostNameWeigher, reserved_host_memory_mb: 0}
flavors:
  - {name: huge, vcpus: 8, memory_mb: 8192, root_gb: 100, swap_mb: 1024, extra_specs: {a: b}}
delivery_delay_ms: 20
steps:
  - boot: {server: web, flavor: m1.small}
  - boot: {server: db, flavor: huge, availability_zone: 'nova:host3'}
  - stop: web
  - start: web
  - reboot: {server: web, type: SOFT}
  - reboot: {server: web, type: HARD}
  - migrate: {server: web, host: host2}
  - wait_for: {server: web, status: VERIFY_RESIZE, migration: finished}
  - revert: web
  - resize: {server: web, flavor: m1.medium}
  - confirm: {server: web}
  - advance: 5min
  - stop_host: host1
  - run_periodics
  - restart_host: host1
  - check: {server: {name: web, status: ACTIVE, host: host2, flavor: m1.medium}}
  - delete: web
expect:
  - server: {name: web, status: DELETED}
  - server: {name: db, status: ACTIVE, host: host3, flavor: huge}
  - usages: {host: host3, are: huge}
  - guests: {host: host3, are: [db]}
  - guests: {host: host2, are: []}
",
    );
    assert!(run.report.passed(), "{}", text(&run));
    let remarks: Vec<_> = run.report.steps.iter().filter_map(|step| step.outcome.remark()).collect();
    assert_eq!(remarks, [""; 0]);
}

#[test]
fn a_host_that_does_not_start_is_told_and_the_others_go_on() {
    let run = written(
        "
name: no start
hosts: {host1: fake, host2: fake}
faults:
  - {at: 'host1:init_host#1', error: NovaException, message: no hypervisor today}
steps:
  - boot: {server: web, flavor: m1.small}
expect:
  - server: {name: web, status: ACTIVE, host: host2}
",
    );
    assert!(run.report.passed(), "{}", text(&run));
    let not_started = run.report.hosts[0].not_started.as_deref().unwrap();
    assert!(not_started.contains("no hypervisor today"), "{not_started}");
}

#[test]
fn an_exchange_of_a_driver_is_told_with_what_became_of_the_guests() {
    let run = written(
        "
name: exchange
hosts: {host1: fake, host2: fake+reschedule}
steps:
  - boot: {server: web, flavor: m1.small, availability_zone: 'nova:host1'}
  - swap_driver: {host: host1, stack: fake+slow}
  - swap_driver: {host: host1, stack: 'fake+fail(method=init_host)'}
  - swap_driver: {host: host1, stack: 'fake+fail(method=restore_state)'}
  - swap_driver: {host: host2, stack: fake}
  - boot: {server: db, flavor: m1.small, availability_zone: 'nova:host2'}
  - delete: web
expect:
  - server: {name: db, status: ACTIVE, host: host2}
  - guests: {host: host1, are: []}
",
    );
    assert!(run.report.passed(), "{}", text(&run));
    let remarks: Vec<_> = run.report.steps.iter().filter_map(|step| step.outcome.remark()).collect();
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks[0].starts_with("host1 keeps its driver: host1: "), "{remarks:?}");
    assert!(
        remarks[1].starts_with(
            "host1 keeps its driver: host1: its guests would be lost: restore_state of fake+fail(method=restore_state) raised"
        ),
        "{remarks:?}"
    );
    let told = text(&run);
    assert!(told.contains("fake is exchanged for fake+slow, which takes over its guests (1)"), "{told}");
    assert!(told.contains("exchange the driver of host1 for fake+slow"), "{told}");
}

#[test]
fn a_driver_that_dies_costs_its_server_and_nothing_else() {
    let run = written(
        "
name: trap
hosts: {host1: fake, host2: fake}
options: {weight_classes: HostNameWeigher}
steps:
  - boot: {server: web, flavor: m1.small}
  - inject_fault: {at: 'host2:finish_migration#1', error: trap}
  - resize: {server: web, flavor: m1.medium}
  - boot: {server: db, flavor: m1.small}
expect:
  - server: {name: web, status: ERROR, host: host2}
  - server: {name: db, status: ACTIVE}
",
    );
    assert!(run.report.passed(), "{}", text(&run));
}

#[test]
fn the_text_of_a_run_tells_the_story() {
    let run = run_it(&failing("resize", "host2"), &traced(0, &[Bug::Bug1825537]));
    insta::assert_snapshot!(text(&run));
}

#[test]
fn servers_move_while_they_run_with_their_volumes_and_users_change_their_minds() {
    let run = written(
        "
name: live
hosts: {host1: fake+live-migrate, host2: fake+live-migrate}
options: {weight_classes: HostNameWeigher}
steps:
  - boot: {server: web, flavor: m1.small}
  - boot: {server: db, flavor: m1.small, volume: root}
  - attach_volume: {server: web, volume: data}
  - attach_volume: {server: db, volume: data, refused: 400}
  - live_migrate: {server: web, abort_after: 1s}
  - check: {migration: {server: web, status: cancelled}}
  - check: {server: {name: web, status: ACTIVE, host: host1, task_state: none}}
  - live_migrate: {server: web, host: host2, complete_after: 1s}
  - live_migrate: {server: db, host: host2, force: true}
  - live_migrate: {server: db, host: nowhere, refused: 400}
  - detach_volume: {server: web, volume: data}
  - detach_volume: {server: web, volume: data, refused: 404}
  - run_periodics
expect:
  - migration: {server: web, status: completed, source: host1, dest: host2}
  - migration: {server: db, status: completed, source: host1, dest: host2}
  - server: {name: web, status: ACTIVE, host: host2}
  - server: {name: db, status: ACTIVE, host: host2}
  - usages: {host: host1, are: nothing}
  - usages: {host: host2, are: {VCPU: 2, MEMORY_MB: 4096, DISK_GB: 20}}
",
    );
    assert!(run.report.passed(), "{}", text(&run));
    let told = text(&run);
    assert!(told.contains("live-migrate web, and abort it after 1s"), "{told}");
    assert!(told.contains("boot db with flavor m1.small from volume root"), "{told}");
}

#[test]
fn services_beside_the_hosts_fail_where_the_plan_says_and_volumes_grow_and_are_exchanged() {
    let run = written(
        "
name: volumes
hosts: {host1: fake}
service_faults:
  - {at: 'volume.attachment_update#1', error: InvalidInput, message: the volume is busy}
  - {at: volume.reimage, error: NovaException}
steps:
  - boot: {server: web, flavor: m1.small}
  - attach_volume: {server: web, volume: a07f71dc-8151-4e7d-a0cc-cd24a3f11113}
  - inject_service_fault: {at: 'image.create', error: NovaException}
  - shelve: {server: web, refused: 500}
  - run_periodic: {task: sync_power_states}
  - run_periodic: {task: update_available_resource, host: host1}
  - boot: {server: db, flavor: m1.small}
  # The volume service moves the first volume to the second.
  - attach_volume: {server: db, volume: a07f71dc-8151-4e7d-a0cc-cd24a3f11113}
  - extend_volume: {server: db, volume: a07f71dc-8151-4e7d-a0cc-cd24a3f11113, to_gb: 2}
  - swap_volume:
      server: db
      volume: a07f71dc-8151-4e7d-a0cc-cd24a3f11113
      with: 227cc671-f30b-4488-96fd-7d0bf13648d8
expect:
  - server: {name: web, task_state: shelving}
  - server: {name: db, status: ACTIVE, task_state: none}
",
    );
    let told = text(&run);
    let struck: Vec<_> = run.report.faults.iter().map(|fault| (fault.point.as_str(), fault.struck)).collect();
    let expected =
        [("volume.attachment_update#1", true), ("volume.reimage#1", false), ("image.create#1", true)];
    assert_eq!(struck, expected, "{told}");
    // Nova leaves a server shelving for which no image could be made.
    let violated: Vec<_> = run.report.violations.iter().map(|violation| violation.invariant).collect();
    assert_eq!(violated, ["no_task_left"], "{told}");
    assert!(run.report.expectations.iter().all(|judged| judged.holds()), "{told}");
    assert!(told.contains("exchange volume a07f71dc-8151-4e7d-a0cc-cd24a3f11113 of db"), "{told}");
    let devices = &run.state.servers[1].server.block_devices;
    assert_eq!(devices[0].volume.to_string(), "227cc671-f30b-4488-96fd-7d0bf13648d8");
}

#[test]
fn a_host_that_dies_in_a_call_loses_what_it_was_doing_and_comes_back() {
    let crash = |when: &str| {
        written(&format!(
            "
name: crash
hosts: {{host1: fake, host2: fake}}
options: {{weight_classes: HostNameWeigher}}
faults:
  - {{at: 'host2:finish_migration', error: crash, when: {when}}}
steps:
  - boot: {{server: web, flavor: m1.small}}
  - resize: {{server: web, flavor: m1.medium}}
  - advance: 2min
  - stop: {{server: web, refused: 409}}
  - restart_host: host2
  - run_periodics
"
        ))
    };
    for (when, guests) in [("before", 0), ("after", 1)] {
        let run = crash(when);
        let told = text(&run);
        let server = &run.report.servers[0];
        assert_eq!(server.host.as_ref().map(|host| host.as_str()), Some("host2"), "{told}");
        // As in Nova nobody takes up what was interrupted.
        assert_eq!(server.task_state.map(model::TaskState::as_str), Some("resize_finish"), "{told}");
        let there = run.report.guests[&model::HostName::from("host2")].as_ref().unwrap();
        assert_eq!(there.len(), guests, "{told}");
        assert!(told.contains("the compute service dies"), "{told}");
    }
}

#[test]
fn hints_name_servers_and_counts_may_be_met_in_part() {
    let run = written(
        "
name: hints
hosts: {host1: fake, host2: fake, host3: fake}
options: {enabled_filters: 'SameHostFilter,DifferentHostFilter', instances: 4}
steps:
  - boot: {server: web, flavor: m1.small}
  - boot: {server: near, flavor: m1.small, hints: {same_host: [web]}}
  - boot: {server: far, flavor: m1.small, hints: {different_host: [web]}}
  - boot: {server: many, flavor: m1.tiny, count: {min: 1, max: 3}}
  - boot: {server: none, flavor: m1.tiny, refused: 403}
expect:
  - server: {name: near, host: host1}
  - server: {name: far, host: host2}
  - server: {name: many-1, status: ACTIVE}
",
    );
    assert!(run.report.passed(), "{}", text(&run));
    assert_eq!(run.report.servers.len(), 4);
}

#[test]
fn each_decision_of_the_scheduler_is_explained_host_by_host() {
    let run = written(
        "
name: explained
hosts: {host1: fake, host2: fake, host3: fake, host4: 'fake(vcpus=1)'}
options: {cpu_allocation_ratio: '1.0'}
steps:
  - disable_host: {host: host3}
  - boot: {server: web, flavor: m1.medium}
  - create_server_group: {name: apart, policy: anti-affinity}
  - boot: {server: a, flavor: m1.small, group: apart}
  - boot: {server: b, flavor: m1.small, group: apart}
",
    );
    let all = report::explain(&run, None).unwrap();
    assert_eq!(all.iter().map(|one| one.server.as_str()).collect::<Vec<_>>(), ["web", "a", "b"]);
    let told = report::explain_text(&all[..1]);
    assert!(told.starts_with("step 2, boot web with flavor m1.medium,"), "{told}");
    assert!(told.contains("web goes to host1, alternates host2"), "{told}");
    assert!(told.contains("RAMWeigher"), "{told}");
    assert!(
        told.contains("host3  not offered by placement: it has the trait COMPUTE_STATUS_DISABLED"),
        "{told}"
    );
    let lack = "host4  not offered by placement: 2 VCPU cannot be had at once: 1 to 1 in steps of 1";
    assert!(told.contains(lack), "{told}");
    let told = report::explain_text(&report::explain(&run, Some("b")).unwrap());
    assert!(told.contains("refused by ServerGroupAntiAffinityFilter"), "{told}");
    let json = serde_json::to_value(&all[0]).unwrap();
    let sum: f64 = json["ordered"][0]["weights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["multiplier"].as_f64().unwrap() * one["normalised"].as_f64().unwrap())
        .sum();
    assert!((json["ordered"][0]["weight"].as_f64().unwrap() - sum).abs() < 1e-9);
    let unknown = report::explain(&run, Some("c")).unwrap_err().to_string();
    assert_eq!(unknown, "no server of the scenario is called c; there are web, a, b");
}

#[test]
fn steps_are_taken_while_another_is_under_way() {
    let run = written(
        "
name: meanwhile
hosts: {host1: 'fake+slow(method=spawn,ms=60000)', host2: fake}
options: {weight_classes: HostNameWeigher}
steps:
  - during:
      step: {boot: {server: web, flavor: m1.small}}
      after: 30s
      take:
        - check: {server: {name: web, status: BUILD, task_state: spawning}}
        - check: {node: {host: host1, vcpus_used: 1}}
        - run_periodics
        - boot: {server: db, flavor: m1.small, availability_zone: 'nova:host2'}
  - snapshot: web
  - attach_interface: web
  - rebuild: {server: web, name_image: true}
  - disable_host: host1
  - boot: {server: cache, flavor: m1.small, availability_zone: 'nova:host1'}
  - force_down: host2
  - evacuate: {server: db, host: host1}
  - force_up: {host: host2}
expect:
  - server: {name: web, status: ACTIVE, host: host1}
  - attached: {server: web, ports: 2, volumes: 0}
  - images: {count: 2}
  - event: {server: web, name: compute_rebuild_instance, result: Error}
  - event: {server: db, name: compute_no_such_step, result: Success}
",
    );
    let told = text(&run);
    assert!(
        told.contains(
            "boot web with flavor m1.small, and 30s later check that server web has status BUILD, task spawning, then check that \
             the node record of host1 counts 1 VCPU, then run the periodic tasks, then boot db with flavor m1.small in nova:host2"
        ),
        "{told}"
    );
    let failed: Vec<_> = run.report.steps.iter().filter(|step| step.outcome.is_failure()).collect();
    assert!(failed.is_empty(), "{told}");
    let problems: Vec<_> =
        run.report.expectations.iter().filter_map(|judged| judged.problem.as_deref()).collect();
    assert_eq!(
        problems,
        [
            "expected that event compute_rebuild_instance of web ends with Error; it ended with Success",
            "expected that event compute_no_such_step of db ends with Success; there is no such event"
        ]
    );
}

#[test]
fn every_scenario_of_a_defect_is_sound() {
    for defect in DEFECTS {
        let scenario = defect.scenario().unwrap();
        assert_eq!(scenario.name, defect.name);
        scenario.check_hosts().unwrap();
        assert!(!scenario.expect.is_empty(), "{} does not say what is right", defect.name);
    }
}
