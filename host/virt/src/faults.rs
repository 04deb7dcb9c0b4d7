//! Fault points: every driver call has a name, and a plan may strike it.
//!
//! The driver knows nothing of this: an error is raised at the boundary in its place, before it is asked or after it has
//! done its work. A plan is data, so that it can be searched, minimised, stored and replayed.

use crate::bindings::types::VirtError;
use crate::method::Method;
use crate::nova::nova_error;
use model::HostName;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;
use tokio::sync::Notify;

/// One driver call: which host, which method, which call of it. Written `host2:finish_migration#1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FaultPoint {
    /// The compute host.
    pub host: HostName,
    /// The method.
    pub method: Method,
    /// Which call of this method on this host, from 1, since the counters were last reset.
    pub n: u64,
}

impl fmt::Display for FaultPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}#{}", self.host, self.method, self.n)
    }
}

/// Text that is no fault point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no driver call; one is written `HOST:METHOD#N`, for instance `host2:finish_migration#1`")]
pub struct NoFaultPoint(String);

impl FromStr for FaultPoint {
    type Err = NoFaultPoint;

    fn from_str(text: &str) -> Result<Self, NoFaultPoint> {
        let parse = || {
            let (host, call) = text.rsplit_once(':')?;
            let (method, n) = call.split_once('#').unwrap_or((call, "1"));
            let n = n.parse().ok().filter(|n| *n > 0)?;
            (!host.is_empty()).then_some(())?;
            Some(FaultPoint { host: HostName::from(host), method: Method::from_name(method)?, n })
        };
        parse().ok_or_else(|| NoFaultPoint(text.to_owned()))
    }
}

impl From<FaultPoint> for String {
    fn from(point: FaultPoint) -> String {
        point.to_string()
    }
}

impl TryFrom<String> for FaultPoint {
    type Error = NoFaultPoint;

    fn try_from(text: String) -> Result<Self, NoFaultPoint> {
        text.parse()
    }
}

/// When a planned error strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The driver is not asked: the call has no effect.
    Before,
    /// The driver does its work, then the caller gets the error instead of the answer.
    After,
}

/// After how long somebody does something about a call that hangs: longer than every time-out that the control plane and the
/// drivers under it have by default. An answer over the bus is waited for 60 s (`rpc_response_timeout`), a silent service
/// counts as down after 60 s (`service_down_time`), the plugging of interfaces may take 300 s (`vif_plugging_timeout`), and
/// the memory of a guest of 1 GiB may take 800 s to cross (`[libvirt] live_migration_completion_timeout`).
pub const HANGS_FOR: Duration = Duration::from_secs(900);

/// What is done at a fault point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The caller gets this error.
    Raise {
        /// Which.
        error: VirtError,
        /// Before or after the effect.
        when: When,
    },
    /// The driver's agent dies instead of answering: this call and all others in flight fail, and the next call finds a
    /// new instance.
    Trap,
    /// The host's compute service dies in this call, and nobody learns what came of it. Guests stay.
    Crash {
        /// Before or after the effect.
        when: When,
    },
    /// The call takes so much longer than it would.
    Slow {
        /// How much.
        by: Duration,
        /// Before or after the effect.
        when: When,
    },
    /// The call never answers. Who waits for it and has a time-out gives up; who has none waits until somebody kills the
    /// host's compute service, which is done after [`HANGS_FOR`]. From then on it is as after a [`Fault::Crash`].
    Hang {
        /// Before or after the effect.
        when: When,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Raise { error, when: When::Before } => write!(f, "raises {}", describe(error)),
            Fault::Raise { error, when: When::After } => {
                write!(f, "raises {} after its effect", describe(error))
            }
            Fault::Trap => f.write_str("the driver's agent dies"),
            Fault::Crash { when: When::Before } => f.write_str("the compute service dies"),
            Fault::Crash { when: When::After } => f.write_str("the compute service dies after its effect"),
            Fault::Slow { by, when: When::Before } => write!(f, "begins {} s late", by.as_secs_f64()),
            Fault::Slow { by, when: When::After } => write!(f, "answers {} s late", by.as_secs_f64()),
            Fault::Hang { when: When::Before } => f.write_str("hangs"),
            Fault::Hang { when: When::After } => f.write_str("hangs after its effect"),
        }
    }
}

/// The faults that are to strike, and the counters by which calls are told apart. One for all hosts of a cloud; clones share
/// it.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    faults: BTreeMap<(HostName, Method), Vec<(u64, Fault)>>,
    counts: BTreeMap<HostName, BTreeMap<Method, u64>>,
    struck: Vec<FaultPoint>,
    halted: bool,
    watched: Vec<(FaultPoint, Rc<Notify>)>,
}

impl FaultPlan {
    /// A plan without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault. Of two for the same point the first strikes.
    pub fn add(&self, point: FaultPoint, fault: Fault) {
        self.0.borrow_mut().faults.entry((point.host, point.method)).or_default().push((point.n, fault));
    }

    /// Takes all faults out of the plan, a [halt](Self::halt) included; those that struck stay known.
    pub fn clear(&self) {
        let state = &mut *self.0.borrow_mut();
        state.faults.clear();
        state.halted = false;
    }

    /// From now on whoever calls a driver waits for ever, and the driver does not hear of it.
    pub fn halt(&self) {
        self.0.borrow_mut().halted = true;
    }

    /// Waits for ever if calls are halted.
    pub(crate) async fn let_through(&self) {
        let halted = self.0.borrow().halted;
        if halted {
            std::future::pending::<()>().await;
        }
    }

    /// Counts from 1 again, for all hosts and methods: "the n-th call from now on".
    pub fn reset_counts(&self) {
        self.0.borrow_mut().counts.clear();
    }

    /// The points that have been struck, in order.
    pub fn struck(&self) -> Vec<FaultPoint> {
        self.0.borrow().struck.clone()
    }

    /// Ends when the fault planned at this point strikes, for the first time from now on.
    pub fn strikes(&self, point: FaultPoint) -> impl Future<Output = ()> + use<> {
        let told = Rc::new(Notify::new());
        self.0.borrow_mut().watched.push((point, Rc::clone(&told)));
        async move { told.notified().await }
    }

    /// Counts a call; answers its number and the fault planned for it.
    pub(crate) fn next(&self, host: &HostName, method: Method) -> (u64, Option<Fault>) {
        let state = &mut *self.0.borrow_mut();
        // Looked up first, so that only a host's first call copies its name.
        let counts = match state.counts.get_mut(host) {
            Some(counts) => counts,
            None => state.counts.entry(host.clone()).or_default(),
        };
        let count = counts.entry(method).or_default();
        *count += 1;
        let n = *count;
        if state.faults.is_empty() {
            return (n, None);
        }
        let fault = state
            .faults
            .get(&(host.clone(), method))
            .and_then(|faults| faults.iter().find(|(at, _)| *at == n))
            .map(|(_, fault)| fault.clone());
        if fault.is_some() {
            let point = FaultPoint { host: host.clone(), method, n };
            state.watched.iter().filter(|(at, _)| *at == point).for_each(|(_, told)| told.notify_one());
            state.struck.push(point);
        }
        (n, fault)
    }
}

/// Class and text of an error, as a person wants to see it.
fn describe(error: &VirtError) -> String {
    let error = nova_error(error);
    if error.message.is_empty() {
        error.class.name().to_owned()
    } else {
        format!("{} \"{}\"", error.class.name(), error.message)
    }
}
