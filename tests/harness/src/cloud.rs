//! The cloud a test acts on.

use crate::cleanup::{Cleanup, CleanupError};
use crate::excerpt;
use crate::leaks::Leak;
use crate::stacks;
use conductor::Cloud;
use futures_util::FutureExt;
use model::{HostName, Options, ServerId};
use runtime::TraceEvent;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Deref;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;
use virt::{CallError, Fault, FaultPoint, nova_error};

/// Lines of the trace a failure shows at most.
const EXCERPT_LINES: usize = 60;

/// A cloud under test: a [`Cloud`], which it dereferences to, with the harness's vocabulary on top. Clones are handles of
/// the same one.
///
/// The verbs (`resize_server`, `wait_for_…`, `assert_…`) panic with an excerpt of the trace when things are not as their
/// name says. What a test wants to see refused it asks [`Cloud::api`] for.
#[derive(Clone)]
pub struct TestCloud(Rc<Inner>);

struct Inner {
    cloud: Cloud,
    drivers: BTreeMap<String, Vec<u8>>,
    wait_limit: Duration,
    cleanups: RefCell<Vec<Cleanup>>,
    expected_leaks: RefCell<Vec<Leak>>,
    steps: Cell<usize>,
    within_step: Cell<bool>,
    failure_shown: Cell<bool>,
}

impl Deref for TestCloud {
    type Target = Cloud;

    fn deref(&self) -> &Cloud {
        &self.0.cloud
    }
}

/// A verb that is being carried out; ends when dropped.
pub(crate) struct Step<'c>(Option<&'c Cell<bool>>);

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if let Some(within) = self.0 {
            within.set(false);
        }
    }
}

impl TestCloud {
    pub(crate) fn new(cloud: Cloud, drivers: BTreeMap<String, Vec<u8>>, wait_limit: Duration) -> Self {
        Self(Rc::new(Inner {
            cloud,
            drivers,
            wait_limit,
            cleanups: RefCell::default(),
            expected_leaks: RefCell::default(),
            steps: Cell::new(0),
            within_step: Cell::new(false),
            failure_shown: Cell::new(false),
        }))
    }

    /// How long a wait may take, in simulated time.
    pub(crate) fn wait_limit(&self) -> Duration {
        self.0.wait_limit
    }

    /// Starts a compute host, which is stopped in tear-down. `stack` is a text such as `fake(vcpus=8)+./my-layer`.
    pub async fn start_compute(&self, host: &str, stack: &str) {
        let _step = self.step(|| format!("start compute {host} with {stack}"));
        let prepared = match stacks::prepare_with(stack, &self.0.drivers) {
            Ok(prepared) => prepared,
            Err(error) => self.fail(None, format_args!("host {host} has no driver: {error}")),
        };
        let name = HostName::from(host);
        let stopped = name.clone();
        self.add_cleanup(format!("stopping compute {host}"), async move |cloud: &TestCloud| {
            match cloud.stop_compute(&stopped).await {
                // It did not even start.
                Err(conductor::HostError::Unknown(..)) => Ok(()),
                outcome => outcome.map_err(|error| error.to_string()),
            }
        });
        if let Err(error) = self.0.cloud.start_compute(name, prepared).await {
            self.fail(None, format_args!("compute {host} was not started: {error}"));
        }
    }

    /// Sets a configuration option from now on, given as `name` or `group.name`.
    pub fn set_option(&self, name: &str, value: &str) {
        let outcome = self.services().options.update(|options| options.set_by_name(name, value));
        if let Err(error) = outcome {
            self.fail(None, error);
        }
    }

    /// The options in force.
    pub fn options(&self) -> Options {
        self.services().options.get().clone()
    }

    /// Runs `update_available_resource` on every host whose service runs, and fails if that fails anywhere.
    pub async fn run_periodics(&self) {
        let _step = self.step(|| "run periodics".to_owned());
        if let Err(error) = self.0.cloud.run_periodics().await {
            self.fail(None, format_args!("update_available_resource failed: {error}"));
        }
        self.at_rest().await;
    }

    /// Lets a driver call fail: `point` is written `host2:finish_migration#1`; without `#`, the first call.
    pub fn inject_fault(&self, point: &str, fault: Fault) {
        match point.parse::<FaultPoint>() {
            Ok(point) => self.faults().add(point, fault),
            Err(error) => self.fail(None, error),
        }
    }

