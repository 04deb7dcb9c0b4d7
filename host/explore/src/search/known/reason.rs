//! Why Nova breaks an invariant, and by what that is known.

use std::fmt;

/// Nova's compute manager.
pub(super) const MANAGER: &str = "nova/compute/manager.py";
/// The part of Nova's API that makes, changes and deletes servers.
pub(super) const COMPUTE_API: &str = "nova/compute/api.py";
/// What a compute host counts of its node.
pub(super) const RESOURCE_TRACKER: &str = "nova/compute/resource_tracker.py";
/// What Nova asks the network service for.
pub(super) const NEUTRON: &str = "nova/network/neutron.py";
/// Nova's conductor.
pub(super) const CONDUCTOR: &str = "nova/conductor/manager.py";

/// Why Nova breaks an invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it does.
    pub says: &'static str,
    /// By what that is known.
    pub evidence: Evidence,
}

/// By what a behaviour of Nova is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It was seen in these runs of Nova 34.0.0, by their names in `tests/outcomes/nova-outcomes.jsonl`: what was asked for, and
    /// which driver call failed. That they break the invariant is tested.
    Observed(&'static [&'static str]),
    /// It is read in a source.
    Read {
        /// The file, from the root of its repository.
        file: &'static str,
        /// The functions or classes.
        names: &'static [&'static str],
    },
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observed(runs) => write!(f, "observed: {}", runs.join("; ")),
            Self::Read { file, names } => write!(f, "{file}, {}", names.join(", ")),
        }
    }
}

/// What was seen in these runs.
pub(super) const fn observed(says: &'static str, runs: &'static [&'static str]) -> Reason {
    Reason { says, evidence: Evidence::Observed(runs) }
}

/// What these functions of this file say.
pub(super) const fn read(says: &'static str, file: &'static str, names: &'static [&'static str]) -> Reason {
    Reason { says, evidence: Evidence::Read { file, names } }
}
