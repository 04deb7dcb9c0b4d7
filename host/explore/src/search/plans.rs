//! Where a run can be struck, and with what.

use super::others;
use crate::run::Run;
use crate::scenario::{
    FaultKind, FaultSpec, HeldPoint, MessageFaultSpec, OrderSpec, Planned, Scenario, ServiceFaultSpec, Span,
    WriteFault, WriteFaultSpec,
};
use compute::{ServicePoint, WritePoint};
use model::rpc::Address;
use model::{ExceptionClass, HostName};
use runtime::{MessageFault, MessagePoint, TraceEvent};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use virt::{FaultPoint, Method, When};

/// What kind of faults is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A driver call fails: each exception that a driver may raise, a lost reply, the death of the driver's agent.
    Driver,
    /// A call of the image, network or volume service is refused.
    Service,
    /// A message is lost, late, or arrives twice.
    Message,
    /// A compute service or the conductor dies, in a driver call, as it takes a message, or right before or after a write to the
    /// state of record, and is started again.
    Crash,
    /// A driver call never answers, before its effect or after it, until the host's service is killed.
    Hang,
    /// A driver call takes longer than what waits for it has patience.
    Slow,
    /// A second user asks for something about the same server, while a driver call goes on or a message is on its way.
    Requests,
    /// A host runs a periodic task then.
    Periodics,
}

impl Kind {
    /// All there are.
    pub const ALL: &'static [Self] = &[
        Self::Driver,
        Self::Service,
        Self::Message,
        Self::Crash,
        Self::Hang,
        Self::Slow,
        Self::Requests,
        Self::Periodics,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Kind::Driver => "driver",
            Kind::Service => "service",
            Kind::Message => "message",
            Kind::Crash => "crash",
            Kind::Hang => "hang",
            Kind::Slow => "slow",
            Kind::Requests => "requests",
            Kind::Periodics => "periodics",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that names no kind of fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no kind of fault `{0}`, expected driver, service, message, crash, hang, slow, requests or periodics"
)]
pub struct NoKind(String);

impl FromStr for Kind {
    type Err = NoKind;

    fn from_str(text: &str) -> Result<Self, NoKind> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or_else(|| NoKind(text.to_owned()))
    }
}

/// Where a run can be struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// In a driver call.
    Driver(FaultPoint),
    /// In a call of a service beside the hosts.
    Service(ServicePoint),
    /// In the delivery of a message.
    Message(MessagePoint),
    /// In a write to the state of record.
    Write(WritePoint),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Driver(at) => at.fmt(f),
            At::Service(at) => at.fmt(f),
            At::Message(at) => at.fmt(f),
            At::Write(at) => at.fmt(f),
        }
    }
}

/// A point of a run, and what it was part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Where.
    pub at: At,
    /// What the struck service was doing: the RPC method of the message it had taken last in that step, or takes there.
    /// None for what a host does of itself, and for calls of services.
    pub during: Option<&'static str>,
    /// The step it was in, from 1; 0 before the first, when hosts start.
    pub step: usize,
}

/// A fault of a plan, and what the service it strikes was doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Strike {
    /// The fault.
    pub fault: Planned,
    /// As in [`Point::during`].
    pub during: Option<&'static str>,
}

/// One plan: a fault, or a fault and a second one where only the first leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan(pub Vec<Strike>);

impl Plan {
    /// The faults.
    pub fn faults(&self) -> Vec<Planned> {
        self.0.iter().map(|strike| strike.fault.clone()).collect()
    }

    /// What breaks, if something does, in the words by which findings are told apart.
    pub fn cause(&self) -> String {
        self.0.iter().map(Strike::cause).collect::<Vec<_>>().join(", then ")
    }

    /// What is done at its points: `NovaException`, `trap`, `lost` …
    pub fn kind(&self) -> String {
        self.0.iter().map(|strike| strike.fault.kind()).collect::<Vec<_>>().join(", then ")
    }
}

impl Strike {
    fn cause(&self) -> String {
        match &self.fault {
            fault if fault.is_crash() => match self.during {
                Some(during) => format!("crash during {during}"),
                None => "crash".to_owned(),
            },
            Planned::Driver(fault) => match fault.error {
                FaultKind::Hang => format!("{} hangs", fault.at.method),
                FaultKind::Slow(_) => format!("{} slow", fault.at.method),
                _ => fault.at.method.to_string(),
            },
            Planned::Service(fault) => fault.at.call.clone(),
            Planned::Message(fault) => format!("{} {}", fault.at.method, self.fault.kind()),
            Planned::Write(fault) => fault.at.write.to_owned(),
            Planned::Meanwhile(other) => match (&other.at, self.during) {
                (HeldPoint::Message(at), _) => format!("{} before {}", other.asks(), at.method),
                (HeldPoint::Driver(_), Some(during)) => format!("{} during {during}", other.asks()),
                (HeldPoint::Driver(at), None) => format!("{} during {}", other.asks(), at.method),
            },
            Planned::Order(_) => "order of deliveries".to_owned(),
        }
    }
}