    /// The guests of a host: their servers' uuids, or their names where the driver tells no uuids.
    pub async fn guests_of(&self, host: &HostName) -> Result<Vec<String>, String> {
        let hypervisor = self.hypervisor(host).map_err(|error| error.to_string())?;
        match hypervisor.list_instance_uuids().await {
            Err(CallError::Raised(virt::types::VirtError::NotImplemented)) => {
                hypervisor.list_instances().await.map_err(|error| error.to_string())
            }
            Err(CallError::Raised(error)) => Err(nova_error(&error).to_string()),
            Err(CallError::Failed(failure)) => Err(failure.to_string()),
            Ok(uuids) => Ok(uuids),
        }
    }

    /// Asserts that exactly these hosts have a guest for the server.
    pub async fn assert_guests(&self, server: ServerId, hosts: &[&str]) {
        let mut found = Vec::new();
        for host in self.host_names() {
            let guests = match self.guests_of(&host).await {
                Ok(guests) => guests,
                Err(error) => {
                    self.fail(Some(server), format_args!("{host} does not tell its guests: {error}"))
                }
            };
            let name = self.show_server(server).map(|server| format!("instance-{:08x}", server.number));
            if guests.iter().any(|guest| *guest == server.to_string() || Some(guest) == name.as_ref()) {
                found.push(host.to_string());
            }
        }
        self.check(Some(server), found == hosts, || format!("guests are on {found:?} and not on {hosts:?}"));
    }

    /// Registers a clean-up. Clean-ups run after the test, the last one first, whatever became of the test and of the
    /// other clean-ups. One that is registered just before what it undoes has to bear finding nothing to undo.
    pub fn add_cleanup<F>(&self, what: impl Into<String>, undo: F)
    where
        F: AsyncFnOnce(&TestCloud) -> Result<(), String> + 'static,
    {
        self.0.cleanups.borrow_mut().push(Cleanup::new(what, undo));
    }

    /// Says that this will be left after tear-down, because what the test shows leaves it behind. If it is not left, the
    /// test fails too.
    pub fn expect_leak(&self, leak: Leak) {
        self.0.expected_leaks.borrow_mut().push(leak);
    }

    pub(crate) fn expected_leaks(&self) -> Vec<Leak> {
        self.0.expected_leaks.borrow().clone()
    }

    /// Runs all clean-ups, also those that are registered meanwhile.
    pub(crate) async fn clean_up(&self) -> Vec<CleanupError> {
        let mut errors = Vec::new();
        loop {
            let next = self.0.cleanups.borrow_mut().pop();
            let Some(cleanup) = next else { return errors };
            errors.extend(cleanup.run(self).await.err());
        }
    }

    /// Marks the beginning of a verb in the trace, unless it is part of another one.
    pub(crate) fn step(&self, text: impl FnOnce() -> String) -> Step<'_> {
        let inner = &self.0;
        if inner.within_step.replace(true) {
            return Step(None);
        }
        let number = inner.steps.get() + 1;
        inner.steps.set(number);
        self.services().trace.record(|| TraceEvent::Step { number, text: text() });
        Step(Some(&inner.within_step))
    }

    /// Fails the test with a message and the lines of the trace that concern `server`, or the last ones of all.
    pub(crate) fn fail(&self, server: Option<ServerId>, problem: impl Display) -> ! {
        self.0.failure_shown.set(true);
        panic!("{problem}\n{}", self.excerpt(server));
    }

    /// Fails the test unless `holds`.
    pub(crate) fn check(&self, server: Option<ServerId>, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.fail(server, problem());
        }
    }

    /// The last lines of the trace, as a person reads them; those that concern `server`, if one is given.
    pub fn excerpt(&self, server: Option<ServerId>) -> String {
        excerpt::excerpt(&self.services().trace.records(), self.records(), server, EXCERPT_LINES)
    }

    /// Whether a failure already showed its excerpt.
    pub(crate) fn failure_shown(&self) -> bool {
        self.0.failure_shown.get()
    }

    /// Runs part of a test and answers the message it failed with, if it failed.
    pub async fn failure_of(&self, part: impl Future<Output = ()>) -> Option<String> {
        let outcome = AssertUnwindSafe(part).catch_unwind().await;
        self.0.failure_shown.set(false);
        outcome.err().map(|panic| crate::cleanup::panic_text(&*panic))
    }
}
