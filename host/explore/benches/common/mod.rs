//! What the benchmarks share.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The time that this thread has had a processor, from some moment on, so that what else the machine does is not counted; where
/// the system does not tell, the time that has passed.
pub(crate) fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = stat.and_then(|stat| stat.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(passed, Duration::from_nanos)
}

/// The time that has passed since this was first asked.
pub(crate) fn passed() -> Duration {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed()
}
