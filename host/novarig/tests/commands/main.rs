//! Real command lines. They are one program, so that those that wait for a compiler or for a server do so beside the others.

#![expect(clippy::expect_used, reason = "in a test a panic is how a failure is told")]

mod cli;
mod drivers;
mod guide;
mod oracles;
mod placement;
mod soak;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// One cache for all tests, so that what is compiled or installed for one is there for the next.
static CACHE: LazyLock<PathBuf> =
    LazyLock::new(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("novarig-cache"));

/// A command line in a folder.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_novarig"));
    command.args(arguments).current_dir(folder).env("NOVARIG_CACHE", CACHE.as_path()).env_remove("NO_COLOR");
    command
}
