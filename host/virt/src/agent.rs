//! The agent: the task that owns a host's driver instance and runs its event loop.
//!
//! It takes calls over a channel and lets them overlap in one instance. When the driver traps, WebAssembly ends the whole
//! event loop: every call in flight is gone and the instance can never be entered again. That is what happens when a
//! hypervisor's agent process dies, and so it is treated: the calls in flight fail, what the driver wrote to durable storage
//! stays, everything else it knew is lost, and the next call finds a new instance whose `init_host` has been called, if the
//! old one's had been.

use crate::bindings::types::VirtError;
use crate::error::FailureCause;
use crate::imports::{Around, HostState, Refused};
use crate::limits::STACK_BYTES;
use crate::method::Method;
use crate::nova::nova_error;
use crate::prepared::PreparedStack;
use futures_util::stream::{FuturesUnordered, StreamExt};
use runtime::TraceEvent;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use tokio::sync::mpsc::UnboundedReceiver;
use wasmtime::component::{Accessor, Instance};
use wasmtime::{AsContextMut, Store, Trap};

/// What the agent is asked to do.
pub(crate) enum Request {
    /// Enter the driver.
    Call(Call),
    /// Die, as a planned fault has it.
    Die,
}

/// A call that waits for the agent.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) enter: Enter,
}

/// An instance of a stack.
pub(crate) struct Running {
    pub(crate) stack: PreparedStack,
    pub(crate) instance: Instance,
}

type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Enters the driver and hands the answer to whoever waits for it. An error is a driver that broke.
pub(crate) type Enter =
    Box<dyn for<'a> FnOnce(&'a Accessor<HostState>, &'a Running) -> LocalFuture<'a, wasmtime::Result<()>>>;

/// What the agent and its callers both see.
pub(crate) struct Shared {
    pub(crate) around: Rc<Around>,
    /// Calls that have been sent and are not answered.
    pub(crate) in_flight: RefCell<BTreeMap<u64, Method>>,
    /// Of calls that died with the agent: what of.
    pub(crate) deaths: RefCell<BTreeMap<u64, FailureCause>>,
    /// Whether `init_host` has succeeded, so that a new instance needs it too.
    pub(crate) initialised: Cell<bool>,
    /// How many instances have died.
    pub(crate) restarts: Cell<u64>,
}

/// Why the event loop of an instance ended.
enum End {
    /// Nobody is left who could call.
    Closed,
    /// A new instance was not fit for service.
    NotInitialised(VirtError),
    /// A planned fault.
    Killed,
}

/// Runs until the last caller is gone.
pub(crate) async fn run(stack: PreparedStack, shared: Rc<Shared>, mut requests: UnboundedReceiver<Request>) {
    while let Some(request) = requests.recv().await {
        let Request::Call(first) = request else {
            // There is no instance, so none can die.
            continue;
        };
        let cause = match serve(&stack, &shared, &mut requests, first).await {
            Ok(End::Closed) => return,
            Ok(End::Killed) => bury(&shared, None, FailureCause::Killed),
            Ok(End::NotInitialised(error)) => {
                bury(&shared, None, FailureCause::NotInitialised(Box::new(nova_error(&error))))
            }
            Err((cause, method)) => bury(&shared, method, cause),
        };
        shared.restarts.set(shared.restarts.get() + 1);
        let around = &shared.around;
        around.trace.record(|| TraceEvent::DriverLog {
            host: around.host.clone(),
            driver: stack.text().to_string(),
            level: "error",
            message: format!("{cause}; the next call finds a new instance"),
        });
    }
}

/// Notes for each call in flight what it died of, so that its caller learns it. The call it died in is the one of `method`,
/// if there is just one of it, or the only one in flight.
fn bury(shared: &Shared, method: Option<Method>, cause: FailureCause) -> FailureCause {
    let in_flight = std::mem::take(&mut *shared.in_flight.borrow_mut());
    let of_method: Vec<u64> = in_flight
        .iter()
        .filter(|(_, other)| method.is_none_or(|method| method == **other))
        .map(|(id, _)| *id)
        .collect();
    let guilty = if let [only] = of_method[..] { Some(only) } else { None };
    let died_in = guilty.and_then(|id| in_flight.get(&id).copied()).or(method);
    let mut deaths = shared.deaths.borrow_mut();
    for id in in_flight.into_keys() {
        // Whoever is not in service fails all alike.
        let alike = matches!(cause, FailureCause::Killed | FailureCause::NotInitialised(_));
        let of = if alike || Some(id) == guilty {
            cause.clone()
        } else {
            FailureCause::DiedMeanwhile { method: died_in, cause: Box::new(cause.clone()) }
        };
        deaths.insert(id, of);
    }
    cause
}

