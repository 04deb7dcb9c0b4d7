//! The explorer: it finds what is broken, says it small, and finds nothing that is not there.

#![expect(clippy::unwrap_used, reason = "in a test a panic is how a failure is told")]

use model::{Bug, ExceptionClass, Fix, Switches};
use novarig_explore::report::Paint;
use novarig_explore::scenario::{FaultKind, FaultSpec, Planned};
use novarig_explore::search::{
    At, Baseline, Exploration, Journal, Kind, Replay, Search, explore, hunt, junit, known, points, text,
};
use novarig_explore::{BUILTIN, RunConfig, Scenario, Stacks, builtin, run};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::LazyLock;
use virt::{Engine, Library, When};

static ENGINE: LazyLock<(Engine, Library)> = LazyLock::new(|| {
    let mut library = Library::new();
    for shipped in drivers::SHIPPED {
        library.add(shipped.name, shipped.wasm);
    }
    let code = Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache/code");
    (Engine::for_short_runs(Some(code)).unwrap(), library)
});

fn stacks(scenario: &Scenario) -> Stacks {
    Stacks::prepare(scenario, &ENGINE.0, &ENGINE.1).unwrap()
}

/// The kinds of faults by which something fails.
const FAILURES: &[Kind] = &[Kind::Driver, Kind::Service, Kind::Message, Kind::Crash];

fn found(scenario: &Scenario, config: &RunConfig, threads: usize) -> Exploration {
    let threads = NonZeroUsize::new(threads).unwrap();
    let search = Search::new(config, FAILURES, threads);
    explore(scenario, &stacks(scenario), &search).unwrap()
}

fn with_the_bug() -> RunConfig {
    RunConfig {
        switches: Switches { bugs: [Bug::Bug1825537].into(), ..Switches::default() },
        ..RunConfig::default()
    }
}

#[test]
fn no_single_fault_breaks_a_built_in_scenario_but_as_nova_is_known_to() {
    let mut met = Vec::new();
    let mut new = String::new();
    let config = RunConfig { recover: true, ..RunConfig::default() };
    for builtin in BUILTIN {
        let scenario = builtin.scenario().unwrap();
        let threads = NonZeroUsize::new(2).unwrap();
        let search = Search { orders: 20, ..Search::new(&config, Kind::ALL, threads) };
        let found = explore(&scenario, &stacks(&scenario), &search).unwrap();
        assert!(found.plans > 1_000, "{}: {} plans", found.scenario, found.plans);
        met.extend(found.findings.iter().filter_map(|finding| finding.known));
        if found.new_findings().next().is_some() {
            new.push_str(&text(&found, Paint::Plain));
        }
    }
    assert!(new.is_empty(), "new findings:\n{new}");
    let never: Vec<_> =
        known::KNOWN.iter().map(|known| known.reason.says).filter(|reason| !met.contains(reason)).collect();
    assert!(never.is_empty(), "no fault breaks an invariant any more because of: {never:#?}");
}

#[test]
fn with_every_cure_no_single_fault_breaks_a_built_in_scenario() {
    let fixes = Fix::ALL.iter().copied().collect();
    let config = RunConfig { switches: Switches { fixes, ..Switches::default() }, ..RunConfig::default() };
    let search = Search::new(&config, Kind::ALL, NonZeroUsize::new(2).unwrap());
    for builtin in BUILTIN {
        let scenario = builtin.scenario().unwrap();
        let found = explore(&scenario, &stacks(&scenario), &search).unwrap();
        assert!(found.findings.is_empty(), "{}", text(&found, Paint::Plain));
    }
}

#[test]
fn a_defect_is_found_by_who_knows_nothing_of_it_and_not_where_it_is_not() {
    let ground: Vec<_> = ["resize", "unshelve-without-network"]
        .into_iter()
        .map(|name| {
            let scenario = builtin(name).unwrap().scenario().unwrap();
            let stacks = stacks(&scenario);
            (scenario, stacks, Baseline::default())
        })
        .collect();
    let caught = |bug: Option<Bug>| {
        let switches = Switches { bugs: bug.into_iter().collect(), ..Switches::default() };
        let config = RunConfig { switches, ..RunConfig::default() };
        let threads = NonZeroUsize::new(2).unwrap();
        let kinds = &[Kind::Service, Kind::Crash];
        let search = Search::new(&config, kinds, threads);
        hunt(&ground, &RunConfig::default(), &search).unwrap()
    };
    let found = caught(Some(Bug::Bug1862633)).unwrap();
    assert_eq!((found.finding.scenario.as_str(), found.plans), ("unshelve-without-network", 2));
    assert!(caught(None).is_none());
}

