//! A compute host's hypervisor: the handle through which the compute manager calls its driver.

use crate::agent::{self, Call, Enter, Request, Shared};
use crate::bindings::types::{self, ComputeConfig, VirtError};
use crate::durable::Durable;
use crate::error::{CallError, DriverFailure, FailureCause};
use crate::faults::{Fault, FaultPlan, FaultPoint, HANGS_FOR, When};
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
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

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
/// cannot be taken back. The stack can be exchanged while the host is in service ([`Hypervisor::swap`]); all handles
/// lead to the new one then.
#[derive(Clone)]
pub struct Hypervisor(Rc<Handle>);

struct Handle {
    env: HypervisorEnv,
    line: RefCell<Rc<Line>>,
    /// How many stacks the host has had before this one.
    swaps: Cell<u64>,
    /// How many instances of those have died.
    past_deaths: Cell<u64>,
    /// Is the stack being exchanged? Calls wait meanwhile.
    swapping: Cell<bool>,
    /// Told when that is over.
    swapped: Notify,
}

/// A stack in service: its agent, and the way to it.
pub(crate) struct Line {
    pub(crate) shared: Rc<Shared>,
    pub(crate) driver: Arc<str>,
    pub(crate) agent: RefCell<Option<JoinHandle<()>>>,
    requests: mpsc::UnboundedSender<Request>,
    next_call: Cell<u64>,
    /// Told when a call ends and no other is in flight.
    idle: Notify,
}

impl Line {
    /// Puts a stack into service. `swaps`: how many the host has had before.
    fn start(stack: PreparedStack, env: &HypervisorEnv, swaps: u64) -> Rc<Self> {
        let components = stack.components();
        let random = components.iter().enumerate().map(|(position, component)| match swaps {
            0 => env.random.fork(&format!("{position}:{}", component.name)),
            swaps => env.random.fork(&format!("swap {swaps}, {position}:{}", component.name)),
        });
        let around = Rc::new(Around {
            host: env.host.clone(),
            clock: env.clock,
            random: random.collect(),
            trace: env.trace.clone(),
            virtapi: env.virtapi.clone(),
            durable: env.durable.clone(),
            config: env.config.clone(),
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
        let agent = tokio::task::spawn_local(agent::run(stack, shared.clone(), receiver));
        Rc::new(Self {
            shared,
            driver,
            agent: RefCell::new(Some(agent)),
            requests,
            next_call: Cell::new(0),
            idle: Notify::new(),
        })
    }

    /// Waits until no call is in flight.
    pub(crate) async fn idle(&self) {
        while !self.shared.in_flight.borrow().is_empty() {
            self.idle.notified().await;
        }
    }
}

impl Hypervisor {
    /// Puts a driver into service. Must be called where `tokio::task::spawn_local` may be. The instance is made by the first
    /// call.
    pub fn start(stack: PreparedStack, env: HypervisorEnv) -> Self {
        Self::start_after(stack, env, 0)
    }

    /// The same, on a host that has had this many stacks before.
    pub(crate) fn start_after(stack: PreparedStack, env: HypervisorEnv, swaps: u64) -> Self {
        let line = Line::start(stack, &env, swaps);
        Self::over(line, env, swaps)
    }

    /// A handle of its own for a stack that is in service.
    fn over(line: Rc<Line>, env: HypervisorEnv, swaps: u64) -> Self {
        Self(Rc::new(Handle {
            env,
            line: RefCell::new(line),
            swaps: Cell::new(swaps),
            past_deaths: Cell::new(0),
            swapping: Cell::new(false),
            swapped: Notify::new(),
        }))
    }

    /// The compute host.
    pub fn host(&self) -> &HostName {
        &self.0.env.host
    }

    /// The stack, as it was written.
    pub fn driver(&self) -> Arc<str> {
        self.line().driver.clone()
    }

    /// How many instances have died so far, of all stacks the host has had.
    pub fn deaths(&self) -> u64 {
        self.0.past_deaths.get() + self.line().shared.restarts.get()
    }

    pub(crate) fn env(&self) -> &HypervisorEnv {
        &self.0.env
    }

    pub(crate) fn line(&self) -> Rc<Line> {
        self.0.line.borrow().clone()
    }

    /// How many stacks the host has had before this one.
    pub(crate) fn swaps(&self) -> u64 {
        self.0.swaps.get()
    }

    /// A way to the present stack that is open while calls wait.
    pub(crate) fn aside(&self) -> Self {
        Self::over(self.line(), self.0.env.clone(), self.swaps())
    }

    /// Lets calls wait until the answer is dropped. If somebody else has them wait, waits first.
    pub(crate) async fn hold_calls(&self) -> Held<'_> {
        self.let_through().await;
        self.0.swapping.set(true);
        Held(&self.0)
    }

    /// Puts another stack in the place of the present one, whose agent is over.
    pub(crate) fn replace(&self, next: &Hypervisor) {
        let old = self.0.line.replace(next.line());
        self.0.past_deaths.set(self.0.past_deaths.get() + old.shared.restarts.get());
        self.0.swaps.set(next.swaps());
        self.0.env.durable.become_one_with(&next.0.env.durable);
    }

    /// Waits while the stack is being exchanged.
    async fn let_through(&self) {
        while self.0.swapping.get() {
            self.0.swapped.notified().await;
        }
    }

    /// Counts the call, records it, lets the fault plan strike, asks the driver, records the answer.
    async fn call<T: Serialize + 'static>(
        &self,
        method: Method,
        arguments: Option<Value>,
        enter: impl FnOnce(oneshot::Sender<Result<T, VirtError>>) -> Enter,
    ) -> Result<T, CallError> {
        self.let_through().await;
        self.0.env.faults.let_through().await;
        let line = self.line();
        let around = &line.shared.around;
        let (n, fault) = self.0.env.faults.next(&around.host, method);
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
            None => ask(&line, method, enter).await,
            Some(Fault::Raise { error, when: When::Before }) => Err(CallError::Raised(error)),
            Some(Fault::Raise { error, when: When::After }) => match ask(&line, method, enter).await {
                Ok(_) | Err(CallError::Raised(_)) => Err(CallError::Raised(error)),
                Err(CallError::Failed(failure)) => Err(CallError::Failed(failure)),
            },
            Some(Fault::Trap) => {
                // An agent that is gone already cannot be killed; the call fails all the same.
                let _ = line.requests.send(Request::Die);
                Err(failure(&line, method, FailureCause::Killed))
            }
            Some(Fault::Slow { by, when: When::Before }) => {
                around.clock.sleep(by).await;
                // The stack may have been exchanged meanwhile.
                self.let_through().await;
                ask(&self.line(), method, enter).await
            }
            Some(Fault::Slow { by, when: When::After }) => {
                let answer = ask(&line, method, enter).await;
                around.clock.sleep(by).await;
                answer
            }
            Some(fault @ (Fault::Crash { when } | Fault::Hang { when })) => {
                if when == When::After {
                    // Nobody is left to learn the answer.
                    let _ = ask(&line, method, enter).await;
                }
                if matches!(fault, Fault::Hang { .. }) {
                    around.clock.sleep(HANGS_FOR).await;
                }
                let _ = line.requests.send(Request::Die);
                around.virtapi.service_dies();
                // What the service was doing ends here. Who calls from outside a service learns that there is no answer.
                tokio::task::yield_now().await;
                Err(failure(&line, method, FailureCause::Killed))
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
}

/// Calls wait as long as this is there.
pub(crate) struct Held<'a>(&'a Handle);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.swapping.set(false);
        self.0.swapped.notify_waiters();
    }
}

