//! What is shown of real runs is what happened in them.

#![expect(clippy::unwrap_used, reason = "in a test a panic is how a failure is told")]

use explore::search::{Exploration, Kind, Search, explore};
use explore::{BUILTIN, Run, RunConfig, Scenario, Stacks, builtin, run};
use model::{Bug, Switches};
use novarig_show::bars::bars;
use novarig_show::history::{History, moments};
use novarig_show::lanes::lanes;
use novarig_show::page::{self, Shown};
use novarig_show::walk::{Go, Walk};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::LazyLock;
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

fn traced(scenario: &Scenario, switches: Switches) -> Run {
    let config = RunConfig { trace: true, switches, ..RunConfig::default() };
    run(scenario, &config, &stacks(scenario)).unwrap()
}

fn failing() -> Run {
    traced(&builtin("resize-fails").unwrap().scenario().unwrap(), Switches::default())
}

fn with_the_bug() -> Switches {
    Switches { bugs: [Bug::Bug1825537].into(), ..Switches::default() }
}

fn explored(name: &str) -> (Exploration, Vec<Shown>) {
    let scenario = builtin(name).unwrap().scenario().unwrap();
    let config = RunConfig { switches: with_the_bug(), trace: true, ..RunConfig::default() };
    let threads = NonZeroUsize::new(2).unwrap();
    let kinds = &[Kind::Driver, Kind::Service, Kind::Message, Kind::Crash];
    let search = Search::new(&config, kinds, threads);
    let found = explore(&scenario, &stacks(&scenario), &search).unwrap();
    let prepare = |scenario: &Scenario| Ok::<_, explore::RunError>(stacks(scenario));
    let shown = found.findings.iter().map(|finding| Shown::of(finding, prepare).unwrap()).collect();
    (found, shown)
}

#[test]
fn the_state_told_from_a_trace_ends_at_the_state_of_the_cloud() {
    let defects = explore::DEFECTS.iter().map(|builtin| builtin.scenario().unwrap());
    let all = BUILTIN.iter().map(|builtin| builtin.scenario().unwrap()).chain(defects);
    for scenario in all {
        let run = traced(&scenario, Switches::default());
        let mut history = History::new();
        run.trace.iter().for_each(|record| history.apply(record));
        let told = history.now();
        assert_eq!(told.allocations, run.state.allocations, "{}", scenario.name);
        let counted = run.state.counted.iter().map(|(host, counted)| (host.clone(), counted.vcpus));
        assert_eq!(told.counted_vcpus, counted.collect(), "{}", scenario.name);
        assert_eq!(told.servers.len(), run.state.servers.len(), "{}", scenario.name);
        for state in &run.state.servers {
            let (told, record) = (&told.servers[&state.server.id], &state.server);
            let text = |value: Option<String>| value.unwrap_or_default();
            assert_eq!(told.name, record.name, "{}", scenario.name);
            assert_eq!(told.host, text(record.host.as_ref().map(ToString::to_string)), "{}", scenario.name);
            assert_eq!(told.flavor, record.flavor.name, "{}", scenario.name);
            assert_eq!(told.vm_state, record.vm_state.as_str(), "{}", scenario.name);
            let task = record.task_state.map(|task| task.as_str().to_owned());
            assert_eq!(told.task_state, text(task), "{}", scenario.name);
            for migration in &state.migrations {
                let told = &history.now().migrations[&migration.id];
                assert_eq!(told.number, migration.number, "{}", scenario.name);
                assert_eq!(told.status, migration.status.as_str(), "{}", scenario.name);
                assert_eq!(told.source, migration.source_compute.as_str(), "{}", scenario.name);
            }
        }
    }
}

#[test]
fn there_is_a_moment_for_each_event_and_the_last_has_all() {
    let run = failing();
    let moments = moments(&run.trace);
    assert_eq!(moments.len(), run.trace.len());
    assert!(moments[0].servers.is_empty());
    assert_eq!(moments.last().unwrap().servers.len(), 1);
}

#[test]
fn the_lanes_have_a_row_for_each_line_of_the_timeline_inside_the_picture() {
    let run = failing();
    let picture = lanes(&run.trace, &run.state);
    let names: Vec<_> = picture.lanes.iter().map(|lane| lane.name.as_str()).collect();
    assert_eq!(names, ["user", "api", "conductor", "scheduler", "placement", "host1", "host2"]);
    assert!(picture.rows.windows(2).all(|rows| rows[0].y < rows[1].y && rows[0].n < rows[1].n));
    assert!(picture.rows.iter().all(|row| row.y < picture.height && row.text_x < picture.width));
    assert!(picture.bars.iter().all(|bar| bar.y + bar.height < picture.height));
    let failed =
        picture.rows.iter().find(|row| row.text.starts_with("driver: finish_migration raised")).unwrap();
    assert_eq!(failed.look, "bad");
    let host2 = picture.lanes.last().unwrap().x;
    assert!(failed.text_x > host2 && failed.text_x < host2 + 20);
    let messages = picture.rows.iter().filter(|row| row.text == "resize_instance").collect::<Vec<_>>();
    let arrow = messages[0].arrow.as_ref().unwrap();
    assert!(arrow.from > arrow.to, "from host2 back to host1: {arrow:?}");
}

