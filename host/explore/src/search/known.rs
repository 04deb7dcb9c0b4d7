//! What Nova 34.0.0 is known to break itself when something fails: a list, with the evidence.
//!
//! What is said to be read in a source was compared with it, entry by entry; nothing checks that but a reader.
//!
//! By default the control plane does what Nova does, so the explorer finds these too. They are told as known; whatever is
//! not in this list is either a mistake of this project or something nobody has looked at yet.
//!
//! What one fault does is in [`KNOWN`], what only two do in [`TOGETHER`], what a death does that another fault leads to in
//! [`DEATHS`]. The lists are complete for what single faults and pairs of faults show of the built-in scenarios; of plans drawn at
//! random something new is shown by one in 20,000.

mod deaths;
mod reason;
mod single;
mod together;

pub use deaths::DEATHS;
pub use reason::{Evidence, Reason};
pub use single::KNOWN;
pub use together::TOGETHER;

use super::plans::{Plan, Strike};
use crate::scenario::{FaultKind, FaultSpec, Planned};
use model::ExceptionClass;
use runtime::MessageFault;
use virt::Method;

/// A way in which Nova 34.0.0 itself breaks an invariant.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The invariant.
    pub invariant: &'static str,
    /// The faults that do it.
    pub by: By,
    /// Why, and by what that is known.
    pub reason: Reason,
}

/// Which faults do it.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// A driver call that fails.
    Call {
        /// The methods.
        methods: &'static [Method],
        /// The exceptions after which it does; none named: whatever is raised.
        after: &'static [ExceptionClass],
    },
    /// A host that dies, also by being killed for a driver call that hangs.
    Crash {
        /// While it did this, by RPC method; none named: whatever it did. `-` is what a host does of itself.
        during: &'static [&'static str],
    },
    /// A conductor that dies while it did this: some of its RPC methods have the name of a compute's.
    ConductorCrash {
        /// The RPC methods.
        during: &'static [&'static str],
    },
    /// A message.
    Message {
        /// What became of it.
        faults: &'static [MessageFault],
        /// The RPC methods; none named: whichever.
        methods: &'static [&'static str],
    },
    /// A request of somebody else.
    Asked {
        /// What is asked for, by the name of the step; none named: whatever.
        asks: &'static [&'static str],
        /// While this was done, or before the message for it is delivered, by RPC method; `-` is what a host does of itself.
        during: &'static [&'static str],
    },
    /// A service that refuses a call.
    Service {
        /// The calls.
        calls: &'static [&'static str],
    },
    /// Any of these.
    OneOf(&'static [By]),
    /// Two faults that do it together; neither of them is a pair itself. Which of them is named first in a plan does not matter:
    /// those that are drawn at random are not in the order in which they strike.
    Both(&'static By, &'static By),
}

impl By {
    /// Are the faults of this plan, or some of them, those that do it?
    fn fits(&self, plan: &Plan) -> bool {
        let others = |one: usize| plan.0.iter().enumerate().filter(move |(at, _)| *at != one);
        let mut strikes = plan.0.iter().enumerate();
        match self {
            By::Both(one, other) => {
                strikes.any(|(at, strike)| one.is(strike) && others(at).any(|(_, strike)| other.is(strike)))
            }
            one => strikes.any(|(_, strike)| one.is(strike)),
        }
    }

