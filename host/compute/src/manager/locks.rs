//! The locks of a host: what is done to one server is done one after the other.
//!
//! Nova's methods take a lock with the server's uuid (`utils.synchronized(instance.uuid)` in `nova/compute/manager.py`), but
//! not all do: a build, deletion, stop, reboot, confirmation, shelving, offloading and unshelving, whatever is done with a
//! volume, a power update and the comparison of power states. The start of a server, the steps of a move but its
//! confirmation, a rebuild and a snapshot take none. The lock is the process's: it knows nothing of other hosts, and ends
//! with the service.

use model::ServerId;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The locks of one compute service, by server. Who comes first has it first.
#[derive(Debug, Default)]
pub(super) struct Locks(RefCell<BTreeMap<ServerId, Arc<Mutex<()>>>>);

/// A lock that is held, until this is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    locks: &'a Locks,
    server: ServerId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Locks {
    /// Waits for the lock of a server.
    pub(super) async fn enter(&self, server: ServerId) -> Held<'_> {
        let lock = Arc::clone(self.0.borrow_mut().entry(server).or_default());
        // Who need not wait does not give up its turn either.
        let guard = match Arc::clone(&lock).try_lock_owned() {
            Ok(guard) => guard,
            Err(_) => lock.lock_owned().await,
        };
        Held { locks: self, server, guard: Some(guard) }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut locks = self.locks.0.borrow_mut();
        // What nobody holds or waits for is not kept.
        if locks.get(&self.server).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.server);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::simulation::simulate;
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    fn server(number: u32) -> ServerId {
        format!("00000000-0000-0000-0000-{number:012}").parse().unwrap()
    }

    #[test]
    fn what_is_done_to_one_server_waits_its_turn_and_other_servers_do_not() {
        simulate(|| async {
            let locks = Locks::default();
            let begin = Instant::now();
            let work = async |number| {
                let _held = locks.enter(server(number)).await;
                sleep(Duration::from_secs(10)).await;
                begin.elapsed().as_secs()
            };
            let ended = tokio::join!(work(1), work(1), work(2), work(1));
            assert_eq!(ended, (10, 20, 10, 30));
            assert!(locks.0.borrow().is_empty(), "{locks:?}");
        })
        .unwrap();
    }

    #[test]
    fn who_gives_up_waiting_holds_nobody_up() {
        simulate(|| async {
            let locks = Locks::default();
            let server = server(1);
            let held = locks.enter(server).await;
            assert!(tokio::time::timeout(Duration::from_secs(1), locks.enter(server)).await.is_err());
            drop(held);
            drop(locks.enter(server).await);
            assert!(locks.0.borrow().is_empty(), "{locks:?}");
        })
        .unwrap();
    }
}
