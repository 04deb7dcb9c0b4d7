//! The small language of extra specs (`nova/scheduler/filters/extra_specs_ops.py`): an operator and its operands, or a
//! plain value. Where Nova would fail the whole request, on something that is no number or on a lone operator, nothing
//! matches here.

/// Whether a value meets a requirement.
pub(super) fn matches(value: &str, requirement: &str) -> bool {
    let mut words = requirement.split_whitespace();
    let operator = words.next().unwrap_or_default();
    let first = words.clone().next();
    let text = |test: fn(&str, &str) -> bool| first.is_some_and(|wanted| test(value, wanted));
    let number = |test: fn(f64, f64) -> bool| match (value.trim().parse(), first.map(str::parse)) {
        (Ok(value), Some(Ok(wanted))) => test(value, wanted),
        _ => false,
    };
    match operator {
        // At least, not equal: so it has been from the beginning.
        "=" | ">=" => number(|value, wanted| value >= wanted),
        "<=" => number(|value, wanted| value <= wanted),
        "==" => number(|value, wanted| value == wanted),
        "!=" => number(|value, wanted| value != wanted),
        "s==" => text(|value, wanted| value == wanted),
        "s!=" => text(|value, wanted| value != wanted),
        "s<" => text(|value, wanted| value < wanted),
        "s<=" => text(|value, wanted| value <= wanted),
        "s>" => text(|value, wanted| value > wanted),
        "s>=" => text(|value, wanted| value >= wanted),
        "<in>" => text(|value, wanted| value.contains(wanted)),
        "<all-in>" => first.is_some() && words.all(|wanted| value.contains(wanted)),
        // Every second word is the operator again.
        "<or>" => words.step_by(2).any(|wanted| wanted == value),
        _ => value == requirement,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn operators_match_as_novas_do() {
        let matching = [
            ("4", "= 2"),
            ("2", "== 2.0"),
            ("3", "!= 2"),
            ("2", ">= 2"),
            ("2", "<= 2"),
            ("fake", "fake"),
            ("a", "s== a"),
            ("a", "s!= b"),
            ("a", "s< b"),
            ("b", "s<= b"),
            ("c", "s> b"),
            ("b", "s>= b"),
            ("12311321", "<in> 11"),
            ("aes mmx sse", "<all-in> aes mmx"),
            ("12", "<or> 11 <or> 12"),
            ("", ""),
        ];
        for (value, requirement) in matching {
            assert!(matches(value, requirement), "{value:?} should meet {requirement:?}");
        }
        let failing = [
            ("1", "= 2"),
            ("many", "= 2"),
            ("2", "= many"),
            ("2", ">="),
            ("fake", "QEMU"),
            ("12311321", "<in> 9"),
            ("aes", "<all-in> aes mmx"),
            ("aes", "<all-in>"),
            ("13", "<or> 11 <or> 12"),
            ("13", "<or>"),
            ("", "s== a"),
        ];
        for (value, requirement) in failing {
            assert!(!matches(value, requirement), "{value:?} should not meet {requirement:?}");
        }
    }
}
