//! `novarig bugs --find`: does the explorer find every defect that can be switched, knowing nothing of it?
//!
//! The JSON is for programs and keeps its keys: a list of objects with `id`, `kind`, `found`, `plans` (runs until it was
//! found, or all there are), `seconds`, and of what was found `scenario`, `invariant`, `message`, `cause` and `replay`.

use super::run::{find, prepare};
use crate::cli::{BugsArguments, Format};
use crate::output::{paint, print};
use anyhow::bail;
use explore::scenario::DEFECTS;
use explore::search::{Baseline, Caught, HUNTED, Search, hunt};
use explore::{BUILTIN, RunConfig, Scenario, Stacks};
use model::{Bug, Fix, Switches};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Instant;

/// A defect, and the clouds that have it and do not.
struct Hunted {
    id: &'static str,
    kind: &'static str,
    with: Switches,
}

/// Scenarios with their stacks, and what they break without the defect.
type Ground = Vec<(Scenario, Stacks, Baseline)>;

/// Hunts each defect. Good is when all are found.
pub(crate) fn bugs_find(arguments: &BugsArguments) -> anyhow::Result<bool> {
    let threads = arguments.threads.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let all: BTreeSet<Fix> = Fix::ALL.iter().copied().collect();
    let cured = Switches { fixes: all.clone(), ..Switches::default() };
    let bugs = Bug::ALL.iter().map(|bug| Hunted {
        id: bug.defect().id,
        kind: "bug",
        with: Switches { bugs: [*bug].into(), ..Switches::default() },
    });
    let fixes = Fix::ALL.iter().map(|fix| Hunted {
        id: fix.defect().id,
        kind: "fix",
        with: Switches {
            fixes: all.iter().copied().filter(|one| one != fix).collect(),
            ..Switches::default()
        },
    });
    let all: Vec<Hunted> = bugs.chain(fixes).collect();
    if let Some(unknown) = arguments.only.iter().find(|id| all.iter().all(|one| one.id != **id)) {
        bail!("--only: there is no defect {unknown}; `novarig bugs` lists them");
    }
    let wanted = |one: &&Hunted| arguments.only.is_empty() || arguments.only.iter().any(|id| id == one.id);
    let (as_nova, without_defects) = (ground()?, ground()?);
    let (mut items, mut every) = (Vec::new(), true);
    if arguments.format == Format::Text {
        print(&format!("{:<44} {:>7} {:>8}   {}\n", "defect", "plans", "time", "found as"));
    }
    for one in all.iter().filter(wanted) {
        let (ground, without) = match one.kind {
            "bug" => (&as_nova, Switches::default()),
            _ => (&without_defects, cured.clone()),
        };
        let config = RunConfig { switches: one.with.clone(), ..RunConfig::default() };
        let without = RunConfig { switches: without, ..RunConfig::default() };
        let begin = Instant::now();
        let search = Search::new(&config, HUNTED, threads);
        let caught = hunt(ground, &without, &search)?;
        let seconds = begin.elapsed().as_secs_f64();
        every &= caught.is_some();
        match arguments.format {
            Format::Text => print(&line(one, caught.as_ref(), seconds)),
            Format::Json => items.push(item(one, caught.as_ref(), seconds)),
        }
    }
    if arguments.format == Format::Json {
        print(&format!("{:#}\n", Value::from(items)));
    }
    Ok(every)
}

/// Every scenario that is built in.
fn ground() -> anyhow::Result<Ground> {
    let names = BUILTIN.iter().chain(DEFECTS).map(|builtin| builtin.name);
    let one = |name| {
        let scenario = find(name)?;
        let stacks = prepare(&scenario)?;
        Ok((scenario, stacks, Baseline::default()))
    };
    names.map(one).collect()
}

fn line(one: &Hunted, caught: Option<&Caught>, seconds: f64) -> String {
    let paint = paint();
    let name = format!("--{} {}", one.kind, one.id);
    let Some(Caught { plans, finding }) = caught else {
        return format!("{name:<44} {:>7} {seconds:>6.1} s   {}\n", "all", paint.bad("not found"));
    };
    let by = finding.plan.first().map_or_else(String::new, |fault| format!(", {fault}"));
    let lines = finding.replay.lines().count();
    format!(
        "{name:<44} {plans:>7} {seconds:>6.1} s   {}{by} in {} ({lines} lines)\n",
        finding.invariant, finding.scenario
    )
}

fn item(one: &Hunted, caught: Option<&Caught>, seconds: f64) -> Value {
    let finding = caught.map(|caught| &caught.finding);
    json!({
        "id": one.id,
        "kind": one.kind,
        "found": caught.is_some(),
        "plans": caught.map(|caught| caught.plans),
        "seconds": seconds,
        "scenario": finding.map(|finding| &finding.scenario),
        "invariant": finding.map(|finding| finding.invariant),
        "message": finding.map(|finding| &finding.message),
        "cause": finding.and_then(|finding| finding.cause.as_ref()),
        "replay": finding.map(|finding| &finding.replay),
    })
}
