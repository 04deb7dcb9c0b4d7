//! The bench on which a rule is tried: hosts with the stack, and calls that are watched.

use crate::rule::Stop;
use crate::samples;
use crate::subject::Subject;
use crate::world::{self, Manager};
use runtime::Clock;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;
use virt::types::{Capability, Instance, PowerState, VirtError};
use virt::{CallError, Fault, FaultPlan, FaultPoint, Hypervisor, HypervisorEnv, Method, PreparedStack};

/// Simulated time after which a call counts as one that never answers. The longest honest one is a live migration.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A world for one attempt.
pub(crate) struct Bench<'s> {
    pub(crate) subject: &'s Subject<'s>,
    pub(crate) clock: Clock,
    pub(crate) manager: Rc<Manager>,
    faults: FaultPlan,
}

/// A host of that world.
pub(crate) struct Host {
    /// Its driver.
    pub(crate) driver: Hypervisor,
    env: HypervisorEnv,
    stack: PreparedStack,
}

/// Waits for a call. The error is a stack that broke, or that does not answer.
pub(crate) async fn watch<T>(
    method: &'static str,
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<Result<T, VirtError>, Stop> {
    let answer = tokio::time::timeout(PATIENCE, call).await;
    match answer {
        Ok(Ok(answer)) => Ok(Ok(answer)),
        Ok(Err(CallError::Raised(error))) => Ok(Err(error)),
        Ok(Err(CallError::Failed(failure))) => Err(Stop::Fell {
            method: failure.method.name(),
            found: format!("{}: it {}", failure.method, failure.cause),
        }),
        Err(_) => {
            let found = format!("no answer within {} s of simulated time", PATIENCE.as_secs());
            Err(Stop::Fell { method, found })
        }
    }
}

/// Waits for a call that has to succeed for the attempt to go on.
pub(crate) async fn must<T>(
    method: &'static str,
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, Stop> {
    watch(method, call).await?.map_err(|error| Stop::Raised { method, error })
}

/// Calls a method of a host's driver that has to succeed: `call!(host.spawn(request))`.
macro_rules! call {
    ($host:ident.$method:ident($($argument:expr),* $(,)?)) => {
        $crate::bench::must(stringify!($method), $host.driver.$method($($argument),*)).await?
    };
}
pub(crate) use call;

/// Calls one that may raise: the answer or the exception.
macro_rules! attempt {
    ($host:ident.$method:ident($($argument:expr),* $(,)?)) => {
        $crate::bench::watch(stringify!($method), $host.driver.$method($($argument),*)).await?
    };
}
pub(crate) use attempt;

/// Calls one that has to raise one of these exceptions.
macro_rules! raises {
    ($host:ident.$method:ident($($argument:expr),* $(,)?), $expected:literal, $pattern:pat) => {
        match $crate::bench::watch(stringify!($method), $host.driver.$method($($argument),*)).await? {
            Err($pattern) => {}
            Err(error) => return Err($crate::rule::Stop::Raised { method: stringify!($method), error }),
            Ok(_) => {
                return Err($crate::rule::Stop::Broken {
                    expected: concat!(stringify!($method), " raises ", $expected).to_owned(),
                    found: "it answered success".to_owned(),
                });
            }
        }
    };
}
pub(crate) use raises;

/// The rule is broken unless this holds.
pub(crate) fn expect(
    holds: bool,
    expected: impl Into<String>,
    found: impl FnOnce() -> String,
) -> Result<(), Stop> {
    if holds { Ok(()) } else { Err(Stop::Broken { expected: expected.into(), found: found() }) }
}

impl<'s> Bench<'s> {
    pub(crate) fn new(subject: &'s Subject<'s>) -> Self {
        Self {
            subject,
            clock: world::clock(),
            manager: Rc::new(Manager::default()),
            faults: FaultPlan::new(),
        }
    }

    /// The first host, started.
    pub(crate) async fn host(&self) -> Result<Host, Stop> {
        self.host_named("host1").await
    }

    /// The second host, started.
    pub(crate) async fn other_host(&self) -> Result<Host, Stop> {
        self.host_named("host2").await
    }

    /// A host of this name, started.
    pub(crate) async fn host_named(&self, name: &str) -> Result<Host, Stop> {
        self.start(name, self.subject.prepared.clone()).await
    }

    /// A host with the driver of the stack alone, started.
    pub(crate) async fn host_without_layers(&self) -> Result<Host, Stop> {
        let driver = self.subject.driver_alone.clone().unwrap_or_else(|| self.subject.prepared.clone());
        self.start("host1", driver).await
    }

    /// The first host and a server that runs on it.
    pub(crate) async fn host_with_guest(&self) -> Result<(Host, Instance), Stop> {
        let host = self.host().await?;
        let server = samples::server("a");
        host.spawn(&server).await?;
        Ok((host, server))
    }

    async fn start(&self, name: &str, stack: PreparedStack) -> Result<Host, Stop> {
        let env = world::env(name, self.clock, self.faults.clone(), self.manager.clone());
        Host::start(stack, env).await
    }

    /// A host in a world of its own.
    pub(crate) async fn start_alone(stack: PreparedStack) -> Result<Host, Stop> {
        let env = world::env("host1", world::clock(), FaultPlan::new(), Rc::new(Manager::default()));
        Host::start(stack, env).await
    }

    /// The first host, not started yet.
    pub(crate) fn host_without_service(&self) -> Host {
        let env = world::env("host1", self.clock, self.faults.clone(), self.manager.clone());
        Host::new(self.subject.prepared.clone(), env)
    }

    /// Lets a fault strike the next call of a method on a host.
    pub(crate) fn strike(&self, host: &Host, method: Method, fault: Fault) {
        self.faults.clear();
        self.faults.reset_counts();
        self.faults.add(FaultPoint { host: host.env.host.clone(), method, n: 1 }, fault);
    }
}

impl Host {
    fn new(stack: PreparedStack, env: HypervisorEnv) -> Host {
        Host { driver: Hypervisor::start(stack.clone(), env.clone()), env, stack }
    }

    async fn start(stack: PreparedStack, env: HypervisorEnv) -> Result<Host, Stop> {
        let host = Host::new(stack, env);
        call!(host.init_host(host.name()));
        Ok(host)
    }

    pub(crate) fn name(&self) -> String {
        self.env.host.to_string()
    }

    /// The compute service ends, and begins anew with what the hypervisor has kept.
    pub(crate) async fn restart(self) -> Result<Host, Stop> {
        let Host { driver, env, stack } = self;
        drop(driver);
        Host::start(stack, env).await
    }

    /// The agent dies; what is called next finds a new one.
    pub(crate) async fn kill_agent(&self, bench: &Bench<'_>) {
        bench.strike(self, Method::GetNumInstances, Fault::Trap);
        // It fails, as it is to.
        let _ = self.driver.get_num_instances().await;
    }

    pub(crate) async fn capabilities(&self) -> Result<Vec<Capability>, Stop> {
        Ok(call!(self.capabilities()))
    }

    /// The node that the host looks after; the first, if there are several.
    pub(crate) async fn node(&self) -> Result<String, Stop> {
        let nodes = call!(self.get_available_nodes(true));
        let none = || Stop::Broken {
            expected: "get_available_nodes names at least one node".to_owned(),
            found: "none".to_owned(),
        };
        nodes.into_iter().next().ok_or_else(none)
    }

    /// Makes a guest that runs.
    pub(crate) async fn spawn(&self, server: &Instance) -> Result<(), Stop> {
        call!(self.spawn(samples::spawn(server)));
        Ok(())
    }

    pub(crate) async fn destroy(&self, server: &Instance) -> Result<(), Stop> {
        call!(self.destroy(samples::destroy(server)));
        Ok(())
    }

    /// The names of the guests, in order.
    pub(crate) async fn guests(&self) -> Result<Vec<String>, Stop> {
        let mut names = call!(self.list_instances());
        names.sort();
        Ok(names)
    }

    /// What the driver knows of a guest; none: there is none.
    pub(crate) async fn state(&self, server: &Instance) -> Result<Option<PowerState>, Stop> {
        match attempt!(self.get_info(server.clone(), false)) {
            Ok(info) => Ok(Some(info.state)),
            Err(VirtError::InstanceNotFound(_)) => Ok(None),
            Err(error) => Err(Stop::Raised { method: "get_info", error }),
        }
    }

    /// The guests are these, and get_info knows each; `when` says after what.
    pub(crate) async fn expect_guests(&self, servers: &[&Instance], when: &str) -> Result<(), Stop> {
        let mut names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
        names.sort();
        let found = self.guests().await?;
        expect(found == names, format!("{when}, list_instances names {}", list(&names)), || list(&found))
    }

    /// The guest is in this state; `when` says after what.
    pub(crate) async fn expect_state(
        &self,
        server: &Instance,
        state: PowerState,
        when: &str,
    ) -> Result<(), Stop> {
        self.expect_state_in(server, &[state], when).await
    }

    /// The guest is in one of these states.
    pub(crate) async fn expect_state_in(
        &self,
        server: &Instance,
        states: &[PowerState],
        when: &str,
    ) -> Result<(), Stop> {
        let found = self.state(server).await?;
        let wanted: Vec<String> = states.iter().map(|state| format!("{state:?}").to_lowercase()).collect();
        expect(
            found.is_some_and(|found| states.contains(&found)),
            format!("{when}, get_info says {}", short(&wanted.join(" or "))),
            || {
                found.map_or("there is no guest".to_owned(), |state| {
                    short(&format!("{state:?}").to_lowercase())
                })
            },
        )
    }

    /// There is no guest of this server.
    pub(crate) async fn expect_gone(&self, server: &Instance, when: &str) -> Result<(), Stop> {
        let names = self.guests().await?;
        let expected = format!("{when}, there is no guest");
        expect(!names.contains(&server.name), expected.clone(), || {
            format!("list_instances names {}", server.name)
        })?;
        let found = self.state(server).await?;
        expect(found.is_none(), expected, || "get_info knows it".to_owned())
    }
}

/// The last word of a generated name, `powerstate::running`.
fn short(text: &str) -> String {
    text.replace("powerstate::", "")
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
