//! Printing.

use explore::report::Paint;
use std::io::{IsTerminal, Write};
use std::time::Instant;

/// Prints to standard output. A reader that has gone away has seen what it wanted.
pub(crate) fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Prints to standard error what is being done.
pub(crate) fn progress(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Prints an error with what led to it.
pub(crate) fn error(error: &anyhow::Error) {
    let paint = paint_for(&std::io::stderr());
    progress(&format!("{} {error:#}", paint.bad("error:")));
}

/// How standard output is painted: only a terminal is, unless `NO_COLOR` is set.
pub(crate) fn paint() -> Paint {
    paint_for(&std::io::stdout())
}

fn paint_for(stream: &impl IsTerminal) -> Paint {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if stream.is_terminal() && !unwanted { Paint::Colours } else { Paint::Plain }
}

/// A line on standard error that says how far something has come; only where a person watches.
pub(crate) struct ProgressBar {
    name: String,
    begin: Instant,
    shown: bool,
}

/// Plans between two updates of the line.
const STEP: usize = 100;

pub(crate) fn progress_bar(name: &str) -> ProgressBar {
    ProgressBar { name: name.to_owned(), begin: Instant::now(), shown: std::io::stderr().is_terminal() }
}

impl ProgressBar {
    /// Says how much is done, how fast, and how long the rest will take.
    pub(crate) fn show(&self, done: usize, of: usize) {
        if !self.shown || !done.is_multiple_of(STEP) {
            return;
        }
        // Numbers of plans are far from what a double cannot express.
        let rate = done as f64 / self.begin.elapsed().as_secs_f64();
        let left = (of.saturating_sub(done)) as f64 / rate;
        let line =
            format!("\r{}: {done} of {of} plans, {rate:.0} a second, {left:.0} s left \x1b[K", self.name);
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        if self.shown {
            let _ = std::io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}
