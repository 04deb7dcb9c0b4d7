//! How fast scenarios run in a process that runs, on one core: whole ones, by the second of processor time; and where the time
//! goes.
//!
//! Aim: at least 1,000 boot-resize-confirm scenarios a second, without a trace. An argument selects what has it in its name.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod common;

use common::processor_time;
use novarig_explore::{RunConfig, Scenario, Stacks, builtin, run};
use std::path::Path;
use std::time::Duration;
use virt::{Engine, Library};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds of which the median is told.
const ROUNDS: usize = 11;
/// Scenarios in a round.
const RUNS: u32 = 100;

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let engine = Engine::new(Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache/code")))
        .expect("WebAssembly runs here");
    let mut library = Library::new();
    for shipped in drivers::SHIPPED {
        library.add(shipped.name, shipped.wasm);
    }
    let one =
        |name: &str| builtin(name).expect("a built-in scenario").scenario().expect("a shipped scenario");
    let mut empty = one("resize-confirm");
    empty.steps.clear();
    let mut boot = one("resize-confirm");
    boot.steps.truncate(1);
    let mut resize = one("resize-confirm");
    resize.steps.truncate(2);
    let mut confirm = one("resize-confirm");
    confirm.steps.truncate(3);
    for (what, scenario, trace) in [
        ("two hosts, no steps", &empty, false),
        ("boot", &boot, false),
        ("boot, resize", &resize, false),
        ("boot, resize, confirm", &confirm, false),
        ("boot, resize, confirm, periodics", &one("resize-confirm"), false),
        ("boot, resize, confirm, traced", &confirm, true),
    ] {
        if !what.contains(&wanted) {
            continue;
        }
        let each = median(scenario, &engine, &library, trace);
        println!(
            "{what:<36} {:>8.1} µs {:>8.0} a second",
            each.as_secs_f64() * 1e6,
            1.0 / each.as_secs_f64()
        );
    }
}

/// The time of one run, the median over rounds.
fn median(scenario: &Scenario, engine: &Engine, library: &Library, trace: bool) -> Duration {
    let stacks = Stacks::prepare(scenario, engine, library).expect("the shipped drivers load");
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|round| {
            let begin = processor_time();
            for n in 0..RUNS {
                let config = RunConfig { seed: u64::from(n) + round as u64, trace, ..RunConfig::default() };
                assert!(run(scenario, &config, &stacks).expect("it runs").report.passed());
            }
            processor_time().saturating_sub(begin) / RUNS
        })
        .collect();
    rounds.sort();
    rounds[ROUNDS / 2]
}
