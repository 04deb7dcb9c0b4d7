//! JsonFilter: an expression over the host's state, written in JSON in the hint `query`
//! (`nova/scheduler/filters/json_filter.py`).
//!
//! An expression is a list of an operator and its arguments; an argument is an expression, a value, or `$name.sub`, an
//! attribute of the host. What Nova would fail the request for (an unknown operator, values that have no order) holds
//! for no host here.

use super::{Filter, attributes};
use crate::host_state::HostState;
use model::RequestSpec;
use serde_json::Value;
use std::cmp::Ordering;

/// How deep expressions may be nested; serde_json itself reads 127 levels.
const MAX_DEPTH: usize = 128;

pub(super) fn filter<'a>(request: &'a RequestSpec) -> Filter<'a> {
    let text = request.scheduler_hints.get("query").and_then(|values| values.first());
    let query: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
    Filter::new(move |state| match (&text, &query) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(_), Some(query)) => match evaluate(query, state, MAX_DEPTH) {
            // A list comes of `not`: one that holds is enough.
            Some(Value::Array(results)) => results.iter().any(is_true),
            Some(result) => is_true(&result),
            None => false,
        },
    })
}

/// What an expression comes to; none when it has no meaning.
fn evaluate(expression: &Value, state: &HostState, depth: usize) -> Option<Value> {
    if !is_true(expression) {
        return Some(Value::Bool(true));
    }
    let (operator, arguments) = expression.as_array()?.split_first()?;
    let depth = depth.checked_sub(1)?;
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let value = match argument {
            Value::Array(_) => evaluate(argument, state, depth)?,
            Value::String(text) => look_up(text, state),
            other => other.clone(),
        };
        if !value.is_null() {
            values.push(value);
        }
    }
    apply(operator.as_str()?, &values)
}

fn apply(operator: &str, values: &[Value]) -> Option<Value> {
    let ordered = |holds: fn(Ordering) -> bool| compare_all(values, |a, b| order(a, b).map(holds));
    let holds = match operator {
        "=" => compare_all(values, |a, b| Some(equal(a, b)))?,
        "<" => ordered(Ordering::is_lt)?,
        ">" => ordered(Ordering::is_gt)?,
        "<=" => ordered(Ordering::is_le)?,
        ">=" => ordered(Ordering::is_ge)?,
        "in" => {
            values.split_first().is_some_and(|(first, rest)| rest.iter().any(|value| equal(first, value)))
        }
        "or" => values.iter().any(is_true),
        "and" => values.iter().all(is_true),
        "not" => return Some(values.iter().map(|value| Value::Bool(!is_true(value))).collect()),
        _ => return None,
    };
    Some(Value::Bool(holds))
}

/// Whether the first value compares so with every other; false when there is no other.
fn compare_all(values: &[Value], test: impl Fn(&Value, &Value) -> Option<bool>) -> Option<bool> {
    let Some((first, rest)) = values.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Some(false);
    };
    let results: Option<Vec<bool>> = rest.iter().map(|value| test(first, value)).collect();
    results.map(|results| results.into_iter().all(|holds| holds))
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// Whether a value counts as true: not empty, not zero, not null.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// Text as it stands, or the attribute that `$name.sub` names; null when there is none.
fn look_up(text: &str, state: &HostState) -> Value {
    let Some(path) = text.strip_prefix('$') else {
        return if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) };
    };
    let mut names = path.split('.');
    let mut value = names
        .next()
        .and_then(|name| attributes::attribute(state, name))
        .map_or(Value::Null, std::borrow::Cow::into_owned);
    for name in names {
        value = value.get_mut(name).map_or(Value::Null, Value::take);
    }
    value
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{host, passes, request};
    use model::options::FilterName::JsonFilter;

    #[test]
    fn expressions_are_evaluated_over_the_hosts_state() {
        let mut state = host("host1");
        (state.free_ram_mb, state.free_disk_mb) = (1024, 2048);
        state.stats.insert("speed".into(), "fast".into());
        for (query, expected) in [
            (r#"[">=", "$free_ram_mb", 1024]"#, true),
            (r#"["<", "$free_ram_mb", 1024]"#, false),
            (r#"["=", "$host", "host1"]"#, true),
            (r#"["=", "$stats.speed", "fast"]"#, true),
            (r#"["in", "$host", "host2", "host1"]"#, true),
            (r#"["in", "$host", "host2"]"#, false),
            (r#"["and", [">", "$free_ram_mb", 1], [">", "$free_disk_mb", 4096]]"#, false),
            (r#"["or", [">", "$free_ram_mb", 1], [">", "$free_disk_mb", 4096]]"#, true),
            (r#"["not", ["=", "$host", "host1"]]"#, false),
            (r#"["not", true, false]"#, true),
            (r#"["=", "$nothing", "fast"]"#, false),
            (r#"["=", 1]"#, false),
            (r#"["<=", 1, 1, 2]"#, true),
            (r#"["<", "one", 2]"#, false),
            (r#"["~", 1, 1]"#, false),
            ("[]", true),
            ("[", false),
            ("7", false),
        ] {
            let mut asked = request();
            asked.scheduler_hints.insert("query".into(), vec![query.into()]);
            assert_eq!(passes(JsonFilter, &asked, &state), expected, "{query}");
        }
        assert!(passes(JsonFilter, &request(), &state), "no query");
    }
}
