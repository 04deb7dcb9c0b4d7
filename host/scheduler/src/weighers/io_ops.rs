//! IoOpsWeigher: hosts that build, resize or snapshot much come later, its multiplier being negative
//! (`nova/scheduler/weights/io_ops.py`).

use super::Weigher;
use model::Options;

pub(super) fn weigher<'a>(options: &Options) -> Weigher<'a> {
    Weigher::new("IoOpsWeigher", "io_ops_weight_multiplier", options.io_ops_weight_multiplier, |state| {
        state.num_io_ops as f64
    })
    .from(0.0)
}
