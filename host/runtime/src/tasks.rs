//! Background tasks, counted, so that one can wait until everything came to rest.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
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
}

/// Counts down when its task ends, however it ends.
struct Running(Rc<Inner>);

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
        tokio::task::spawn_local(async move {
            let _running = running;
            task.await;
        })
        .abort_handle()
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
