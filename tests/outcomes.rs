//! Holds this control plane against what the real Nova 34.0.0 was seen to do when a driver call fails.
//!
//! `tests/outcomes/nova-outcomes.jsonl` has a line for each observed run: an operation on a fresh cloud, no fault or one
//! or two driver calls made to raise, and everything that could be observed once all came to rest. Each line of an
//! operation that exists here is replayed and compared field by field; none may differ.
//!
//! `just conformance-outcomes FILE` replays another file of the same format and says which lines differ, in which field.
#![expect(clippy::unwrap_used, reason = "in a test a panic is how a failure is told")]

mod outcomes {
    pub(crate) mod compare;
    mod evidence;
    mod failing;
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
const COVERED_LINES: usize = 852;

/// The file that is shipped.
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/outcomes/nova-outcomes.jsonl");

#[test]
fn every_observed_outcome_is_reproduced() {
    let lines = read_lines(SHIPPED).unwrap();
    let outcomes: Vec<_> = lines.iter().map(outcome).collect();
    let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count();
    let replayed = lines.len() - count(|outcome| matches!(outcome, Outcome::NotThereYet));
    let differing = count(|outcome| matches!(outcome, Outcome::Differs(_)));
    let report: Vec<_> = lines
        .iter()
        .zip(&outcomes)
        .filter_map(|(line, outcome)| match outcome {
            Outcome::Differs(how) => Some(format!("{}\n    {how}", line.name())),
            Outcome::Same | Outcome::NotThereYet => None,
        })
        .collect();
    println!("{replayed} lines, {differing} differ");
    assert!(report.is_empty(), "{replayed} lines, {differing} differ:\n{}", report.join("\n"));
    assert!(replayed >= COVERED_LINES, "only {replayed} of {} lines were replayed", lines.len());
}

/// Writes how each line of the file that `NOVARIG_OUTCOMES` names differs into the one that `NOVARIG_OUTCOMES_REPORT`
/// names, closing with the number of lines and of those that differ. An operation that does not exist here differs.
#[test]
#[ignore = "compares a file that is named: just conformance-outcomes FILE"]
fn any_file_of_observed_outcomes_can_be_compared() {
    let (file, report) = (std::env::var("NOVARIG_OUTCOMES"), std::env::var("NOVARIG_OUTCOMES_REPORT"));
    let report = report.expect("NOVARIG_OUTCOMES_REPORT names the file the report goes to");
    let lines = read_lines(file.as_deref().unwrap_or(SHIPPED)).unwrap();
    let mut text = String::new();
    let mut differing = 0;
    for line in &lines {
        let how = match outcome(line) {
            Outcome::Same => continue,
            Outcome::Differs(how) => how,
            Outcome::NotThereYet => "not there yet".to_owned(),
        };
        differing += 1;
        text.push_str(&format!("{}\n    {how}\n", line.name()));
    }
    text.push_str(&format!("{} lines, {differing} differ\n", lines.len()));
    std::fs::write(report, text).unwrap();
}

/// How a line compares.
enum Outcome {
    /// It is reproduced.
    Same,
    /// It is not, as the text says.
    Differs(String),
    /// Its operation does not exist here.
    NotThereYet,
}

fn outcome(line: &Line) -> Outcome {
    match replay(line) {
        Ok(None) => Outcome::NotThereYet,
        Ok(Some(replayed)) => match differences(line, &replayed.seen) {
            found if found.is_empty() => Outcome::Same,
            found => Outcome::Differs(describe(&found)),
        },
        Err(error) => Outcome::Differs(format!("it cannot be replayed: {error}")),
    }
}

fn describe(found: &[outcomes::compare::Difference]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n    ")
}
