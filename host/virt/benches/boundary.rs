//! What the boundary costs: a call through more and more layers, a host started, a stack loaded, a process full of hosts.
//! Medians, on one line each.
//!
//! `cargo bench -p novarig-virt --profile dev`

#![expect(clippy::print_stdout, reason = "the figures are what this is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

extern crate novarig_virt as virt;

#[expect(dead_code, reason = "shared with the tests")]
#[path = "../tests/boundary/common.rs"]
mod common;

use common::{env, env_of, instance, library, library_with_guests, simulate, spawn};
use runtime::Trace;
use std::hint::black_box;
use std::time::{Duration, Instant};
use virt::{Engine, Hypervisor, HypervisorEnv, PreparedStack, Stack};

/// The time this thread has had a processor, so that what else the machine does is not counted; where the system does not
/// tell, the time that has passed.
#[derive(Clone, Copy)]
struct Stopwatch(Option<Duration>, Instant);

impl Stopwatch {
    fn start() -> Self {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let nanoseconds = stat.and_then(|stat| stat.split(' ').next()?.parse().ok());
        Self(nanoseconds.map(Duration::from_nanos), Instant::now())
    }

    fn elapsed(self) -> Duration {
        let now = Self::start();
        match (self.0, now.0) {
            (Some(begin), Some(end)) => end - begin,
            _ => now.1 - self.1,
        }
    }
}

/// Rounds of which the median is taken.
const ROUNDS: usize = 21;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn report(what: &str, time: Duration, bound: Option<Duration>) {
    let verdict = match bound {
        Some(bound) if time > bound => format!("  over the bound of {bound:?}"),
        Some(bound) => format!("  within {bound:?}"),
        None => String::new(),
    };
    println!("{what:<58} {time:>12.2?}{verdict}");
}

fn quiet() -> HypervisorEnv {
    let mut env = env();
    env.trace = Trace::off(env.clock);
    env
}

/// The median time of a call, measured over many.
async fn call<F: AsyncFn(&Hypervisor)>(stack: &PreparedStack, call: F) -> Duration {
    const CALLS: u32 = 10_000;
    let host = Hypervisor::start(stack.clone(), quiet());
    host.init_host("host1".to_owned()).await.unwrap();
    host.spawn(spawn("guest")).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Stopwatch::start();
        for _ in 0..CALLS {
            call(&host).await;
        }
        times.push(begin.elapsed() / CALLS);
    }
    median(times)
}

/// Hosts in one process, and what each may take.
const MANY_HOSTS: usize = 10_000;
const MANY_HOSTS_TIME: Duration = Duration::from_secs(2);
const HOST_BYTES: usize = 64 << 10;

/// Memory of this process in bytes, pages that are there once for many uses counted once; none where the system does not tell.
fn resident() -> Option<usize> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok().map(|kib: usize| kib << 10)
}

/// Starts very many hosts, each of which answers a call, and keeps them.
async fn many_hosts(stack: &PreparedStack) {
    let world = quiet();
    let before = resident();
    let begin = Stopwatch::start();
    let mut hosts = Vec::with_capacity(MANY_HOSTS);
    for n in 0..MANY_HOSTS {
        let name = format!("host{n}");
        let host = Hypervisor::start(stack.clone(), env_of(&name, &world));
        host.init_host(name).await.unwrap();
        hosts.push(host);
    }
    report(
        &format!("{MANY_HOSTS} hosts, each having answered init_host"),
        begin.elapsed(),
        Some(MANY_HOSTS_TIME),
    );
    if let (Some(before), Some(after)) = (before, resident()) {
        let each = after.saturating_sub(before) / MANY_HOSTS;
        let verdict = if each > HOST_BYTES { "over the bound of" } else { "within" };
        println!(
            "{:<58} {:>9} KiB  {verdict} {} KiB",
            "memory of each of them",
            each >> 10,
            HOST_BYTES >> 10
        );
    }
    for host in &hosts {
        black_box(host.get_num_instances().await.unwrap());
    }
}

fn main() {
    let cache = tempfile::tempdir().unwrap();
    let load =
        |engine: &Engine, text: &str| engine.prepare(&text.parse::<Stack>().unwrap(), &library()).unwrap();
    let stacks = ["fake", "fake+fail-finish-migration"];
    // Compiling ten layers takes a minute, so what the calls go through is kept for the next run.
    let kept = Some(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-code"));

    for text in ["fake", "fake+fail-finish-migration", "fake+old-layer"] {
        let stack: Stack = text.parse().unwrap();
        let (engine, library) = (Engine::new(None).unwrap(), library_with_guests());
        let times = (0..ROUNDS).map(|_| {
            let begin = Stopwatch::start();
            engine.check(&stack, &library).unwrap();
            begin.elapsed()
        });
        report(&format!("{text} checked and composed, not compiled"), median(times.collect()), None);
    }

    for text in stacks {
        let cold = (0..3).map(|_| {
            let engine = Engine::new(None).unwrap();
            // Compilation uses all processors.
            let begin = Instant::now();
            black_box(load(&engine, text));
            begin.elapsed()
        });
        report(&format!("load {text}, nothing cached"), median(cold.collect()), None);
        load(&Engine::new(Some(cache.path().to_owned())).unwrap(), text);
        const LOADS: u32 = 20;
        let warm = (0..ROUNDS).map(|_| {
            let begin = Stopwatch::start();
            for _ in 0..LOADS {
                let engine = Engine::new(Some(cache.path().to_owned())).unwrap();
                black_box(load(&engine, text));
            }
            begin.elapsed() / LOADS
        });
        report(&format!("engine made and {text} loaded from the cache"), median(warm.collect()), None);
    }

    let engine = Engine::new(kept).unwrap();
    simulate(async {
        many_hosts(&load(&engine, "fake")).await;
    });
    simulate(async {
        for (layers, bound) in [(0, Some(5)), (1, None), (3, None), (10, None)] {
            let stack = load(&engine, &format!("fake{}", "+fail-finish-migration".repeat(layers)));
            let text = match layers {
                0 => "fake".to_owned(),
                layers => format!("fake, layers over it: {layers}"),
            };
            let time = call(&stack, async |host| {
                black_box(host.get_host_ip_addr().await.unwrap());
            });
            report(&format!("call get_host_ip_addr of {text}"), time.await, bound.map(Duration::from_micros));
            let time = call(&stack, async |host| {
                black_box(host.get_info(instance("guest"), true).await.unwrap());
            });
            report(&format!("call get_info of {text}"), time.await, bound.map(Duration::from_micros));
            let time = call(&stack, async |host| {
                host.spawn(spawn("guest")).await.unwrap();
            });
            report(&format!("call spawn of {text}"), time.await, None);
        }
        let stack = load(&engine, "fake");
        let mut times = Vec::new();
        let world = quiet();
        for round in 0..ROUNDS {
            const HOSTS: u32 = 200;
            let begin = Stopwatch::start();
            for n in 0..HOSTS {
                let name = format!("host{round}-{n}");
                let host = Hypervisor::start(stack.clone(), env_of(&name, &world));
                host.init_host(name).await.unwrap();
            }
            times.push(begin.elapsed() / HOSTS);
        }
        report("host started, init_host answered", median(times), Some(Duration::from_micros(100)));
    });
}