    fn is(&self, strike: &Strike) -> bool {
        let one_of = |names: &[&str], name: &str| names.is_empty() || names.contains(&name);
        let crash = strike.fault.ends_a_service();
        match (self, &strike.fault) {
            (By::OneOf(ways), _) => ways.iter().any(|way| way.is(strike)),
            (By::Crash { during }, _) => crash && one_of(during, strike.during.unwrap_or("-")),
            (By::ConductorCrash { during }, fault) => {
                let conductor = fault.point().starts_with("conductor:");
                crash && conductor && one_of(during, strike.during.unwrap_or("-"))
            }
            (By::Call { .. }, Planned::Driver(FaultSpec { error: FaultKind::Slow(_), .. })) => false,
            (By::Asked { asks, during }, Planned::Meanwhile(other)) => {
                one_of(asks, &other.asks()) && one_of(during, strike.during.unwrap_or("-"))
            }
            (By::Call { methods, after }, Planned::Driver(fault)) => {
                let raises = |class: &ExceptionClass| fault.error == FaultKind::Raise(*class);
                !crash && methods.contains(&fault.at.method) && (after.is_empty() || after.iter().any(raises))
            }
            (By::Message { faults, methods }, Planned::Message(fault)) => {
                faults.contains(&fault.fault) && one_of(methods, &fault.at.method)
            }
            (By::Service { calls }, Planned::Service(fault)) => one_of(calls, &fault.at.call),
            _ => false,
        }
    }
}

/// All that is known.
pub fn all() -> impl Iterator<Item = &'static Known> {
    KNOWN.iter().chain(TOGETHER).chain(DEATHS)
}

/// Why this plan is known to break this invariant, if it is: for one of its faults, or else for two of them.
pub fn of(invariant: &str, plan: &Plan) -> Option<&'static Known> {
    all().find(|known| known.invariant == invariant && known.by.fits(plan))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELETED: &str = "{at: 'host1:spawn#1', meanwhile: {delete: {server: web}}}";
    const DESTROYED: &str = "{at: 'host1:destroy#1', error: NovaException}";

    fn plan(faults: &[(&str, &'static str)]) -> Plan {
        let strike = |&(fault, during): &(&str, _)| Strike {
            fault: serde_saphyr::from_str(fault).unwrap(),
            during: Some(during),
        };
        Plan(faults.iter().map(strike).collect())
    }

    #[test]
    fn two_faults_are_known_together_in_either_order_and_neither_alone() {
        let deleted = (DELETED, "build_and_run_instance");
        let destroyed = (DESTROYED, "terminate_instance");
        let slow = ("{at: 'compute.host1:stop_instance#1', fault: late}", "stop_instance");
        let reason = |plan| of("server_holds_its_flavor_on_its_host", &plan).map(|known| known.reason.says);
        for faults in [vec![deleted, destroyed], vec![destroyed, deleted], vec![deleted, slow, destroyed]] {
            let reason = reason(plan(&faults));
            assert!(reason.is_some_and(|reason| reason.contains("leaves the rest to the deletion")));
        }
        for faults in [vec![deleted], vec![destroyed], vec![deleted, slow], vec![destroyed, destroyed]] {
            assert_eq!(reason(plan(&faults)), None, "{faults:?}");
        }
        // While something else was done it is another matter, and so is another invariant.
        assert_eq!(reason(plan(&[(DELETED, "stop_instance"), destroyed])), None);
        assert!(of("usages_within_capacity", &plan(&[deleted, destroyed])).is_none());
    }

    #[test]
    fn one_strike_is_not_two_faults() {
        const DESTROYS: By = By::Call { methods: &[Method::Destroy], after: &[] };
        let twice = By::Both(&DESTROYS, &DESTROYS);
        let destroyed = (DESTROYED, "terminate_instance");
        assert!(!twice.fits(&plan(&[destroyed])));
        assert!(twice.fits(&plan(&[destroyed, destroyed])));
    }

    #[test]
    fn every_reason_names_its_evidence() {
        for Known { invariant, reason, .. } in all() {
            let named = match reason.evidence {
                Evidence::Observed(runs) => !runs.is_empty() && !runs.contains(&""),
                Evidence::Read { file, names } => {
                    let identifier = |name: &&str| {
                        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    };
                    file.ends_with(".py") && !names.is_empty() && names.iter().all(identifier)
                }
            };
            assert!(named && !reason.says.is_empty(), "{invariant}: {reason:?}");
        }
    }

    #[test]
    fn what_one_fault_does_is_listed_apart_from_what_two_do() {
        let pair = |known: &Known| matches!(known.by, By::Both(..));
        assert!(!KNOWN.iter().any(pair));
        assert!(TOGETHER.iter().all(pair));
    }
}
