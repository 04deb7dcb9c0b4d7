//! `novarig explore`: which single fault breaks a cloud?

use super::run::{driver_stack, find, oracles, prepare, write_html};
use crate::cli::{ExploreArguments, Format};
use crate::output::{paint, print, progress_bar};
use anyhow::{Context, bail};
use explore::search::{Exploration, Journal, Kind, Search, explore as search, junit, text};
use explore::{BUILTIN, RunConfig, Scenario};
use model::Switches;
use serde_json::{Value, json};
use show::page::{self, Shown};
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Instant;

/// Explores scenarios and prints what was found. Good is when nothing is new.
pub(crate) fn explore(arguments: &ExploreArguments) -> anyhow::Result<bool> {
    let config = RunConfig {
        seed: arguments.seed,
        recover: arguments.recover,
        switches: Switches::parse(&arguments.switches.bug, &arguments.switches.fix)?,
        // The page tells which handlers the plans reached, and the traces know.
        trace: arguments.html.is_some(),
        ..RunConfig::default()
    };
    let format = if arguments.json { Format::Json } else { arguments.format };
    let threads = arguments.threads.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let driver = arguments.driver.as_deref().map(driver_stack).transpose()?;
    let kinds = if arguments.kinds.is_empty() { Kind::ALL } else { &arguments.kinds };
    let pairs = arguments.faults > 1;
    let open = |path: &PathBuf| Journal::open(path).with_context(|| format!("--resume: {}", path.display()));
    let journal = arguments.resume.as_ref().map(open).transpose()?;
    let oracles = oracles(&arguments.oracle)?;
    let ready = |scenario: &Scenario| anyhow::Ok(prepare(scenario)?.with_oracles(oracles.clone()));
    let begin = Instant::now();
    let mut all: Vec<(Exploration, f64)> = Vec::new();
    for mut scenario in scenarios(&arguments.scenario)? {
        if let Some(stack) = &driver {
            scenario.hosts.set_all(stack);
        }
        let begin = Instant::now();
        let bar = progress_bar(&scenario.name);
        let found = search(
            &scenario,
            &ready(&scenario)?,
            &Search {
                config: &config,
                kinds,
                pairs,
                orders: arguments.orders,
                random: arguments.random,
                journal: journal.as_ref(),
                threads,
                progress: &|done, of| bar.show(done, of),
            },
        )?;
        bar.clear();
        let seconds = begin.elapsed().as_secs_f64();
        if format == Format::Text {
            print(&text(&found, paint()));
        }
        all.push((found, seconds));
    }
    let seconds = begin.elapsed().as_secs_f64();
    let (plans, new) = all.iter().fold((0, 0), |(plans, new), (found, _)| {
        (
            plans
                + found.plans
                + found.pairs.unwrap_or(0)
                + found.orders.unwrap_or(0)
                + found.random.map_or(0, |random| random.plans),
            new + found.new_findings().count(),
        )
    });
    if let Some(folder) = &arguments.out {
        write_replays(folder, all.iter().map(|(found, _)| found))?;
    }
    if let Some(file) = &arguments.junit {
        let found: Vec<Exploration> = all.iter().map(|(found, _)| found.clone()).collect();
        fs::write(file, junit(&found, seconds))
            .with_context(|| format!("--junit: cannot write {}", file.display()))?;
    }
    if let Some(file) = &arguments.html {
        let found: Vec<Exploration> = all.iter().map(|(found, _)| found.clone()).collect();
        let findings = found.iter().flat_map(|found| &found.findings);
        let shown: anyhow::Result<Vec<Shown>> = findings.map(|finding| Shown::of(finding, ready)).collect();
        write_html(file, &page::of_exploration(&found, seconds, &shown?)?)?;
    }
    match format {
        Format::Text => print(&format!("{plans} plans in {seconds:.1} s: {new} new findings\n")),
        Format::Json => print(&format!("{:#}\n", as_json(&all)?)),
    }
    Ok(new == 0)
}

/// The scenarios that are meant: those that are named, or all that are built in.
fn scenarios(names: &[String]) -> anyhow::Result<Vec<Scenario>> {
    if names.is_empty() {
        return BUILTIN.iter().map(|builtin| find(builtin.name)).collect();
    }
    names.iter().map(|name| find(name)).collect()
}

/// A list with an entry for each scenario.
fn as_json(all: &[(Exploration, f64)]) -> anyhow::Result<Value> {
    let entry = |(found, seconds): &(Exploration, f64)| -> anyhow::Result<Value> {
        let mut entry = serde_json::to_value(found).context("what was found cannot be written as JSON")?;
        if let Some(fields) = entry.as_object_mut() {
            fields.insert("seconds".to_owned(), json!(seconds));
        }
        Ok(entry)
    };
    all.iter().map(entry).collect()
}

/// Writes each new finding to a file of its own.
fn write_replays<'a>(folder: &Path, all: impl Iterator<Item = &'a Exploration>) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("--out: cannot make {}", folder.display()))?;
    for finding in all.flat_map(Exploration::new_findings) {
        let file = folder.join(finding.file_name());
        if file.exists() {
            bail!("--out: {} is there already; move it away or name another folder", file.display());
        }
        fs::write(&file, &finding.replay)
            .with_context(|| format!("--out: cannot write {}", file.display()))?;
    }
    Ok(())
}
