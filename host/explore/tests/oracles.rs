//! What a cloud is held against beside the project's own invariants, and since when something is broken.

#![expect(clippy::unwrap_used, reason = "in a test a panic is how a failure is told")]

use model::{Bug, Switches};
use novarig_explore::report::{Paint, text};
use novarig_explore::run::{ALIKE, tell_since};
use novarig_explore::search::{Exploration, Kind, Replay, Search, explore};
use novarig_explore::{Run, RunConfig, Scenario, Stacks, builtin, run};
use runtime::TraceEvent;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use virt::{Engine, Library};

static ENGINE: LazyLock<(Engine, Library)> = LazyLock::new(|| {
    let mut library = Library::new();
    for shipped in drivers::SHIPPED {
        library.add(shipped.name, shipped.wasm);
    }
    let code = Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache/code");
    (Engine::new(Some(code)).unwrap(), library)
});

fn stacks(scenario: &Scenario) -> Stacks {
    Stacks::prepare(scenario, &ENGINE.0, &ENGINE.1).unwrap()
}

fn told(scenario: &Scenario, config: &RunConfig, stacks: &Stacks) -> Run {
    let mut run = run(scenario, config, stacks).unwrap();
    tell_since(&mut run, scenario, config, stacks).unwrap();
    run
}

fn explored(scenario: &Scenario, stacks: &Stacks, kinds: &[Kind]) -> Exploration {
    let config = RunConfig::default();
    let threads = NonZeroUsize::new(2).unwrap();
    let search = Search::new(&config, kinds, threads);
    explore(scenario, stacks, &search).unwrap()
}

fn traced() -> RunConfig {
    RunConfig { trace: true, ..RunConfig::default() }
}

/// Two servers on one host, which an oracle and a query both forbid.
const CROWDED: &str = r#"
name: crowded
hosts: {host1: fake}
steps:
  - boot: {server: a, flavor: m1.tiny}
  - boot: {server: b, flavor: m1.tiny}
invariants:
  - name: servers_are_spread
    says: no two servers share a host
    holds: '.servers | group_by(.host)[] | select(length > 1) | "\(map(.name) | join(" and ")) share \(.[0].host)"'
  - {name: ports_are_plugged, holds: 'all(.ports[]; .server)'}
"#;

#[test]
fn a_query_of_a_scenario_is_an_invariant_and_is_broken_since_the_server_got_its_host() {
    let scenario = Scenario::from_yaml("crowded.yaml", CROWDED).unwrap();
    let run = told(&scenario, &traced(), &stacks(&scenario));
    assert!(!run.report.passed());
    let [violation] = &*run.report.violations else { panic!("{:?}", run.report.violations) };
    assert_eq!(violation.invariant, "servers_are_spread");
    assert_eq!(violation.message, "a and b share host1");
    assert!(violation.since.as_ref().unwrap().what.contains("host"), "{violation:?}");
    let text = text(&run, Paint::Plain);
    assert!(text.contains("✗ no two servers share a host (servers_are_spread)"), "{text}");
    assert!(text.contains("✓ all(.ports[]; .server)"), "{text}");
    assert!(text.contains("\n      since event "), "{text}");
}

#[test]
fn what_breaks_a_query_under_a_fault_is_found_and_replayed_with_it() {
    let yaml = r#"
name: never-in-error
hosts: {host1: fake}
options: {max_attempts: 1}
refusals: record
steps:
  - boot: {server: web, flavor: m1.tiny}
invariants:
  - {name: nothing_is_in_error, holds: '.servers[] | select(.status == "ERROR") | "\(.name) is in ERROR"'}
"#;
    let scenario = Scenario::from_yaml("mine.yaml", yaml).unwrap();
    let found = explored(&scenario, &stacks(&scenario), &[Kind::Driver]);
    let new: Vec<_> = found.new_findings().collect();
    assert!(new.iter().all(|finding| finding.invariant == "nothing_is_in_error"), "{new:#?}");
    let finding = new.iter().find(|finding| finding.cause.as_deref() == Some("spawn")).unwrap();
    assert_eq!(finding.message, "web is in ERROR");
    assert!(finding.replay.contains("nothing_is_in_error"), "{}", finding.replay);
    let replay = Replay::from_yaml("found.yaml", &finding.replay).unwrap();
    let replayed = replay.run(&stacks(&replay.planned())).unwrap();
    assert!(replayed.same_trace && replayed.violates);
}

