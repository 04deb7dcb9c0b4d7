//! `novarig run`: one scenario, once.

use crate::cli::{Format, RunArguments};
use crate::output::{paint, print};
use crate::setup;
use anyhow::{Context, anyhow, bail};
use explore::run::tell_since;
use explore::scenario::Hosts;
use explore::{BUILTIN, Run, RunConfig, Scenario, Stacks, builtin, report};
use model::Switches;
use show::page;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use virt::{Oracle, Stack};

/// Runs the scenario and prints what became of the cloud.
pub(crate) fn run(arguments: &RunArguments) -> anyhow::Result<bool> {
    let run = run_scenario(arguments)?;
    match arguments.format {
        Format::Text => print(&report::text(&run, paint())),
        Format::Json => print(&format!("{}\n", run.report.to_json())),
    }
    Ok(run.report.passed())
}

/// Runs the scenario as the arguments say, and writes its trace if they ask for it.
pub(crate) fn run_scenario(arguments: &RunArguments) -> anyhow::Result<Run> {
    let mut scenario = find(&arguments.scenario)?;
    if let Some(driver) = &arguments.driver {
        scenario.hosts.set_all(&driver_stack(driver)?);
    }
    for host in &arguments.host {
        let (host, stack) = Hosts::parse_entry(host).context("--host")?;
        scenario.hosts.set(host, stack);
    }
    for option in &arguments.set {
        let (name, value) = option.split_once('=').with_context(|| {
            format!(
                "--set: `{option}` has no `=`; an option is set with KEY=VALUE, for instance max_attempts=1"
            )
        })?;
        scenario.options.set(name, value).context("--set")?;
    }
    let switches = Switches::parse(&arguments.switches.bug, &arguments.switches.fix)?;
    let config = RunConfig { seed: arguments.seed, switches, trace: true, ..RunConfig::default() };
    let stacks = prepare(&scenario)?.with_oracles(oracles(&arguments.oracle)?);
    let mut run = explore::run(&scenario, &config, &stacks)?;
    tell_since(&mut run, &scenario, &config, &stacks)?;
    if let Some(file) = &arguments.trace {
        std::fs::write(file, run.trace_json_lines())
            .with_context(|| format!("--trace: cannot write {}", file.display()))?;
    }
    if let Some(file) = &arguments.html {
        write_html(file, &page::of_run(&run, &command_line())?)?;
    }
    Ok(run)
}

/// Writes a page.
pub(crate) fn write_html(file: &Path, page: &str) -> anyhow::Result<()> {
    std::fs::write(file, page).with_context(|| format!("--html: cannot write {}", file.display()))
}

/// What was said on the command line, but for where the page goes.
pub(crate) fn command_line() -> String {
    let mut words = vec!["novarig".to_owned()];
    let mut arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        if argument == "--html" {
            arguments.next();
        } else if !argument.starts_with("--html=") {
            let plain = |letter: char| letter.is_alphanumeric() || "-_./=+:,@%".contains(letter);
            let quoted = || format!("'{}'", argument.replace('\'', "'\\''"));
            words.push(if argument.chars().all(plain) { argument.clone() } else { quoted() });
        }
    }
    words.join(" ")
}

/// The stack of `--driver`.
pub(crate) fn driver_stack(text: &str) -> anyhow::Result<Stack> {
    text.parse().map_err(|error| anyhow!("--driver: the stack is wrong:\n{error}"))
}

/// Makes the stacks of a scenario ready, of the shipped drivers and those they name by path.
pub(crate) fn prepare(scenario: &Scenario) -> anyhow::Result<Stacks> {
    scenario.check_hosts()?;
    Ok(Stacks::prepare(scenario, &setup::engine_for_short_runs()?, &setup::library())?)
}

/// The oracles of `--oracle`.
pub(crate) fn oracles(paths: &[PathBuf]) -> anyhow::Result<Vec<Arc<Oracle>>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let engine = setup::engine()?;
    let mut oracles: Vec<Arc<Oracle>> = Vec::new();
    for path in paths {
        let oracle = engine.oracle(path).context("--oracle")?;
        if oracles.iter().any(|known| known.name() == oracle.name()) {
            bail!("--oracle: two oracles are called {}; give one of the files another name", oracle.name());
        }
        oracles.push(Arc::new(oracle));
    }
    Ok(oracles)
}

/// The scenario a user means: a built-in one, or a file.
pub(crate) fn find(name: &str) -> anyhow::Result<Scenario> {
    if let Some(builtin) = builtin(name) {
        return builtin.scenario().context("a built-in scenario is broken");
    }
    if !Path::new(name).exists() {
        let known: Vec<&str> = BUILTIN.iter().map(|builtin| builtin.name).collect();
        let known = known.join(", ");
        bail!(
            "there is no scenario `{name}`: no file of that name, and built in are {known}, and those of the defects, which \
             `novarig scenarios` lists"
        );
    }
    let yaml = std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"))?;
    Ok(Scenario::from_yaml(name, &yaml)?)
}
