//! A fault of a plan, at whatever kind of point it strikes.

use super::{
    Action, FaultKind, FaultSpec, HeldPoint, MeanwhileSpec, MessageFaultSpec, Scenario, ServiceFaultSpec,
    Span, WriteFault, WriteFaultSpec,
};
use compute::WritePoint;
use model::ExceptionClass;
use runtime::MessageFault;
use serde::de::{Error, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use virt::When;

/// One fault. In a file `at` says what it strikes: a driver call (`host2:finish_migration#1`), a call of a service
/// (`volume.attachment_update#1`), or, with `fault` in the place of `error`, a message (`compute.host2:prep_resize#1`) or a write to
/// the state of record (`compute.host2:records.update_server#3`). With `meanwhile` somebody else does something at that driver
/// call or message. `order` alone stands for no point, but for another
/// order of all deliveries.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Planned {
    /// Of a driver call.
    Driver(FaultSpec),
    /// Of a call of the image, network or volume service.
    Service(ServiceFaultSpec),
    /// Of a message.
    Message(MessageFaultSpec),
    /// Of a write to the state of record.
    Write(WriteFaultSpec),
    /// What somebody else does.
    Meanwhile(MeanwhileSpec),
    /// Another order of deliveries.
    Order(OrderSpec),
}

/// An order in which messages are delivered: each takes a random time of its own, so that those to different services
/// overtake one another. Those to one service never do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderSpec {
    /// The seed of these times.
    pub order: u64,
    /// The longest of them.
    pub within: Span,
}

impl Planned {
    /// Where it strikes.
    pub fn point(&self) -> String {
        match self {
            Planned::Driver(fault) => fault.at.to_string(),
            Planned::Service(fault) => fault.at.to_string(),
            Planned::Message(fault) => fault.at.to_string(),
            Planned::Write(fault) => fault.at.to_string(),
            Planned::Meanwhile(other) => other.at.to_string(),
            Planned::Order(order) => format!("bus#{}", order.order),
        }
    }

    /// What it does there: the name of an exception, `trap`, `crash`, `lost`, `twice`, `late`; with ` after its effect` if
    /// only the answer is lost. Of what somebody else does: that.
    pub fn kind(&self) -> String {
        match self {
            Planned::Driver(FaultSpec { error, when: When::After, .. }) => {
                format!("{error} after its effect")
            }
            Planned::Driver(fault) => fault.error.to_string(),
            Planned::Service(fault) => fault.error.name().to_owned(),
            Planned::Message(fault) => match fault.fault {
                MessageFault::Lost => "lost",
                MessageFault::Twice => "twice",
                MessageFault::Late => "late",
                MessageFault::Slow => "slow",
                MessageFault::Crash => "crash",
            }
            .to_owned(),
            Planned::Write(WriteFaultSpec { when: When::Before, .. }) => "crash".to_owned(),
            Planned::Write(WriteFaultSpec { when: When::After, .. }) => "crash after its effect".to_owned(),
            Planned::Meanwhile(other) => {
                let on = other.meanwhile.host().filter(|_| other.is_periodic());
                let on = on.map_or_else(String::new, |host| format!(" on {host}"));
                let after = if other.when == When::After { " after its effect" } else { "" };
                format!("{}{on}{after}", other.asks())
            }
            Planned::Order(_) => "order".to_owned(),
        }
    }

    /// Whether a service dies of it.
    pub fn is_crash(&self) -> bool {
        match self {
            Planned::Driver(fault) => fault.error == FaultKind::Crash,
            Planned::Service(_) | Planned::Meanwhile(_) | Planned::Order(_) => false,
            Planned::Message(fault) => fault.fault == MessageFault::Crash,
            Planned::Write(_) => true,
        }
    }

    /// Whether a service ends by it: it dies, or is killed because a driver call hangs.
    pub(crate) fn ends_a_service(&self) -> bool {
        let hangs = matches!(self, Planned::Driver(FaultSpec { error: FaultKind::Hang, .. }));
        hangs || self.is_crash()
    }

    /// Whether what the struck service was doing is part of what a finding is told by.
    pub(crate) fn is_told_by_what_is_done(&self) -> bool {
        self.is_crash() || matches!(self, Planned::Meanwhile(_))
    }

