//! The table of operations (`operations.md`): every test it names is there, and every observed operation is in it.

use std::collections::BTreeSet;
use std::path::Path;

const TABLE: &str = include_str!("operations.md");
const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// What stands in backquotes and looks like a test (`file::name`), or like observed runs (`observed:name`).
fn named() -> Vec<&'static str> {
    TABLE
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| text.contains("::") || observed(text).is_some())
        .collect()
}

fn observed(text: &str) -> Option<&str> {
    text.strip_prefix("observed:").filter(|name| *name != "name")
}

fn observed_operations() -> BTreeSet<String> {
    let lines = std::fs::read_to_string(Path::new(FOLDER).join("outcomes/nova-outcomes.jsonl")).unwrap();
    let scenario = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["scenario"].as_str().unwrap().to_owned()
    };
    lines.lines().map(scenario).collect()
}

#[test]
fn every_test_that_the_table_of_operations_names_is_there() {
    let operations = observed_operations();
    let mut missing = Vec::new();
    for name in named().into_iter().filter(|name| *name != "file::name") {
        let there = match (observed(name), name.split_once("::")) {
            (Some(operation), _) => operations.contains(operation),
            (None, Some((file, test))) => {
                let text = std::fs::read_to_string(Path::new(FOLDER).join(format!("{file}.rs")));
                text.is_ok_and(|text| text.contains(&format!("#[test]\nfn {test}(")))
            }
            (None, None) => false,
        };
        if !there {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}

#[test]
fn every_operation_that_was_observed_is_in_the_table() {
    let told: BTreeSet<_> = named().into_iter().filter_map(observed).map(str::to_owned).collect();
    let missing: Vec<_> = observed_operations().difference(&told).cloned().collect();
    assert!(missing.is_empty(), "the table does not tell of {missing:?}");
}

#[test]
fn every_row_of_the_table_names_what_shows_it() {
    let rows = TABLE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Operation"));
    let bare: Vec<_> = rows.filter(|row| !row.contains("::") && !row.contains("observed:")).collect();
    assert!(bare.is_empty(), "nothing shows {bare:#?}");
}