/// Sends a call to the agent and waits for its answer.
async fn ask<T: 'static>(
    line: &Line,
    method: Method,
    enter: impl FnOnce(oneshot::Sender<Result<T, VirtError>>) -> Enter,
) -> Result<T, CallError> {
    let shared = &line.shared;
    let id = line.next_call.replace(line.next_call.get() + 1);
    let (sender, receiver) = oneshot::channel();
    shared.in_flight.borrow_mut().insert(id, method);
    let _forget = Forget { line, id };
    if line.requests.send(Request::Call(Call { method, enter: enter(sender) })).is_err() {
        return Err(failure(line, method, FailureCause::Stopped));
    }
    let Ok(answer) = receiver.await else {
        let cause = shared.deaths.borrow_mut().remove(&id).unwrap_or(FailureCause::Stopped);
        return Err(failure(line, method, cause));
    };
    match method {
        Method::InitHost if answer.is_ok() => shared.initialised.set(true),
        Method::CleanupHost if answer.is_ok() => shared.initialised.set(false),
        _ => {}
    }
    answer.map_err(CallError::Raised)
}

fn failure(line: &Line, method: Method, cause: FailureCause) -> CallError {
    CallError::Failed(DriverFailure {
        driver: line.driver.clone(),
        host: line.shared.around.host.clone(),
        method,
        cause,
    })
}

/// Takes a call off the books, also when its caller has lost interest.
struct Forget<'a> {
    line: &'a Line,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        let shared = &self.line.shared;
        shared.deaths.borrow_mut().remove(&self.id);
        let mut in_flight = shared.in_flight.borrow_mut();
        in_flight.remove(&self.id);
        if in_flight.is_empty() {
            self.line.idle.notify_waiters();
        }
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
                    let arguments = self.0.env.trace.enabled().then(|| json!({ $(stringify!($arg): &$arg),* }));
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