    /// Plans it in a scenario, before the first host starts. A host that dies of it is started again when all has come to
    /// rest.
    pub fn plan(&self, scenario: &mut Scenario) {
        match self.clone() {
            Planned::Driver(fault) => scenario.faults.push(fault.into()),
            Planned::Service(fault) => scenario.service_faults.push(fault.into()),
            Planned::Message(fault) => scenario.message_faults.push(fault.into()),
            Planned::Write(fault) => scenario.write_faults.push(fault.into()),
            Planned::Meanwhile(other) => scenario.meanwhile.push(other.into()),
            Planned::Order(OrderSpec { order, within }) => {
                scenario.delivery_order = Some(order);
                scenario.delivery_delay_ms = Some(u64::try_from(within.0.as_millis()).unwrap_or(u64::MAX));
            }
        }
        scenario.restart_crashed |= self.ends_a_service();
    }

    /// The same fault at the calls or deliveries of the same kind up to its own, the first one first.
    pub(crate) fn earlier(&self) -> Vec<Self> {
        let at = |n: u64| {
            let mut fault = self.clone();
            if let Some(number) = fault.number() {
                *number = n;
            }
            fault
        };
        // What has no number is tried as it is.
        let last = self.clone().number().map_or(1, |number| *number);
        (1..=last).map(at).collect()
    }

    /// Which call or delivery it strikes.
    fn number(&mut self) -> Option<&mut u64> {
        match self {
            Planned::Driver(fault) => Some(&mut fault.at.n),
            Planned::Service(fault) => Some(&mut fault.at.n),
            Planned::Message(fault) => Some(&mut fault.at.n),
            Planned::Write(fault) => Some(&mut fault.at.n),
            Planned::Meanwhile(MeanwhileSpec { at: HeldPoint::Driver(at), .. }) => Some(&mut at.n),
            Planned::Meanwhile(MeanwhileSpec { at: HeldPoint::Message(at), .. }) => Some(&mut at.n),
            Planned::Order(_) => None,
        }
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Planned::Driver(fault) => fault.fmt(f),
            Planned::Service(fault) => fault.fmt(f),
            Planned::Message(fault) => fault.fmt(f),
            Planned::Write(fault) => fault.fmt(f),
            Planned::Meanwhile(other) => other.fmt(f),
            Planned::Order(order) => {
                write!(
                    f,
                    "messages take up to {}, in an order of their own (seed {})",
                    order.within, order.order
                )
            }
        }
    }
}

