//! What `novarig bugs` says: each switch names a built-in scenario, and that scenario shows it.
//!
//! With every fix, no scenario breaks anything. So what a scenario breaks when one old bug is added, or one fix is left out,
//! is that switch's doing alone. The scenario has to show it to a person, too, who adds nothing but the switch.

use explore::scenario::BUILTIN;
use explore::{DEFECTS, Run, RunConfig, Scenario, Stacks, builtin, report, run};
use model::switches::{Defect, Switches};
use model::{Bug, Fix};
use std::collections::{BTreeMap, BTreeSet};
use virt::{Engine, Library};

/// Scenarios and their stacks, made ready once.
struct Stage {
    engine: &'static Engine,
    library: Library,
    ready: BTreeMap<&'static str, (Scenario, Stacks)>,
}

impl Stage {
    fn new() -> Self {
        Self { engine: harness::engine().unwrap(), library: harness::shipped(), ready: BTreeMap::new() }
    }

    fn run(&mut self, scenario: &'static str, switches: &Switches) -> Run {
        let (scenario, stacks) = self.ready.entry(scenario).or_insert_with(|| {
            let read = builtin(scenario).unwrap_or_else(|| panic!("there is no scenario {scenario}"));
            let read = read.scenario().unwrap();
            read.check_hosts().unwrap();
            let stacks = Stacks::prepare(&read, self.engine, &self.library).unwrap();
            (read, stacks)
        });
        let config = RunConfig { switches: switches.clone(), trace: true, ..RunConfig::default() };
        run(scenario, &config, stacks).unwrap()
    }
}

/// Everything that is not as it should be.
fn problems(run: &Run) -> BTreeSet<String> {
    let steps = run.report.steps.iter().filter(|step| step.outcome.is_failure());
    let steps = steps.filter_map(|step| step.outcome.remark());
    let unmet = run.report.expectations.iter().filter_map(|judged| judged.problem.clone());
    let violations = run.report.violations.iter().map(|violation| violation.message.clone());
    steps.chain(unmet).chain(violations).collect()
}

fn with(bugs: &[Bug], fixes: impl IntoIterator<Item = Fix>) -> Switches {
    Switches { bugs: bugs.iter().copied().collect(), fixes: fixes.into_iter().collect() }
}

fn all_fixes() -> impl Iterator<Item = Fix> {
    Fix::ALL.iter().copied()
}

fn told(run: &Run) -> String {
    report::text(run, report::Paint::Plain)
}

/// The scenario after which the guest of a deleted server is there until a periodic task reaps it, half an hour later.
const REAPED_LATER: &str = "delete-while-host-is-down";

#[test]
fn with_every_fix_no_scenario_breaks_anything() {
    let mut stage = Stage::new();
    let cured = with(&[], all_fixes());
    let mut broken = String::new();
    for builtin in BUILTIN.iter().chain(DEFECTS) {
        let run = stage.run(builtin.name, &cured);
        if !run.report.passed() && builtin.name != REAPED_LATER {
            broken.push_str(&told(&run));
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

#[test]
fn each_old_bug_is_shown_by_its_scenario_and_only_with_its_switch() {
    let mut stage = Stage::new();
    let mut unseen = String::new();
    for bug in Bug::ALL {
        let Defect { id, scenario, .. } = bug.defect();
        let (without, with_it) =
            (stage.run(scenario, &with(&[], [])), stage.run(scenario, &with(&[*bug], [])));
        if problems(&with_it).is_subset(&problems(&without)) {
            unseen.push_str(&format!("run {scenario} --bug {id} shows nothing more:\n{}", told(&with_it)));
        }
        let alone = stage.run(scenario, &with(&[*bug], all_fixes()));
        // What 2044235 leaves behind, a fix takes away.
        if alone.report.passed() && *bug != Bug::Bug2044235 {
            unseen.push_str(&format!("run {scenario} --bug {id} --fix all shows nothing:\n{}", told(&alone)));
        }
        let never = with_it.report.faults.iter().filter(|fault| !fault.struck);
        never.for_each(|fault| unseen.push_str(&format!("{scenario}: {} never strikes\n", fault.point)));
    }
    assert!(unseen.is_empty(), "{unseen}");
}

#[test]
fn each_present_defect_is_shown_by_its_scenario_and_cured_by_its_fix() {
    let mut stage = Stage::new();
    let mut unseen = String::new();
    for fix in Fix::ALL {
        let Defect { id, scenario, .. } = fix.defect();
        let (as_is, cured) = (stage.run(scenario, &with(&[], [])), stage.run(scenario, &with(&[], [*fix])));
        if problems(&as_is).is_subset(&problems(&cured)) {
            unseen.push_str(&format!("run {scenario} --fix {id} cures nothing:\n{}", told(&cured)));
        }
        let others = all_fixes().filter(|other| other != fix);
        let without = stage.run(scenario, &with(&[], others));
        if without.report.passed() {
            unseen.push_str(&format!(
                "run {scenario} with all fixes but {id} shows nothing:\n{}",
                told(&without)
            ));
        }
        let never = as_is.report.faults.iter().filter(|fault| !fault.struck);
        never.for_each(|fault| unseen.push_str(&format!("{scenario}: {} never strikes\n", fault.point)));
    }
    assert!(unseen.is_empty(), "{unseen}");
}

#[test]
fn each_scenario_of_a_defect_is_named_by_a_switch() {
    let bugs = Bug::ALL.iter().map(|bug| bug.defect());
    let named: BTreeSet<_> =
        bugs.chain(Fix::ALL.iter().map(|fix| fix.defect())).map(|defect| defect.scenario).collect();
    let unnamed: Vec<_> =
        DEFECTS.iter().map(|scenario| scenario.name).filter(|name| !named.contains(name)).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}
