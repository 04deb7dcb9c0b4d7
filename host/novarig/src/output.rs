//! Printing.

use explore::report::Paint;
use std::io::{IsTerminal, Write};

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