#[test]
fn an_oracle_judges_every_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one-server-a-host.wasm");
    std::fs::write(&file, test_guests::ORACLE).unwrap();
    let oracle = Arc::new(ENGINE.0.oracle(&file).unwrap());
    let scenario = Scenario { invariants: Vec::new(), ..Scenario::from_yaml("mine.yaml", CROWDED).unwrap() };
    let with_oracle = |scenario: &Scenario| stacks(scenario).with_oracles(vec![Arc::clone(&oracle)]);
    let run = told(&scenario, &traced(), &with_oracle(&scenario));
    let [violation] = &*run.report.violations else { panic!("{:?}", run.report.violations) };
    assert_eq!(violation.invariant, "one_server_a_host");
    assert_eq!(violation.about, "host1");
    assert_eq!(violation.message, "host1 has a and b; it should have one at most");
    assert!(violation.since.is_some());
    let spread = builtin("boot").unwrap().scenario().unwrap();
    assert!(run_passes(&spread, &with_oracle(&spread)));

    // Under a fault, too: a build that fails on one host goes to the other.
    let yaml = "
name: pair
hosts: {host1: fake, host2: fake}
refusals: record
steps:
  - boot: {server: a, flavor: m1.tiny, availability_zone: 'nova:host1'}
  - boot: {server: b, flavor: m1.tiny}
";
    let scenario = Scenario::from_yaml("pair.yaml", yaml).unwrap();
    let found = explored(&scenario, &with_oracle(&scenario), &[Kind::Driver]);
    assert!(found.new_findings().any(|finding| finding.invariant == "one_server_a_host"), "{found:#?}");
}

fn run_passes(scenario: &Scenario, stacks: &Stacks) -> bool {
    run(scenario, &RunConfig::default(), stacks).unwrap().report.passed()
}

#[test]
fn an_oracle_that_breaks_is_a_violation_and_says_how() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.wasm");
    std::fs::write(&file, test_guests::ORACLE).unwrap();
    let oracle = Arc::new(ENGINE.0.oracle(&file).unwrap());
    for (server, problem) in [
        ("panic", "it traps: "),
        ("loop", "it computes longer than it may (500000000 units of fuel), most likely in an endless loop"),
        ("hoard", ""),
    ] {
        let yaml = format!(
            "{{name: x, hosts: {{host1: fake}}, steps: [boot: {{server: {server}, flavor: m1.tiny}}]}}"
        );
        let scenario = Scenario::from_yaml("mine.yaml", &yaml).unwrap();
        let stacks = stacks(&scenario).with_oracles(vec![Arc::clone(&oracle)]);
        let run = run(&scenario, &RunConfig::default(), &stacks).unwrap();
        let [violation] = &*run.report.violations else { panic!("{:?}", run.report.violations) };
        let begin = format!("the oracle mine did not answer: {problem}");
        assert!(violation.message.starts_with(&begin), "{}", violation.message);
    }
}

#[test]
fn what_is_no_oracle_is_told_with_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let problem = |name: &str, content: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        ENGINE.0.oracle(&file).unwrap_err().problem
    };
    assert_eq!(
        problem("text.wasm", b"not at all"),
        "this is not WebAssembly; build one with `novarig driver build`"
    );
    let driver = problem("driver.wasm", drivers::SHIPPED[0].wasm);
    assert!(driver.starts_with("an oracle imports nothing; "), "{driver}");
    let missing = ENGINE.0.oracle(&folder.path().join("none.wasm")).unwrap_err();
    assert!(missing.problem.starts_with("it cannot be read: "), "{missing}");
    let unbuilt = ENGINE.0.oracle(folder.path()).unwrap_err();
    assert!(unbuilt.problem.ends_with("build it with `novarig driver build`"), "{unbuilt}");
}

