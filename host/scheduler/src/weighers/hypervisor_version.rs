//! HypervisorVersionWeigher: newer hypervisors first (`nova/scheduler/weights/hypervisor_version.py`).

use super::Weigher;
use model::Options;

pub(super) fn weigher<'a>(options: &Options) -> Weigher<'a> {
    Weigher::new(
        "HypervisorVersionWeigher",
        "hypervisor_version_weight_multiplier",
        options.hypervisor_version_weight_multiplier,
        |state| f64::from(state.hypervisor_version),
    )
}
