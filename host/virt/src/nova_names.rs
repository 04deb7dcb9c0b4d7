//! The names under which Nova loads its fake drivers (option `compute_driver`), and the stack that each stands for.
//!
//! Nova's classes (`nova/virt/fake.py`) are FakeDriver with other numbers, FakeDriver with a fault, or both by inheriting
//! twice. Here the numbers are settings of `fake` and the faults are layers, so every class is a stack. All of them have
//! `quirks=nova`: what stands under Nova's name does what Nova's driver does, to the letter.

use std::fmt;

/// A driver class of Nova.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NovaDriver {
    /// Name of the class.
    pub class: &'static str,
    /// The stack that does what it does.
    pub stack: &'static str,
}

/// What Nova loads drivers from when nothing else is said, and the module of the fakes in it.
const NAMESPACES: [&str; 2] = ["nova.virt.", "fake."];

impl NovaDriver {
    /// Every class that has a stack, in the order of Nova's file.
    pub const ALL: &'static [NovaDriver] = &[
        driver("FakeDriver", "fake(quirks=nova)"),
        driver("FakeDriverWithoutFakeNodes", "fake(quirks=nova,node_uuid=local)"),
        driver("SmallFakeDriver", "fake(quirks=nova,size=small)"),
        driver("MediumFakeDriver", "fake(quirks=nova,size=medium)"),
        driver("SameHostColdMigrateDriver", "fake(quirks=nova,size=medium,same_host_cold_migrate=true)"),
        driver("RescueBFVDriver", "fake(quirks=nova,size=medium,rescue_bfv=true)"),
        driver("PowerUpdateFakeDriver", "fake(quirks=nova,size=small,power_update=true)"),
        driver("MediumFakeDriverWithNestedCustomResources", "fake(quirks=nova,size=medium,nested=true)"),
        driver("FakeFinishMigrationFailDriver", "fake(quirks=nova)+fail-finish-migration"),
        driver("PredictableNodeUUIDDriver", "fake(quirks=nova,size=small,node_uuid=predictable)"),
        driver("FakeRescheduleDriver", "fake(quirks=nova)+reschedule"),
        driver(
            "FakeRescheduleDriverWithNestedCustomResources",
            "fake(quirks=nova,size=medium,nested=true)+reschedule",
        ),
        driver("FakeBuildAbortDriver", "fake(quirks=nova)+build-abort"),
        driver(
            "FakeBuildAbortDriverWithNestedCustomResources",
            "fake(quirks=nova,size=medium,nested=true)+build-abort",
        ),
        driver("FakeUnshelveSpawnFailDriver", "fake(quirks=nova)+fail-unshelve-spawn"),
        driver(
            "FakeUnshelveSpawnFailDriverWithNestedCustomResources",
            "fake(quirks=nova,size=medium,nested=true)+fail-unshelve-spawn",
        ),
        driver("FakeLiveMigrateDriver", "fake(quirks=nova)+live-migrate"),
        driver(
            "FakeLiveMigrateDriverWithNestedCustomResources",
            "fake(quirks=nova,size=medium,nested=true)+live-migrate",
        ),
        driver("FakeDriverWithPciResources", "fake(quirks=nova,size=small,pci=true)"),
        driver("FakeLiveMigrateDriverWithPciResources", "fake(quirks=nova,size=small,pci=true)+live-migrate"),
        driver("FakeDriverWithCaching", "fake(quirks=nova,caching=true)"),
        driver("EphEncryptionDriver", "fake(quirks=nova,size=medium,ephemeral_encryption=any)"),
        driver("EphEncryptionDriverLUKS", "fake(quirks=nova,size=medium,ephemeral_encryption=luks)"),
        driver("EphEncryptionDriverPLAIN", "fake(quirks=nova,size=medium,ephemeral_encryption=plain)"),
    ];

    /// Whether this is a Nova driver's name by its form: words with dots between them, and the last, the class, begins with
    /// a capital. No driver or layer of this project has such a name.
    pub(crate) fn is_meant(name: &str) -> bool {
        let word =
            |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let class = name.rsplit('.').next().unwrap_or_default();
        class.starts_with(|c: char| c.is_ascii_uppercase()) && name.split('.').all(word)
    }

    /// The class of this name: `nova.virt.fake.SmallFakeDriver` and `fake.SmallFakeDriver`, as Nova takes it, or
    /// `SmallFakeDriver`.
    pub fn find(name: &str) -> Result<&'static NovaDriver, UnknownNovaDriver> {
        let class = NAMESPACES.iter().fold(name, |rest, prefix| rest.strip_prefix(prefix).unwrap_or(rest));
        let found = Self::ALL.iter().find(|driver| driver.class == class);
        found.ok_or_else(|| UnknownNovaDriver { name: name.to_owned() })
    }
}

const fn driver(class: &'static str, stack: &'static str) -> NovaDriver {
    NovaDriver { class, stack }
}

impl fmt::Display for NovaDriver {
    /// As `compute_driver` has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fake.{}", self.class)
    }
}

/// A name in the form of a Nova driver's that has no stack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is no driver of Nova's that has a stack here; there are {}",
    NovaDriver::ALL.iter().map(NovaDriver::to_string).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownNovaDriver {
    /// The name.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stack;

    #[test]
    fn every_way_in_which_nova_names_a_driver_finds_it() {
        for driver in NovaDriver::ALL {
            for name in
                [driver.class.to_owned(), driver.to_string(), format!("nova.virt.fake.{}", driver.class)]
            {
                assert_eq!(NovaDriver::find(&name), Ok(driver));
                assert!(NovaDriver::is_meant(&name));
                assert_eq!(name.parse::<Stack>().unwrap().to_string(), driver.stack);
            }
        }
    }

    #[test]
    fn other_names_are_told_which_there_are() {
        for name in
            ["libvirt.LibvirtDriver", "fake.fake.FakeDriver", "virt.fake.FakeDriver", "FakeVCPUDriver"]
        {
            let error = NovaDriver::find(name).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{name}` is no driver of Nova's")), "{error}");
            assert!(error.contains("fake.SmallFakeDriver, fake.MediumFakeDriver"), "{error}");
        }
        for name in ["fake", "fail-finish-migration", "fake.small", "Fake Driver", "", ".Fake"] {
            assert!(!NovaDriver::is_meant(name), "{name}");
        }
    }
}
