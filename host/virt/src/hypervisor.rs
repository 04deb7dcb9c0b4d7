//! A compute host's hypervisor: the handle through which the compute manager calls its driver.

use crate::agent::{self, Call, Enter, Request, Shared};
use crate::bindings::types::{self, ComputeConfig, VirtError};
use crate::durable::Durable;
use crate::error::{CallError, DriverFailure, FailureCause};
use crate::faults::{Fault, FaultPlan, FaultPoint, When};
use crate::imports::Around;
use crate::limits::Limits;
use crate::method::{Method, for_each_method};
use crate::nova::nova_error;
use crate::prepared::PreparedStack;
use crate::virtapi::VirtApi;
use model::HostName;
use runtime::{Clock, Randomness, Trace, TraceEvent};
use serde::Serialize;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tokio::sync::{mpsc, oneshot};

/// What a hypervisor needs of the world.
#[derive(Clone)]
pub struct HypervisorEnv {
    /// Name of the compute host.
    pub host: HostName,
    /// The clock drivers see and sleep by.
    pub clock: Clock,
    /// Where drivers' random numbers come from; each component of the stack gets a stream of its own.
    pub random: Randomness,
    /// Where calls, answers, faults and log lines are recorded.
    pub trace: Trace,
    /// The faults that are to strike, shared by all hosts.
    pub faults: FaultPlan,
    /// The compute manager as the driver sees it.
    pub virtapi: Rc<dyn VirtApi>,
    /// What outlives the driver's agent. Keep it and give it to the next hypervisor of the host, and its guests are there.
    pub durable: Durable,
    /// The compute service's configuration.
    pub config: ComputeConfig,
    /// What the driver may use up.
    pub limits: Limits,
}

/// The driver of one compute host. Clones are handles of the same one; when the last is gone, so is its instance.
///
/// Every method of the contract is a method here, with the same name and the same meaning (`wit/v1.0`). Calls
/// may overlap. A call that fails says whether the driver raised an error or broke ([`CallError`]); after a break the next
/// call finds a new instance. A call that is dropped before it answered goes on in the driver, as a message that was sent
/// cannot be taken back.
#[derive(Clone)]
pub struct Hypervisor(Rc<Handle>);

struct Handle {
    shared: Rc<Shared>,
    faults: FaultPlan,
    driver: Rc<str>,
    requests: mpsc::UnboundedSender<Request>,
    next_call: Cell<u64>,
}

impl Hypervisor {
    /// Puts a driver into service. Must be called where `tokio::task::spawn_local` may be. The instance is made by the first
    /// call.
    pub fn start(stack: PreparedStack, env: HypervisorEnv) -> Self {
        let components = stack.components();
        let random = components
            .iter()
            .enumerate()
            .map(|(position, component)| env.random.fork(&format!("{position}:{}", component.name)))
            .collect();
        let around = Rc::new(Around {
            host: env.host,
            clock: env.clock,
            random,
            trace: env.trace,
            virtapi: env.virtapi,
            durable: env.durable,
            config: env.config,
            limits: env.limits,
            components,
        });
        let shared = Rc::new(Shared {
            around,
            in_flight: RefCell::default(),
            deaths: RefCell::default(),
            initialised: Cell::default(),
            restarts: Cell::default(),
        });
        let (requests, receiver) = mpsc::unbounded_channel();
        let driver = stack.text();
        tokio::task::spawn_local(agent::run(stack, shared.clone(), receiver));
        Self(Rc::new(Handle { shared, faults: env.faults, driver, requests, next_call: Cell::new(0) }))
    }

    /// The compute host.
    pub fn host(&self) -> &HostName {
        &self.0.shared.around.host
    }

    /// The stack, as it was written.
    pub fn driver(&self) -> &str {
        &self.0.driver
    }

    /// How many instances of the driver have died so far.
    pub fn deaths(&self) -> u64 {
        self.0.shared.restarts.get()
    }

