//! What drivers in Python cost: a call, a load, hosts. Medians, on one line each.
//!
//! `cargo bench -p novarig-virt --profile dev --bench python`

#![expect(clippy::print_stdout, reason = "the figures are what this is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

extern crate novarig_virt as virt;

#[expect(dead_code, reason = "shared with the tests")]
#[path = "../tests/boundary/common.rs"]
mod common;
#[path = "../tests/boundary/python_guests.rs"]
mod python_guests;

use common::{env, env_of, instance, library, simulate, spawn};
use runtime::Trace;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use virt::{Engine, Hypervisor, HypervisorEnv, Library, PreparedStack};

/// Rounds of which the median is taken.
const ROUNDS: usize = 11;

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

/// KiB of this process that are its own.
fn memory() -> u64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let kib = |name: &str| {
        let line = rollup.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0)
    };
    kib("Private_Dirty:") + kib("Private_Clean:")
}

async fn call<F: AsyncFn(&Hypervisor)>(stack: &PreparedStack, call: F) -> Duration {
    const CALLS: u32 = 500;
    let host = Hypervisor::start(stack.clone(), quiet());
    host.init_host("host1".to_owned()).await.unwrap();
    host.spawn(spawn("guest")).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for _ in 0..CALLS {
            call(&host).await;
        }
        times.push(begin.elapsed() / CALLS);
    }
    median(times)
}

fn main() {
    let code = Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache/code");
    let (layer, driver) = (python_guests::layer(), python_guests::driver());
    let size = driver.len() >> 20;
    let library = || {
        let mut library = library();
        library.add("snake", layer.clone());
        library.add("small", driver.clone());
        library
    };
    let prepare = |engine: &Engine, library: &Library, stack: &str| -> PreparedStack {
        engine.prepare(&stack.parse().unwrap(), library).unwrap()
    };
    let known = library();
    let engine = Engine::new(Some(code.clone())).unwrap();
    for stack in ["small", "fake+snake", "small+fail-finish-migration"] {
        prepare(&engine, &known, stack);
    }

    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let engine = Engine::new(Some(code.clone())).unwrap();
        black_box(prepare(&engine, &known, "small"));
        times.push(begin.elapsed());
    }
    let what = format!("a Python driver of {size} MiB loaded from the warm code cache");
    report(&what, median(times), Some(Duration::from_millis(60)));

    simulate(async {
        for (stack, what) in [
            ("small", "a Python driver"),
            ("fake+snake", "a Python layer that hands on, over fake"),
            ("small+fail-finish-migration", "a Rust layer over a Python driver"),
        ] {
            let stack = prepare(&engine, &known, stack);
            let time = call(&stack, async |host| {
                black_box(host.get_host_ip_addr().await.unwrap());
            });
            report(&format!("call get_host_ip_addr of {what}"), time.await, None);
            let time = call(&stack, async |host| {
                black_box(host.get_info(instance("guest"), true).await.unwrap());
            });
            report(&format!("call get_info of {what}"), time.await, None);
            let time = call(&stack, async |host| {
                host.spawn(spawn("guest")).await.unwrap();
            });
            report(&format!("call spawn of {what}"), time.await, None);
        }

        const HOSTS: u32 = 1_000;
        let stack = prepare(&engine, &known, "small");
        let world = quiet();
        let before = memory();
        let begin = Instant::now();
        let mut hosts = Vec::new();
        for n in 0..HOSTS {
            let name = format!("host{n}");
            let host = Hypervisor::start(stack.clone(), env_of(&name, &world));
            host.init_host(name.clone()).await.unwrap();
            black_box(host.get_available_resource(name).await.unwrap());
            hosts.push(host);
        }
        let elapsed = begin.elapsed();
        report("a host of a Python driver started, two calls answered", elapsed / HOSTS, None);
        report("1,000 of them", elapsed, None);
        println!("{:<58} {:>9} KiB", "memory of each", (memory() - before) / u64::from(HOSTS));
    });
}
