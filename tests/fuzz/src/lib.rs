//! Fuzzing: a target is given made-up input for a bounded time, and must neither panic nor take for ever.
//!
//! Input is made by changing what is in the corpus, which begins with the target's seeds. A target says in a word or two
//! what became of an input; one with which something new became of it joins the corpus. So the search finds its way
//! through the stages of a loader or a parser by their messages, without an instrumented build of the WebAssembly engine,
//! which would take longer than the fuzzing. The same seed makes the same inputs; only how many there are depends on the time.
//!
//! ```text
//! TARGET [--seconds N] [--seed N]     makes up input
//! TARGET FILE…                        gives it these files
//! ```
//!
//! An input that a target panics of is written to `target/fuzz/`; of a target that may end the process at once, so is the present
//! one before each run.

#![expect(clippy::print_stdout, reason = "fuzzing is run by people, who want to see how it goes")]

mod mutate;

use mutate::Mutator;
use runtime::Randomness;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

/// An input that takes so many times the work of the target's slowest seed is a finding. Work is processor time, and the seeds
/// are measured by the same process, so that neither a slow machine nor one that has other work makes findings.
const SLOW: u32 = 20;

/// What the slowest seed counts as at least: parsing some bytes is too little to be measured.
const LEAST_WORK: Duration = Duration::from_secs(1);

/// Inputs that are kept at most; the oldest new ones make room.
const CORPUS: usize = 400;

/// What is fuzzed.
pub struct Target<'a> {
    /// Its name.
    pub name: &'a str,
    /// What the search begins with.
    pub seeds: Vec<Vec<u8>>,
    /// Pieces that mean something in its input.
    pub words: &'a [&'a str],
    /// Whether an input may end the process at once, so that each has to be on disk before it is tried.
    pub may_abort: bool,
    /// Runs it, and answers what became of the input, in words that are the same for inputs alike.
    pub run: &'a dyn Fn(&[u8]) -> String,
}

/// How the search goes on.
struct Search<'a> {
    target: Target<'a>,
    folder: PathBuf,
    seen: BTreeSet<String>,
    runs: u64,
    slowest: Duration,
    /// Work above which an input is a finding; none until the seeds have been measured.
    limit: Option<Duration>,
}

impl Target<'_> {
    /// Does what the command line says. A panic of the target, or an input that takes too long, is a failure.
    pub fn main(self) -> ExitCode {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
        let mut search = Search {
            target: self,
            folder,
            seen: BTreeSet::new(),
            runs: 0,
            slowest: Duration::ZERO,
            limit: None,
        };
        let outcome = match Plan::of(&arguments) {
            Ok(Plan::Files(files)) => search.replay(&files),
            Ok(Plan::Search { seconds, seed }) => search.search(seconds, seed),
            Err(problem) => Err(problem),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => {
                println!("{}: {problem}", search.target.name);
                ExitCode::FAILURE
            }
        }
    }
}

/// What the command line says.
enum Plan {
    Files(Vec<String>),
    Search { seconds: u64, seed: u64 },
}

impl Plan {
    fn of(arguments: &[String]) -> Result<Self, String> {
        let (mut seconds, mut seed, mut files) = (60, 0, Vec::new());
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let number = match argument.as_str() {
                "--seconds" => &mut seconds,
                "--seed" => &mut seed,
                file => {
                    files.push(file.to_owned());
                    continue;
                }
            };
            *number = rest
                .next()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| format!("{argument} takes a number"))?;
        }
        Ok(if files.is_empty() { Plan::Search { seconds, seed } } else { Plan::Files(files) })
    }
}

