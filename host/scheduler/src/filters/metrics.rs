//! MetricsFilter: the host reports every metric that weighs (`nova/scheduler/filters/metrics_filter.py`).

use super::Filter;
use model::Options;

pub(super) fn filter<'a>(options: &'a Options) -> Filter<'a> {
    Filter::new(|state| options.weight_setting.iter().all(|metric| state.metrics.contains_key(&metric.name)))
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{host, passes_with, request};
    use model::Options;
    use model::options::FilterName::MetricsFilter;

    #[test]
    fn every_metric_of_the_setting_must_be_there() {
        let mut options = Options::default();
        let mut state = host("host1");
        assert!(passes_with(MetricsFilter, &request(), &state, &options), "no metric weighs");
        options.set_by_name("metrics.weight_setting", "load=1,heat=-1").unwrap();
        state.metrics.insert("load".into(), 0.5);
        assert!(!passes_with(MetricsFilter, &request(), &state, &options));
        state.metrics.insert("heat".into(), 40.0);
        assert!(passes_with(MetricsFilter, &request(), &state, &options));
    }
}
