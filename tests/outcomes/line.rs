//! One observed run, as the file has it.

use serde::Deserialize;
use serde_json::{Map, Value};

/// One line of the file.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) scenario: String,
    pub(crate) fault: Option<FaultSpec>,
    #[serde(default)]
    pub(crate) second_fault: Option<FaultSpec>,
    /// Everything that was observed, by field.
    #[serde(flatten)]
    pub(crate) observed: Map<String, Value>,
}

/// A driver call that was made to raise.
#[derive(Debug, Deserialize)]
pub(crate) struct FaultSpec {
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) n: u64,
    pub(crate) error: String,
    pub(crate) when: String,
}

impl Line {
    /// The line's name for a person: scenario and faults.
    pub(crate) fn name(&self) -> String {
        let mut name = self.scenario.clone();
        for fault in self.faults() {
            let FaultSpec { host, method, n, error, when } = fault;
            name.push_str(&format!(" | {host}:{method}#{n} raises {error} {when}"));
        }
        name
    }

    /// The faults, in the order in which they strike.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &FaultSpec> {
        self.fault.iter().chain(&self.second_fault)
    }
}

/// Reads a file of such lines.
pub(crate) fn read_lines(path: &str) -> Result<Vec<Line>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    text.lines()
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| format!("{path}:{}: {error}", index + 1))
        })
        .collect()
}
