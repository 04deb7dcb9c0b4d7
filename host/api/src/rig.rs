//! The thread a cloud lives on, and how requests reach it.
//!
//! Everything of a cloud is on one thread, within tokio's current-thread runtime and a local set. The server's threads
//! put requests into a bounded queue; each becomes a task there, so that one that waits holds up no other.
//!
//! Time is the machine's, or it is virtual: then the runtime's clock is paused and stands still but for
//! [`StandStill::advance`]. A paused clock would jump to the next timer whenever nothing runs; tokio does not let it
//! while a blocking task is under way, so one is kept that does nothing.

use crate::caller::Requester;
use crate::dispatch;
use crate::identity::directory;
use crate::ldap::{Operation, Outcome};
use crate::placement::{ChannelEngine, EngineWork};
use crate::world::{AuthMode, PrepareError, World, WorldConfig};
use axum::http::{Request, Response};
use bytes::Bytes;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;
use virt::{Engine, Library};

/// How many requests may wait for the cloud's thread before further ones are held up.
const WAITING: usize = 1_024;

/// How time passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeMode {
    /// As on the machine's clock.
    #[default]
    Real,
    /// Only when somebody asks for it.
    Virtual,
}

/// The cloud's thread did not start.
#[derive(Debug, thiserror::Error)]
pub enum RigError {
    /// The system refused a thread or a runtime.
    #[error("the cloud's thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The engine could not be set up; the text says why.
    #[error("{0}")]
    Engine(String),
    /// A host did not start.
    #[error(transparent)]
    Hosts(#[from] PrepareError),
    /// It ended before it said that it is ready.
    #[error("the cloud's thread ended before it was ready")]
    Ended,
}

/// What is asked of the cloud's thread.
pub(crate) enum Job {
    /// To answer a request.
    Answer {
        /// The request.
        request: Box<Request<Bytes>>,
        /// Where the answer goes.
        answer: oneshot::Sender<Response<Bytes>>,
    },
    /// Whose token this is.
    Who {
        /// The token.
        token: String,
        /// Where the answer goes.
        answer: oneshot::Sender<Option<Requester>>,
    },
    /// Something of the directory.
    Directory {
        /// What.
        operation: Box<Operation>,
        /// The id of the user who asks.
        bound: Option<String>,
        /// Where the answer goes, with the id of the user that a bind has proved.
        answer: oneshot::Sender<(Outcome, Option<String>)>,
    },
}

/// The handle on a cloud that runs on a thread of its own. The cloud ends when the last clone of what it hands out is gone.
#[derive(Debug)]
pub struct Rig {
    auth: AuthMode,
    line: Line,
    placement: ChannelEngine,
}

/// The way to the cloud's thread.
#[derive(Clone, Debug)]
pub(crate) struct Line(mpsc::Sender<Job>);

impl Line {
    /// The way to whoever takes these jobs.
    #[cfg(test)]
    pub(crate) fn to(jobs: mpsc::Sender<Job>) -> Self {
        Self(jobs)
    }

    /// Has the cloud answer a request. None when the cloud is gone.
    pub(crate) async fn ask(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let (answer, answered) = oneshot::channel();
        let request = Box::new(request);
        self.0.send(Job::Answer { request, answer }).await.ok()?;
        answered.await.ok()
    }

    /// Does something of the directory for a user; answers the outcome, and the user that a bind has proved. None when the
    /// cloud is gone.
    pub(crate) async fn directory(
        &self,
        operation: Operation,
        bound: Option<String>,
    ) -> Option<(Outcome, Option<String>)> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Job::Directory { operation: Box::new(operation), bound, answer }).await.ok()?;
        answered.await.ok()
    }

    /// Whose token this is; none when it is nobody's.
    pub(crate) async fn who(&self, token: String) -> Option<Requester> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Job::Who { token, answer }).await.ok()?;
        answered.await.ok().flatten()
    }
}

