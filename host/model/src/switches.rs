//! Behaviours that can be switched: what older Novas got wrong.
//!
//! By default the control plane does what Nova 34.0.0 was observed to do. Each switch sits at the one place where the
//! two behaviours part.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A historical defect of Nova, by its Launchpad number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Bug {
    /// A failed finish_resize swaps the allocations back to the source although the record already names the
    /// destination (Pike to Train; mended in 20.0.0).
    #[serde(rename = "1825537")]
    Bug1825537,
}

impl Bug {
    /// Every bug that can be switched on.
    pub const ALL: &'static [Bug] = &[Bug::Bug1825537];

    /// Its Launchpad number.
    pub const fn number(self) -> u32 {
        match self {
            Bug::Bug1825537 => 1_825_537,
        }
    }

    /// One line on what goes wrong.
    pub const fn title(self) -> &'static str {
        match self {
            Bug::Bug1825537 => "finish_resize failure reverts the allocations to the source host",
        }
    }
}

/// A number that names no bug this control plane can switch on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no bug that can be switched on; known: {known}", known = known_bugs())]
pub struct UnknownBug(pub String);

fn known_bugs() -> String {
    Bug::ALL.iter().map(|bug| bug.number().to_string()).collect::<Vec<_>>().join(", ")
}

impl std::str::FromStr for Bug {
    type Err = UnknownBug;
    fn from_str(text: &str) -> Result<Self, UnknownBug> {
        Bug::ALL
            .iter()
            .copied()
            .find(|bug| bug.number().to_string() == text)
            .ok_or_else(|| UnknownBug(text.to_owned()))
    }
}

/// Which switches are on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// Old defects restored.
    pub bugs: BTreeSet<Bug>,
}

impl Switches {
    /// Whether this old defect is switched on.
    pub fn has(&self, bug: Bug) -> bool {
        self.bugs.contains(&bug)
    }
}
