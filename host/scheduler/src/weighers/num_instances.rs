//! NumInstancesWeigher: many servers or few, as its multiplier says (`nova/scheduler/weights/num_instances.py`).

use super::Weigher;
use model::Options;

pub(super) fn weigher<'a>(options: &Options) -> Weigher<'a> {
    Weigher::new(
        "NumInstancesWeigher",
        "num_instances_weight_multiplier",
        options.num_instances_weight_multiplier,
        |state| state.num_instances as f64,
    )
}
