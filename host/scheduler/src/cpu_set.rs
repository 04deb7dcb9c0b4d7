//! Sets of processors as text: `0-3,^1,5` (`nova/virt/hardware.py, parse_cpu_spec`).

use std::collections::BTreeSet;

/// Numbers above this are no processor's; it bounds the size of a set.
const MAX_PROCESSOR: u32 = 65_535;

/// The set, or none when the text describes none. Numbers after `^` are left out.
pub(crate) fn parse(text: &str) -> Option<BTreeSet<u32>> {
    let (mut included, mut excluded) = (BTreeSet::new(), BTreeSet::new());
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.strip_prefix('^') {
            Some(number) => excluded.extend(range(number)?),
            None => included.extend(range(part)?),
        }
    }
    Some(&included - &excluded)
}

/// The processors of `total` that a mask chooses; a mask of exclusions only chooses all the others.
pub(crate) fn masked(mask: &str, total: u32) -> Option<BTreeSet<u32>> {
    let only_excludes = mask.split(',').all(|part| part.trim().starts_with('^'));
    let text = if only_excludes { format!("0-{},{mask}", total.checked_sub(1)?) } else { mask.to_owned() };
    parse(&text)
}

fn range(text: &str) -> Option<std::ops::RangeInclusive<u32>> {
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (first.trim().parse().ok()?, last.trim().parse().ok()?),
        None => (text.trim().parse().ok()?, text.trim().parse().ok()?),
    };
    (first <= last && last <= MAX_PROCESSOR).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::{masked, parse};

    #[test]
    fn ranges_numbers_and_exclusions() {
        for (text, expected) in [
            ("0-3,^1,5", Some(vec![0, 2, 3, 5])),
            ("^1,0-2", Some(vec![0, 2])),
            ("", Some(vec![])),
            ("3-1", None),
            ("a", None),
            ("0-4294967295", None),
        ] {
            assert_eq!(parse(text).map(|set| set.into_iter().collect::<Vec<_>>()), expected, "{text}");
        }
    }

    #[test]
    fn a_mask_of_exclusions_chooses_the_others() {
        assert_eq!(masked("^0", 4), Some([1, 2, 3].into()));
        assert_eq!(masked("0-1", 4), Some([0, 1].into()));
        assert_eq!(masked("^0", 0), None);
    }
}