impl<'de> Deserialize<'de> for Planned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// All keys that any kind of fault has.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            at: Option<String>,
            error: Option<String>,
            fault: Option<MessageFault>,
            message: Option<String>,
            server: Option<String>,
            when: Option<When>,
            meanwhile: Option<Action>,
            order: Option<u64>,
            within: Option<Span>,
        }

        let keys = Keys::deserialize(deserializer)?;
        let Keys { at, error, fault, message, server, when, meanwhile, order, within } = keys;
        let others = error.is_some() || fault.is_some() || message.is_some() || server.is_some();
        let at = match (at, order, within) {
            (None, Some(order), Some(within)) if !others && when.is_none() && meanwhile.is_none() => {
                return Ok(Planned::Order(OrderSpec { order, within }));
            }
            (Some(at), None, None) => at,
            _ => {
                return Err(D::Error::custom(
                    "a fault has `at`, and says what happens there; another order of deliveries has `order`, its seed, and \
                     `within`, the longest time a message takes",
                ));
            }
        };
        if let Some(meanwhile) = meanwhile {
            if others {
                return Err(D::Error::custom(
                    "what somebody else does has nothing but `at`, `meanwhile` and `when`",
                ));
            }
            let at = at.parse().map_err(D::Error::custom)?;
            let spec = MeanwhileSpec { at, meanwhile, when: when.unwrap_or(When::Before) };
            return match spec.can_be_done() {
                true => Ok(Planned::Meanwhile(spec)),
                false => Err(D::Error::custom(format!("`{}` cannot be done meanwhile", spec.meanwhile))),
            };
        }
        if WritePoint::is_meant(&at) {
            return match (error, fault, message, server) {
                (None, Some(MessageFault::Crash), None, None) => Ok(Planned::Write(WriteFaultSpec {
                    at: at.parse().map_err(D::Error::custom)?,
                    fault: WriteFault::Crash,
                    when: when.unwrap_or(When::Before),
                })),
                _ => Err(D::Error::custom(
                    "a fault at a write to the state of record has nothing but `at`, `fault: crash` and `when`",
                )),
            };
        }
        let is_message = at.starts_with("conductor:") || at.starts_with("compute.");
        match (error, fault) {
            (None, Some(fault)) if is_message || !at.contains('#') => {
                if message.is_some() || server.is_some() || when.is_some() {
                    return Err(D::Error::custom("a message's fault has nothing but `at` and `fault`"));
                }
                let at = at.parse().map_err(D::Error::custom)?;
                Ok(Planned::Message(MessageFaultSpec { at, fault }))
            }
            (Some(error), None) if at.contains(':') => Ok(Planned::Driver(FaultSpec {
                at: at.parse().map_err(D::Error::custom)?,
                error: FaultKind::deserialize(error.into_deserializer())?,
                message,
                server,
                when: when.unwrap_or(When::Before),
            })),
            (Some(error), None) => {
                if server.is_some() || when.is_some() {
                    return Err(D::Error::custom(
                        "a service's fault has nothing but `at`, `error` and `message`",
                    ));
                }
                Ok(Planned::Service(ServiceFaultSpec {
                    at: at.parse().map_err(D::Error::custom)?,
                    error: ExceptionClass::deserialize(error.into_deserializer())?,
                    message,
                }))
            }
            _ => Err(D::Error::custom(
                "a fault at a driver call or at a call of a service has `error`, one at a message or at a write has `fault`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_and_written_and_what_is_none_is_said() {
        for text in [
            r#"{"at":"host2:finish_migration#1","error":"NovaException"}"#,
            r#"{"at":"host2:spawn#2","error":"crash","when":"after"}"#,
            r#"{"at":"volume.attachment_update#1","error":"VolumeNotFound"}"#,
            r#"{"at":"compute.host2:prep_resize#1","fault":"lost"}"#,
            r#"{"at":"conductor:migrate_server#3","fault":"crash"}"#,
            r#"{"at":"compute.host2:records.update_server#3","fault":"crash","when":"after"}"#,
            r#"{"at":"conductor:records.start_event#1","fault":"crash"}"#,
            r#"{"at":"host2:finish_migration#1","error":"hang","when":"after"}"#,
            r#"{"at":"host1:spawn#1","error":"slow 65s"}"#,
            r#"{"at":"host2:finish_migration#1","meanwhile":{"delete":{"server":"web"}}}"#,
            r#"{"at":"compute.host2:finish_resize#1","meanwhile":{"run_periodic":{"host":"host2","task":"sync_power_states"}}}"#,
            r#"{"order":17,"within":"1s"}"#,
        ] {
            let planned: Planned = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&planned).unwrap(), text);
        }
        for (text, problem) in [
            (r#"{"at":"host2:spawn#1"}"#, "has `error`"),
            (r#"{"at":"host2:spawn#1","fault":"lost"}"#, "has `error`"),
            (r#"{"at":"host2:spawn#1","error":"NoSuchThing"}"#, "no driver can raise `NoSuchThing`"),
            (r#"{"at":"volume.nothing#1","error":"NovaException"}"#, "is no call of a service"),
            (
                r#"{"at":"conductor:migrate_server#1","fault":"lost","when":"after"}"#,
                "nothing but `at` and `fault`",
            ),
            (
                r#"{"at":"conductor:records.drop_table#1","fault":"crash"}"#,
                "is no write to the state of record",
            ),
            (r#"{"at":"conductor:records.start_event#1","fault":"lost"}"#, "`at`, `fault: crash` and `when`"),
            (r#"{"at":"volume.get#1","error":"NovaException","server":"web"}"#, "nothing but `at`, `error`"),
            (r#"{"at":"host2:spawn#1","error":"slow"}"#, "slow with a span of time"),
            (r#"{"at":"host2:spawn#1","error":"slow soon"}"#, "`soon` is no span of time"),
            (r#"{"error":"NovaException"}"#, "a fault has `at`"),
            (r#"{"order":1}"#, "`within`, the longest time"),
            (
                r#"{"at":"host2:spawn#1","meanwhile":{"delete":"web"},"error":"trap"}"#,
                "nothing but `at`, `meanwhile`",
            ),
            (r#"{"at":"volume.get#1","meanwhile":{"delete":"web"}}"#, "is no driver call"),
            (
                r#"{"at":"host2:spawn#1","meanwhile":{"advance":"5s"}}"#,
                "`let 5s pass` cannot be done meanwhile",
            ),
        ] {
            let said = serde_json::from_str::<Planned>(text).unwrap_err().to_string();
            assert!(said.contains(problem), "{text}: {said}");
        }
    }

    #[test]
    fn a_fault_is_tried_earlier_at_calls_of_its_own_kind() {
        let planned: Planned =
            serde_json::from_str(r#"{"at":"volume.get#3","error":"NovaException"}"#).unwrap();
        let points: Vec<String> = planned.earlier().iter().map(Planned::point).collect();
        assert_eq!(points, ["volume.get#1", "volume.get#2", "volume.get#3"]);
    }
}
