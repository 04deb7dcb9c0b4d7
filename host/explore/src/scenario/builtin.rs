//! The scenarios that are part of the project.

use super::{Scenario, ScenarioError};

/// A built-in scenario.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// What it is called.
    pub name: &'static str,
    /// Its file.
    pub yaml: &'static str,
}

impl Builtin {
    /// Reads it.
    ///
    /// # Errors
    /// None for the files that are shipped: a test reads them all.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        Scenario::from_yaml(self.name, self.yaml)
    }
}

macro_rules! builtin {
    ($($name:literal),* $(,)?) => {
        /// Every built-in scenario, simple ones first.
        pub const BUILTIN: &[Builtin] = &[
            $(Builtin { name: $name, yaml: include_str!(concat!("../../scenarios/", $name, ".yaml")) },)*
        ];
    };
}

builtin![
    "boot",
    "resize",
    "resize-same-host",
    "resize-confirm",
    "resize-revert",
    "cold-migrate",
    "migrate-same-host",
    "resize-fails",
    "build-aborts",
    "unshelve-fails",
    "swap-driver",
    "several-servers",
    "anti-affinity",
    "disabled-host",
];

/// The built-in scenario of this name.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTIN.iter().find(|builtin| builtin.name == name)
}
