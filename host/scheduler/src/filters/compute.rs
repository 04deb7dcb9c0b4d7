//! ComputeFilter: the service is enabled and up (`nova/scheduler/filters/compute_filter.py`).

use super::Filter;

pub(super) fn filter<'a>() -> Filter<'a> {
    Filter::new(|state| state.service_enabled && state.service_up).once()
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{host, passes, request};
    use model::options::FilterName::ComputeFilter;

    #[test]
    fn only_a_service_that_is_enabled_and_up_passes() {
        for (enabled, up) in [(true, true), (true, false), (false, true), (false, false)] {
            let mut state = host("host1");
            (state.service_enabled, state.service_up) = (enabled, up);
            assert_eq!(
                passes(ComputeFilter, &request(), &state),
                enabled && up,
                "enabled {enabled}, up {up}"
            );
        }
    }
}
