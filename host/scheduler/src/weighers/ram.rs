//! RAMWeigher: more free memory is better (`nova/scheduler/weights/ram.py`).

use super::Weigher;
use model::Options;

pub(super) fn weigher<'a>(options: &Options) -> Weigher<'a> {
    Weigher::new("RAMWeigher", "ram_weight_multiplier", options.ram_weight_multiplier, |state| {
        state.free_ram_mb as f64
    })
    .from(0.0)
}
