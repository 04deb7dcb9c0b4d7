//! Flavors: the sizes servers come in (`nova/objects/flavor.py`).

use crate::ids::FlavorId;
use crate::resources::{ResourceAmounts, ResourceClass};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A flavor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flavor {
    /// The id users give it.
    pub id: FlavorId,
    /// The name users see.
    pub name: String,
    /// Virtual processors.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mb: u64,
    /// Root disk in GiB; 0 means the image's size.
    pub root_gb: u64,
    /// Ephemeral disk in GiB.
    #[serde(default)]
    pub ephemeral_gb: u64,
    /// Swap in MiB.
    #[serde(default)]
    pub swap_mb: u64,
    /// Extra specs, such as `resources:CUSTOM_MAGIC` or `trait:HW_CPU_X86_AVX2`.
    #[serde(default)]
    pub extra_specs: BTreeMap<String, String>,
}

impl Flavor {
    /// What the flavor asks of placement in the unsuffixed group, extra specs of the form `resources:CLASS` included
    /// (`nova/scheduler/utils.py, ResourceRequest`). A volume-backed server has no root disk on the host.
    pub fn resources(&self, volume_backed: bool) -> ResourceAmounts {
        let root = if volume_backed { 0 } else { self.root_gb };
        let mut amounts = ResourceAmounts::from([
            (ResourceClass::VCPU, u64::from(self.vcpus)),
            (ResourceClass::MEMORY_MB, self.memory_mb),
            (ResourceClass::DISK_GB, root + self.ephemeral_gb + self.swap_mb.div_ceil(1024)),
        ]);
        for (key, value) in &self.extra_specs {
            let Some(class) = key.strip_prefix("resources:") else { continue };
            if let Ok(amount) = value.parse() {
                amounts.insert(ResourceClass::new(class), amount);
            }
        }
        amounts.retain(|_, amount| *amount > 0);
        amounts
    }

    /// GiB counted as used in the node record: root and ephemeral disk (`nova/compute/resource_tracker.py`).
    pub fn local_gb(&self) -> u64 {
        self.root_gb + self.ephemeral_gb
    }

    /// The six flavors every Nova functional test finds (`nova/tests/fixtures`), m1.tiny first.
    pub fn defaults() -> Vec<Flavor> {
        let flavor = |id: &str, name: &str, vcpus, memory_mb, root_gb| Flavor {
            id: id.into(),
            name: name.to_owned(),
            vcpus,
            memory_mb,
            root_gb,
            ephemeral_gb: 0,
            swap_mb: 0,
            extra_specs: BTreeMap::new(),
        };
        let mut specs = flavor("6", "m1.tiny.specs", 1, 512, 1);
        specs.extra_specs.insert("hw:numa_nodes".to_owned(), "1".to_owned());
        vec![
            flavor("1", "m1.tiny", 1, 512, 1),
            flavor("2", "m1.small", 1, 2048, 20),
            flavor("3", "m1.medium", 2, 4096, 40),
            flavor("4", "m1.large", 4, 8192, 80),
            flavor("5", "m1.xlarge", 8, 16384, 160),
            specs,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_round_swap_up_and_let_extra_specs_override() {
        let mut flavor = Flavor::defaults().remove(1);
        flavor.swap_mb = 1025;
        flavor.ephemeral_gb = 3;
        flavor.extra_specs.insert("resources:VCPU".into(), "0".into());
        flavor.extra_specs.insert("resources:CUSTOM_MAGIC".into(), "4".into());
        let amounts = flavor.resources(false);
        assert_eq!(amounts.get(&ResourceClass::DISK_GB), Some(&25));
        assert_eq!(amounts.get(&ResourceClass::VCPU), None);
        assert_eq!(amounts.get(&ResourceClass::new("CUSTOM_MAGIC")), Some(&4));
        assert_eq!(flavor.resources(true).get(&ResourceClass::DISK_GB), Some(&5));
    }
}
