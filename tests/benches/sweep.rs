//! How long the complete failure sweep takes on two cores: every observed run of Nova replayed, every driver call of every
//! built-in scenario made to fail in every way, and every host dying in every driver call and with every message.
//!
//! Aim: under 60 s in all.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured, or panics"
)]

#[path = "../outcomes"]
#[expect(dead_code, reason = "the tests look at more of it than is measured")]
mod outcomes {
    pub(crate) mod compare;
    pub(crate) mod failing;
    pub(crate) mod line;
    pub(crate) mod observe;
    pub(crate) mod replay;
    pub(crate) mod scenarios;
}

use explore::search::{Kind, Search, explore};
use explore::{RunConfig, Stacks, builtin};
use harness::{engine, shipped};
use outcomes::compare::differences;
use outcomes::failing::failing;
use outcomes::line::read_lines;
use outcomes::replay::replay;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const OBSERVED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/outcomes/nova-outcomes.jsonl");
const CORES: usize = 2;

fn main() {
    let lines = read_lines(OBSERVED).unwrap();
    let (same, replayed) = timed(lines.len(), |at| {
        let line = &lines[at];
        usize::from(
            replay(line).unwrap().is_some_and(|replayed| differences(line, &replayed.seen).is_empty()),
        )
    });
    println!("{same:>6} observed runs replayed                     {:>6.1} s", replayed.as_secs_f64());
    assert_eq!(same, lines.len(), "some differ: `just conformance-outcomes` says which");
    let scenarios = explore::BUILTIN;
    let with = |runs: fn(&str) -> usize| timed(scenarios.len(), move |at| runs(scenarios[at].name));
    let (failed, failing_took) = with(|name| failing(name, engine().unwrap(), &shipped()).len());
    println!("{failed:>6} driver calls that fail                      {:>6.1} s", failing_took.as_secs_f64());
    let (crashed, crashing_took) = with(crashing);
    println!(
        "{crashed:>6} hosts that die                              {:>6.1} s",
        crashing_took.as_secs_f64()
    );
    let all = replayed + failing_took + crashing_took;
    println!(
        "{:>6} in all                                      {:>6.1} s",
        same + failed + crashed,
        all.as_secs_f64()
    );
}

/// How many plans there are by which a host dies in a built-in scenario; all are run, and what breaks is made small.
fn crashing(name: &str) -> usize {
    let scenario = builtin(name).unwrap().scenario().unwrap();
    let stacks = Stacks::prepare(&scenario, engine().unwrap(), &shipped()).unwrap();
    let (config, threads) = (RunConfig::default(), NonZeroUsize::MIN);
    let search = Search::new(&config, &[Kind::Crash], threads);
    explore(&scenario, &stacks, &search).unwrap().plans
}

/// Does so many things on so many cores. Answers the sum of what they answer, and the time.
fn timed(count: usize, work: impl Fn(usize) -> usize + Sync) -> (usize, Duration) {
    let (next, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CORES {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    sum.fetch_add(work(at), Ordering::Relaxed);
                }
            });
        }
    });
    (sum.into_inner(), begin.elapsed())
}
