//! How a step of a scenario went.

use serde::Serialize;

/// A step and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// Its number, from 1.
    pub number: usize,
    /// What was done, in words.
    pub text: String,
    /// Its line in the scenario file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// When it began, in microseconds of simulated time since the run began.
    pub began: u64,
    /// When the cloud had come to rest.
    pub ended: u64,
    /// How it went.
    #[serde(flatten)]
    pub outcome: StepOutcome,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum StepOutcome {
    /// It was done. What became of it is another matter.
    Done,
    /// The API refused it, which the scenario wanted, or lets pass.
    Refused {
        /// HTTP status.
        code: u16,
        /// What the API said.
        message: String,
    },
    /// Something went wrong that is no failure of the scenario.
    Noted {
        /// What.
        problem: String,
    },
    /// It did not go as the scenario expects.
    Failed {
        /// In what way.
        problem: String,
    },
}

impl StepOutcome {
    /// Whether it makes the scenario fail.
    pub fn is_failure(&self) -> bool {
        match self {
            StepOutcome::Failed { .. } => true,
            StepOutcome::Done | StepOutcome::Refused { .. } | StepOutcome::Noted { .. } => false,
        }
    }

    /// What there is to say about it, if anything.
    pub fn remark(&self) -> Option<String> {
        match self {
            StepOutcome::Done => None,
            StepOutcome::Refused { code, message } => Some(format!("refused ({code}): {message}")),
            StepOutcome::Noted { problem } | StepOutcome::Failed { problem } => Some(problem.clone()),
        }
    }
}