#[test]
fn bug_1825537_is_found_from_nothing_and_its_replay_is_small_and_runs_the_same() {
    let scenario = builtin("resize-confirm").unwrap().scenario().unwrap();
    let found = found(&scenario, &with_the_bug(), 2);
    let new: Vec<_> = found.new_findings().collect();
    let finding = new.iter().find(|finding| finding.cause.as_deref() == Some("finish_migration")).unwrap();
    assert_eq!(finding.invariant, "server_holds_its_flavor_on_its_host");
    let plain = FaultSpec {
        at: "host2:finish_migration#1".parse().unwrap(),
        error: FaultKind::Raise(ExceptionClass::NovaException),
        message: None,
        server: None,
        when: When::Before,
    };
    assert_eq!(finding.plan, [Planned::Driver(plain)]);
    let lines: Vec<&str> = finding.replay.lines().collect();
    assert!(lines.len() <= 12, "{}", finding.replay);

    let replay = Replay::from_yaml("found.yaml", &finding.replay).unwrap();
    assert_eq!(replay.to_yaml(), finding.replay);
    // The confirmation, and what was expected in the end, are not needed to see it.
    assert_eq!(replay.scenario.steps.len(), 2, "{}", finding.replay);
    let replayed = replay.run(&stacks(&replay.planned())).unwrap();
    assert!(replayed.same_trace && replayed.violates);
    let cured = Replay { bugs: vec![], ..replay };
    let replayed = cured.run(&stacks(&cured.planned())).unwrap();
    assert!(!replayed.same_trace && !replayed.violates);
}

#[test]
fn what_is_found_does_not_depend_on_the_number_of_threads() {
    let scenario = builtin("resize").unwrap().scenario().unwrap();
    let seen = |threads| serde_json::to_string(&found(&scenario, &with_the_bug(), threads)).unwrap();
    assert_eq!(seen(1), seen(3));
}

#[test]
fn every_driver_call_service_call_message_and_write_is_a_point_and_can_be_struck() {
    let scenario = builtin("resize").unwrap().scenario().unwrap();
    let stacks = stacks(&scenario);
    let config = RunConfig { trace: true, ..RunConfig::default() };
    let whole = run(&scenario, &config, &stacks).unwrap();
    let points = points(&whole);
    for (text, during) in [
        ("host2:finish_migration#1", Some("finish_resize")),
        ("host1:init_host#1", None),
        ("network.allocate_for_instance#1", None),
        ("conductor:migrate_server#1", Some("migrate_server")),
        ("compute.host2:prep_resize#1", Some("prep_resize")),
        ("compute.host2:records.update_migration#1", Some("prep_resize")),
        ("conductor:records.update_server#1", Some("schedule_and_build_instances")),
    ] {
        let point = points.iter().find(|point| point.at.to_string() == text);
        assert_eq!(point.map(|point| point.during), Some(during), "{text}");
    }
    for point in &points {
        let at = point.at.to_string();
        let fault = match point.at {
            At::Message(_) => "fault: lost",
            At::Write(_) => "fault: crash, when: after",
            At::Driver(_) | At::Service(_) => "error: NovaException",
        };
        let fault: Planned = serde_saphyr::from_str(&format!("{{at: '{at}', {fault}}}")).unwrap();
        let mut planned = scenario.clone();
        fault.plan(&mut planned);
        let faults = run(&planned, &config, &stacks).unwrap().report.faults;
        assert!(faults.iter().all(|fault| fault.struck), "{at}");
    }
}

#[test]
fn a_host_that_died_is_started_again_and_what_it_left_is_found() {
    let scenario = builtin("resize").unwrap().scenario().unwrap();
    let config = RunConfig::default();
    let search = Search::new(&config, &[Kind::Crash], NonZeroUsize::MIN);
    let found = explore(&scenario, &stacks(&scenario), &search).unwrap();
    let finding = found.findings.iter().find(|finding| {
        finding.invariant == "no_task_left" && finding.cause.as_deref() == Some("crash during prep_resize")
    });
    let finding = finding.unwrap();
    assert!(finding.known.is_some() && finding.errors.contains(&"crash".to_owned()), "{finding:?}");
    let replay = Replay::from_yaml("found.yaml", &finding.replay).unwrap();
    assert!(finding.replay.contains("fault: crash"), "{}", finding.replay);
    let replayed = replay.run(&stacks(&replay.planned())).unwrap();
    assert!(replayed.same_trace && replayed.violates);
}

