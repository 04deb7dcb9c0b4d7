//! Background tasks, counted, so that one can wait until everything came to rest.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Spawns tasks on the control plane's thread and knows how many still run.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    inner: Rc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    running: Cell<usize>,
    rest: Notify,
    halted: Cell<bool>,
}

/// Counts down when its task ends, however it ends.
struct Running(Rc<Inner>);

/// Something that goes on, and is no task of its own. It is over when this is dropped.
#[must_use = "what is dropped at once has not gone on"]
#[expect(missing_debug_implementations, reason = "there is nothing to show")]
pub struct GoesOn(#[expect(dead_code, reason = "it counts as long as it is there")] Running);

impl Drop for Running {
    fn drop(&mut self) {
        let left = self.0.running.get() - 1;
        self.0.running.set(left);
        if left == 0 {
            self.0.rest.notify_waiters();
        }
    }
}

impl Tasks {
    /// Runs `task` in the background. Must be called within a `LocalSet`.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) -> AbortHandle {
        self.inner.running.set(self.inner.running.get() + 1);
        let running = Running(Rc::clone(&self.inner));
        let tasks = self.clone();
        tokio::task::spawn_local(async move {
            let _running = running;
            tasks.until_halt(task).await;
        })
        .abort_handle()
    }

    /// Does some work as a task would: once tasks are halted it never ends.
    pub async fn until_halt<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            // Nobody wakes it again: that is what a halt is.
            if self.inner.halted.get() { Poll::Pending } else { work.as_mut().poll(context) }
        })
        .await
    }

    /// From now on no task goes on, for good. What one of them is just doing it does until it next waits.
    pub fn halt(&self) {
        self.inner.halted.set(true);
    }

    /// Counts something that is done elsewhere as a task that runs, until the answer is dropped.
    pub fn goes_on(&self) -> GoesOn {
        self.inner.running.set(self.inner.running.get() + 1);
        GoesOn(Running(Rc::clone(&self.inner)))
    }

    /// How many tasks run.
    pub fn running(&self) -> usize {
        self.inner.running.get()
    }

    /// Waits until no task runs.
    pub async fn at_rest(&self) {
        loop {
            let rest = self.inner.rest.notified();
            if self.running() == 0 {
                return;
            }
            rest.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::simulate;
    use std::time::Duration;

    #[test]
    fn a_halt_stops_tasks_where_they_wait_and_work_that_is_done_as_they_are() {
        let steps = Rc::new(Cell::new(0));
        let seen = Rc::clone(&steps);
        simulate(|| async move {
            let tasks = Tasks::default();
            let mine = tasks.clone();
            tasks.spawn(async move {
                steps.set(1);
                mine.halt();
                steps.set(2);
                tokio::time::sleep(Duration::from_secs(1)).await;
                steps.set(3);
            });
            let work = tasks.until_halt(tokio::time::sleep(Duration::from_secs(5)));
            let ended = tokio::time::timeout(Duration::from_secs(60), work).await;
            assert!(ended.is_err(), "it never ends");
        })
        .unwrap();
        assert_eq!(seen.get(), 2);
    }
}
