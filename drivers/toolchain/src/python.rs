//! Builds drivers that are written in Python: turns a folder with a `driver.py` into a WebAssembly component.
//!
//! The tool for it, componentize-py, is installed by [`Python::install`] into an environment of its own, so that nothing
//! else on the machine is touched. [`Python::build`] asks the SDK that is in the project's folder (`novarig/`, with the
//! contract in `novarig/wit/`) what the driver is, makes a component of it and of the interpreter, and writes into the file
//! what the host reads of it without running it.
//!
//! What Python takes from the operating system is replaced by stubs in the component: it imports the contract and nothing
//! else. The SDK sees to it that time and randomness are the simulation's.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::environment::{self, on_path};

/// The tool, in the version that is known to work with this host.
const TOOL: &str = "componentize-py";
const TOOL_VERSION: &str = "0.25.1";

/// The driver, in a project's folder.
const DRIVER: &str = "driver.py";

/// The SDK, in a project's folder, and the contract in it.
const SDK: &str = "novarig";
const CONTRACT: &str = "novarig/wit/v1.0";

/// The part of the SDK that is the component.
const COMPONENT: &str = "novarig._guest";

/// The section of a component that says what it is.
const SECTION: &str = "nova-virt-driver";

/// An environment in which drivers in Python are built.
#[derive(Clone, Debug)]
pub struct Python {
    bin: PathBuf,
}

/// A driver in Python could not be built.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// There is no Python.
    #[error("python3 is not on PATH; drivers in Python are built with Python 3.10 or later")]
    NoPython,
    /// There is no environment to be had.
    #[error(
        "python3 cannot make an environment of its own (python3 -m venv): {why}\n\
         On Debian, `apt-get install python3-venv` installs what is missing."
    )]
    NoEnvironment {
        /// What Python said.
        why: String,
    },
    /// The tool could not be installed.
    #[error(
        "{TOOL} {TOOL_VERSION} could not be installed: {why}\n\
         It is fetched once, from the registry that pip is set up for; is there a way to it?"
    )]
    NotInstalled {
        /// What pip said last.
        why: String,
    },
    /// A file or folder cannot be used.
    #[error("cannot use {}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder has no SDK.
    #[error("{} is missing; `novarig driver new NAME --lang python` makes a folder that has it", .path.display())]
    NoSdk {
        /// What is missing.
        path: PathBuf,
    },
    /// The driver's own code is not in order.
    #[error("{} is no driver: {why}", .project.display())]
    NoDriver {
        /// The folder.
        project: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// No component could be made.
    #[error("{} could not be made a component:\n{output}", .project.display())]
    Failed {
        /// The folder.
        project: PathBuf,
        /// What the tool said.
        output: String,
    },
}

impl Python {
    /// Is this the folder of a driver in Python?
    pub fn is_project(folder: &Path) -> bool {
        folder.join(DRIVER).is_file() && !folder.join("Cargo.toml").exists()
    }

