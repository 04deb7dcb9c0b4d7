//! CPUWeigher: more free processors are better, counted with the allocation ratio (`nova/scheduler/weights/cpu.py`).

use super::Weigher;
use model::Options;

pub(super) fn weigher<'a>(options: &Options) -> Weigher<'a> {
    Weigher::new("CPUWeigher", "cpu_weight_multiplier", options.cpu_weight_multiplier, |state| {
        state.vcpus_total as f64 * state.cpu_allocation_ratio - state.vcpus_used as f64
    })
    .from(0.0)
}
