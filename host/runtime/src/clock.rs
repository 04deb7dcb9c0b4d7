//! The clock of the control plane.

use model::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// Tells the time and waits. On a paused tokio runtime this is simulated time: it moves only when every task waits.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    epoch: Timestamp,
}

impl Clock {
    /// A clock that shows `epoch` now. Must be called within a tokio runtime.
    pub fn starting_at(epoch: Timestamp) -> Self {
        Self { origin: Instant::now(), epoch }
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.epoch.after(self.elapsed())
    }

    /// The time since the clock was made.
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Waits. Tokio's timers have a resolution of one millisecond; shorter waits are rounded up.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