/// The points of a run, in their order: driver calls, those of the hosts' starts, too; calls of services; messages; writes to the
/// state of record.
pub fn points(run: &Run) -> Vec<Point> {
    let mut points = Vec::new();
    let mut doing: BTreeMap<&HostName, &'static str> = BTreeMap::new();
    let mut conducting = None;
    let mut delivered: BTreeMap<(&Address, &'static str), u64> = BTreeMap::new();
    let mut step = 0;
    for record in &run.trace {
        match &record.event {
            TraceEvent::Step { number, .. } => {
                step = *number;
                doing.clear();
                conducting = None;
            }
            TraceEvent::DriverCall { host, method, n, .. } => {
                let Some(method) = Method::from_name(method) else { continue };
                let at = At::Driver(FaultPoint { host: host.clone(), method, n: *n });
                points.push(Point { at, during: doing.get(host).copied(), step });
            }
            TraceEvent::ServiceCall { call, n } => {
                points.push(Point { at: At::Service(ServicePoint::new(call, *n)), during: None, step });
            }
            TraceEvent::MessageDelivered { to, method, .. } => {
                match to {
                    Address::Compute(host) => drop(doing.insert(host, method)),
                    Address::Conductor => conducting = Some(*method),
                    Address::Api => {}
                }
                let n = delivered.entry((to, method)).or_default();
                *n += 1;
                let at = MessagePoint { to: to.clone(), method: (*method).to_owned(), n: *n };
                points.push(Point { at: At::Message(at), during: Some(method), step });
            }
            TraceEvent::RecordWrite { writer, write, n } => {
                let during = match writer {
                    Address::Compute(host) => doing.get(host).copied(),
                    Address::Conductor => conducting,
                    Address::Api => None,
                };
                let at = WritePoint { writer: writer.clone(), write, n: *n };
                points.push(Point { at: At::Write(at), during, step });
            }
            _ => {}
        }
    }
    points
}

/// Every plan of one fault of these kinds. The plain failure of each driver call comes first, then the subtler ones, so that
/// what shows a defect most simply is found first.
pub(super) fn plans(scenario: &Scenario, points: &[Point], kinds: &[Kind]) -> Vec<Plan> {
    let each = |fault: &dyn Fn(&Point) -> Option<Planned>| -> Vec<Plan> {
        let plan = |point: &Point| Some(Plan(vec![Strike { fault: fault(point)?, during: point.during }]));
        points.iter().filter_map(plan).collect()
    };
    let driver = |error: FaultKind, when: When| {
        move |point: &Point| match &point.at {
            At::Driver(at) => {
                let (at, error) = (at.clone(), error.clone());
                Some(Planned::Driver(FaultSpec { at, error, message: None, server: None, when }))
            }
            _ => None,
        }
    };
    let message = |fault: MessageFault| {
        move |point: &Point| match &point.at {
            At::Message(at) => Some(Planned::Message(MessageFaultSpec { at: at.clone(), fault })),
            _ => None,
        }
    };
    let write = |when: When| {
        move |point: &Point| match &point.at {
            At::Write(at) => Some(death_at(at, when)),
            _ => None,
        }
    };
    let mut plans = Vec::new();
    let plain = FaultKind::Raise(ExceptionClass::NovaException);
    if kinds.contains(&Kind::Driver) {
        let others = FaultKind::all().filter(|kind| *kind != plain).map(|kind| (kind, When::Before));
        for (error, when) in
            [(plain.clone(), When::Before), (plain.clone(), When::After)].into_iter().chain(others)
        {
            plans.extend(each(&driver(error, when)));
        }
    }
    if kinds.contains(&Kind::Service) {
        plans.extend(each(&|point| service(point, refused)));
        plans.extend(each(&|point| service(point, missing)));
        plans.extend(each(&|point| service(point, left_behind)));
    }
    if kinds.contains(&Kind::Message) {
        for fault in [MessageFault::Lost, MessageFault::Twice, MessageFault::Late] {
            plans.extend(each(&message(fault)));
        }
    }
    if kinds.contains(&Kind::Crash) {
        plans.extend(each(&message(MessageFault::Crash)));
        plans.extend(each(&driver(FaultKind::Crash, When::Before)));
        plans.extend(each(&driver(FaultKind::Crash, When::After)));
        plans.extend(each(&write(When::Before)));
        plans.extend(each(&write(When::After)));
    }
    if kinds.contains(&Kind::Hang) {
        plans.extend(each(&driver(FaultKind::Hang, When::Before)));
        plans.extend(each(&driver(FaultKind::Hang, When::After)));
    }
    if kinds.contains(&Kind::Slow) {
        for by in delays(scenario) {
            plans.extend(each(&driver(FaultKind::Slow(by), When::Before)));
            plans.extend(each(&driver(FaultKind::Slow(by), When::After)));
        }
    }
    plans.extend(others::plans(scenario, points, kinds));
    plans
}

/// How much later a slow call answers: a little more than what waits has patience. That is who waits for an answer over the bus
/// (`rpc_response_timeout`) and who takes a silent service for down (`service_down_time`), of which the longer counts; and who
/// waits for interfaces to be plugged (`vif_plugging_timeout`, Nova's default).
fn delays(scenario: &Scenario) -> Vec<Span> {
    const MORE: Duration = Duration::from_secs(5);
    const VIF_PLUGGING_TIMEOUT: Duration = Duration::from_secs(300);
    // Options that do not fit keep the scenario from being run at all.
    let options = scenario.all_options().unwrap_or_default();
    let patience = options.rpc_response_timeout.max(options.service_down_time);
    let mut delays = vec![Span(patience + MORE), Span(VIF_PLUGGING_TIMEOUT + MORE)];
    delays.dedup();
    delays
}

/// Plans of another order of deliveries each: those of the seeds from 1 to `orders`. Where the scenario does not say how long
/// messages take at most, it is a second, which is as long as a user takes from one step to the next.
pub(super) fn orders(scenario: &Scenario, orders: u64) -> Vec<Plan> {
    let within = Span(Duration::from_millis(scenario.delivery_delay_ms.unwrap_or(1000)));
    let plan =
        |order| Plan(vec![Strike { fault: Planned::Order(OrderSpec { order, within }), during: None }]);
    (1..=orders).map(plan).collect()
}

/// Every plan that goes on from this one with a second fault at one of these points: the plain failure of a driver call, its
/// lost reply, the death of the agent; the refusal of a service's call; the loss of a message; a death at a write.
pub(super) fn second(first: &Plan, points: &[Point], kinds: &[Kind]) -> Vec<Plan> {
    let plain = |at: &FaultPoint, error: FaultKind, when: When| {
        Planned::Driver(FaultSpec { at: at.clone(), error, message: None, server: None, when })
    };
    let raise = || FaultKind::Raise(ExceptionClass::NovaException);
    let mut plans = Vec::new();
    for point in points {
        let faults = match &point.at {
            At::Driver(at) if kinds.contains(&Kind::Driver) => vec![
                plain(at, raise(), When::Before),
                plain(at, raise(), When::After),
                plain(at, FaultKind::Trap, When::Before),
            ],
            At::Service(_) if kinds.contains(&Kind::Service) => service(point, refused).into_iter().collect(),
            At::Message(at) if kinds.contains(&Kind::Message) => {
                vec![Planned::Message(MessageFaultSpec { at: at.clone(), fault: MessageFault::Lost })]
            }
            At::Write(at) if kinds.contains(&Kind::Crash) => {
                vec![death_at(at, When::Before), death_at(at, When::After)]
            }
            At::Driver(_) | At::Service(_) | At::Message(_) | At::Write(_) => Vec::new(),
        };
        plans.extend(faults.into_iter().map(|fault| {
            let strike = Strike { fault, during: point.during };
            Plan(first.0.iter().cloned().chain([strike]).collect())
        }));
    }
    plans
}

/// The death of a service at a write of its own.
fn death_at(at: &WritePoint, when: When) -> Planned {
    Planned::Write(WriteFaultSpec { at: at.clone(), fault: WriteFault::Crash, when })
}

/// The refusal of a service's call.
fn service(point: &Point, error: impl Fn(&str) -> Option<ExceptionClass>) -> Option<Planned> {
    match &point.at {
        At::Service(at) => Some(Planned::Service(ServiceFaultSpec {
            at: at.clone(),
            error: error(&at.call)?,
            message: None,
        })),
        _ => None,
    }
}

/// What a service says that does not want to.
fn refused(_: &str) -> Option<ExceptionClass> {
    Some(ExceptionClass::NovaException)
}

/// What a service says of something that it does not have.
fn missing(call: &str) -> Option<ExceptionClass> {
    Some(match call.split_once('.') {
        Some(("image", _)) => ExceptionClass::ImageNotFound,
        Some(("network", _)) => ExceptionClass::PortNotFound,
        _ => ExceptionClass::VolumeNotFound,
    })
}

/// What a service says of something that it does not remove, where Nova goes on after that and after nothing else.
fn left_behind(call: &str) -> Option<ExceptionClass> {
    (call == "network.teardown_networks_on_host").then_some(ExceptionClass::PortBindingDeletionFailed)
}
