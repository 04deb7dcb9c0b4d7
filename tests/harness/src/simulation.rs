//! Running a test on a cloud of its own: set-up in stages, the test, tear-down, and the search for what was left.

use crate::cleanup::{CleanupError, panic_text};
use crate::cloud::TestCloud;
use crate::leaks::{Leak, leaks};
use conductor::{Cloud, CloudConfig, Retention};
use futures_util::FutureExt;
use model::{Bug, Fix, Options};
use runtime::simulation::simulate;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::Pin;
use std::time::Duration;

/// How long a wait may take unless the test says otherwise: longer than any time-out within the control plane, and no
/// time at all for whoever runs the test.
const WAIT_LIMIT: Duration = Duration::from_secs(300);

/// The stages of set-up after the checks whether to skip the test, cheapest first, so that a failure leaves as little
/// as possible behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The accounts the test acts for. The cloud's administrator is there without.
    Credentials,
    /// Whatever the test talks to the cloud with. [`Cloud::api`] is there without.
    Clients,
    /// What the test works on. The hosts are started at the beginning of this stage.
    Resources,
}

impl Stage {
    /// All of them, in the order they come.
    pub const ALL: [Stage; 3] = [Stage::Credentials, Stage::Clients, Stage::Resources];
}

type Check = Box<dyn FnOnce(&CloudConfig) -> Option<String>>;
type Hook = Box<dyn FnOnce(TestCloud) -> Pin<Box<dyn Future<Output = ()>>>>;

/// A test to be run, while it is being described.
#[must_use = "nothing happens before `run`"]
pub struct Simulation {
    config: CloudConfig,
    wait_limit: Duration,
    drivers: BTreeMap<String, Vec<u8>>,
    hosts: Vec<(String, String)>,
    checks: Vec<Check>,
    hooks: BTreeMap<Stage, Vec<Hook>>,
}

/// How a test went.
pub enum Outcome<T> {
    /// It was not run, for this reason.
    Skipped(String),
    /// It ended with this value.
    Passed(T),
    /// It, or its set-up, panicked with this.
    Failed(Box<dyn Any + Send>),
}

/// What became of a test and of what it made.
pub struct Report<T> {
    /// How it went.
    pub outcome: Outcome<T>,
    /// The clean-ups that failed, in the order they ran.
    pub cleanup_errors: Vec<CleanupError>,
    /// What was left although nobody said so.
    pub leaks: Vec<Leak>,
    /// What the test said would be left and was not.
    pub missing_leaks: Vec<Leak>,
    /// The whole trace, as lines of JSON.
    pub trace: Vec<u8>,
}

impl<T> Report<T> {
    /// The message the test failed with.
    pub fn failure(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Failed(panic) => Some(panic_text(&**panic)),
            Outcome::Passed(_) | Outcome::Skipped(_) => None,
        }
    }

    /// What went wrong in tear-down, the first error first; empty when nothing did.
    pub fn tear_down_problems(&self) -> Vec<String> {
        let errors = self.cleanup_errors.iter().map(|error| format!("clean-up failed: {error}"));
        let leaks = self.leaks.iter().map(|leak| format!("leaked: {leak}"));
        let missing =
            self.missing_leaks.iter().map(|leak| format!("expected to be leaked, but was not: {leak}"));
        errors.chain(leaks).chain(missing).collect()
    }
}

impl<T> fmt::Debug for Report<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match &self.outcome {
            Outcome::Skipped(reason) => format!("skipped: {reason}"),
            Outcome::Passed(_) => "passed".to_owned(),
            Outcome::Failed(panic) => format!("failed: {}", panic_text(&**panic)),
        };
        f.debug_struct("Report")
            .field("outcome", &outcome)
            .field("tear_down_problems", &self.tear_down_problems())
            .finish_non_exhaustive()
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Self::new()
    }
}

impl Simulation {
    /// A cloud without hosts, with Nova's default flavors and options, seed 0, and no bug switched on.
    pub fn new() -> Self {
        Self {
            config: CloudConfig { trace: true, ..CloudConfig::default() },
            wait_limit: WAIT_LIMIT,
            drivers: BTreeMap::new(),
            hosts: Vec::new(),
            checks: Vec::new(),
            hooks: BTreeMap::new(),
        }
    }

    /// Adds a compute host with a stack, such as `fake(vcpus=8)+fail-finish-migration` or `fake+./my-layer`.
    pub fn host(mut self, host: &str, stack: &str) -> Self {
        self.hosts.push((host.to_owned(), stack.to_owned()));
        self
    }

    /// Adds a driver or layer, a module or a component, that stacks can then name.
    pub fn driver(mut self, name: &str, wasm: impl Into<Vec<u8>>) -> Self {
        self.drivers.insert(name.to_owned(), wasm.into());
        self
    }

