//! The driver conformance suite: does a stack keep the contract?
//!
//! A rule is a sentence of the contract (`wit/v1.0`) that can be broken: what a call leaves behind, what twice the same
//! call does, which calls may overlap, what is left after the agent died. Each is tried in a simulated world of its own,
//! with two hosts that nothing has happened to yet. Then every built-in scenario is run with the stack on all of its hosts.
//! The outcome is a [`CheckReport`] with a [`Verdict`] for each.
//!
//! The contract lets every method raise any exception. So it is no breach when a stack with layers raises one: such a layer
//! is meant to fail, the rule cannot be tried ([`Verdict::NotApplicable`]), and the reason names the exception. A driver
//! without layers, though, has to do what it offers. Not to answer, to trap, and to say one thing and do another is a breach
//! in any case.
//!
//! Nova's own fake driver breaks the contract in some places. Where `fake(quirks=nova)` is under the stack, these rules are
//! not applied.

mod bench;
mod report;
mod rule;
mod rules;
mod samples;
mod scenarios;
mod subject;
mod world;

pub use report::{CheckReport, Checked, Part, Verdict};
pub use rule::capability_name;
pub use subject::{Facts, Subject};

use explore::RunError;
use runtime::simulation::SimulationError;
use virt::LoadError;

/// A stack cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The simulation could not be set up.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A scenario could not be run.
    #[error("scenario {scenario}: {problem}")]
    Scenario {
        /// The scenario.
        scenario: String,
        /// Why.
        problem: String,
    },
}

impl CheckError {
    pub(crate) fn scenario(name: &str, error: &RunError) -> Self {
        CheckError::Scenario { scenario: name.to_owned(), problem: error.to_string() }
    }
}

/// Tries every rule and runs every built-in scenario.
///
/// # Errors
/// [`CheckError`] when the stack cannot be loaded, or nothing can be simulated. What the stack does wrong is in the report.
pub fn check(subject: &Subject) -> Result<CheckReport, CheckError> {
    let mut checked = Vec::new();
    for rule in rules::all() {
        checked.push(rule.apply(subject)?);
    }
    checked.extend(scenarios::run_all(subject)?);
    let mut report = CheckReport { stack: subject.stack.to_string(), checked };
    report.blame_each_method_once();
    Ok(report)
}

/// Tries one rule by its name; none if there is no such rule.
///
/// # Errors
/// As [`check`].
pub fn check_rule(subject: &Subject, name: &str) -> Result<Option<Checked>, CheckError> {
    rules::all().find(|rule| rule.name == name).map(|rule| Ok(rule.apply(subject)?)).transpose()
}
