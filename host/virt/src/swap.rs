//! Exchanging the stack of a host that is in service.
//!
//! Nothing is restarted: whoever holds a handle of the hypervisor, the compute manager above all, calls the new stack from
//! then on. In this order:
//!
//! 1. Calls that come now wait until the exchange is over.
//! 2. The new stack is started, and `init_host` called on it if the old one's had been. If that fails nothing has happened:
//!    the old stack goes on.
//! 3. Calls in flight are waited for, [`SWAP_PATIENCE`] at most. Those that are not over then end with
//!    [`FailureCause::Swapped`] when the old stack goes.
//! 4. The old stack saves its state and the new one takes it over. If one of them does not offer that, or fails, the exchange is
//!    refused as long as the old one has guests, which goes on with them. If it has none, the new one begins with nothing.
//! 5. The old stack's agent ends.
//!
//! Layers begin anew in any case: what one of them has counted so far is forgotten, unless it says it in `save_state`.
//! The calls of the exchange are calls like all others: counted, in the trace, and struck by planned faults.

use crate::bindings::types::{DriverState, VirtError};
use crate::durable::Durable;
use crate::error::{CallError, FailureCause};
use crate::hypervisor::{Hypervisor, HypervisorEnv};
use crate::method::Method;
use crate::prepared::PreparedStack;
use model::{ExceptionClass, NovaError};
use runtime::TraceEvent;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::error::Elapsed;

/// An exchange that was not made. The old stack is in service with its guests, as if nothing had happened.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SwapError {
    /// `init_host` of the new stack failed.
    #[error(transparent)]
    Begin(#[from] CallError),
    /// The guests would have been lost, for this reason.
    #[error("its guests would be lost: {0}")]
    Guests(String),
}

impl From<SwapError> for NovaError {
    fn from(error: SwapError) -> NovaError {
        match error {
            SwapError::Begin(error) => error.into(),
            SwapError::Guests(_) => NovaError::new(ExceptionClass::NovaException, error.to_string()),
        }
    }
}

/// Simulated time for which an exchange waits for calls in flight, and then for the old stack's state. What is not over by
/// then hangs: the longest call of a shipped driver that does not hang, a live migration, takes some seconds.
pub const SWAP_PATIENCE: Duration = Duration::from_secs(60);

/// An exchange that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// The stack that was there, as it is written.
    pub from: Arc<str>,
    /// The stack that is there now.
    pub to: Arc<str>,
    /// What became of the guests.
    pub guests: Guests,
}

/// What became of the guests of a host whose stack was exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guests {
    /// The new stack has taken them over.
    Kept(usize),
    /// There were none, and the new stack has taken nothing over, for this reason.
    None(String),
}

impl Hypervisor {
    /// Exchanges the stack while the host is in service.
    ///
    /// # Errors
    /// [`SwapError`] when the new stack does not begin, or guests would be lost.
    pub async fn swap(&self, stack: PreparedStack) -> Result<Swap, SwapError> {
        let _held = self.hold_calls().await;
        let (old, line) = (self.aside(), self.line());
        let in_service = line.shared.initialised.get();
        let begin = async || {
            let env = HypervisorEnv { durable: Durable::new(), ..self.env().clone() };
            let next = Hypervisor::start_after(stack.clone(), env, self.swaps() + 1);
            if in_service {
                next.init_host(self.host().to_string()).await?;
            }
            Ok::<_, CallError>(next)
        };
        let mut next = begin().await?;
        let to = next.driver();
        // Whether they ended in time is asked of the calls, not of the timer.
        let _ = tokio::time::timeout(SWAP_PATIENCE, line.idle()).await;
        let hanging: Vec<u64> = line.shared.in_flight.borrow().keys().copied().collect();
        let guests = match take_over(&old, &next).await {
            Ok(guests) => Guests::Kept(guests),
            Err(NotTaken { why, saved }) => {
                let any = match saved {
                    Some(guests) => guests > 0,
                    None => has_guests(&old).await,
                };
                if any {
                    return Err(SwapError::Guests(why));
                }
                // What it has taken over so far is nothing to build on.
                next = begin().await?;
                Guests::None(why)
            }
        };
        for call in hanging {
            let cause = FailureCause::Swapped { by: to.to_string() };
            // One that has died with the old agent meanwhile has its own cause.
            line.shared.deaths.borrow_mut().entry(call).or_insert(cause);
        }
        if let Some(agent) = line.agent.take() {
            agent.abort();
            // It ends because it is told to; nothing else is wanted of it.
            let _ = agent.await;
        }
        self.replace(&next);
        let swap = Swap { from: line.driver.clone(), to, guests };
        self.env().trace.record(|| TraceEvent::DriverSwapped {
            host: self.host().clone(),
            from: swap.from.to_string(),
            to: swap.to.to_string(),
            guests: match &swap.guests {
                Guests::Kept(guests) => Some(*guests),
                Guests::None(_) => None,
            },
            lost: match &swap.guests {
                Guests::Kept(_) => None,
                Guests::None(why) => Some(why.clone()),
            },
        });
        Ok(swap)
    }
}

/// Whether a stack has guests. One that does not answer may have some; one that does not offer to say so knows of none.
async fn has_guests(stack: &Hypervisor) -> bool {
    match tokio::time::timeout(SWAP_PATIENCE, stack.list_instances()).await {
        Ok(Ok(guests)) => !guests.is_empty(),
        Ok(Err(CallError::Raised(VirtError::NotImplemented))) => false,
        Ok(Err(_)) | Err(_) => true,
    }
}

/// Why a stack does not take over the guests of another, and how many there were in what that one handed over.
struct NotTaken {
    why: String,
    saved: Option<usize>,
}

/// Has one stack take over the guests of another; answers how many.
async fn take_over(old: &Hypervisor, next: &Hypervisor) -> Result<usize, NotTaken> {
    let saved = tokio::time::timeout(SWAP_PATIENCE, old.save_state()).await;
    let state: DriverState =
        answered(old, Method::SaveState, saved).map_err(|why| NotTaken { why, saved: None })?;
    let guests = state.guests.len();
    let restored = tokio::time::timeout(SWAP_PATIENCE, next.restore_state(state)).await;
    answered(next, Method::RestoreState, restored).map_err(|why| NotTaken { why, saved: Some(guests) })?;
    Ok(guests)
}

/// What a stack answered in time, or why it did not.
fn answered<T>(
    stack: &Hypervisor,
    method: Method,
    answer: Result<Result<T, CallError>, Elapsed>,
) -> Result<T, String> {
    match answer {
        Ok(answer) => answer.map_err(|error| why(stack, method, &error)),
        Err(_) => {
            let patience = SWAP_PATIENCE.as_secs();
            Err(format!("{} did not answer {method} within {patience} s", stack.driver()))
        }
    }
}

fn why(stack: &Hypervisor, method: Method, error: &CallError) -> String {
    match error {
        CallError::Raised(VirtError::NotImplemented) => format!("{} does not offer {method}", stack.driver()),
        CallError::Raised(_) => format!("{method} of {} raised {error}", stack.driver()),
        // It names stack, host and method itself.
        CallError::Failed(_) => error.to_string(),
    }
}
