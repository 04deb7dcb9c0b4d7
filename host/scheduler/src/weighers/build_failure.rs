//! BuildFailureWeigher: hosts where builds failed lately come last (`nova/scheduler/weights/compute.py`).

use super::Weigher;
use model::Options;

pub(super) fn weigher<'a>(options: &Options) -> Weigher<'a> {
    Weigher::new(
        "BuildFailureWeigher",
        "build_failure_weight_multiplier",
        options.build_failure_weight_multiplier,
        |state| state.failed_builds as f64,
    )
    .negated()
}