impl Search<'_> {
    fn replay(&mut self, files: &[String]) -> Result<(), String> {
        for file in files {
            let input = fs::read(file).map_err(|error| format!("cannot read {file}: {error}"))?;
            println!("{file}: {}", self.run(&input)?);
        }
        Ok(())
    }

    fn search(&mut self, seconds: u64, seed: u64) -> Result<(), String> {
        let begin = Instant::now();
        let mut corpus = std::mem::take(&mut self.target.seeds);
        for input in &corpus {
            let became = self.run(input)?;
            self.seen.insert(became);
        }
        self.limit = Some(self.slowest.max(LEAST_WORK) * SLOW);
        let mut mutator = Mutator::new(Randomness::from_seed(seed), self.target.words);
        while begin.elapsed() < Duration::from_secs(seconds) {
            let input = mutator.input(&corpus);
            let became = self.run(&input)?;
            if self.seen.insert(became) {
                if corpus.len() == CORPUS {
                    corpus.remove(CORPUS / 2);
                }
                corpus.push(input);
            }
        }
        println!(
            "{}: {} inputs in {} s, {} outcomes, the slowest took {:?} of processor time; no panic",
            self.target.name,
            self.runs,
            begin.elapsed().as_secs(),
            self.seen.len(),
            self.slowest
        );
        Ok(())
    }

    fn run(&mut self, input: &[u8]) -> Result<String, String> {
        if self.target.may_abort {
            self.keep("present", input)?;
        }
        self.runs += 1;
        let (became, work) = self.measure(input);
        self.slowest = self.slowest.max(work);
        let too_slow = |work| self.limit.is_some_and(|limit| work > limit);
        match became {
            None => {
                let file = self.keep(&format!("panic-{}", self.runs), input)?;
                Err(format!("panics of {}", file.display()))
            }
            // Not if it was something else that took so long.
            Some(_) if too_slow(work) && too_slow(self.measure(input).1) => {
                let file = self.keep(&format!("slow-{}", self.runs), input)?;
                Err(format!("takes {work:?} of processor time for {}", file.display()))
            }
            Some(became) => Ok(became),
        }
    }

    /// What becomes of an input, none if the target panics, and what work that is.
    fn measure(&self, input: &[u8]) -> (Option<String>, Duration) {
        let begin = Work::done();
        let became = catch_unwind(AssertUnwindSafe(|| (self.target.run)(input))).ok();
        (became, begin.since())
    }

    fn keep(&self, what: &str, input: &[u8]) -> Result<PathBuf, String> {
        let file = self.folder.join(format!("{}-{what}", self.target.name));
        write(&file, input).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        Ok(file)
    }
}

/// The work that this process has done with all its threads; where the system does not tell, the time that has passed.
#[derive(Clone, Copy)]
struct Work(Option<Duration>, Instant);

/// In which Linux counts the time of a processor, on whatever machine.
const TICK: Duration = Duration::from_millis(10);

impl Work {
    fn done() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").ok();
        Self(stat.as_deref().and_then(ticks).map(|ticks| TICK * ticks), Instant::now())
    }

    fn since(self) -> Duration {
        let now = Self::done();
        match (self.0, now.0) {
            (Some(begin), Some(end)) => end - begin,
            _ => now.1 - self.1,
        }
    }
}

/// The ticks of a process, in its own code and in the system's: the fields 14 and 15 of `/proc/self/stat`, of which the second,
/// in brackets, may have spaces in it.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11).map(str::parse::<u32>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, bytes)
}

/// Letters of a message that tell what kind it is.
const KIND_BYTES: usize = 60;

/// A message without what differs between inputs that are alike: numbers, and what stands in quotes.
pub fn kind_of(message: &str) -> String {
    let mut kind = String::new();
    let mut quoted = false;
    for character in message.chars() {
        match character {
            '`' | '"' => quoted = !quoted,
            _ if !quoted && (character.is_ascii_alphabetic() || character == ' ') => kind.push(character),
            _ => {}
        }
    }
    kind.truncate(KIND_BYTES);
    kind
}

#[cfg(test)]
mod tests {
    use super::{kind_of, ticks};

    #[test]
    fn the_work_of_a_process_is_read_whatever_its_name() {
        let stat = "7 (odd) name) S 1 7 7 0 -1 4194560 100 0 0 0 250 30 1 2 20 0 3 0 1000 2000 300";
        assert_eq!(ticks(stat), Some(280));
        assert_eq!(ticks("nothing of the kind"), None);
    }

    #[test]
    fn messages_that_differ_in_numbers_and_quotes_are_of_one_kind() {
        assert_eq!(kind_of("type 7 of `spawn` at 0x12"), kind_of("type 12 of `destroy` at 0x7"));
        assert_ne!(kind_of("type 7"), kind_of("function 7"));
    }
}
