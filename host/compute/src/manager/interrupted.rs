//! What a service was doing when it died, and how the one that takes its place goes on with it.
//!
//! In Nova a service has its operations in memory alone: when it dies they have no end, and [`init_host`](super::init_host)
//! guesses from the records what was interrupted. With [`Fix::HostWorkGoesOn`] operations are durable, as those of a workflow
//! engine are: each is kept with the step it is at, and messages are acknowledged when they were handled, not when they were
//! taken. The next service goes on where the one before was. Of the driver call that was under way nobody knows the outcome: it
//! counts as failed, and what follows is what follows any call that fails. So there is one way in which an operation fails, and
//! what it has begun has its end.

use super::ComputeManager;
use model::Fix;
use model::rpc::Message;
use runtime::Reply;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use tokio::sync::mpsc;

/// An operation at the step it has come to.
pub(crate) type Work = Pin<Box<dyn Future<Output = Reply>>>;

/// What a service did not bring to an end.
pub(crate) enum Interrupted {
    /// An operation, and the service that began it.
    Begun(Rc<ComputeManager>, Work),
    /// A message that it took and did not begin with.
    Taken(Message),
}

impl fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun(of, _) => f.debug_tuple("Begun").field(&of.host).finish_non_exhaustive(),
            Self::Taken(message) => f.debug_tuple("Taken").field(message).finish(),
        }
    }
}

impl ComputeManager {
    /// Does some work as long as the service lives. None when it died before: then the work is kept, or lost.
    pub(super) async fn spend(self: Rc<Self>, work: impl Future<Output = Reply> + 'static) -> Option<Reply> {
        let mut work: Work = Box::pin(work);
        let reply = self.life().spend(&mut work).await;
        if reply.is_none() {
            let me = Rc::clone(&self);
            self.keep(Interrupted::Begun(me, work));
        }
        reply
    }

    /// Keeps what is left to do for the service that takes the place of this one.
    pub(super) fn keep(&self, interrupted: Interrupted) {
        if self.services.switches.fixes(Fix::HostWorkGoesOn) {
            self.services.crashes.keep(&self.host, interrupted);
        }
    }

    /// Goes on with what the service before this one did not bring to an end, until all of it has one.
    pub(super) async fn take_up_interrupted_work(self: Rc<Self>) {
        let interrupted = self.services.crashes.take(&self.host);
        if interrupted.is_empty() {
            return;
        }
        self.log("info", || format!("Going on with {} operations of the previous run", interrupted.len()));
        // It closes when all who have the other end are done. They do not end with this, should the service die again.
        let (working, mut done) = mpsc::channel::<()>(1);
        for interrupted in interrupted {
            let (me, working) = (Rc::clone(&self), working.clone());
            self.services.tasks.spawn(async move {
                match interrupted {
                    Interrupted::Begun(of, work) => {
                        of.life.replace(me.life());
                        of.spend(work).await;
                    }
                    Interrupted::Taken(message) => {
                        let of = Rc::clone(&me);
                        me.spend(async move { of.carry_out(message).await }).await;
                    }
                }
                drop(working);
            });
        }
        drop(working);
        done.recv().await;
    }
}
