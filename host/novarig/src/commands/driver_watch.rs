//! `novarig driver build --watch`: builds again whenever a file of the driver changes.
//!
//! A driver's folder has some dozens of files, so they are looked at four times a second: that works on every file system,
//! also on those that tell of no changes. What a build itself writes, and what editors leave beside a file, is no change;
//! several changes at once, as when a branch is checked out, are one. A build that fails is shown, and the next change is
//! waited for.

use super::driver_build::build;
use crate::output::{self, print};
use crate::stop::Stop;
use anyhow::Context;
use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often the folder is looked at.
const INTERVAL: Duration = Duration::from_millis(250);

/// Builds, waits for a change, and builds again, until Ctrl-C.
pub(crate) fn driver_watch(folder: &Path) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("the threads that watch cannot be started")?;
    let watched = runtime.block_on(watch(folder));
    // A build that still runs is for nobody.
    runtime.shutdown_background();
    watched.map(|()| true)
}

async fn watch(folder: &Path) -> anyhow::Result<()> {
    let look = || sources(folder).with_context(|| format!("cannot watch {}", folder.display()));
    let mut stop = Stop::listen().context("the system does not hand over Ctrl-C")?;
    // From before the build, so that what is changed while it runs is built too.
    let mut changes = Changes::since(look()?);
    loop {
        let built = tokio::task::spawn_blocking({
            let folder = folder.to_owned();
            move || build(&folder)
        });
        let built = tokio::select! {
            built = built => built.context("the build broke off")?,
            () = stop.wanted() => return Ok(()),
        };
        if let Err(error) = built {
            output::error(&error);
        }
        print("\nwatching for changes, until Ctrl-C\n");
        let changed = loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.wanted() => return Ok(()),
            }
            if let Some(changed) = changes.settled(look()?) {
                break changed;
            }
        };
        print(&format!("{} changed\n\n", changed.display()));
    }
}

/// The sources of a driver as they are at a moment: path from its folder, when it was written, and how long it is.
type Sources = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Decides from one look to the next whether it is time to build.
struct Changes {
    /// As they were built.
    built: Sources,
    /// As they were at the last look.
    seen: Sources,
}

impl Changes {
    fn since(sources: Sources) -> Self {
        Self { seen: sources.clone(), built: sources }
    }

    /// What has changed since the last build, as soon as nothing has changed between two looks: an editor writes a file in
    /// several steps. The first path of several.
    fn settled(&mut self, now: Sources) -> Option<PathBuf> {
        let at_rest = self.seen == now;
        self.seen = now;
        if !at_rest {
            return None;
        }
        let changed = difference(&self.built, &self.seen)?.to_owned();
        self.built.clone_from(&self.seen);
        Some(changed)
    }
}

/// The first path that is in one only, or not the same in both.
fn difference<'a>(before: &'a Sources, after: &'a Sources) -> Option<&'a Path> {
    let changed = after.iter().find(|(path, state)| before.get(*path) != Some(state));
    let gone = || before.iter().find(|(path, _)| !after.contains_key(*path));
    changed.or_else(gone).map(|(path, _)| path.as_path())
}

/// Looks at the sources in a folder. What goes away meanwhile is not there.
fn sources(folder: &Path) -> std::io::Result<Sources> {
    let mut found = Sources::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        let entries = match fs::read_dir(folder.join(&relative)) {
            Ok(entries) => entries,
            Err(error) if relative.as_os_str().is_empty() => return Err(error),
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            let Some(path) = source(&relative, &entry) else { continue };
            // Links are followed: what they lead to is built.
            let Ok(metadata) = fs::metadata(entry.path()) else { continue };
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else {
                found.insert(path, (metadata.modified().ok(), metadata.len()));
            }
        }
    }
    Ok(found)
}

fn source(relative: &Path, entry: &DirEntry) -> Option<PathBuf> {
    let name = entry.file_name();
    is_source(name.to_str()?).then(|| relative.join(&name))
}

/// Whether a file or folder has a part in what is built: all have but those that a build makes, hidden ones, and what editors
/// keep beside a file while it is written.
fn is_source(name: &str) -> bool {
    let made = matches!(name, "target" | "Cargo.lock" | "__pycache__");
    !made && !name.starts_with(['.', '#']) && !name.ends_with('~')
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn at(files: &[(&str, u64)]) -> Sources {
        files.iter().map(|(path, length)| (PathBuf::from(path), (None, *length))).collect()
    }

    #[test]
    fn it_is_time_to_build_when_a_change_has_come_to_rest() {
        let mut changes = Changes::since(at(&[("a", 1)]));
        assert_eq!(changes.settled(at(&[("a", 1)])), None);
        assert_eq!(changes.settled(at(&[("a", 2)])), None, "it may go on");
        assert_eq!(changes.settled(at(&[("a", 3)])), None, "it has");
        assert_eq!(changes.settled(at(&[("a", 3)])), Some("a".into()));
        assert_eq!(changes.settled(at(&[("a", 3)])), None, "it is built");
    }

    #[test]
    fn files_that_come_and_go_are_changes_and_one_that_was_changed_back_is_none() {
        let mut changes = Changes::since(at(&[("a", 1)]));
        changes.settled(at(&[("a", 1), ("b", 1)]));
        assert_eq!(changes.settled(at(&[("a", 1), ("b", 1)])), Some("b".into()));
        changes.settled(at(&[("b", 1)]));
        assert_eq!(changes.settled(at(&[("b", 1)])), Some("a".into()));
        changes.settled(at(&[("b", 2)]));
        changes.settled(at(&[("b", 1)]));
        assert_eq!(changes.settled(at(&[("b", 1)])), None);
    }

    #[test]
    fn what_a_build_or_an_editor_writes_is_no_source() {
        let folder = TempDir::new().unwrap();
        for file in [
            "Cargo.toml",
            "Cargo.lock",
            "src/lib.rs",
            "src/lib.rs~",
            "src/.lib.rs.swp",
            "src/#lib.rs#",
            "target/driver.wasm",
            ".git/index",
            "wit/a/world.wit",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        let found: Vec<PathBuf> = sources(folder.path()).unwrap().into_keys().collect();
        assert_eq!(found, ["Cargo.toml", "src/lib.rs", "wit/a/world.wit"].map(PathBuf::from));
        assert!(sources(&folder.path().join("nothing")).is_err());
    }
}
