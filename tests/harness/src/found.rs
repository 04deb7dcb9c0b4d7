//! What the explorer found, as a test: its smallest run, once more.

use crate::stacks::{engine, shipped};
use explore::Stacks;
use explore::search::Replay;

/// A finding of the explorer, by the text of its replay. What `novarig replay --rust` prints is written in these words.
#[derive(Clone, Debug)]
pub struct Found(Replay);

impl Found {
    /// Reads a replay. A text that is none fails the test.
    #[track_caller]
    pub fn read(yaml: &str) -> Self {
        match Replay::from_yaml("the test", yaml) {
            Ok(replay) => Self(replay),
            Err(error) => panic!("the replay cannot be read: {error}"),
        }
    }

    /// The same without the old bugs that were on.
    #[must_use]
    pub fn without_bugs(mut self) -> Self {
        self.0.bugs.clear();
        self
    }

    /// Runs it, and names the invariants that do not hold, each once.
    #[track_caller]
    pub fn broken(&self) -> Vec<&'static str> {
        match self.run() {
            Ok(broken) => broken,
            Err(error) => panic!("the replay cannot be run: {error}"),
        }
    }

    fn run(&self) -> Result<Vec<&'static str>, Box<dyn std::error::Error>> {
        let stacks = Stacks::prepare(&self.0.planned(), engine()?, &shipped())?;
        let report = self.0.run(&stacks)?.run.report;
        let mut broken: Vec<_> = report.violations.iter().map(|violation| violation.invariant).collect();
        broken.dedup();
        Ok(broken)
    }
}
