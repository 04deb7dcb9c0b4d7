//! Gets what is missing: the target's standard library from rustup, else the distribution's compiler.

use std::io;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::detect::{DetectError, Toolchain, has_linker, oldest_supported, version};
use crate::{TARGET, environment};

/// How long rustup may take. Its download is about 20 MB; without a way to its server it would retry
/// for minutes.
const RUSTUP_LIMIT: Duration = Duration::from_secs(30);

/// How often it is looked whether rustup has ended.
const POLL: Duration = Duration::from_millis(50);

/// Debian packages that together can build drivers.
struct DebianSet {
    /// The compiler first, by whose version the set is judged.
    packages: &'static [&'static str],
    /// Only needed where no other compiler has brought a linker.
    linker: &'static str,
}

/// In the order of preference: what a release that packages WebAssembly's standard library has, and the newer
/// compiler that stable releases get for their browsers, with the standard library's source.
const DEBIAN_SETS: [DebianSet; 2] = [
    DebianSet { packages: &["rustc", "cargo", "libstd-rust-dev-wasm32"], linker: "lld" },
    DebianSet { packages: &["rustc-web", "cargo-web", "rust-web-src"], linker: "lld-22" },
];

/// Nothing that can build drivers could be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The packages are there, but only root may install them.
    #[error("rustup did not install {TARGET} ({rustup}); run this and try again:\n  sudo {command}")]
    NotRoot {
        /// Why rustup did not.
        rustup: String,
        /// What to run as root.
        command: String,
    },
    /// The distribution has no compiler that would do.
    #[error(
        "rustup did not install {TARGET} ({rustup}), and this distribution's packages are unknown or too \
         old; install a Rust with the standard library for {TARGET}, or with its source (rust-src)"
    )]
    NoPackages {
        /// Why rustup did not.
        rustup: String,
    },
    /// The package manager failed.
    #[error("`{command}` failed: {why}")]
    Packages {
        /// What was run.
        command: String,
        /// How it ended.
        why: String,
    },
    /// All went well, and there is still no usable toolchain.
    #[error(transparent)]
    StillMissing(#[from] DetectError),
}

impl Toolchain {
    /// Finds a toolchain that can build drivers, or installs one: with rustup, else with the distribution's
    /// package manager. `say` is told what is done, a line at a time; the last one says which way was taken.
    ///
    /// # Errors
    /// [`InstallError`]; its message says what to run.
    pub fn install(say: &mut dyn FnMut(&str)) -> Result<Toolchain, InstallError> {
        if let Ok(toolchain) = Toolchain::detect() {
            say(&format!("drivers are built with {}", toolchain.describe()));
            return Ok(toolchain);
        }
        let way = match rustup_target_add() {
            Ok(()) => "installed with rustup",
            Err(rustup) => {
                say(&format!("rustup did not install {TARGET} ({rustup}): trying Debian's packages"));
                debian_packages(rustup)?;
                "installed from Debian's packages"
            }
        };
        let toolchain = Toolchain::detect()?;
        say(&format!("drivers are built with {} ({way})", toolchain.describe()));
        Ok(toolchain)
    }
}

/// The ordinary way. The error says why it was not to be had.
fn rustup_target_add() -> Result<(), String> {
    let child = Command::new("rustup")
        .args(["target", "add", TARGET])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "it is not installed".to_owned(),
            _ => error.to_string(),
        })?;
    wait(child, RUSTUP_LIMIT)
}

/// Waits for a program to succeed, and ends it when it takes longer than `limit`.
fn wait(mut child: Child, limit: Duration) -> Result<(), String> {
    let start = Instant::now();
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(status.to_string()),
            None if start.elapsed() < limit => std::thread::sleep(POLL),
            None => {
                // It may just have ended by itself; either way it is reaped below.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no answer within {} s", limit.as_secs()));
            }
        }
    }
}

fn debian_packages(rustup: String) -> Result<(), InstallError> {
    let root = is_root();
    if root {
        // Best effort: without a network the lists at hand may still do.
        let _ = run(environment::command("apt-get").args(["update", "-qq"]));
    }
    let Some(arguments) =
        DEBIAN_SETS.iter().find(|set| set.is_recent_enough()).map(|set| set.arguments(has_linker()))
    else {
        return Err(InstallError::NoPackages { rustup });
    };
    let command = format!("apt-get {}", arguments.join(" "));
    if !root {
        return Err(InstallError::NotRoot { rustup, command });
    }
    run(environment::command("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
        .map_err(|why| InstallError::Packages { command, why })
}

impl DebianSet {
    /// What apt-get is told; `has_linker` when a linker for WebAssembly is already here.
    fn arguments(&self, has_linker: bool) -> Vec<&'static str> {
        let linker = (!has_linker).then_some(self.linker);
        ["install", "-y", "-qq", "--no-install-recommends"]
            .into_iter()
            .chain(self.packages.iter().copied())
            .chain(linker)
            .collect()
    }

    /// Whether all packages can be installed and the compiler is not too old.
    fn is_recent_enough(&self) -> bool {
        let candidates: Option<Vec<_>> = self.packages.iter().map(|package| candidate(package)).collect();
        let compiler = candidates.and_then(|versions| versions.into_iter().next());
        compiler.is_some_and(|compiler| version(&compiler) >= Some(oldest_supported()))
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The version of a package that apt would install.
fn candidate(package: &str) -> Option<String> {
    let output =
        environment::command("apt-cache").args(["policy", package]).env("LC_ALL", "C").output().ok()?;
    candidate_in(&String::from_utf8_lossy(&output.stdout))
}

fn candidate_in(policy: &str) -> Option<String> {
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    (candidate != "(none)").then(|| candidate.to_owned())
}

/// Runs a program whose output is of interest only when it fails.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_is_read_from_apts_answer() {
        let policy =
            "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n  Version table:\n";
        assert_eq!(candidate_in(policy).as_deref(), Some("1.96.0+dfsg1-1~deb12u2"));
        assert_eq!(version("1.96.0+dfsg1-1~deb12u2"), Some((1, 96)));
    }

    #[test]
    fn an_unknown_package_has_no_candidate() {
        assert_eq!(candidate_in(""), None);
        assert_eq!(candidate_in("x:\n  Installed: (none)\n  Candidate: (none)\n"), None);
    }

    #[test]
    fn a_linker_is_installed_only_where_there_is_none() {
        assert_eq!(
            DEBIAN_SETS[1].arguments(true).join(" "),
            "install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src"
        );
        assert_eq!(
            DEBIAN_SETS[1].arguments(false).join(" "),
            "install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src lld-22"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_program_that_hangs_is_ended_at_the_limit() {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let start = Instant::now();
        assert_eq!(wait(child, Duration::ZERO), Err("no answer within 0 s".to_owned()));
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    #[cfg(unix)]
    fn a_program_that_fails_says_so() {
        let failing = Command::new("false").spawn().unwrap();
        assert_eq!(wait(failing, RUSTUP_LIMIT), Err("exit status: 1".to_owned()));
        let succeeding = Command::new("true").spawn().unwrap();
        assert_eq!(wait(succeeding, RUSTUP_LIMIT), Ok(()));
    }
}
