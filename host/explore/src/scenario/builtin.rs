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

macro_rules! files {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(Builtin { name: $name, yaml: include_str!(concat!("../../scenarios/", $folder, $name, ".yaml")) },)*]
    };
}

/// Scenarios in which all goes well, or as well as it can, simple ones first. They make sense with any driver.
pub const BUILTIN: &[Builtin] = files![
    "":
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

/// Scenarios in which something goes wrong: each shows a defect that can be switched (`novarig bugs` says which). Their
/// expectations are what is right, so that by default a defect that Nova 34.0.0 has fails them.
pub const DEFECTS: &[Builtin] = files![
    "defects/":
    "build-reschedules",
    "build-from-volume-reschedules",
    "build-without-room",
    "build-from-volume-without-room",
    "build-alternate-full",
    "build-clean-up-fails",
    "build-unseen",
    "build-not-found",
    "attach-interface-not-offered",
    "suspend-not-found",
    "snapshot-not-found",
    "delete-while-host-is-down",
    "delete-not-found",
    "delete-inventory-fails",
    "delete-verify-resize",
    "delete-during-resize",
    "forced-host-migrates",
    "resize-reschedules-live-migrate",
    "resize-then-evacuate",
    "migrate-then-live-migrate",
    "migrate-from-lost-host",
    "resize-from-volume-smaller",
    "resize-counted-meanwhile",
    "resize-not-offered",
    "resize-rolled-back",
    "resize-host-dies",
    "resize-conductor-dies",
    "revert-fails",
    "rebuild-fails",
    "rebuild-not-found",
    "shelve-fails",
    "offload-loses-answer",
    "unshelve-unseen",
    "unshelve-without-network",
    "unshelve-without-volume",
    "unshelve-counted-meanwhile",
    "evacuate-to-host",
    "evacuate-without-host",
    "evacuate-source-returns",
    "evacuate-delete-restart",
    "evacuate-force-up",
    "evacuate-while-stopping",
    "evacuate-fails",
    "evacuate-restart-fails",
    "live-migrate-post-fails",
    "live-migrate-prepare-fails",
    "live-migrate-rollback-fails",
    "live-migrate-source-check-fails",
    "live-migrate-check-fails",
    "live-migrate-fails",
    "delete-twice",
    "delete-during-finish-resize",
    "delete-refused-port",
    "shelve-without-image",
    "unshelve-without-image",
    "message-is-lost",
    "message-comes-twice",
];

/// The built-in scenario of this name.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTIN.iter().chain(DEFECTS).find(|builtin| builtin.name == name)
}