#[test]
fn the_bars_show_what_is_held_where_at_each_change() {
    let run = failing();
    let all = bars(&run.trace);
    let classes: Vec<_> = all.iter().map(|bars| bars.class.as_str()).collect();
    assert_eq!(classes, ["VCPU", "DISK_GB", "MEMORY_MB"]);
    let held: Vec<(&str, Vec<u64>)> = all[0]
        .providers
        .iter()
        .map(|provider| (provider.name.as_str(), provider.bars.iter().map(|bar| bar.total).collect()))
        .collect();
    // Booted; its share handed to the migration; claimed on host2; that of the migration dropped.
    assert_eq!(held, [("host1", vec![1, 1, 1, 0]), ("host2", vec![0, 0, 2, 2])]);
    let parts = &all[0].providers[0].bars;
    assert_eq!(parts[0].parts[0].consumer, "web");
    assert_eq!(parts[1].parts[0].consumer, "migration 1");
    for provider in &all[0].providers {
        for part in provider.bars.iter().flat_map(|bar| &bar.parts) {
            assert!(part.y > 0 && part.y + part.height <= provider.base);
        }
    }
}

#[test]
fn a_walk_goes_forward_back_to_the_fault_and_to_an_event() {
    let run = failing();
    let mut walk = Walk::new(&run);
    assert!(walk.text().contains("user: 1. boot web with flavor m1.small"), "{}", walk.text());
    let first = walk.at();
    walk.go(Go::Next).unwrap();
    assert_eq!(walk.at(), first + 1);
    walk.go(Go::Back).unwrap();
    assert_eq!(walk.at(), first);
    walk.go(Go::Fault).unwrap();
    let text = walk.text();
    assert!(
        text.contains("host2: driver: finish_migration raised VirtualInterfaceCreateException"),
        "{text}"
    );
    assert!(text.contains("web          active on host2, flavor m1.medium, task resize_finish"), "{text}");
    walk.go(Go::Fault).unwrap_err();
    let (at, n) = (walk.at(), walk.events()[walk.at()].n);
    walk.go(Go::To(0)).unwrap();
    walk.go(Go::Back).unwrap_err();
    walk.go(Go::To(n)).unwrap();
    assert_eq!(walk.at(), at);
    assert_eq!(
        walk.go(Go::To(9_999)).unwrap_err(),
        format!("there is no event 9999; the last one is {}", run.trace.len() - 1)
    );
}

#[test]
fn what_an_event_changed_is_told_with_before_and_after() {
    let run = failing();
    let mut walk = Walk::new(&run);
    let mut changes = Vec::new();
    while walk.go(Go::Next).is_ok() {
        changes.extend(walk.changed());
    }
    let has = |change: &str| assert!(changes.iter().any(|known| known == change), "{change}\n{changes:#?}");
    has("migration 1: resize from host1 to host2: post-migrating → resize from host1 to host2: error");
    has("migration 1 holds: 20 DISK_GB, 2048 MEMORY_MB, 1 VCPU on host1 → nothing");
}

#[test]
fn a_page_of_an_exploration_has_all_that_was_found_and_nothing_from_elsewhere() {
    let (found, shown) = explored("resize-confirm");
    assert!(found.new_findings().count() > 0);
    assert_eq!(found.outcomes.len(), found.plans);
    let html = page::of_exploration(std::slice::from_ref(&found), 1.5, &shown).unwrap();
    assert_eq!(html.matches("<details class=\"finding ").count(), found.findings.len());
    assert_eq!(html.matches("<tr data-worst=").count(), found.points);
    for finding in &found.findings {
        assert!(html.contains(&finding.trace_digest));
        assert!(html.contains(&format!("novarig replay {}", finding.file_name())));
    }
    assert!(html.contains("finish_migration"));
    // Handlers that this scenario cannot reach.
    assert!(html.contains("<span class=\"chip never\">compute: live_migration</span>"));
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("@import"));
    assert!(!html.contains("<span class=\"chip never\">compute: finish_resize</span>"));
}

#[test]
fn what_a_driver_or_a_scenario_says_is_text_and_never_markup() {
    let evil = "{name: \"<script>alert(1)</script>\", hosts: {host1: fake}, steps: [{boot: {server: \"</svg><b>\", flavor: m1.small}}]}";
    let scenario = Scenario::from_yaml("evil.yaml", evil).unwrap();
    let html = page::of_run(&traced(&scenario, Switches::default()), "novarig run '<i>'").unwrap();
    assert!(!html.contains("<script>alert") && !html.contains("<b>") && !html.contains("<i>"));
    assert!(html.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn the_same_run_gives_the_same_page() {
    let page = |run: Run| page::of_run(&run, "novarig run resize-fails").unwrap();
    assert_eq!(page(failing()), page(failing()));
}
