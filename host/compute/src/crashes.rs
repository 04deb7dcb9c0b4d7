//! The sudden end of a compute service: its process is gone, and with it whatever it was doing. Nobody is told, nothing is
//! cleaned up; its guests go on, messages for it wait, who waits for its answers waits in vain.

use model::HostName;
use runtime::{Trace, TraceEvent};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::{Rc, Weak};
use tokio::sync::Notify;

/// The life of one compute service, from its start to its end.
#[derive(Debug, Default)]
pub(crate) struct Life {
    over: Cell<bool>,
    ends: Notify,
}

impl Life {
    /// Whether it has crashed.
    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Goes on with `work` as long as the service lives. None when it crashed before the work was done: it is dropped where
    /// it was.
    pub(crate) async fn spend<T>(&self, work: impl Future<Output = T>) -> Option<T> {
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

    fn end(&self) {
        self.over.set(true);
        self.ends.notify_waiters();
    }
}

/// The compute services that live, and the messages at which they are to crash. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Crashes(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    lives: BTreeMap<HostName, Weak<Life>>,
    /// The messages a host has taken since it is counted, over all its lives.
    taken: BTreeMap<HostName, u64>,
    at_message: BTreeMap<HostName, u64>,
}

impl Crashes {
    /// Lets the service of `host` crash as it takes its `n`th message, counted from 1 over all its lives: the message is
    /// lost.
    pub fn at_message(&self, host: HostName, n: u64) {
        self.0.borrow_mut().at_message.insert(host, n);
    }

    /// How many messages a host has taken.
    pub fn messages(&self, host: &HostName) -> u64 {
        self.0.borrow().taken.get(host).copied().unwrap_or_default()
    }

    pub(crate) fn begin(&self, host: &HostName) -> Rc<Life> {
        let life = Rc::new(Life::default());
        self.0.borrow_mut().lives.insert(host.clone(), Rc::downgrade(&life));
        life
    }

    /// Ends the service of a host. Answers whether there was one.
    pub(crate) fn end(&self, host: &HostName) -> bool {
        let life = self.0.borrow_mut().lives.remove(host).and_then(|life| life.upgrade());
        if let Some(life) = &life {
            life.end();
        }
        life.is_some()
    }

    /// Counts a message. Answers whether the host is to crash with it.
    pub(crate) fn take_message(&self, host: &HostName, trace: &Trace) -> bool {
        let state = &mut *self.0.borrow_mut();
        let n = match state.taken.get_mut(host) {
            Some(taken) => taken,
            None => state.taken.entry(host.clone()).or_default(),
        };
        *n += 1;
        let strikes = state.at_message.get(host) == Some(&*n);
        if strikes {
            let point = format!("{host}:message#{n}");
            trace
                .record(|| TraceEvent::FaultInjected { point, fault: "the compute service dies".to_owned() });
        }
        strikes
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
