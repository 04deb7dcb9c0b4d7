//! Values as Python shows them, for messages that clients know.

use serde_json::Value;

/// Longest value shown in full, in bytes: a body of megabytes is not said back.
const MAX_SHOWN: usize = 2_000;

/// The value as Python's `repr` would show it, cut off when it is long.
pub(super) fn repr(value: &Value) -> String {
    let mut text = String::new();
    show(value, &mut text);
    if text.len() > MAX_SHOWN {
        let end = (0..=MAX_SHOWN).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("...");
    }
    text
}

fn show(value: &Value, text: &mut String) {
    if text.len() > MAX_SHOWN {
        return;
    }
    match value {
        Value::Null => text.push_str("None"),
        Value::Bool(true) => text.push_str("True"),
        Value::Bool(false) => text.push_str("False"),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(string) => show_string(string, text),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                show(item, text);
            }
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (at, (key, item)) in object.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                show_string(key, text);
                text.push_str(": ");
                show(item, text);
            }
            text.push('}');
        }
    }
}

fn show_string(string: &str, text: &mut String) {
    let quote = if string.contains('\'') && !string.contains('"') { '"' } else { '\'' };
    text.push(quote);
    for c in string.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c == quote => {
                text.push('\\');
                text.push(c);
            }
            c => text.push(c),
        }
    }
    text.push(quote);
}

#[cfg(test)]
mod tests {
    use super::repr;
    use serde_json::json;

    #[test]
    fn values_look_as_in_python() {
        assert_eq!(
            repr(&json!({"a": [1, null, true, "it's", "\"'"]})),
            r#"{'a': [1, None, True, "it's", '"\'']}"#
        );
    }

    #[test]
    fn long_values_are_cut() {
        assert!(repr(&json!(vec!["x"; 10_000])).len() < 2_100);
    }
}
