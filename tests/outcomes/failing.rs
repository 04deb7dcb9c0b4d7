//! Running a built-in scenario once for every way in which something in it can fail.

use explore::scenario::{Action, CrashSpec, FaultKind as Kind, FaultSpec, Refusals};
use explore::{Run, RunConfig, Scenario, Stacks, builtin, run};
use model::rpc::Address;
use model::{ExceptionClass, HostName};
use runtime::TraceEvent;
use std::collections::BTreeMap;
use virt::{Engine, FaultPoint, Library, Method, When};

/// In which ways each call fails.
pub(crate) const KINDS: &[(Kind, When)] = &[
    (Kind::Raise(ExceptionClass::VirtualInterfaceCreateException), When::Before),
    (Kind::Raise(ExceptionClass::NovaException), When::Before),
    (Kind::Raise(ExceptionClass::NovaException), When::After),
    (Kind::Raise(ExceptionClass::InstanceNotFound), When::Before),
    (Kind::Raise(ExceptionClass::NotImplementedError), When::Before),
    (Kind::Trap, When::Before),
];

/// What one failing call left.
pub(crate) struct Failed {
    pub(crate) point: FaultPoint,
    pub(crate) kind: Kind,
    pub(crate) when: When,
    /// Whether the call was part of building the server.
    pub(crate) in_build: bool,
    pub(crate) run: Run,
}

impl Failed {
    pub(crate) fn name(&self, scenario: &str) -> String {
        let when = if self.when == When::After { " after its effect" } else { "" };
        format!("{scenario}: {} {}{when}", self.point, self.kind)
    }
}

/// Runs a built-in scenario once for every driver call it makes and every way in which that call can fail.
pub(crate) fn failing(name: &str, engine: &Engine, library: &Library) -> Vec<Failed> {
    let Base { scenario, stacks, config, calls, .. } = Base::of(name, engine, library);
    assert!(calls.len() > 10, "{name} makes only {} driver calls", calls.len());
    let fail = |call: &DriverCall, (kind, when): &(Kind, When)| {
        let point = call.point.clone();
        let mut failing: Scenario = scenario.clone();
        let fault =
            FaultSpec { at: point.clone(), error: kind.clone(), message: None, server: None, when: *when };
        failing.faults.push(fault.into());
        let run = run(&failing, &config, &stacks).unwrap();
        assert!(run.report.faults.iter().all(|fault| fault.struck), "{point} was not reached");
        Failed { point, kind: kind.clone(), when: *when, in_build: call.request == 1, run }
    };
    calls.iter().flat_map(|call| KINDS.iter().map(|kind| fail(call, kind)).collect::<Vec<_>>()).collect()
}

/// Where a host died.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CrashPoint {
    /// In a driver call, before or after its effect.
    Call(FaultPoint, When),
    /// As it took a message.
    Message { host: HostName, n: u64 },
}

impl CrashPoint {
    fn host(&self) -> &HostName {
        match self {
            CrashPoint::Call(point, _) => &point.host,
            CrashPoint::Message { host, .. } => host,
        }
    }
}

/// What the death of a host left, once it was back and everything had come to rest.
pub(crate) struct Crashed {
    pub(crate) scenario: String,
    pub(crate) point: CrashPoint,
    /// What the host was doing, by the message it had taken; `-` for something it did of itself.
    pub(crate) during: &'static str,
    pub(crate) run: Run,
}

impl Crashed {
    pub(crate) fn name(&self) -> String {
        match &self.point {
            CrashPoint::Call(point, When::Before) => {
                format!("{}: dies in {point}, {}", self.scenario, self.during)
            }
            CrashPoint::Call(point, When::After) => {
                format!("{}: dies after {point}, {}", self.scenario, self.during)
            }
            CrashPoint::Message { host, n } => {
                format!("{}: {host} dies with message {n}, {}", self.scenario, self.during)
            }
        }
    }
}

/// Runs a built-in scenario once for every driver call and every message at which a host can die. It starts again when all
/// has come to rest, and the scenario goes on as far as it can.
pub(crate) fn crashing(name: &str, engine: &Engine, library: &Library) -> Vec<Crashed> {
    let Base { scenario, stacks, config, calls, messages } = Base::of(name, engine, library);
    let at_calls = calls.iter().flat_map(|call| {
        let at = |when| (CrashPoint::Call(call.point.clone(), when), call.during, call.step);
        [at(When::Before), at(When::After)]
    });
    let at_messages = messages.into_iter();
    let crash = |(point, during, step): (CrashPoint, &'static str, usize)| {
        let mut crashing = scenario.clone();
        crashing.refusals = Refusals::Record;
        crashing.expect.clear();
        match &point {
            CrashPoint::Call(at, when) => crashing.faults.push(
                FaultSpec { at: at.clone(), error: Kind::Crash, message: None, server: None, when: *when }
                    .into(),
            ),
            CrashPoint::Message { host, n } => {
                crashing.crashes.push(CrashSpec { host: host.clone(), message: *n }.into());
            }
        }
        let back = [Action::RestartHost(point.host().clone()), Action::RunPeriodics];
        crashing.steps.splice(step..step, back.map(Into::into));
        let run = run(&crashing, &config, &stacks).unwrap();
        Crashed { scenario: name.to_owned(), point, during, run }
    };
    at_calls.chain(at_messages).map(crash).collect()
}

/// A driver call of a run.
struct DriverCall {
    point: FaultPoint,
    /// Which request to the API it came after, from 1.
    request: usize,
    /// Which step it was part of, from 1.
    step: usize,
    /// The message its host had taken last in that step.
    during: &'static str,
}

/// A run in which nothing fails.
struct Base {
    scenario: Scenario,
    stacks: Stacks,
    config: RunConfig,
    /// The driver calls after the start of the hosts.
    calls: Vec<DriverCall>,
    /// The messages to computes, each with what it asks for and with its step.
    messages: Vec<(CrashPoint, &'static str, usize)>,
}

impl Base {
    fn of(name: &str, engine: &Engine, library: &Library) -> Self {
        let scenario = builtin(name).unwrap().scenario().unwrap();
        let stacks = Stacks::prepare(&scenario, engine, library).unwrap();
        let config = RunConfig { trace: true, ..RunConfig::default() };
        let run = run(&scenario, &config, &stacks).unwrap();
        let (mut request, mut step) = (0, 0);
        let (mut calls, mut messages) = (Vec::new(), Vec::new());
        let mut taken: BTreeMap<HostName, u64> = BTreeMap::new();
        let mut doing: BTreeMap<HostName, &'static str> = BTreeMap::new();
        for record in &run.trace {
            match &record.event {
                TraceEvent::Step { number, .. } => {
                    step = *number;
                    doing.clear();
                }
                TraceEvent::ApiCall { .. } => request += 1,
                TraceEvent::DriverCall { host, method, n, .. } if request > 0 => {
                    let method = Method::from_name(method).unwrap();
                    let point = FaultPoint { host: host.clone(), method, n: *n };
                    let during = doing.get(host).copied().unwrap_or("-");
                    calls.push(DriverCall { point, request, step, during });
                }
                TraceEvent::MessageDelivered { to: Address::Compute(host), method, .. } => {
                    let n = taken.entry(host.clone()).or_default();
                    *n += 1;
                    messages.push((CrashPoint::Message { host: host.clone(), n: *n }, *method, step));
                    doing.insert(host.clone(), *method);
                }
                _ => {}
            }
        }
        Self { scenario, stacks, config, calls, messages }
    }
}
