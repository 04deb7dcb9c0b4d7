//! `novarig driver build --watch`: builds again whenever a file of the driver changes.
//!
//! The system tells of changes. What a build itself writes, and what editors leave beside a file, is none; several changes
//! at once, as when a branch is checked out, are one. A build that fails is shown, and the next change is waited for.

use super::driver_build::build;
use crate::output::{self, print};
use crate::stop::Stop;
use anyhow::Context;
use notify::{Event, EventKind, RecursiveMode, Watcher};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// How long nothing may change before it is built: an editor writes a file in several steps.
const SETTLED: Duration = Duration::from_millis(100);

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
    let root = folder.canonicalize().with_context(|| format!("cannot watch {}", folder.display()))?;
    let mut stop = Stop::listen().context("the system does not hand over Ctrl-C")?;
    let (sender, mut changes) = unbounded_channel();
    let from = root.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let change = match event {
            Ok(event) => change_of(&from, &event),
            Err(error) => Some(Err(error)),
        };
        if let Some(change) = change {
            // Nobody waits any more when it ends.
            let _ = sender.send(change);
        }
    })
    .context("the system does not tell of changes")?;
    watcher
        .watch(&root, RecursiveMode::Recursive)
        .with_context(|| format!("cannot watch {}", folder.display()))?;
    loop {
        let folder = folder.to_owned();
        let built = tokio::task::spawn_blocking(move || build(&folder));
        let built = tokio::select! {
            built = built => built.context("the build broke off")?,
            () = stop.wanted() => return Ok(()),
        };
        if let Err(error) = built {
            output::error(&error);
        }
        print("\nwatching for changes, until Ctrl-C\n");
        let changed = tokio::select! {
            changed = settled(&mut changes) => changed?,
            () = stop.wanted() => return Ok(()),
        };
        print(&format!("{} changed\n\n", changed.display()));
    }
}

type Change = Result<PathBuf, notify::Error>;

/// Waits for a change, and until nothing more changes; answers the first.
async fn settled(changes: &mut UnboundedReceiver<Change>) -> anyhow::Result<PathBuf> {
    let gone = "the system tells of no more changes";
    let first = changes.recv().await.context(gone)?.context(gone)?;
    while let Ok(next) = tokio::time::timeout(SETTLED, changes.recv()).await {
        next.context(gone)?.context(gone)?;
    }
    Ok(first)
}

/// The source that an event changed, relative to the driver's folder; none if it changed none.
fn change_of(root: &Path, event: &Event) -> Option<Change> {
    // To read a file is an event, too.
    if matches!(event.kind, EventKind::Access(_)) {
        return None;
    }
    let mut relative = event.paths.iter().map(|path| path.strip_prefix(root).unwrap_or(path));
    relative.find(|path| is_source(path)).map(|path| Ok(path.to_owned()))
}

/// Whether a file of the folder has a part in what is built: all do but those that the build makes, hidden ones, and what
/// editors keep beside a file while it is written.
fn is_source(relative: &Path) -> bool {
    const BUILT: [&str; 3] = ["target", "Cargo.lock", "__pycache__"];
    let mut names = relative.components().filter_map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    relative.components().next().is_some()
        && names.all(|name| {
            let of_an_editor = name.ends_with('~') || name.starts_with('#') || name == "4913";
            !BUILT.contains(&name) && !name.starts_with('.') && !of_an_editor
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{AccessKind, CreateKind, ModifyKind, RemoveKind};

    fn change(kind: EventKind, paths: &[&str]) -> Option<PathBuf> {
        let mut event = Event::new(kind);
        for path in paths {
            event = event.add_path(Path::new("/driver").join(path));
        }
        change_of(Path::new("/driver"), &event).map(|change| change.unwrap())
    }

    #[test]
    fn a_source_that_is_written_made_or_removed_is_a_change() {
        for kind in [
            EventKind::Modify(ModifyKind::Any),
            EventKind::Create(CreateKind::File),
            EventKind::Remove(RemoveKind::File),
        ] {
            for source in ["src/lib.rs", "Cargo.toml", "wit/a/world.wit", "driver.py"] {
                assert_eq!(change(kind, &[source]), Some(PathBuf::from(source)));
            }
        }
    }

    #[test]
    fn what_is_read_or_built_or_an_editors_own_is_none() {
        assert_eq!(change(EventKind::Access(AccessKind::Any), &["src/lib.rs"]), None);
        let written = EventKind::Modify(ModifyKind::Any);
        for other in
            ["target/driver.wasm", "Cargo.lock", ".git/index", "src/.lib.rs.swp", "src/lib.rs~", "src/#lib.rs#", ""]
        {
            assert_eq!(change(written, &[other]), None, "{other}");
        }
        assert_eq!(change(written, &["src/lib.rs~", "src/lib.rs"]), Some(PathBuf::from("src/lib.rs")));
    }

    #[tokio::test(start_paused = true)]
    async fn several_changes_at_once_are_one() {
        let (sender, mut changes) = unbounded_channel();
        for name in ["a", "b", "c"] {
            sender.send(Ok(PathBuf::from(name))).unwrap();
        }
        let later = tokio::spawn(async move {
            tokio::time::sleep(SETTLED / 2).await;
            sender.send(Ok(PathBuf::from("d"))).unwrap();
            tokio::time::sleep(SETTLED * 3).await;
            sender.send(Ok(PathBuf::from("e"))).unwrap();
        });
        assert_eq!(settled(&mut changes).await.unwrap(), Path::new("a"));
        assert_eq!(settled(&mut changes).await.unwrap(), Path::new("e"));
        later.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_system_tells_no_more_it_is_an_error() {
        let (sender, mut changes) = unbounded_channel();
        sender.send(Err(notify::Error::generic("the watch is gone"))).unwrap();
        let error = format!("{:#}", settled(&mut changes).await.unwrap_err());
        assert_eq!(error, "the system tells of no more changes: the watch is gone");
    }
}