/// Makes an instance and serves calls with it until it dies; answers of what, and in which method if that can be told.
async fn serve(
    stack: &PreparedStack,
    shared: &Shared,
    requests: &mut UnboundedReceiver<Request>,
    first: Call,
) -> Result<End, (FailureCause, Option<Method>)> {
    let limits = shared.around.limits;
    let mut store = Store::new(stack.engine(), HostState::new(shared.around.clone()));
    store.limiter(|state| state);
    store.set_hostcall_fuel(limits.message_bytes);
    let first_method = first.method;
    let not_instantiated = |error: wasmtime::Error| {
        (FailureCause::NotInstantiated { problem: one_line(&error) }, Some(first_method))
    };
    store.set_fuel(limits.fuel_per_call).map_err(not_instantiated)?;
    let instance = match stack.pre().instantiate_async(&mut store).await {
        Ok(instance) => instance,
        Err(error) => {
            let (cause, _) = diagnose(&error, store.data(), &limits);
            let cause = match cause {
                // Memories and tables that are too large from the start are no traps.
                FailureCause::InvalidAnswer { problem } => match store.data().refused {
                    Some(refused) => refusal(refused, &limits),
                    None => FailureCause::NotInstantiated { problem },
                },
                cause => cause,
            };
            return Err((cause, Some(first_method)));
        }
    };
    let running = &Running { stack: stack.clone(), instance };
    let restart = shared.initialised.get() && first.method != Method::InitHost;

    let ended = store
        .run_concurrent(async |accessor| -> wasmtime::Result<End> {
            let begin = || {
                accessor.with(|mut access| -> wasmtime::Result<()> {
                    access.as_context_mut().set_fuel(limits.fuel_per_call)?;
                    access.data_mut().call_begins();
                    Ok(())
                })
            };
            if restart {
                begin()?;
                let host = shared.around.host.to_string();
                let init_host = &stack.exports().init_host;
                if let Err(error) = init_host.call(accessor, instance, (host,)).await? {
                    return Ok(End::NotInitialised(error));
                }
            }
            begin()?;
            let mut calls = FuturesUnordered::new();
            calls.push((first.enter)(accessor, running));
            loop {
                tokio::select! {
                    biased;
                    Some(ended) = calls.next() => ended?,
                    request = requests.recv() => match request {
                        Some(Request::Call(call)) => {
                            begin()?;
                            calls.push((call.enter)(accessor, running));
                        }
                        Some(Request::Die) => return Ok(End::Killed),
                        // Callers that are gone want no answer.
                        None => return Ok(End::Closed),
                    },
                }
            }
        })
        .await;
    match ended {
        Ok(Ok(end)) => Ok(end),
        Ok(Err(error)) | Err(error) => Err(diagnose(&error, store.data(), &limits)),
    }
}

/// What an error of the WebAssembly engine means, and in which method it struck if its backtrace tells.
fn diagnose(
    error: &wasmtime::Error,
    state: &HostState,
    limits: &crate::limits::Limits,
) -> (FailureCause, Option<Method>) {
    let method = error.downcast_ref::<wasmtime::WasmBacktrace>().and_then(|backtrace| {
        let outermost = backtrace.frames().iter().rev().filter_map(|frame| frame.func_name());
        outermost.filter_map(method_of_export).next()
    });
    let cause = match (error.downcast_ref::<Trap>(), state.refused) {
        (_, Some(refused @ (Refused::Durable | Refused::Pending))) => refusal(refused, limits),
        (Some(Trap::OutOfFuel), _) => FailureCause::OutOfFuel { limit: limits.fuel_per_call },
        (Some(Trap::StackOverflow), _) => FailureCause::StackOverflow { limit: STACK_BYTES },
        (Some(_), Some(refused)) => refusal(refused, limits),
        (Some(trap), None) => match &state.last_words {
            Some(message) => FailureCause::Panicked { message: message.clone() },
            None => FailureCause::Trapped { trap: trap.to_string() },
        },
        (None, _) => FailureCause::InvalidAnswer { problem: one_line(error) },
    };
    (cause, method)
}

/// What a driver dies of that was refused something.
fn refusal(refused: Refused, limits: &crate::limits::Limits) -> FailureCause {
    match refused {
        Refused::Memory { wanted } => FailureCause::OutOfMemory { wanted, limit: limits.memory },
        Refused::Table { wanted } => FailureCause::TableTooLarge { wanted, limit: limits.table_elements },
        Refused::Pending => FailureCause::TooMuchPending { limit: limits.pending },
        Refused::Durable => FailureCause::DurableStorageFull { limit: limits.durable_bytes },
    }
}

/// The method of an exported function, `[async-lift]nova:virt/building@1.0.0#spawn` or its call-back, of whatever version of
/// the contract.
fn method_of_export(function: &str) -> Option<Method> {
    let (interface, name) = function.rsplit_once('#')?;
    interface.contains("nova:virt/").then(|| Method::from_name(&name.replace('-', "_"))).flatten()
}

/// An error without its backtrace, whose addresses differ from run to run.
pub(crate) fn one_line(error: &wasmtime::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        let first = cause.lines().next().unwrap_or_default();
        if cause.starts_with("error while executing at wasm backtrace") || text.contains(first) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(first);
    }
    text
}
