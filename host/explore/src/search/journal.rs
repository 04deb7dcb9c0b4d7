//! What became of plans that were run, kept in a file: a search that was interrupted goes on where it was.
//!
//! Each line is a plan: the scenario, a key of everything that decides what becomes of it (the scenario itself, all its plans,
//! seed and switches), its number, and what it broke. Lines of other keys are let be, so one file serves many searches. A
//! last line that was not written whole is as if it had not been begun.
//!
//! Of plans that are drawn at random those are noted that showed nothing new, which are nearly all; the others are run again, so
//! that what they showed leads the drawing as it did.

use super::Search;
use crate::invariants::{self, Violation};
use crate::names;
use crate::run::Stacks;
use crate::scenario::Scenario;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The file of a search.
#[derive(Debug)]
pub struct Journal {
    file: Mutex<File>,
    /// Key of a scenario's search to number of the plan to what it broke.
    done: BTreeMap<String, BTreeMap<usize, Vec<Violation>>>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    scenario: String,
    key: String,
    plan: usize,
    broken: Vec<Broken>,
}

#[derive(Serialize, Deserialize)]
struct Broken {
    invariant: String,
    /// Files of older versions do not have it.
    #[serde(default)]
    about: String,
    message: String,
}

impl Journal {
    /// Opens a journal, or begins one.
    ///
    /// # Errors
    /// When the file cannot be read or written, or has something else in it, which is then left as it is.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // What is not ended by a line feed was interrupted while it was written.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut done: BTreeMap<String, BTreeMap<usize, Vec<Violation>>> = BTreeMap::new();
        for (number, line) in text.get(..whole).unwrap_or_default().lines().enumerate() {
            let line: Line = serde_json::from_str(line).map_err(|error| {
                let problem = format!("line {} is no plan of a search: {error}", number + 1);
                io::Error::new(io::ErrorKind::InvalidData, problem)
            })?;
            let broken = line.broken.into_iter().map(Broken::violation).collect();
            done.entry(line.key).or_default().insert(line.plan, broken);
        }
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or(u64::MAX))?;
            file.seek(io::SeekFrom::End(0))?;
        }
        Ok(Self { file: Mutex::new(file), done })
    }

    /// What decides the outcome of a scenario's plans. Another build of the program may make another of it; then the plans are
    /// run again, as they are where it knows other invariants. `plans` are the plans, or what they come from.
    pub(super) fn key(
        scenario: &Scenario,
        stacks: &Stacks,
        plans: &dyn fmt::Debug,
        search: &Search,
    ) -> String {
        let mut hasher = DefaultHasher::new();
        let switches = &search.config.switches;
        serde_json::to_string(scenario).unwrap_or_default().hash(&mut hasher);
        invariants::ALL.iter().for_each(|invariant| invariant.name.hash(&mut hasher));
        stacks.oracles().iter().for_each(|oracle| (oracle.name(), oracle.digest()).hash(&mut hasher));
        format!("{plans:?} {} {} {switches:?}", search.config.seed, search.config.recover).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// What a plan broke when it was run.
    pub(super) fn outcome(&self, key: &str, plan: usize) -> Option<Vec<Violation>> {
        self.done.get(key)?.get(&plan).cloned()
    }

    /// Notes what a plan broke. A disk that is full costs only that it is run again.
    pub(super) fn note(&self, scenario: &str, key: &str, plan: usize, broken: &[Violation]) {
        let of = |violation: &Violation| Broken {
            invariant: violation.invariant.to_owned(),
            about: violation.about.clone(),
            message: violation.message.clone(),
        };
        let broken = broken.iter().map(of).collect();
        let line = Line { scenario: scenario.to_owned(), key: key.to_owned(), plan, broken };
        if let Ok(mut line) = serde_json::to_string(&line) {
            line.push('\n');
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = file.write_all(line.as_bytes());
        }
    }
}

impl Broken {
    fn violation(self) -> Violation {
        Violation::new(names::constant(&self.invariant), self.about, self.message)
    }
}
