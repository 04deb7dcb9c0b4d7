//! The sudden end of a compute service: its process is gone, and with it whatever it was doing. Nobody is told, nothing is
//! cleaned up; its guests go on, messages for it wait, who waits for its answers waits in vain.
//!
//! Where operations are durable ([`Fix::HostWorkGoesOn`](model::Fix)), what it was doing is kept for the service that takes
//! its place.

use crate::manager::Interrupted;
use model::HostName;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::{Rc, Weak};
use tokio::sync::Notify;

/// The life of one service, from its start to its end.
#[derive(Debug, Default)]
pub struct Life {
    over: Cell<bool>,
    ends: Notify,
}

impl Life {
    /// Whether it has crashed.
    pub fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Goes on with `work` as long as the service lives. None when it crashed before the work was done: it is dropped where
    /// it was.
    pub fn spend<'a, T: 'a>(
        &'a self,
        work: impl Future<Output = T> + 'a,
    ) -> impl Future<Output = Option<T>> + 'a {
        // All that a service does is one future, the size of its largest operation: it is not to be moved about.
        let work = Box::pin(work);
        async move {
            let end = async {
                while !self.over.get() {
                    self.ends.notified().await;
                }
            };
            tokio::select! {
                biased;
                () = end => None,
                done = work => Some(done),
            }
        }
    }

    /// It crashes.
    pub fn end(&self) {
        self.over.set(true);
        self.ends.notify_waiters();
    }
}

/// The compute services that live, and what is left to do of those that died. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Crashes {
    lives: Rc<RefCell<BTreeMap<HostName, Weak<Life>>>>,
    interrupted: Rc<RefCell<BTreeMap<HostName, Vec<Interrupted>>>>,
}

impl Crashes {
    pub(crate) fn begin(&self, host: &HostName) -> Rc<Life> {
        let life = Rc::new(Life::default());
        self.lives.borrow_mut().insert(host.clone(), Rc::downgrade(&life));
        life
    }

    /// Keeps what the service of a host did not bring to an end, for the next one.
    pub(crate) fn keep(&self, host: &HostName, interrupted: Interrupted) {
        self.interrupted.borrow_mut().entry(host.clone()).or_default().push(interrupted);
    }

    /// What is kept for the service of a host, in the order in which it was interrupted. It is kept no longer.
    pub(crate) fn take(&self, host: &HostName) -> Vec<Interrupted> {
        self.interrupted.borrow_mut().remove(host).unwrap_or_default()
    }

    /// How many operations are kept.
    pub fn kept(&self) -> usize {
        self.interrupted.borrow().values().map(Vec::len).sum()
    }

    /// Lets go of everything that is kept, which holds the services that hold this.
    pub fn forget(&self) {
        let kept = self.interrupted.take();
        drop(kept);
    }

    /// Ends the service of a host. Answers whether there was one.
    pub(crate) fn end(&self, host: &HostName) -> bool {
        let life = self.lives.borrow_mut().remove(host).and_then(|life| life.upgrade());
        if let Some(life) = &life {
            life.end();
        }
        life.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::simulation::simulate;
    use std::time::Duration;

    #[test]
    fn work_ends_with_the_life_it_is_part_of_and_other_lives_go_on() {
        simulate(|| async {
            let crashes = Crashes::default();
            let (first, second) = (crashes.begin(&"host1".into()), crashes.begin(&"host2".into()));
            let work = async |seconds| tokio::time::sleep(Duration::from_secs(seconds)).await;
            assert_eq!(first.spend(work(1)).await, Some(()));
            let crash = async {
                work(5).await;
                assert!(crashes.end(&"host1".into()));
            };
            let (lost, done, ()) = tokio::join!(first.spend(work(9)), second.spend(work(9)), crash);
            assert_eq!((lost, done), (None, Some(())));
            assert!(first.is_over() && !second.is_over());
            assert_eq!(first.spend(work(1)).await, None, "nothing begins after the end");
            assert!(!crashes.end(&"host1".into()), "there is nobody left");
        })
        .unwrap();
    }
}