/// Of one scenario, all plans of these kinds, so many orders of deliveries, and so many plans drawn at random.
fn found_by(name: &str, kinds: &[Kind], orders: u64, random: usize, threads: usize) -> Exploration {
    let scenario = builtin(name).unwrap().scenario().unwrap();
    let threads = NonZeroUsize::new(threads).unwrap();
    let config = RunConfig::default();
    let search = Search { orders, random, ..Search::new(&config, kinds, threads) };
    explore(&scenario, &stacks(&scenario), &search).unwrap()
}

/// Runs every finding again.
fn assert_replays(found: &Exploration) {
    for finding in &found.findings {
        let replay = Replay::from_yaml("found.yaml", &finding.replay).unwrap();
        assert_eq!(replay.to_yaml(), finding.replay);
        let replayed = replay.run(&stacks(&replay.planned())).unwrap();
        assert!(replayed.same_trace && replayed.violates, "{}", finding.replay);
    }
}

#[test]
fn calls_that_hang_or_are_slow_and_what_others_do_meanwhile_are_tried_at_every_point() {
    let found = found_by("resize", &[Kind::Hang, Kind::Slow, Kind::Requests, Kind::Periodics], 3, 0, 2);
    assert_eq!(found.orders, Some(3));
    assert_eq!(found.new_findings().count(), 0, "{}", text(&found, Paint::Plain));
    let tried = |fault: &str| found.outcomes.iter().filter(|plan| plan.fault == fault).count();
    let messages = tried("delete") - tried("delete after its effect");
    assert!(messages > 3, "{messages}");
    // Every call hangs and is slow, those of the hosts' starts, too. Somebody does something before its effect and after where
    // the call is part of a step.
    let (calls, in_steps) = (tried("hang"), tried("sync_power_states on host1 after its effect"));
    assert_eq!((tried("hang after its effect"), tried("slow 65s")), (calls, calls));
    assert!(calls > in_steps && in_steps > 10, "{in_steps} of {calls}");
    assert_eq!(tried("sync_power_states on host2"), in_steps + messages);
    assert_eq!(found.outcomes.iter().filter(|plan| plan.point == "bus#2").count(), 1);
    assert_eq!(found.plans + 3, found.outcomes.len());
    assert_replays(&found);
}

#[test]
fn a_request_that_comes_at_the_wrong_time_is_found_and_told_and_a_refusal_is_none() {
    let found = found_by("resize", &[Kind::Requests], 0, 0, 2);
    let finding = found.findings.iter().find(|finding| {
        finding.invariant == "no_guest_astray"
            && finding.cause.as_deref() == Some("delete during finish_resize")
    });
    let finding = finding.unwrap();
    assert!(finding.known.is_some(), "{finding:?}");
    assert_eq!(
        finding.plan.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["before host2:finish_migration#1 has its effect: delete web"]
    );
    // What the API said is in the report of the run.
    let mut replay = Replay::from_yaml("found.yaml", &finding.replay).unwrap();
    let said = |replay: &Replay| replay.run(&stacks(&replay.planned())).unwrap().run.report.faults;
    assert!(said(&replay).iter().all(|fault| fault.struck));
    let stop: Planned =
        serde_saphyr::from_str("{at: 'host2:finish_migration#1', meanwhile: {stop: web}}").unwrap();
    replay.plan = vec![stop];
    let [fault] = &*said(&replay) else { panic!() };
    assert!(fault.struck && fault.fault.contains("with code 409"), "{fault:?}");
}