    /// Counts the call, records it, lets the fault plan strike, asks the driver, records the answer.
    async fn call<T: Serialize + 'static>(
        &self,
        method: Method,
        arguments: Option<Value>,
        enter: impl FnOnce(oneshot::Sender<Result<T, VirtError>>) -> Enter,
    ) -> Result<T, CallError> {
        let around = &self.0.shared.around;
        let (n, fault) = self.0.faults.next(&around.host, method);
        around.trace.record(|| TraceEvent::DriverCall {
            host: around.host.clone(),
            method: method.name(),
            n,
            args: arguments.unwrap_or_default(),
        });
        if let Some(fault) = &fault {
            around.trace.record(|| TraceEvent::FaultInjected {
                point: FaultPoint { host: around.host.clone(), method, n }.to_string(),
                fault: fault.to_string(),
            });
        }
        let answer = match fault {
            None => self.ask(method, enter).await,
            Some(Fault::Raise { error, when: When::Before }) => Err(CallError::Raised(error)),
            Some(Fault::Raise { error, when: When::After }) => match self.ask(method, enter).await {
                Ok(_) | Err(CallError::Raised(_)) => Err(CallError::Raised(error)),
                Err(CallError::Failed(failure)) => Err(CallError::Failed(failure)),
            },
            Some(Fault::Trap) => {
                // An agent that is gone already cannot be killed; the call fails all the same.
                let _ = self.0.requests.send(Request::Die);
                Err(self.failure(method, FailureCause::Killed))
            }
        };
        around.trace.record(|| TraceEvent::DriverResult {
            host: around.host.clone(),
            method: method.name(),
            n,
            outcome: outcome(&answer),
        });
        answer
    }

    /// Sends a call to the agent and waits for its answer.
    async fn ask<T: 'static>(
        &self,
        method: Method,
        enter: impl FnOnce(oneshot::Sender<Result<T, VirtError>>) -> Enter,
    ) -> Result<T, CallError> {
        let shared = &self.0.shared;
        let id = self.0.next_call.replace(self.0.next_call.get() + 1);
        let (sender, receiver) = oneshot::channel();
        shared.in_flight.borrow_mut().insert(id, method);
        let _forget = Forget { shared, id };
        if self.0.requests.send(Request::Call(Call { method, enter: enter(sender) })).is_err() {
            return Err(self.failure(method, FailureCause::Stopped));
        }
        let Ok(answer) = receiver.await else {
            let cause = shared.deaths.borrow_mut().remove(&id).unwrap_or(FailureCause::Stopped);
            return Err(self.failure(method, cause));
        };
        match method {
            Method::InitHost if answer.is_ok() => shared.initialised.set(true),
            Method::CleanupHost if answer.is_ok() => shared.initialised.set(false),
            _ => {}
        }
        answer.map_err(CallError::Raised)
    }

    fn failure(&self, method: Method, cause: FailureCause) -> CallError {
        CallError::Failed(DriverFailure {
            driver: self.0.driver.clone(),
            host: self.host().clone(),
            method,
            cause,
        })
    }
}

/// Takes a call off the books, also when its caller has lost interest.
struct Forget<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.shared.in_flight.borrow_mut().remove(&self.id);
        self.shared.deaths.borrow_mut().remove(&self.id);
    }
}

/// How the trace shows the end of a call.
fn outcome<T: Serialize>(answer: &Result<T, CallError>) -> Value {
    match answer {
        Ok(answer) => json!({ "ok": answer }),
        Err(CallError::Raised(error)) => {
            let error = nova_error(error);
            json!({ "error": error.class.name(), "message": error.message })
        }
        Err(CallError::Failed(failure)) => json!({ "failed": failure.cause.to_string() }),
    }
}

macro_rules! calls {
    ($($interface:ident {
        $($kind:ident $variant:ident $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*
    })*) => {
        impl Hypervisor {
            $($(
                #[doc = concat!("`", stringify!($name), "` of the contract.")]
                pub async fn $name(&self $(, $arg: $type)*) -> Result<$answer, CallError> {
                    let arguments = self.0.shared.around.trace.enabled().then(|| json!({ $(stringify!($arg): &$arg),* }));
                    self.call(Method::$variant, arguments, move |sender| {
                        Box::new(move |accessor, running| Box::pin(async move {
                            let method = &running.stack.exports().$name;
                            let answer = method.call(accessor, running.instance, ($($arg,)*)).await?;
                            // Whoever waits may have gone; the driver has done its work all the same.
                            let _ = sender.send(answer);
                            Ok(())
                        }))
                    }).await
                }
            )*)*
        }
    };
}
for_each_method!(calls);
