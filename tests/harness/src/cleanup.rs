//! What has to be undone, last in, first out.

use crate::cloud::TestCloud;
use futures_util::FutureExt;
use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

/// A clean-up that did not succeed. It did not keep the others from running.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {problem}")]
pub struct CleanupError {
    /// What was to be cleaned up.
    pub what: String,
    /// Why it was not.
    pub problem: String,
}

type Undo = Box<dyn FnOnce(TestCloud) -> Pin<Box<dyn Future<Output = Result<(), String>>>>>;

/// One thing to undo.
pub(crate) struct Cleanup {
    what: String,
    undo: Undo,
}

impl Cleanup {
    pub(crate) fn new<F>(what: impl Into<String>, undo: F) -> Self
    where
        F: AsyncFnOnce(&TestCloud) -> Result<(), String> + 'static,
    {
        Self { what: what.into(), undo: Box::new(move |cloud| Box::pin(async move { undo(&cloud).await })) }
    }

    /// Undoes it; a panic is an error like any other.
    pub(crate) async fn run(self, cloud: &TestCloud) -> Result<(), CleanupError> {
        let Cleanup { what, undo } = self;
        let problem = match AssertUnwindSafe(undo(cloud.clone())).catch_unwind().await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(problem)) => problem,
            Err(panic) => panic_text(&*panic),
        };
        Err(CleanupError { what, problem })
    }
}

/// The message of a panic.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}