impl Rig {
    /// Starts a cloud on a thread of its own and waits until its hosts are up. `tools` is called on that thread.
    pub fn start<T>(config: WorldConfig, tools: T) -> Result<Self, RigError>
    where
        T: FnOnce() -> Result<(Engine, Library), String> + Send + 'static,
    {
        let auth = config.auth;
        let (jobs, incoming) = mpsc::channel(WAITING);
        let (placement, work) = ChannelEngine::new();
        let (ready, is_ready) = std::sync::mpsc::channel();
        // It ends when nobody can send it anything any more.
        std::thread::Builder::new()
            .name("cloud".to_owned())
            .spawn(move || run(config, tools, incoming, work, &ready))?;
        is_ready.recv().unwrap_or(Err(RigError::Ended))?;
        Ok(Self { auth, line: Line(jobs), placement })
    }

    /// How users are known.
    pub(crate) fn auth(&self) -> AuthMode {
        self.auth
    }

    pub(crate) fn line(&self) -> Line {
        self.line.clone()
    }

    pub(crate) fn placement(&self) -> ChannelEngine {
        self.placement.clone()
    }
}

type Ready = std::sync::mpsc::Sender<Result<(), RigError>>;

fn run<T>(
    config: WorldConfig,
    tools: T,
    incoming: mpsc::Receiver<Job>,
    work: mpsc::Receiver<EngineWork>,
    ready: &Ready,
) where
    T: FnOnce() -> Result<(Engine, Library), String>,
{
    let tell = |outcome: Result<(), RigError>| drop(ready.send(outcome));
    let paused = config.time == TimeMode::Virtual;
    let runtime = match Builder::new_current_thread().enable_time().start_paused(paused).build() {
        Ok(runtime) => runtime,
        Err(error) => return tell(Err(error.into())),
    };
    let (engine, library) = match tools() {
        Ok(tools) => tools,
        Err(problem) => return tell(Err(RigError::Engine(problem))),
    };
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let world = Rc::new(World::new(config, engine, library));
        if let Err(error) = world.start_hosts().await {
            return tell(Err(error.into()));
        }
        world.still.begin();
        tell(Ok(()));
        answer_all(&world, incoming, work).await;
    });
    // Tasks hold handles to one another: dropping them within the runtime lets their timers be removed in order.
    let _inside = runtime.enter();
    drop(local);
}

/// Answers requests until nobody is left who could send one.
async fn answer_all(
    world: &Rc<World>,
    mut incoming: mpsc::Receiver<Job>,
    mut work: mpsc::Receiver<EngineWork>,
) {
    loop {
        tokio::select! {
            job = incoming.recv() => match job {
                // Whoever asked and went away does not want to know any more.
                Some(Job::Who { token, answer }) => drop(answer.send(Requester::of_token(world, &token))),
                Some(Job::Directory { operation, bound, answer }) => {
                    let mut identity = world.identity.borrow_mut();
                    drop(answer.send(directory::perform(&mut identity, *operation, bound.as_deref())));
                }
                Some(Job::Answer { request, answer }) => {
                    let world = Rc::clone(world);
                    tokio::task::spawn_local(async move {
                        // A client that went away is not waited for; what it asked is done all the same.
                        drop(answer.send(dispatch::answer(&world, *request).await));
                    });
                }
                None => return,
            },
            Some(work) = work.recv() => world.cloud().placement().update(|placement| work(placement)),
        }
    }
}

/// Keeps virtual time where it is.
#[derive(Debug)]
pub(crate) struct StandStill {
    time: TimeMode,
    held: RefCell<Option<Held>>,
}

/// The blocking task that keeps the clock from moving: it ends when the sender goes.
#[derive(Debug)]
struct Held {
    _release: std::sync::mpsc::Sender<()>,
}

impl StandStill {
    /// Time that still moves.
    pub(crate) fn new(time: TimeMode) -> Self {
        Self { time, held: RefCell::default() }
    }

    /// From here on virtual time stands still. Real time cannot be stopped.
    pub(crate) fn begin(&self) {
        if self.time == TimeMode::Virtual {
            let (release, released) = std::sync::mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || {
                // It ends with an error, when the sender goes.
                let _ = released.recv();
            });
            self.held.replace(Some(Held { _release: release }));
        }
    }

    /// Lets virtual time pass, with everything that happens meanwhile in its order. False for real time.
    pub(crate) async fn advance(&self, duration: Duration) -> bool {
        if self.time == TimeMode::Real {
            return false;
        }
        let was_held = self.held.take().is_some();
        tokio::time::sleep(duration).await;
        if was_held {
            self.begin();
        }
        true
    }
}
