//! Fault points of the bus: every delivery of a message has a name, and a plan may strike it.
//!
//! A broker that is restarted, a worker that dies: a cast that is lost, one that arrives twice or after a later one, a
//! service that dies as it takes one. What the sender sees of it is what oslo.messaging shows: nothing for a cast, for a
//! call an answer that does not come.

use model::rpc::Address;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;
use tokio::sync::Notify;

/// What a message that is late waits for: long enough for what was sent after it to be there before it.
pub const LATE: Duration = Duration::from_secs(5);

/// One delivery of a message: to whom, which RPC method, which delivery of it. Written `conductor:migrate_server#1`, or
/// `compute.host2:prep_resize#1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MessagePoint {
    /// Who takes it.
    pub to: Address,
    /// The RPC method, by Nova's name.
    pub method: String,
    /// Which delivery of this method to this service, from 1 since the run began.
    pub n: u64,
}

/// Text that names no delivery of a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no delivery of a message; one is written `SERVICE:METHOD#N`, for instance `conductor:migrate_server#1` or \
     `compute.host2:prep_resize#1`"
)]
pub struct NoMessagePoint(String);

impl fmt::Display for MessagePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}#{}", self.to, self.method, self.n)
    }
}

impl FromStr for MessagePoint {
    type Err = NoMessagePoint;

    /// Without a number it is the first.
    fn from_str(text: &str) -> Result<Self, NoMessagePoint> {
        let parse = || {
            let (to, call) = text.rsplit_once(':')?;
            let to = Address::service(to)?;
            let (method, n) = call.split_once('#').unwrap_or((call, "1"));
            let n = n.parse().ok().filter(|n| *n > 0)?;
            let is_name = |method: &str| {
                !method.is_empty()
                    && method.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
            };
            is_name(method).then(|| MessagePoint { to, method: method.to_owned(), n })
        };
        parse().ok_or_else(|| NoMessagePoint(text.to_owned()))
    }
}

impl From<MessagePoint> for String {
    fn from(point: MessagePoint) -> String {
        point.to_string()
    }
}

impl TryFrom<String> for MessagePoint {
    type Error = NoMessagePoint;

    fn try_from(text: String) -> Result<Self, NoMessagePoint> {
        text.parse()
    }
}

/// What becomes of a message instead of its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageFault {
    /// Nobody gets it.
    Lost,
    /// It arrives a second time, right after the first; the second answer is nobody's.
    Twice,
    /// It arrives so much after its time: [`LATE`].
    Late,
    /// It takes [`LATE`], and what is sent to the same service after it waits behind it, as in a queue: nothing is reordered.
    Slow,
    /// Whoever takes it dies with it: everything that service was doing ends where it is. A host stays away until it is
    /// started again; the conductor is there again at once.
    Crash,
}

impl MessageFault {
    /// All there are.
    pub const ALL: &'static [Self] = &[Self::Lost, Self::Twice, Self::Late, Self::Slow, Self::Crash];
}

impl fmt::Display for MessageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MessageFault::Lost => "is lost",
            MessageFault::Twice => "arrives twice",
            MessageFault::Late => "arrives late",
            MessageFault::Slow => "is slow, and those behind it with it",
            MessageFault::Crash => "kills the service that takes it",
        })
    }
}

/// The faults that are to strike, and how often each method was delivered to each service. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MessageFaults(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    faults: BTreeMap<MessagePoint, MessageFault>,
    counts: BTreeMap<Address, BTreeMap<&'static str, u64>>,
    struck: Vec<MessagePoint>,
    watched: Vec<(MessagePoint, Rc<Notify>)>,
}

impl MessageFaults {
    /// Plans a fault. Where one is planned already the new one takes its place.
    pub fn add(&self, point: MessagePoint, fault: MessageFault) {
        self.0.borrow_mut().faults.insert(point, fault);
    }

    /// The deliveries that were struck, in order.
    pub fn struck(&self) -> Vec<MessagePoint> {
        self.0.borrow().struck.clone()
    }

    /// Ends when the fault planned at this point strikes.
    pub fn strikes(&self, point: MessagePoint) -> impl Future<Output = ()> + use<> {
        let told = Rc::new(Notify::new());
        self.0.borrow_mut().watched.push((point, Rc::clone(&told)));
        async move { told.notified().await }
    }

    /// How often a method has been delivered to a service.
    pub fn delivered(&self, to: &Address, method: &str) -> u64 {
        let state = self.0.borrow();
        state.counts.get(to).and_then(|counts| counts.get(method)).copied().unwrap_or_default()
    }

    /// Counts a delivery; answers what is planned for it.
    pub(crate) fn next(&self, to: &Address, method: &'static str) -> Option<(MessagePoint, MessageFault)> {
        let state = &mut *self.0.borrow_mut();
        // Looked up first, so that only a service's first message copies its name.
        let counts = match state.counts.get_mut(to) {
            Some(counts) => counts,
            None => state.counts.entry(to.clone()).or_default(),
        };
        let count = counts.entry(method).or_default();
        *count += 1;
        if state.faults.is_empty() {
            return None;
        }
        let point = MessagePoint { to: to.clone(), method: method.to_owned(), n: *count };
        let fault = state.faults.remove(&point)?;
        state.watched.iter().filter(|(at, _)| *at == point).for_each(|(_, told)| told.notify_one());
        state.struck.push(point.clone());
        Some((point, fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_written_and_read_and_what_is_none_is_said() {
        for text in ["conductor:migrate_server#2", "compute.host.with:colon:prep_resize#1"] {
            assert_eq!(text.parse::<MessagePoint>().unwrap().to_string(), text);
        }
        assert_eq!("conductor:build_instances".parse::<MessagePoint>().unwrap().n, 1);
        for text in ["", "conductor", "host2:prep_resize#1", "compute.:x#1", "conductor:x#0", "conductor:X#1"]
        {
            let said = text.parse::<MessagePoint>().unwrap_err().to_string();
            assert!(said.contains("is no delivery of a message"), "{said}");
        }
    }
}
