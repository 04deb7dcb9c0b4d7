//! Running something in simulated time.

use std::future::Future;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// The simulation could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the simulation's runtime could not be made: {0}")]
pub struct SimulationError(#[from] std::io::Error);

/// Runs `main` on one thread with paused time, together with everything it spawns locally. What still runs when `main`
/// ends is dropped.
pub fn simulate<T, F: Future<Output = T>>(main: impl FnOnce() -> F) -> Result<T, SimulationError> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let local = LocalSet::new();
    let result = local.block_on(&runtime, async { main().await });
    // Tasks hold handles to one another: dropping them within the runtime lets their timers be removed in order.
    let _inside = runtime.enter();
    drop(local);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use crate::clock::Clock;
    use model::Timestamp;
    use std::time::Duration;

    #[test]
    fn simulated_time_moves_by_what_is_waited() {
        let (elapsed, now) = super::simulate(|| async {
            let clock = Clock::starting_at(Timestamp::SIMULATION_START);
            clock.sleep(Duration::from_secs(3600)).await;
            (clock.elapsed(), clock.now())
        })
        .unwrap();
        assert_eq!(elapsed, Duration::from_secs(3600));
        assert_eq!(now.to_string(), "2026-01-01T01:00:00.000000");
    }
}
