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
    // Values far apart are halved first: their distance may be more than the largest number.
    let unit = if (high - low).is_finite() { 1.0 } else { 2.0 };
    let range = high / unit - low / unit;
    clamped.map(|value| ((value / unit - low / unit) / range).clamp(0.0, 1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::normalise;
    use proptest::prelude::*;

    #[test]
    fn values_are_scaled_between_the_bounds_given_or_found() {
        for (raws, minval, maxval, expected) in [
            (&[][..], None, None, &[][..]),
            (&[1.0, 2.0, 3.0], None, None, &[0.0, 0.5, 1.0]),
            (&[512.0, 512.0], None, None, &[0.0, 0.0]),
            // With a declared lower bound, equal values are all at the upper end.
            (&[512.0, 512.0], Some(0.0), None, &[1.0, 1.0]),
            (&[0.0, 0.0], Some(0.0), None, &[0.0, 0.0]),
            (&[-5.0, 10.0], Some(0.0), None, &[0.0, 1.0]),
            (&[25.0, 50.0, 200.0], Some(0.0), Some(100.0), &[0.25, 0.5, 1.0]),
            (&[f64::MIN, 0.0, f64::MAX], None, None, &[0.0, 0.5, 1.0]),
        ] {
            assert_eq!(normalise(raws, minval, maxval), expected, "{raws:?} {minval:?} {maxval:?}");
        }
    }

    fn raws() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![Just(0.0), -1e6..1e6, prop::num::f64::NORMAL], 0..20)
    }

    proptest! {
        #[test]
        fn all_is_between_0_and_1(
            raws in raws(), minval in prop::option::of(-1e3..1e3), span in prop::option::of(0.0..1e6)
        ) {
            let maxval = span.map(|span| minval.unwrap_or(0.0) + span);
            for value in normalise(&raws, minval, maxval) {
                prop_assert!((0.0..=1.0).contains(&value), "{value}");
            }
        }

        #[test]
        fn the_ends_are_reached_unless_all_is_equal(raws in raws()) {
            let normals = normalise(&raws, None, None);
            let differ = raws.iter().any(|raw| *raw != raws[0]);
            prop_assert_eq!(normals.contains(&1.0), differ);
            prop_assert_eq!(normals.contains(&0.0), !raws.is_empty());
        }

        #[test]
        fn equal_values_without_bounds_are_all_0(raw in -1e9..1e9, count in 0_usize..9) {
            prop_assert_eq!(normalise(&vec![raw; count], None, None), vec![0.0; count]);
        }

        #[test]
        fn a_value_does_not_depend_on_its_place(raws in raws(), shift in 0_usize..20) {
            let mut turned = raws.clone();
            let mut normals = normalise(&raws, None, None);
            if !raws.is_empty() {
                turned.rotate_left(shift % raws.len());
                normals.rotate_left(shift % raws.len());
            }
            prop_assert_eq!(normalise(&turned, None, None), normals);
        }

        #[test]
        fn larger_values_are_not_smaller_afterwards(raws in raws()) {
            let normals = normalise(&raws, None, None);
            for (i, a) in raws.iter().enumerate() {
                for (j, b) in raws.iter().enumerate() {
                    prop_assert!(a > b || normals[i] <= normals[j]);
                }
            }
        }
    }
}
