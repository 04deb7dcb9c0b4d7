//! DiskWeigher: more free disk is better (`nova/scheduler/weights/disk.py`).

use super::Weigher;
use model::Options;

pub(super) fn weigher<'a>(options: &Options) -> Weigher<'a> {
    Weigher::new("DiskWeigher", "disk_weight_multiplier", options.disk_weight_multiplier, |state| {
        state.free_disk_mb as f64
    })
    .from(0.0)
}