#[test]
fn plans_drawn_at_random_find_what_no_single_fault_does_and_are_the_same_ones_on_any_number_of_threads() {
    let found = found_by("boot", &[Kind::Service, Kind::Requests], 0, 640, 2);
    let random = found.random.unwrap();
    assert_eq!(random.plans, 640);
    assert!(random.behaviours > 100, "{random:?}");
    let several = found.findings.iter().find(|finding| finding.plan.len() > 1).unwrap();
    let replay = Replay::from_yaml("found.yaml", &several.replay).unwrap();
    let replayed = replay.run(&stacks(&replay.planned())).unwrap();
    assert!(replayed.same_trace && replayed.violates, "{}", several.replay);
    for left_out in 0..replay.plan.len() {
        let mut fewer = replay.clone();
        fewer.plan.remove(left_out);
        assert!(!fewer.run(&stacks(&fewer.planned())).unwrap().violates, "{}", several.replay);
    }
    let seen = |threads| {
        let found = found_by("boot", &[Kind::Service, Kind::Requests], 0, 192, threads);
        serde_json::to_string(&found).unwrap()
    };
    assert_eq!(seen(1), seen(3));
}

#[test]
fn a_service_that_dies_between_two_writes_is_found_and_told_by_what_it_did() {
    let found = found_by("resize", &[Kind::Crash], 0, 0, 2);
    let finding = found.findings.iter().find(|finding| {
        finding.invariant == "one_guest_on_its_host"
            && finding.cause.as_deref() == Some("crash during resize_instance")
    });
    let finding = finding.unwrap();
    // The record names the destination, which has not been told.
    let [Planned::Write(write)] = &*finding.plan else { panic!("{:?}", finding.plan) };
    assert_eq!((write.at.writer.to_string().as_str(), write.when), ("compute.host1", When::After));
    assert_eq!(finding.errors, ["crash after its effect"]);
    let replay = Replay::from_yaml("found.yaml", &finding.replay).unwrap();
    let replayed = replay.run(&stacks(&replay.planned())).unwrap();
    assert!(replayed.same_trace && replayed.violates);
}

#[test]
fn a_random_search_that_was_interrupted_draws_the_same_plans_and_runs_few_of_them_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal");
    let scenario = builtin("boot").unwrap().scenario().unwrap();
    let stacks = stacks(&scenario);
    let config = RunConfig::default();
    let drawn = || {
        let (kinds, journal) = (&[Kind::Service, Kind::Message], Journal::open(&file).unwrap());
        let search = Search::new(&config, kinds, NonZeroUsize::MIN);
        let search = Search { random: 300, journal: Some(&journal), ..search };
        serde_json::to_string(&explore(&scenario, &stacks, &search).unwrap()).unwrap()
    };
    let whole = drawn();
    let noted = || std::fs::read_to_string(&file).unwrap().lines().count();
    let lines = noted();
    assert!(lines > 200, "{lines}");
    assert_eq!((drawn(), noted()), (whole.clone(), lines), "what was noted is not run and noted again");
    let written = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &written[..written.len() / 2]).unwrap();
    assert_eq!((drawn(), noted()), (whole, lines));
}

#[test]
fn a_search_that_was_interrupted_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal");
    let scenario = builtin("boot").unwrap().scenario().unwrap();
    let stacks = stacks(&scenario);
    let config = RunConfig::default();
    let explored = |journal: Option<&Journal>| {
        let threads = NonZeroUsize::new(2).unwrap();
        let kinds = &[Kind::Service, Kind::Message, Kind::Crash];
        let search = Search { journal, ..Search::new(&config, kinds, threads) };
        explore(&scenario, &stacks, &search).unwrap()
    };
    let seen = |found: &Exploration| serde_json::to_string(found).unwrap();
    let whole = explored(None);
    assert_eq!(seen(&explored(Some(&Journal::open(&file).unwrap()))), seen(&whole));
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written.lines().count(), whole.plans);
    // Half of it is there, the last line not whole. What is there is believed: another invariant is named.
    let half = written.len() / 2;
    let believed = written[..half].replace("no_task_left", "every_consumer_exists");
    std::fs::write(&file, &believed).unwrap();
    let resumed = explored(Some(&Journal::open(&file).unwrap()));
    assert!(resumed.findings.iter().any(|finding| finding.invariant == "every_consumer_exists"));
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), whole.plans);
    // What is something else is left alone.
    std::fs::write(&file, "not a journal\n").unwrap();
    let problem = Journal::open(&file).unwrap_err().to_string();
    assert!(problem.contains("line 1 is no plan of a search"), "{problem}");
}

