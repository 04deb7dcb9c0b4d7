//! MetricsWeigher: what operators chose to measure (`nova/scheduler/weights/metrics.py`).

use super::Weigher;
use crate::decision::Failure;
use crate::host_state::HostState;
use model::Options;

/// The key by which aggregates override the multiplier; the option itself is `[metrics]weight_multiplier`.
const OVERRIDE: &str = "metrics_weight_multiplier";

pub(super) fn weigher<'a>(options: &'a Options) -> Weigher<'a> {
    Weigher {
        name: "MetricsWeigher",
        option: Some(OVERRIDE),
        multiplier: options.weight_multiplier,
        negated: false,
        minval: None,
        maxval: None,
        raw: Box::new(move |state| raw(state, options)),
    }
}

/// The sum of the metrics, each times its ratio. One that is missing (or is no finite number) makes the host unweighable
/// or the worst, unless it counts nothing anyway.
fn raw(state: &HostState, options: &Options) -> Result<f64, Failure> {
    let mut sum = 0.0;
    for metric in &options.weight_setting {
        match state.metrics.get(&metric.name).filter(|value| value.is_finite()) {
            Some(value) => sum += value * metric.number,
            None if options.required => {
                return Err(Failure::MetricNotFound {
                    name: metric.name.clone(),
                    host: state.host.clone(),
                    node: state.node.clone(),
                });
            }
            None if metric.number * options.weight_multiplier != 0.0 => {
                return Ok(options.weight_of_unavailable);
            }
            None => {}
        }
    }
    Ok(sum.clamp(f64::MIN, f64::MAX))
}
