//! Putting the raw values of one weigher on a common scale (`nova/weights.py, normalize`).

/// Each value on a scale from 0 to 1, where 0 is the lower bound and 1 the upper one. A bound that is not given is the
/// smallest or largest of the values; values outside a given bound count as the bound. When the bounds are equal all
/// is 0.
pub(super) fn normalise(raws: &[f64], minval: Option<f64>, maxval: Option<f64>) -> Vec<f64> {
    let clamped = raws.iter().map(|raw| {
        let raised = minval.map_or(*raw, |minval| raw.max(minval));
        maxval.map_or(raised, |maxval| raised.min(maxval))
    });
    let low = minval.unwrap_or_else(|| clamped.clone().fold(f64::INFINITY, f64::min));
    let high = maxval.unwrap_or_else(|| clamped.clone().fold(f64::NEG_INFINITY, f64::max));
    if high == low {
        return vec![0.0; raws.len()];
    }
    // Halves, which are exact, because the range itself can be more than the largest number.
    let range = high / 2.0 - low / 2.0;
    clamped.map(|value| ((value / 2.0 - low / 2.0) / range).clamp(0.0, 1.0)).collect()
}
