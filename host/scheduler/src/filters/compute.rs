//! ComputeFilter: the service is enabled and up (`nova/scheduler/filters/compute_filter.py`).

use super::Filter;

pub(super) fn filter<'a>() -> Filter<'a> {
    Filter::new(|state| state.service_enabled && state.service_up).once()
}
