//! `novarig replay`: a finding of `novarig explore`, once more.

use super::run::{command_line, oracles, prepare, write_html};
use super::step::step;
use crate::cli::{Format, ReplayArguments};
use crate::output::{paint, print};
use anyhow::Context;
use explore::report;
use explore::search::Replay;
use show::{page, rust};

/// Runs a replay and prints what became of the cloud. Good is when everything happened as it did before.
pub(crate) fn replay(arguments: &ReplayArguments) -> anyhow::Result<bool> {
    let file = &arguments.file;
    let yaml = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let replay = Replay::from_yaml(&file.display().to_string(), &yaml)?;
    let stacks = prepare(&replay.planned())?.with_oracles(oracles(&arguments.oracle)?);
    let replayed = replay.run(&stacks)?;
    let good = replayed.same_trace && replayed.violates;
    if let Some(file) = &arguments.trace {
        std::fs::write(file, replayed.run.trace_json_lines())
            .with_context(|| format!("--trace: cannot write {}", file.display()))?;
    }
    if let Some(file) = &arguments.html {
        write_html(file, &page::of_run(&replayed.run, &command_line())?)?;
    }
    if arguments.rust {
        let sound = Replay { bugs: Vec::new(), ..replay.clone() };
        let cured = !replay.bugs.is_empty() && sound.run(&stacks)?.run.report.violations.is_empty();
        print(&rust::test_of(&replay, cured));
        return Ok(good);
    }
    if arguments.step {
        step(&replayed.run)?;
        return Ok(good);
    }
    match arguments.format {
        Format::Text => {
            print(&report::text(&replayed.run, paint()));
            let trace = if replayed.same_trace { "the same to the byte" } else { "another" };
            let broken = if replayed.violates { "is broken again" } else { "is not broken" };
            print(&format!("replay       the trace is {trace}; {} {broken}\n", replay.violates));
        }
        Format::Json => print(&format!("{}\n", replayed.run.report.to_json())),
    }
    Ok(good)
}
