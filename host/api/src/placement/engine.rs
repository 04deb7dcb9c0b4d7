//! How the HTTP face reaches the engine.
//!
//! The engine has one writer. Served alone it sits behind a lock ([`LockedEngine`]); in a whole cloud the control
//! plane's thread owns it, journals every command, and takes work over a channel. Both are an [`Engine`].

use placement::{Command, Event, Placement, PlacementError};
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

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

/// A handle on the engine that many requests can hold at once.
pub trait Engine: Clone + Send + Sync + 'static {
    /// Runs something that only reads.
    fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Placement) -> R + Send + 'static,
    ) -> impl Future<Output = R> + Send;

    /// Runs something that may change the state, while nothing else does.
    fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> R + Send + 'static,
    ) -> impl Future<Output = R> + Send;
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
    async fn read<R: Send + 'static>(&self, work: impl FnOnce(&Placement) -> R + Send + 'static) -> R {
        // A command is made whole or not at all, so that the state is sound even if a request died with the lock.
        work(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn write<R: Send + 'static>(&self, work: impl FnOnce(&mut dyn Store) -> R + Send + 'static) -> R {
        work(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}
