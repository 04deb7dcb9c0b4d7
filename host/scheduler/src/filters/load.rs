//! IoOpsFilter, NumInstancesFilter and their aggregate forms: a host that is busy or full takes no more
//! (`nova/scheduler/filters/io_ops_filter.py`, `num_instances_filter.py`).

use super::Filter;
use crate::host_state::HostState;
use model::Options;

pub(super) fn io_ops<'a>(options: &Options) -> Filter<'a> {
    let limit = options.max_io_ops_per_host;
    Filter::new(move |state| state.num_io_ops < limit)
}

pub(super) fn aggregate_io_ops<'a>(options: &Options) -> Filter<'a> {
    let default = options.max_io_ops_per_host;
    Filter::new(move |state| below(state.num_io_ops, aggregate_limit(state, "max_io_ops_per_host", default)))
}

pub(super) fn num_instances<'a>(options: &Options) -> Filter<'a> {
    let limit = options.max_instances_per_host;
    Filter::new(move |state| state.num_instances < limit)
}

pub(super) fn aggregate_num_instances<'a>(options: &Options) -> Filter<'a> {
    let default = options.max_instances_per_host;
    Filter::new(move |state| {
        below(state.num_instances, aggregate_limit(state, "max_instances_per_host", default))
    })
}

fn below(count: u64, limit: i128) -> bool {
    i128::from(count) < limit
}

/// The smallest number that the host's aggregates give; the option when they give none, or something that is none.
fn aggregate_limit(state: &HostState, key: &str, default: u64) -> i128 {
    let values: Result<Vec<i128>, _> =
        state.aggregate_values(key).into_iter().map(|text| text.trim().parse()).collect();
    values.ok().and_then(|values| values.into_iter().min()).unwrap_or(i128::from(default))
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{host, in_aggregate, passes, request};
    use model::options::FilterName::{
        AggregateIoOpsFilter, AggregateNumInstancesFilter, IoOpsFilter, NumInstancesFilter,
    };

    #[test]
    fn the_limit_itself_is_too_much() {
        let mut state = host("host1");
        (state.num_io_ops, state.num_instances) = (7, 49);
        assert!(passes(IoOpsFilter, &request(), &state) && passes(NumInstancesFilter, &request(), &state));
        (state.num_io_ops, state.num_instances) = (8, 50);
        assert!(!passes(IoOpsFilter, &request(), &state) && !passes(NumInstancesFilter, &request(), &state));
    }

    #[test]
    fn the_smallest_limit_of_the_aggregates_counts_and_what_is_no_number_leaves_the_option() {
        for (values, expected) in
            [(&[][..], true), (&["5", "3"][..], false), (&["5", "4"][..], true), (&["3", "few"][..], true)]
        {
            let mut state = host("host1");
            (state.num_io_ops, state.num_instances) = (3, 3);
            for value in values {
                in_aggregate(
                    &mut state,
                    &[("max_io_ops_per_host", value), ("max_instances_per_host", value)],
                );
            }
            assert_eq!(passes(AggregateIoOpsFilter, &request(), &state), expected, "{values:?}");
            assert_eq!(passes(AggregateNumInstancesFilter, &request(), &state), expected, "{values:?}");
        }
    }
}
