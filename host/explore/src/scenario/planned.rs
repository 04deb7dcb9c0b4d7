//! A fault of a plan, at whatever kind of point it strikes.

use super::{FaultKind, FaultSpec, MessageFaultSpec, Scenario, ServiceFaultSpec};
use model::ExceptionClass;
use runtime::MessageFault;
use serde::de::{Error, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use virt::When;

/// One fault. In a file `at` says what it strikes: a driver call (`host2:finish_migration#1`), a call of a service
/// (`volume.attachment_update#1`), or, with `fault` in the place of `error`, a message (`compute.host2:prep_resize#1`).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Planned {
    /// Of a driver call.
    Driver(FaultSpec),
    /// Of a call of the image, network or volume service.
    Service(ServiceFaultSpec),
    /// Of a message.
    Message(MessageFaultSpec),
}

impl Planned {
    /// Where it strikes.
    pub fn point(&self) -> String {
        match self {
            Planned::Driver(fault) => fault.at.to_string(),
            Planned::Service(fault) => fault.at.to_string(),
            Planned::Message(fault) => fault.at.to_string(),
        }
    }

    /// What it does there: the name of an exception, `trap`, `crash`, `lost`, `twice`, `late`; with ` after its effect` if
    /// only the answer is lost.
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
                MessageFault::Crash => "crash",
            }
            .to_owned(),
        }
    }

    /// Whether a service dies of it.
    pub fn is_crash(&self) -> bool {
        match self {
            Planned::Driver(fault) => fault.error == FaultKind::Crash,
            Planned::Service(_) => false,
            Planned::Message(fault) => fault.fault == MessageFault::Crash,
        }
    }

    /// Plans it in a scenario, before the first host starts. A host that dies of it is started again when all has come to
    /// rest.
    pub fn plan(&self, scenario: &mut Scenario) {
        match self.clone() {
            Planned::Driver(fault) => scenario.faults.push(fault.into()),
            Planned::Service(fault) => scenario.service_faults.push(fault.into()),
            Planned::Message(fault) => scenario.message_faults.push(fault.into()),
        }
        scenario.restart_crashed |= self.is_crash();
    }

    /// The same fault at the calls or deliveries of the same kind up to its own, the first one first.
    pub(crate) fn earlier(&self) -> Vec<Self> {
        let at = |n: u64| {
            let mut fault = self.clone();
            match &mut fault {
                Planned::Driver(fault) => fault.at.n = n,
                Planned::Service(fault) => fault.at.n = n,
                Planned::Message(fault) => fault.at.n = n,
            }
            fault
        };
        let last = match self {
            Planned::Driver(fault) => fault.at.n,
            Planned::Service(fault) => fault.at.n,
            Planned::Message(fault) => fault.at.n,
        };
        (1..=last).map(at).collect()
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Planned::Driver(fault) => fault.fmt(f),
            Planned::Service(fault) => fault.fmt(f),
            Planned::Message(fault) => fault.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Planned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// All keys that any kind of fault has.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            at: String,
            error: Option<String>,
            fault: Option<MessageFault>,
            message: Option<String>,
            server: Option<String>,
            when: Option<When>,
        }

        let Keys { at, error, fault, message, server, when } = Keys::deserialize(deserializer)?;
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
                "a fault at a driver call or at a call of a service has `error`, one at a message has `fault`",
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
            (r#"{"at":"volume.get#1","error":"NovaException","server":"web"}"#, "nothing but `at`, `error`"),
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
