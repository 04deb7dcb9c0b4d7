//! How the HTTP face reaches the engine.
//!
//! The engine has one writer. Served alone it sits behind a lock ([`LockedEngine`]); in a whole cloud the control
//! plane's thread owns it, journals every command, and takes the work of requests from a channel ([`ChannelEngine`]).

use placement::{Command, Event, Placement, PlacementError};
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, oneshot};

/// How many requests may wait for the owner of the engine before further ones are held up.
const WAITING: usize = 1_024;

/// The engine while it may be changed.
pub trait Store {
    /// The state as it is.
    fn state(&self) -> &Placement;

    /// Makes one change, and whatever must go with it (a journal entry, say), or nothing at all.
    fn apply(&mut self, command: Command) -> Result<Event, PlacementError>;
}

impl Store for Placement {
    fn state(&self) -> &Placement {
        self
    }

    fn apply(&mut self, command: Command) -> Result<Event, PlacementError> {
        Placement::apply(self, &command)
    }
}

/// Whoever owned the engine is gone, and took it along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("placement is not running")]
pub struct EngineGone;

/// A handle on the engine that many requests can hold at once.
pub trait Engine: Clone + Send + Sync + 'static {
    /// Runs something that only reads.
    fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Placement) -> R + Send + 'static,
    ) -> impl Future<Output = Result<R, EngineGone>> + Send;

    /// Runs something that may change the state, while nothing else does.
    fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> R + Send + 'static,
    ) -> impl Future<Output = Result<R, EngineGone>> + Send;
}

/// An engine of this process, behind a lock. Readers do not wait for each other.
#[derive(Clone, Debug, Default)]
pub struct LockedEngine(Arc<RwLock<Placement>>);

impl LockedEngine {
    /// An engine that begins with this state.
    pub fn new(state: Placement) -> Self {
        Self(Arc::new(RwLock::new(state)))
    }
}

impl Engine for LockedEngine {
    async fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Placement) -> R + Send + 'static,
    ) -> Result<R, EngineGone> {
        // A command is made whole or not at all, so that the state is sound even if a request died with the lock.
        Ok(work(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }

    async fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> R + Send + 'static,
    ) -> Result<R, EngineGone> {
        Ok(work(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// What one request wants of the engine; its owner calls it with the store.
pub type EngineWork = Box<dyn FnOnce(&mut dyn Store) + Send>;

/// An engine that another thread owns, which takes the work of requests one by one from the receiver.
#[derive(Clone, Debug)]
pub struct ChannelEngine(mpsc::Sender<EngineWork>);

impl ChannelEngine {
    /// The handle, and the receiver for the owner: `while let Some(work) = receiver.recv().await { work(&mut store) }`.
    pub fn new() -> (Self, mpsc::Receiver<EngineWork>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }
}

impl Engine for ChannelEngine {
    async fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Placement) -> R + Send + 'static,
    ) -> Result<R, EngineGone> {
        self.write(move |store| work(store.state())).await
    }

    async fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> R + Send + 'static,
    ) -> Result<R, EngineGone> {
        let (answer, answered) = oneshot::channel();
        let work: EngineWork = Box::new(move |store| {
            // A request that is not waited for any more has done its work all the same.
            drop(answer.send(work(store)));
        });
        self.0.send(work).await.map_err(|_| EngineGone)?;
        answered.await.map_err(|_| EngineGone)
    }
}

#[cfg(test)]
mod tests {
    use super::{ChannelEngine, Engine, EngineGone, Store};
    use placement::{Command, Placement};

    #[tokio::test]
    async fn work_reaches_an_owner_on_this_thread_and_fails_when_it_is_gone() {
        let (engine, mut requests) = ChannelEngine::new();
        let create = engine.write(|store: &mut dyn Store| {
            store.apply(Command::CreateTrait { name: "CUSTOM_T".into() }).is_ok()
        });
        let own = async {
            let mut store = Placement::new();
            while let Some(work) = requests.recv().await {
                work(&mut store);
                if store.has_trait(&"CUSTOM_T".into()) {
                    break;
                }
            }
            drop(requests);
        };
        let (created, ()) = tokio::join!(create, own);
        assert_eq!(created, Ok(true));
        assert_eq!(engine.read(|_| ()).await, Err(EngineGone));
    }
}