    /// The environment in this folder; it is made if it is not there. `say` is told what takes time, a line at a time.
    ///
    /// # Errors
    /// [`PythonError`]: no Python, no `venv`, no way to the registry.
    pub fn install(folder: &Path, say: &mut dyn FnMut(&str)) -> Result<Python, PythonError> {
        let environment = folder.join(format!("{TOOL}-{TOOL_VERSION}"));
        let python = Python { bin: environment.join(if cfg!(windows) { "Scripts" } else { "bin" }) };
        let complete = environment.join("complete");
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| PythonError::Io { path, source }
        };
        if complete.exists() {
            return Ok(python);
        }
        fs::create_dir_all(folder).map_err(io(folder))?;
        let lock = folder.join("lock");
        let locked = File::create(&lock).and_then(|file| file.lock().map(|()| file)).map_err(io(&lock))?;
        if !complete.exists() {
            let system = on_path("python3").ok_or(PythonError::NoPython)?;
            say(&format!("installing {TOOL} {TOOL_VERSION} into {} (once)", environment.display()));
            // What an attempt that was cut off has left.
            if environment.exists() {
                fs::remove_dir_all(&environment).map_err(io(&environment))?;
            }
            succeed(python_command(&system).args(["-m", "venv"]).arg(&environment))
                .map_err(|why| PythonError::NoEnvironment { why })?;
            let package = format!("{TOOL}=={TOOL_VERSION}");
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
            succeed(python_command(python.program("python")).args(pip).arg(package))
                .map_err(|why| PythonError::NotInstalled { why: last_line(&why) })?;
            fs::write(&complete, "").map_err(io(&complete))?;
        }
        drop(locked);
        Ok(python)
    }

    /// Builds the driver in the folder `project` into the file `built`.
    ///
    /// # Errors
    /// [`PythonError`], with what Python said if the driver's code is not in order.
    pub fn build(&self, project: &Path, built: &Path) -> Result<(), PythonError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| PythonError::Io { path, source }
        };
        for part in [SDK, CONTRACT] {
            let path = project.join(part);
            if !path.is_dir() {
                return Err(PythonError::NoSdk { path });
            }
        }
        let no_driver = |why| PythonError::NoDriver { project: project.to_owned(), why };
        let metadata = succeed(
            python_command(self.program("python")).args(["-m", "novarig.describe"]).current_dir(project),
        )
        .map_err(no_driver)?;
        let is_layer = metadata.lines().any(|line| line == "kind\tlayer");
        let world = if is_layer { "virt-driver-layer" } else { "virt-driver" };

        let built = std::path::absolute(built).map_err(io(built))?;
        let folder = built.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(io(folder))?;
        let unfinished = built.with_extension("part");
        succeed(
            python_command(self.program(TOOL))
                .args(["--wit-path", CONTRACT, "--world", world, "componentize", "--stub-wasi", COMPONENT])
                .arg("--output")
                .arg(&unfinished)
                .current_dir(project),
        )
        .map_err(|output| PythonError::Failed { project: project.to_owned(), output })?;
        let mut component = fs::read(&unfinished).map_err(io(&unfinished))?;
        append_section(&mut component, SECTION, metadata.as_bytes());
        fs::write(&unfinished, component).map_err(io(&unfinished))?;
        fs::rename(&unfinished, &built).map_err(io(&built))
    }

    /// The interpreter, for a project's unit tests.
    pub fn interpreter(&self) -> PathBuf {
        self.program("python")
    }

    fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// A command that sees nothing of an outer build or of another environment of Python's.
fn python_command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = environment::command(program);
    for name in ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV"] {
        command.env_remove(name);
    }
    // The order in which a set of texts is gone through is then the same in every build.
    command.env("PYTHONHASHSEED", "0").env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// What a program printed; if it fails, what it said.
fn succeed(command: &mut Command) -> Result<String, String> {
    let Output { status, stdout, stderr } =
        command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let said = [text(&stdout), text(&stderr)];
    let said: Vec<&str> = said.iter().map(String::as_str).filter(|said| !said.is_empty()).collect();
    Err(if said.is_empty() { status.to_string() } else { said.join("\n") })
}

/// The last line that says something.
fn last_line(text: &str) -> String {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

/// Adds a custom section to a module or component.
fn append_section(wasm: &mut Vec<u8>, name: &str, content: &[u8]) {
    const CUSTOM: u8 = 0;
    let mut section = Vec::with_capacity(name.len() + content.len() + 5);
    leb128(&mut section, name.len());
    section.extend_from_slice(name.as_bytes());
    section.extend_from_slice(content);
    wasm.push(CUSTOM);
    leb128(wasm, section.len());
    wasm.extend_from_slice(&section);
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "these are seven bits")]
        let bits = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(bits);
            return;
        }
        out.push(bits | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_added_with_its_length() {
        let mut wasm = vec![];
        append_section(&mut wasm, "ab", &[7; 200]);
        assert_eq!(wasm[..6], [0, 0xcb, 0x01, 2, b'a', b'b']);
        assert_eq!(wasm.len(), 3 + 203);
    }

    #[test]
    fn a_folder_of_python_is_told_from_one_of_rust() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Python::is_project(folder.path()));
        fs::write(folder.path().join("driver.py"), "").unwrap();
        assert!(Python::is_project(folder.path()));
        fs::write(folder.path().join("Cargo.toml"), "").unwrap();
        assert!(!Python::is_project(folder.path()));
    }

    #[test]
    fn without_the_sdk_it_says_where_it_comes_from() {
        let folder = tempfile::tempdir().unwrap();
        let python = Python { bin: folder.path().to_owned() };
        let error = python.build(folder.path(), &folder.path().join("x.wasm")).unwrap_err().to_string();
        assert!(error.contains("driver new NAME --lang python"), "{error}");
    }

    #[test]
    fn what_a_program_says_last_is_told() {
        let why = succeed(
            Command::new("sh").args(["-c", "echo first; echo 'ERROR: no route' >&2; echo >&2; exit 3"]),
        );
        assert_eq!(last_line(&why.unwrap_err()), "ERROR: no route");
    }
}
