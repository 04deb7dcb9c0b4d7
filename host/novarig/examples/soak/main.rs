//! Whether a served cloud can be left running: `just soak`, or
//! `cargo run --example soak -- [--novarig PATH] [--servers N] [--clients N]`.
//!
//! Clients make servers and delete them again, 10,000 in all. The memory of the process must be flat: after 3,000 of them
//! everything that is kept for a while is full (2,000 deleted servers, 5,000 notifications), and from then to the end it may
//! grow by no more than [`GROWTH_KIB`]. At the end no server, no task, no allocation, no port is left, and every invariant
//! holds.
#![expect(clippy::print_stdout, reason = "the figures are what this is for")]

mod load;

use load::{Cloud, Problem, servers_come_and_go, what_is_left};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

/// How much larger the process may be at the end than when all is full, in KiB: what an allocator leaves unused here and there,
/// and 600 bytes for each further server, whose own record alone takes more.
const GROWTH_KIB: u64 = 4 * 1_024;

/// After so many servers everything that is kept for a while is full.
const FULL: u32 = 3_000;

/// How often memory is looked at, in servers.
const STEP: u32 = 1_000;

struct Options {
    novarig: PathBuf,
    servers: u32,
    clients: u32,
}

impl Options {
    fn from_arguments() -> Result<Self, Problem> {
        let beside =
            std::env::current_exe()?.parent().and_then(|examples| Some(examples.parent()?.join("novarig")));
        let mut options = Self { novarig: beside.unwrap_or_default(), servers: 10_000, clients: 50 };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--novarig" => options.novarig = value.into(),
                "--servers" => options.servers = value.parse()?,
                "--clients" => options.clients = value.parse()?,
                _ => return Err(format!("unknown option {name}").into()),
            }
        }
        Ok(options)
    }
}

fn soak(options: &Options) -> Result<Vec<String>, Problem> {
    let cloud = Cloud::serve(&options.novarig, &["--hosts", "20"])?;
    let begin = Instant::now();
    let mib = |kib: u64| kib as f64 / 1_024.0;
    println!("begun        {:>6.1} MiB", mib(cloud.memory_kib()?));
    let seen = Mutex::new(Vec::new());
    let step = STEP.min(options.servers.div_ceil(10));
    servers_come_and_go(&cloud.address, options.clients, options.servers, step, |servers| {
        let memory = cloud.memory_kib()?;
        println!("{servers:>6} servers {:>6.1} MiB  {:>5.1} s", mib(memory), begin.elapsed().as_secs_f64());
        seen.lock().map_err(|_| "a client died")?.push((servers, memory));
        Ok(())
    })?;
    let took = begin.elapsed().as_secs_f64();
    println!(
        "{:.0} servers a second made and deleted by {} clients",
        f64::from(options.servers) / took,
        options.clients
    );
    let mut problems = what_is_left(&cloud)?;
    let mut seen = seen.into_inner().map_err(|_| "a client died")?;
    seen.sort_unstable();
    let Some((servers, full)) = seen.iter().find(|(servers, _)| *servers >= FULL) else {
        println!("memory is not judged: that takes more than {FULL} servers");
        return Ok(problems);
    };
    let last = seen.last().map_or(0, |(_, memory)| *memory);
    println!("after {servers} servers {:.1} MiB, at the end {:.1} MiB", mib(*full), mib(last));
    if last > full + GROWTH_KIB {
        let allowed = mib(GROWTH_KIB);
        problems
            .push(format!("memory grew by {:.1} MiB; at most {allowed:.0} are allowed", mib(last - full)));
    }
    Ok(problems)
}

fn main() -> Result<ExitCode, Problem> {
    let problems = soak(&Options::from_arguments()?)?;
    for problem in &problems {
        println!("LEFT: {problem}");
    }
    if problems.is_empty() {
        println!("memory is flat, nothing is left, every invariant holds");
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