#[test]
fn a_violation_points_at_the_event_since_which_it_is_so() {
    let scenario = builtin("resize-fails").unwrap().scenario().unwrap();
    let switches = Switches { bugs: [Bug::Bug1825537].into(), ..Switches::default() };
    let config = RunConfig { switches, ..traced() };
    let stacks = stacks(&scenario);
    let run = told(&scenario, &config, &stacks);
    let violation = run
        .report
        .violations
        .iter()
        .find(|violation| violation.invariant == "server_holds_its_flavor_on_its_host")
        .unwrap();
    let since = violation.since.as_ref().unwrap();
    // The allocations go back to the source although the server is on the destination.
    let event = run.trace.iter().find(|record| record.n == since.event).unwrap();
    assert_eq!(event.t, since.at);
    let what = serde_json::to_value(&event.event).unwrap();
    assert!(
        ["placement_write", "migration_saved", "event_finished"].contains(&what["what"].as_str().unwrap()),
        "{since:?}"
    );
    // Looking on changes nothing.
    assert_eq!(digest(&scenario, &config, &stacks), run.report.trace_digest);
}

fn digest(scenario: &Scenario, config: &RunConfig, stacks: &Stacks) -> Option<String> {
    run(scenario, config, stacks).unwrap().report.trace_digest
}

#[test]
fn a_lost_guest_is_missed_since_the_drivers_act_that_lost_it() {
    // The destroy has its effect and loses its reply, so that the server is still said to be on its host.
    let scenario = builtin("offload-loses-answer").unwrap().scenario().unwrap();
    let run = told(&scenario, &traced(), &stacks(&scenario));
    let violation =
        run.report.violations.iter().find(|one| one.invariant == "one_guest_on_its_host").unwrap();
    let since = violation.since.as_ref().unwrap();
    let acts = run.trace.iter().filter(|record| match &record.event {
        TraceEvent::DriverCall { method, .. } => *method == "destroy",
        TraceEvent::DriverResult { method, .. } => *method == "destroy",
        _ => false,
    });
    let [call, result] = &*acts.map(|record| record.n).collect::<Vec<_>>() else { panic!("one destroy") };
    assert!((call..=result).contains(&&since.event), "{since:?}, the call is {call}, its end {result}");
}

#[test]
fn a_recovered_cloud_is_compared_with_the_one_that_never_saw_the_fault() {
    let scenario = builtin("resize-fails").unwrap().scenario().unwrap();
    let config = RunConfig { recover: true, ..RunConfig::default() };
    let without = run(&scenario.without_faults(), &config, &stacks(&scenario)).unwrap();
    let ending = without.recovered.unwrap();
    let again = RunConfig { like: Some(Arc::clone(&ending)), ..config.clone() };
    let run = |config: &RunConfig| run(&scenario, config, &stacks(&scenario)).unwrap();
    assert_eq!(run(&again).recovered.as_deref(), Some(&*ending));
    assert!(run(&again).report.violations.iter().all(|violation| violation.invariant != ALIKE));

    // One host less is a difference.
    let mut fewer = scenario.clone();
    fewer.hosts.set("host9".into(), "fake".parse().unwrap());
    let like = novarig_explore::run(&fewer.without_faults(), &config, &stacks(&fewer)).unwrap().recovered;
    let other = run(&RunConfig { like, ..config });
    let told: Vec<_> = other
        .report
        .violations
        .iter()
        .filter(|one| one.invariant == ALIKE)
        .map(|one| &*one.message)
        .collect();
    assert!(told.contains(&"the service of host9 is not there; without the fault: runs"), "{told:#?}");
}
