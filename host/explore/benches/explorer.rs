//! How fast the explorer is: plans a second on one core and on all; every plan of one fault of every built-in scenario; and
//! what memory a long search takes.
//!
//! Aims: 1,000 plans a second on one core for `resize`; as many times more on more cores; all scenarios within two minutes on
//! two cores; memory that is flat over 1,000,000 plans. `cargo bench --bench explorer -- PLANS` draws so many for the last of
//! these, which is otherwise left at what takes some seconds.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod common;

use common::{passed, processor_time};
use novarig_explore::search::{Kind, Search, explore};
use novarig_explore::{BUILTIN, RunConfig, Scenario, Stacks, builtin};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use virt::{Engine, Library};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds of which the median is told.
const ROUNDS: usize = 5;
/// Plans that are drawn when nothing is said.
const PLANS: usize = 20_000;

fn main() {
    let plans = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(PLANS);
    let engine =
        Engine::for_short_runs(Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache/code")))
            .expect("WebAssembly runs here");
    let mut library = Library::new();
    for shipped in drivers::SHIPPED {
        library.add(shipped.name, shipped.wasm);
    }
    let prepared = |scenario: Scenario| {
        let stacks = Stacks::prepare(&scenario, &engine, &library).expect("the shipped drivers load");
        (scenario, stacks)
    };
    let resize = prepared(builtin("resize").expect("a built-in scenario").scenario().expect("a shipped one"));
    let all: Vec<_> =
        BUILTIN.iter().map(|builtin| prepared(builtin.scenario().expect("a shipped scenario"))).collect();
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);

    let alone = rate(&resize, NonZeroUsize::MIN, processor_time);
    println!("resize, one fault, one core: {alone:.0} plans a second of processor time");
    if cores > NonZeroUsize::MIN {
        let alone = rate(&resize, NonZeroUsize::MIN, passed);
        let together = rate(&resize, cores, passed);
        let times = together / alone;
        println!(
            "the same on {cores} cores: {together:.0} a second as time passes, {times:.2} times as many as on one"
        );
    }

    let config = RunConfig::default();
    let begin = Instant::now();
    let tried: usize = all
        .iter()
        .map(|(scenario, stacks)| {
            explore(scenario, stacks, &Search::new(&config, Kind::ALL, cores)).expect("it runs").plans
        })
        .sum();
    println!(
        "every plan of one fault of {} scenarios on {cores} cores, findings made small: {tried} plans in {:.0} s",
        all.len(),
        begin.elapsed().as_secs_f64()
    );

    let tenth = AtomicUsize::new(0);
    let note = |done: usize, of: usize| {
        if done == of / 10 {
            tenth.store(resident(), Ordering::Relaxed);
        }
    };
    let search = Search { random: plans, progress: &note, ..Search::new(&config, &[Kind::Driver], cores) };
    explore(&resize.0, &resize.1, &search).expect("it runs");
    println!(
        "resize, {plans} plans drawn at random: {} MiB after a tenth of them, {} MiB after all",
        tenth.load(Ordering::Relaxed) >> 20,
        resident() >> 20
    );
}

/// Plans of one fault that are run in a second by this clock, the median over rounds. What is then done with those that break
/// something is not counted.
fn rate((scenario, stacks): &(Scenario, Stacks), threads: NonZeroUsize, now: fn() -> Duration) -> f64 {
    let config = RunConfig::default();
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = now();
            let took = OnceLock::new();
            let note = |done: usize, of: usize| {
                if done == of {
                    took.get_or_init(|| now().saturating_sub(begin));
                }
            };
            let search = Search { progress: &note, ..Search::new(&config, Kind::ALL, threads) };
            let plans = explore(scenario, stacks, &search).expect("it runs").plans;
            plans as f64 / took.get().expect("there are plans").as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[ROUNDS / 2]
}

/// Bytes of memory that the process has; none where the system does not tell.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|pages| pages.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or_default() * 4096
}
