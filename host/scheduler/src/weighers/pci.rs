//! PCIWeigher: hosts with few free PCI devices first, which keeps the others for those who need devices
//! (`nova/scheduler/weights/pci.py`).

use super::Weigher;
use model::Options;

/// Hosts with this many devices or more weigh the same.
const MAX_DEVICES: u64 = 100;

pub(super) fn weigher<'a>(options: &Options) -> Weigher<'a> {
    Weigher::new("PCIWeigher", "pci_weight_multiplier", options.pci_weight_multiplier.get(), |state| {
        let free = state.pci_pools.iter().fold(0_u64, |sum, pool| sum.saturating_add(pool.count));
        (MAX_DEVICES - free.min(MAX_DEVICES - 1)) as f64
    })
}
