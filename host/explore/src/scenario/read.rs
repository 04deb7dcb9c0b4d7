//! Reading scenarios from YAML. An error names file and line, what is wrong there, and what was expected.

use super::hosts::resolve_paths;
use super::{Action, Scenario, check};
use std::fmt;
use std::path::Path;

/// A scenario file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file, or the name of the built-in scenario.
    pub file: String,
    /// The line, from 1; none when no line can be blamed.
    pub line: Option<u64>,
    /// The text of that line.
    pub text: Option<String>,
    /// What is wrong, and what was expected.
    pub problem: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)?;
        if let (Some(line), Some(text)) = (self.line, &self.text) {
            write!(f, "\n{line:>5} | {text}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioError {}

impl ScenarioError {
    fn at(file: &str, yaml: &str, line: Option<u64>, problem: String) -> Self {
        let index = line.and_then(|line| usize::try_from(line).ok()?.checked_sub(1));
        Self {
            file: file.to_owned(),
            line,
            text: index.and_then(|index| yaml.lines().nth(index)).map(str::to_owned),
            problem,
        }
    }

    /// What the parser has to say.
    pub(crate) fn of_yaml(file: &str, yaml: &str, wrong: &serde_saphyr::Error) -> Self {
        let line = wrong.location().map(|location| location.line()).filter(|line| *line > 0);
        Self::at(file, yaml, line, one_line(wrong))
    }
}

impl Scenario {
    /// Reads a scenario. `file` is what errors call it, and the folder that paths of drivers are relative to.
    ///
    /// # Errors
    /// [`ScenarioError`] for text that is not YAML, keys and values that mean nothing, and steps that cannot be taken in
    /// their order, such as one about a server that is booted later. Hosts are looked at by [`Scenario::check_hosts`],
    /// since a command line may still add some.
    pub fn from_yaml(file: &str, yaml: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self =
            serde_saphyr::from_str(yaml).map_err(|wrong| ScenarioError::of_yaml(file, yaml, &wrong))?;
        file.clone_into(&mut scenario.file);
        if let Some(folder) = Path::new(file).parent() {
            let swaps = scenario.steps.iter_mut().filter_map(|step| match &mut step.item {
                Action::SwapDriver(swap) => Some(&mut swap.stack),
                _ => None,
            });
            scenario.hosts.stacks_mut().chain(swaps).for_each(|stack| resolve_paths(stack, folder));
        }
        check::servers(&scenario)
            .map_err(|problem| ScenarioError::at(file, yaml, problem.line, problem.text))?;
        Ok(scenario)
    }

    /// Checks that every step can be taken in its order, as reading does.
    ///
    /// # Errors
    /// [`ScenarioError`] for the first that cannot.
    pub(crate) fn check_steps(&self) -> Result<(), ScenarioError> {
        check::servers(self).map_err(|problem| ScenarioError::at(&self.file, "", problem.line, problem.text))
    }

    /// Checks that every host a step, fault or expectation names is there.
    ///
    /// # Errors
    /// [`ScenarioError`], which names the known hosts.
    pub fn check_hosts(&self) -> Result<(), ScenarioError> {
        check::hosts(self).map_err(|problem| ScenarioError::at(&self.file, "", problem.line, problem.text))
    }
}

/// How the parser says things, and how people do.
const WORDING: [(&str, &str); 4] = [
    ("expected mapping start", "expected keys with values, such as {key: value}"),
    ("expected sequence start", "expected a list, such as [one, two]"),
    ("expected string scalar", "expected a text"),
    (", set DuplicateKeyPolicy in Options if acceptable", ""),
];

/// The parser's message without its own line numbers, which stand before it already.
fn one_line(error: &serde_saphyr::Error) -> String {
    let mut text = error.without_snippet().to_string();
    if let Some(place) = error.location() {
        text = text.replace(&format!(" at line {}, column {}", place.line(), place.column()), "");
    }
    WORDING.iter().fold(text, |text, (parser, people)| text.replace(parser, people))
}