#[test]
fn a_second_fault_is_tried_where_only_the_first_leads() {
    // That the build fails sends it elsewhere; that what cleans up after it fails, too, breaks more.
    let scenario = builtin("boot").unwrap().scenario().unwrap();
    let config = RunConfig::default();
    let threads = NonZeroUsize::new(2).unwrap();
    let search = Search { pairs: true, ..Search::new(&config, &[Kind::Driver], threads) };
    let found = explore(&scenario, &stacks(&scenario), &search).unwrap();
    assert!(found.pairs.unwrap() > 100, "{:?}", found.pairs);
    let two = found.findings.iter().find(|finding| finding.plan.len() == 2).unwrap();
    let replay = Replay::from_yaml("found.yaml", &two.replay).unwrap();
    let replayed = replay.run(&stacks(&replay.planned())).unwrap();
    assert!(replayed.same_trace && replayed.violates, "{}", two.replay);
    // Neither of them breaks it alone.
    for left_out in 0..2 {
        let mut one = replay.clone();
        one.plan.remove(left_out);
        assert!(!one.run(&stacks(&one.planned())).unwrap().violates, "{}", two.replay);
    }
}

#[test]
fn without_a_fault_a_scenario_is_held_to_what_it_expects() {
    let scenario = Scenario::from_yaml(
        "unmet.yaml",
        "{name: unmet, hosts: {host1: fake}, steps: [{boot: {server: web, flavor: m1.small}}], \
          expect: [{server: {name: web, status: SHUTOFF}}]}",
    )
    .unwrap();
    let found = found(&scenario, &RunConfig::default(), 2);
    let finding = found.findings.iter().find(|finding| finding.invariant == "expectations_hold").unwrap();
    assert!(finding.cause.is_none() && finding.message.contains("SHUTOFF"), "{finding:?}");
    let replay = Replay::from_yaml("found.yaml", &finding.replay).unwrap();
    let replayed = replay.run(&stacks(&replay.planned())).unwrap();
    assert!(replayed.same_trace && replayed.violates, "{}", finding.replay);
}

#[test]
fn a_scenario_that_breaks_without_a_fault_is_a_finding_without_a_plan() {
    let scenario = Scenario::from_yaml(
        "zombies.yaml",
        "{name: zombies, hosts: {host1: fake+zombie}, steps: [{boot: {server: web, flavor: m1.small}}, {stop: web}, {delete: web}]}",
    )
    .unwrap();
    let found = found(&scenario, &RunConfig::default(), 2);
    let finding = found.findings.iter().find(|finding| finding.cause.is_none()).unwrap();
    assert_eq!((finding.invariant, finding.plan.len(), finding.known), ("no_guest_astray", 0, None));
    let replay = Replay::from_yaml("found.yaml", &finding.replay).unwrap();
    // That it was stopped is not needed.
    assert_eq!(replay.scenario.steps.len(), 2, "{}", finding.replay);
    assert!(replay.run(&stacks(&replay.scenario)).unwrap().same_trace);
}

#[test]
fn reports_for_machines_have_a_case_for_each_scenario_and_name_what_is_new() {
    let scenario = builtin("resize").unwrap().scenario().unwrap();
    let (broken, sound) = (found(&scenario, &with_the_bug(), 2), found(&scenario, &RunConfig::default(), 2));
    let new = broken.new_findings().count();
    assert!(new > 0);
    assert_eq!(sound.new_findings().count(), 0);
    let xml = junit(&[broken, sound], 1.5);
    assert!(
        xml.contains(&format!("tests=\"{}\" failures=\"{new}\" errors=\"0\" time=\"1.500\"", new + 1)),
        "{xml}"
    );
    assert_eq!(xml.matches("<failure ").count(), new);
    assert!(
        xml.contains(
            "classname=\"resize\" name=\"server_holds_its_flavor_on_its_host after finish_migration\""
        ),
        "{xml}"
    );
    assert_eq!(xml.matches("single-fault plans\"/>").count(), 1);
}

#[test]
fn a_replay_that_cannot_be_used_says_where_and_why() {
    let wrong = |yaml: &str| Replay::from_yaml("found.yaml", yaml).unwrap_err().to_string();
    let said = wrong("violates: no_task_left\ntrace_digest: x\nfaults: []\n");
    assert!(said.starts_with("found.yaml:3: ") && said.contains("faults"), "{said}");
    let said = wrong(
        "violates: no_task_left\ntrace_digest: x\nplan: [{at: 'host9:spawn#1', error: NovaException}]\n\
         scenario: {name: x, hosts: {host1: fake}, steps: [{boot: {server: web, flavor: m1.small}}]}\n",
    );
    assert!(said.contains("there is no host host9; the hosts are host1"), "{said}");
}
