//! What the explorer found, as a test: its smallest run, once more.

use crate::stacks::{engine, shipped};
use explore::run::RECOVERY;
use explore::search::Replay;
use explore::{RunConfig, Stacks};
use model::Switches;

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
        let planned = self.0.planned();
        let stacks = Stacks::prepare(&planned, engine()?, &shipped())?;
        let switches = Switches {
            bugs: self.0.bugs.iter().copied().collect(),
            fixes: self.0.fixes.iter().copied().collect(),
        };
        let recover = self.0.violates == RECOVERY;
        let config = RunConfig { seed: self.0.seed, switches, trace: false, recover };
        let report = explore::run(&planned, &config, &stacks)?.report;
        let mut broken: Vec<_> = report.violations.iter().map(|violation| violation.invariant).collect();
        broken.dedup();
        Ok(broken)
    }
}
