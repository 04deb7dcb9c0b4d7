//! Holds this control plane against what the real Nova 34.0.0 was seen to do when a driver call fails.
//!
//! `tests/outcomes/nova-outcomes.jsonl` has a line for each observed run: an operation on a fresh cloud, no fault or one
//! or two driver calls made to raise, and everything that could be observed once all came to rest. Each line of an
//! operation that exists here is replayed and compared field by field; none may differ.
//!
//! `NOVARIG_OUTCOMES=FILE cargo test --test outcomes -- --nocapture` replays another file of the same format.
#![expect(clippy::unwrap_used, reason = "in a test a panic is how a failure is told")]

mod outcomes {
    pub(crate) mod compare;
    pub(crate) mod line;
    pub(crate) mod observe;
    pub(crate) mod replay;
    pub(crate) mod scenarios;
    mod sweep;
}

use outcomes::compare::differences;
use outcomes::line::{Line, read_lines};
use outcomes::replay::replay;

/// Fewest lines the shipped file has for operations that exist here; fewer would mean that lines are skipped unseen.
const COVERED_LINES: usize = 349;

#[test]
fn every_observed_outcome_is_reproduced() {
    let other_file = std::env::var("NOVARIG_OUTCOMES").ok();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/outcomes/nova-outcomes.jsonl");
    let path = other_file.clone().unwrap_or_else(|| shipped.to_owned());
    let fewest = if other_file.is_some() { 1 } else { COVERED_LINES };
    let lines = read_lines(&path).unwrap();
    let mut report = Vec::new();
    let (mut replayed, mut differing) = (0, 0);
    for line in &lines {
        let Some(seen) = replay(line).unwrap_or_else(|error| panic!("{}: {error}", line.name())) else {
            continue;
        };
        replayed += 1;
        let found = differences(line, &seen);
        if !found.is_empty() {
            differing += 1;
            report.push(describe(line, &found));
        }
    }
    println!("{replayed} lines, {differing} differ");
    assert!(replayed >= fewest, "only {replayed} of {} lines were replayed", lines.len());
    assert!(report.is_empty(), "{replayed} lines, {differing} differ:\n{}", report.join("\n"));
}

fn describe(line: &Line, found: &[outcomes::compare::Difference]) -> String {
    let fields: Vec<_> = found.iter().map(ToString::to_string).collect();
    format!("{}\n    {}", line.name(), fields.join("\n    "))
}
