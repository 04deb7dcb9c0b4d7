//! Running a built-in scenario once for every way in which something in it can fail.

use explore::scenario::{FaultKind as Kind, FaultSpec};
use explore::{Run, RunConfig, Scenario, Stacks, builtin, run};
use model::ExceptionClass;
use runtime::TraceEvent;
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
    let Base { scenario, stacks, config, calls } = Base::of(name, engine, library);
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

/// A driver call of a run.
struct DriverCall {
    point: FaultPoint,
    /// Which request to the API it came after, from 1.
    request: usize,
}

/// A run in which nothing fails.
struct Base {
    scenario: Scenario,
    stacks: Stacks,
    config: RunConfig,
    /// The driver calls after the start of the hosts.
    calls: Vec<DriverCall>,
}

impl Base {
    fn of(name: &str, engine: &Engine, library: &Library) -> Self {
        let scenario = builtin(name).unwrap().scenario().unwrap();
        let stacks = Stacks::prepare(&scenario, engine, library).unwrap();
        let config = RunConfig { trace: true, ..RunConfig::default() };
        let run = run(&scenario, &config, &stacks).unwrap();
        let (mut request, mut calls) = (0, Vec::new());
        for record in &run.trace {
            match &record.event {
                TraceEvent::ApiCall { .. } => request += 1,
                TraceEvent::DriverCall { host, method, n, .. } if request > 0 => {
                    let method = Method::from_name(method).unwrap();
                    calls.push(DriverCall {
                        point: FaultPoint { host: host.clone(), method, n: *n },
                        request,
                    });
                }
                _ => {}
            }
        }
        Self { scenario, stacks, config, calls }
    }
}
