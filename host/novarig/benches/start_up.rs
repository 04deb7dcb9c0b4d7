//! How long a whole process takes, from its start to the result. Aim: `novarig run resize` with a warm cache under 50 ms.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Starts of which the median is told.
const STARTS: usize = 41;

fn main() {
    let cache = std::env::temp_dir().join(format!("novarig-bench-{}", std::process::id()));
    for arguments in
        [&["--version"][..], &["scenarios"], &["run", "resize"], &["run", "resize-confirm"], &["demo"]]
    {
        let mut times: Vec<Duration> = (0..=STARTS).map(|_| start(arguments, &cache)).collect();
        // The first start fills the cache.
        let cold = times.remove(0);
        times.sort();
        println!(
            "novarig {:<22} {:>6.1} ms   (first start {:.1} ms)",
            arguments.join(" "),
            times[STARTS / 2].as_secs_f64() * 1e3,
            cold.as_secs_f64() * 1e3
        );
    }
    let _ = std::fs::remove_dir_all(cache);
}

fn start(arguments: &[&str], cache: &std::path::Path) -> Duration {
    let begin = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_novarig"))
        .args(arguments)
        .env("NOVARIG_CACHE", cache)
        .stdout(Stdio::null())
        .status()
        .expect("novarig starts");
    assert!(status.success());
    begin.elapsed()
}