    /// Keeps only so much of what is over.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.config.retention = retention;
        self
    }

    /// Seeds everything random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Lets every message take a random time, up to so many milliseconds.
    pub fn delivery_delays(mut self, max_milliseconds: u64) -> Self {
        self.config.max_delivery_delay_ms = Some(max_milliseconds);
        self
    }

    /// Sets a configuration option, given as `name` or `group.name`.
    ///
    /// # Panics
    /// If there is no such option or the value does not fit.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        if let Err(error) = Options::set_by_name(&mut self.config.options, name, value) {
            panic!("{error}");
        }
        self
    }

    /// Switches an old bug on.
    pub fn bug(mut self, bug: Bug) -> Self {
        self.config.switches.bugs.insert(bug);
        self
    }

    /// Cures a present defect.
    pub fn fix(mut self, fix: Fix) -> Self {
        self.config.switches.fixes.insert(fix);
        self
    }

    /// Bounds every wait, in simulated time.
    pub fn wait_limit(mut self, limit: Duration) -> Self {
        self.wait_limit = limit;
        self
    }

    /// Adds a check whether the test is to be skipped, and why. Checks come before everything else and see the
    /// configuration only.
    pub fn skip_if(mut self, check: impl FnOnce(&CloudConfig) -> Option<String> + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// Adds to a stage of set-up. What it makes it registers with [`TestCloud::add_cleanup`]; it fails by panicking.
    pub fn set_up(mut self, stage: Stage, hook: impl AsyncFnOnce(&TestCloud) + 'static) -> Self {
        let hook: Hook = Box::new(move |cloud| Box::pin(async move { hook(&cloud).await }));
        self.hooks.entry(stage).or_default().push(hook);
        self
    }

    /// Sets up, runs the test, tears down. A panic of set-up or test goes on unchanged after tear-down, whose problems
    /// are then only printed; without one, problems in tear-down fail the test.
    pub fn run(self, test: impl AsyncFnOnce(&TestCloud)) {
        let report = self.try_run(test);
        let problems = report.tear_down_problems().join("\n");
        match report.outcome {
            Outcome::Skipped(reason) => eprintln!("skipped: {reason}"),
            Outcome::Passed(()) => assert!(problems.is_empty(), "tear-down:\n{problems}"),
            Outcome::Failed(panic) => {
                if !problems.is_empty() {
                    eprintln!("tear-down, after the test had failed:\n{problems}");
                }
                resume_unwind(panic);
            }
        }
    }

    /// Sets up, runs the test, tears down, and tells how all of that went. Panics only if the simulation itself cannot
    /// be set up.
    pub fn try_run<T>(self, test: impl AsyncFnOnce(&TestCloud) -> T) -> Report<T> {
        let Simulation { config, wait_limit, drivers, hosts, checks, hooks } = self;
        if let Some(reason) = checks.into_iter().find_map(|check| check(&config)) {
            return Report {
                outcome: Outcome::Skipped(reason),
                cleanup_errors: Vec::new(),
                leaks: Vec::new(),
                missing_leaks: Vec::new(),
                trace: Vec::new(),
            };
        }
        let simulated = simulate(|| async {
            let cloud = TestCloud::new(Cloud::new(config), drivers, wait_limit);
            let set_up_and_test = async {
                set_up(&cloud, hosts, hooks).await;
                test(&cloud).await
            };
            let outcome = match AssertUnwindSafe(set_up_and_test).catch_unwind().await {
                Ok(value) => Outcome::Passed(value),
                Err(panic) => {
                    if !cloud.failure_shown() {
                        eprintln!("before the test failed:\n{}", cloud.excerpt(None));
                    }
                    Outcome::Failed(panic)
                }
            };
            tear_down(&cloud, outcome).await
        });
        simulated.unwrap_or_else(|error| panic!("{error}"))
    }
}

async fn set_up(cloud: &TestCloud, hosts: Vec<(String, String)>, mut hooks: BTreeMap<Stage, Vec<Hook>>) {
    for stage in Stage::ALL {
        match stage {
            Stage::Credentials | Stage::Clients => {}
            Stage::Resources => {
                for (host, stack) in &hosts {
                    cloud.start_compute(host, stack).await;
                }
            }
        }
        for hook in hooks.remove(&stage).into_iter().flatten() {
            hook(cloud.clone()).await;
        }
    }
}

async fn tear_down<T>(cloud: &TestCloud, outcome: Outcome<T>) -> Report<T> {
    let cleanup_errors = cloud.clean_up().await;
    let mut missing_leaks = cloud.expected_leaks();
    let mut leaks = leaks(cloud).await;
    leaks.retain(|leak| match missing_leaks.iter().position(|expected| expected == leak) {
        Some(position) => {
            missing_leaks.remove(position);
            false
        }
        None => true,
    });
    Report { outcome, cleanup_errors, leaks, missing_leaks, trace: cloud.services().trace.to_json_lines() }
}
