//! What somebody else does at a point of a run: a second user's request, or a periodic task, while a driver call goes on or a
//! message is on its way.

use super::{Action, Span};
use model::HostName;
use model::rpc::Address;
use runtime::{MessageFault, MessagePoint};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use virt::{Fault, FaultPoint, When};

/// How long the call takes then, or the message: long enough for what is done meanwhile to come to its end, unless it has to
/// wait for this very call.
pub(crate) const HELD: Span = Span(runtime::message_faults::LATE);

/// Something that is done at a point of the run. The driver call there begins five seconds late, or answers five seconds
/// late; the message is so much longer on its way, and those behind it at the same service wait for it. What the API
/// answers is only noted: a refusal is as good as any other outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanwhileSpec {
    /// The driver call, as `HOST:METHOD#N`, or the message, as `SERVICE:METHOD#N`.
    pub at: HeldPoint,
    /// What is done: a request about a server, a periodic task, or something about a host's service.
    #[serde(serialize_with = "as_map")]
    pub meanwhile: Action,
    /// Of a driver call: whether it is done before the call's effect, or after it and before the answer.
    #[serde(default = "before", skip_serializing_if = "is_before")]
    pub when: When,
}

fn before() -> When {
    When::Before
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_before(when: &When) -> bool {
    *when == When::Before
}

/// An action that stands within something else, written as a map of its own: on one line the plain form of a variant has no
/// braces there.
pub(super) fn as_map<S: Serializer>(action: &Action, serializer: S) -> Result<S::Ok, S::Error> {
    serde_json::to_value(action).map_err(serde::ser::Error::custom)?.serialize(serializer)
}

/// A driver call or a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldPoint {
    /// A driver call.
    Driver(FaultPoint),
    /// The delivery of a message.
    Message(MessagePoint),
}

impl HeldPoint {
    /// The host it is on, if it is on one.
    pub(crate) fn host(&self) -> Option<&HostName> {
        match self {
            HeldPoint::Driver(at) => Some(&at.host),
            HeldPoint::Message(MessagePoint { to: Address::Compute(host), .. }) => Some(host),
            HeldPoint::Message(_) => None,
        }
    }

    /// The driver method, or the RPC method.
    pub fn method(&self) -> &str {
        match self {
            HeldPoint::Driver(at) => at.method.name(),
            HeldPoint::Message(at) => &at.method,
        }
    }
}

impl fmt::Display for HeldPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeldPoint::Driver(at) => at.fmt(f),
            HeldPoint::Message(at) => at.fmt(f),
        }
    }
}

impl FromStr for HeldPoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("conductor:") || text.starts_with("compute.") {
            return text
                .parse()
                .map(HeldPoint::Message)
                .map_err(|error: runtime::message_faults::NoMessagePoint| error.to_string());
        }
        text.parse().map(HeldPoint::Driver).map_err(|error: virt::NoFaultPoint| error.to_string())
    }
}

impl Serialize for HeldPoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HeldPoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl MeanwhileSpec {
    /// What is asked, or run: `delete`, `resize`, `sync_power_states` …
    pub fn asks(&self) -> String {
        if let Action::RunPeriodic(run) = &self.meanwhile {
            return run.task.to_string();
        }
        // An action is written as its name and what belongs to it.
        match serde_json::to_value(&self.meanwhile) {
            Ok(serde_json::Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
            Ok(serde_json::Value::String(name)) => name,
            _ => String::new(),
        }
    }

    /// Whether it is a host that does it, and no user.
    pub fn is_periodic(&self) -> bool {
        matches!(self.meanwhile, Action::RunPeriodic(_) | Action::RunPeriodics)
    }

    /// Whether this can be done while something else goes on: makes no server or group, and waits for nothing.
    pub(super) fn can_be_done(&self) -> bool {
        let about_a_server = self.meanwhile.server().is_some();
        match &self.meanwhile {
            Action::Boot(_)
            | Action::WaitFor(_)
            | Action::Check(_)
            | Action::During(_)
            | Action::InjectFault(_) => false,
            Action::RunPeriodics
            | Action::RunPeriodic(_)
            | Action::DisableHost(_)
            | Action::EnableHost(_)
            | Action::ForceDown(_)
            | Action::ForceUp(_) => true,
            _ => about_a_server,
        }
    }

    /// What is planned for the driver call.
    pub(crate) fn slows(&self) -> Fault {
        Fault::Slow { by: HELD.0, when: self.when }
    }

    /// What is planned for the message.
    pub(crate) const MESSAGE: MessageFault = MessageFault::Slow;
}

impl fmt::Display for MeanwhileSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, meanwhile, when } = self;
        match (at, when) {
            (HeldPoint::Driver(_), When::Before) => write!(f, "before {at} has its effect: {meanwhile}"),
            (HeldPoint::Driver(_), When::After) => write!(f, "before {at} answers: {meanwhile}"),
            (HeldPoint::Message(_), _) => write!(f, "before the message {at}: {meanwhile}"),
        }
    }
}
