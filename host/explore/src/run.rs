//! Running a scenario: a cloud is made in simulated time, the steps are taken one after the other, and what became of the
//! cloud is judged.
//!
//! A step is over when no message is under way and no handler runs; nothing waits on the wall clock. Each step begins a
//! second of simulated time after the one before came to rest, as a user's would. Scenario, stacks and configuration
//! decide everything: the same ones give the same report and the same trace, byte for byte.

mod judge;
mod meanwhile;
mod outcome;
mod recovery;
mod since;
mod steps;

pub use judge::{Judged, judge};
pub use outcome::{StepOutcome, StepReport};
pub use recovery::{ALIKE, DIFFERENCES, RECOVERY, Recovered};
pub use since::{Since, tell_since};

use crate::cloud_state::CloudState;
use crate::judging::Judging;
use crate::report::{FaultReport, HostReport, RunReport, Verdict};
use crate::scenario::{Placed, Scenario};
use conductor::{Cloud, CloudConfig, Retention};
use model::options::OptionError;
use model::{HostName, Switches};
use runtime::simulation::{SimulationError, simulate};
use runtime::trace::TraceRecord;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use steps::{Runner, Taken};
use virt::{Engine, Library, LoadError, Oracle, PreparedStack, Stack};

/// How a scenario is run.
#[derive(Clone, Debug, Default)]
pub struct RunConfig {
    /// The seed of everything random.
    pub seed: u64,
    /// Which known defects are on.
    pub switches: Switches,
    /// Whether a trace is kept. Without one there is no digest, and no timeline in the report.
    pub trace: bool,
    /// Whether it is tried at the end, when all else is judged, if an operator can recover the cloud. It is no part of the trace.
    pub recover: bool,
    /// What the recovered cloud is compared with; if there is nothing, with the one in which no fault was planned, recovered alike,
    /// which takes another run.
    pub like: Option<Arc<Recovered>>,
}

/// The stacks of a scenario, ready to run, and the oracles that judge it. One serves any number of runs.
#[derive(Clone, Debug)]
pub struct Stacks {
    stacks: BTreeMap<String, PreparedStack>,
    oracles: Vec<Arc<Oracle>>,
}

/// The stack of a host cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {error}")]
pub struct StackError {
    /// The host.
    pub host: HostName,
    /// What is wrong with its stack.
    pub error: Box<LoadError>,
}

impl Stacks {
    /// Loads, checks and compiles every stack of a scenario.
    ///
    /// # Errors
    /// [`StackError`] for the first that cannot be loaded.
    pub fn prepare(scenario: &Scenario, engine: &Engine, library: &Library) -> Result<Self, StackError> {
        let mut prepared: BTreeMap<String, PreparedStack> = BTreeMap::new();
        for (host, stack) in scenario.stacks() {
            if let Entry::Vacant(entry) = prepared.entry(stack.to_string()) {
                let ready = engine.prepare(stack, library);
                entry.insert(
                    ready.map_err(|error| StackError { host: host.clone(), error: Box::new(error) })?,
                );
            }
        }
        Ok(Self { stacks: prepared, oracles: Vec::new() })
    }

    /// The same, with oracles that judge every cloud.
    #[must_use]
    pub fn with_oracles(self, oracles: Vec<Arc<Oracle>>) -> Self {
        Self { oracles, ..self }
    }

    /// The oracles that judge every cloud.
    pub fn oracles(&self) -> &[Arc<Oracle>] {
        &self.oracles
    }

    /// A stack that was prepared.
    fn get(&self, stack: &Stack) -> Option<&PreparedStack> {
        self.stacks.get(&stack.to_string())
    }
}

/// A scenario could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An option of the scenario is not known or does not accept its value.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The stacks were prepared for another scenario.
    #[error("a stack of host {0} was not prepared")]
    NoStack(HostName),
    /// The simulation could not be set up.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

/// What a run left.
#[derive(Clone, Debug)]
pub struct Run {
    /// What became of the cloud.
    pub report: RunReport,
    /// The cloud as it was at the end.
    pub state: CloudState,
    /// Everything that happened; empty when no trace was kept.
    pub trace: Vec<TraceRecord>,
    /// What an operator's recovery made of the cloud, if it was tried.
    pub recovered: Option<Arc<Recovered>>,
}

impl Run {
    /// Everything that happened, as lines of JSON; the report's digest is that of these bytes.
    pub fn trace_json_lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for record in &self.trace {
            // Memory can always be written to, and the records hold nothing that JSON cannot express.
            if serde_json::to_writer(&mut lines, record).is_ok() {
                lines.push(b'\n');
            }
        }
        lines
    }
}

/// Runs a scenario.
///
/// # Errors
/// [`RunError`] when it could not begin. Whatever happens in the cloud is in the report.
pub fn run(scenario: &Scenario, config: &RunConfig, stacks: &Stacks) -> Result<Run, RunError> {
    let cloud_config = cloud_config(scenario, config, stacks)?;
    let like = match &config.like {
        None if config.recover && scenario.has_faults() => {
            let quiet = RunConfig { trace: false, ..config.clone() };
            run(&scenario.without_faults(), &quiet, stacks)?.recovered
        }
        like => like.clone(),
    };
    Ok(simulate(|| async move {
        let cloud = Cloud::new(cloud_config);
        let run = run_in(&cloud, scenario, config, stacks, like.as_deref()).await;
        cloud.dissolve();
        run
    })?)
}

/// What the cloud of a scenario is made with.
fn cloud_config(scenario: &Scenario, config: &RunConfig, stacks: &Stacks) -> Result<CloudConfig, RunError> {
    for (host, stack) in scenario.stacks() {
        stacks.get(stack).ok_or_else(|| RunError::NoStack(host.clone()))?;
    }
    Ok(CloudConfig {
        seed: config.seed,
        epoch: None,
        max_delivery_delay_ms: scenario.delivery_delay_ms,
        delivery_seed: scenario.delivery_order,
        trace: config.trace,
        retention: Retention::EVERYTHING,
        options: scenario.all_options()?,
        switches: config.switches.clone(),
    })
}

/// Plans the faults of a scenario, starts its hosts and takes its steps.
async fn take_steps(cloud: &Cloud, scenario: &Scenario, stacks: &Stacks) -> Taken {
    for flavor in &scenario.flavors {
        cloud.records().put_flavor(flavor.flavor());
    }
    for Placed { item: planned, .. } in &scenario.faults {
        cloud.faults().add(planned.at.clone(), planned.fault(None));
    }
    for Placed { item: planned, .. } in &scenario.service_faults {
        cloud.service_faults().add(planned.at.clone(), planned.raised());
    }
    let messages = cloud.services().bus.faults();
    for Placed { item: planned, .. } in &scenario.message_faults {
        messages.add(planned.at.clone(), planned.fault);
    }
    for Placed { item: planned, .. } in &scenario.write_faults {
        cloud.services().write_faults.add(planned.at.clone(), planned.when);
    }
    let runner = Runner::new(cloud, scenario, stacks);
    let steps = async {
        for (host, stack) in scenario.hosts.iter() {
            runner.start_host(host, stack).await;
        }
        for (number, step) in (1..).zip(&scenario.steps) {
            runner.take(number, step).await;
        }
    };
    if scenario.meanwhile.is_empty() {
        steps.await;
    } else {
        let others = meanwhile::meanwhile(&runner);
        tokio::select! {
            biased;
            () = others => {}
            () = steps => {}
        }
    }
    runner.finish()
}

async fn run_in(
    cloud: &Cloud,
    scenario: &Scenario,
    config: &RunConfig,
    stacks: &Stacks,
    like: Option<&Recovered>,
) -> Run {
    let Taken { steps, not_started, servers, meanwhile } = take_steps(cloud, scenario, stacks).await;
    let messages = cloud.services().bus.faults();
    let struck = cloud.faults().struck();
    let services_struck = cloud.service_faults().struck();
    let messages_struck = messages.struck();
    let writes_struck = cloud.services().write_faults.struck();
    // The digest comes first: what is asked of the drivers from here on is not part of the run.
    let trace = cloud.services().trace.records().clone();
    let trace_digest = config.trace.then(|| cloud.services().trace.digest());
    let state = CloudState::read(cloud).await;
    let expectations: Vec<_> =
        scenario.expect.iter().map(|expected| judge(&expected.item, &state, &servers, scenario)).collect();
    let judging = Judging::of(scenario, stacks);
    let mut violations = judging.check(&state);
    let mut recovered = None;
    if config.recover {
        let (left, ending) = recovery::recover(cloud).await;
        violations.extend(left);
        violations.extend(like.map(|like| ending.differences(like)).unwrap_or_default());
        recovered = Some(Arc::new(ending));
    }
    let met = steps.iter().all(|step| !step.outcome.is_failure()) && expectations.iter().all(Judged::holds);
    let planned = scenario.planned_faults().map(|fault| FaultReport::new(fault, &struck));
    let of_services = scenario.planned_service_faults();
    let of_services = of_services.map(|fault| FaultReport::of_service(fault, &services_struck));
    let of_messages = scenario.message_faults.iter().map(|fault| &fault.item);
    let of_messages = of_messages.map(|fault| FaultReport::of_message(fault, &messages_struck));
    let of_writes = scenario.write_faults.iter().map(|fault| &fault.item);
    let of_writes = of_writes.map(|fault| FaultReport::of_write(fault, &writes_struck));
    let of_others = scenario.meanwhile.iter().enumerate();
    let of_others =
        of_others.map(|(number, other)| FaultReport::of_meanwhile(&other.item, meanwhile.get(&number)));
    let report = RunReport {
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        seed: config.seed,
        bugs: config.switches.bugs.iter().copied().collect(),
        fixes: config.switches.fixes.iter().copied().collect(),
        verdict: if met && violations.is_empty() { Verdict::Pass } else { Verdict::Fail },
        hosts: scenario
            .hosts
            .iter()
            .map(|(host, stack)| HostReport {
                name: host.clone(),
                stack: stack.to_string(),
                not_started: not_started.get(host).cloned(),
            })
            .collect(),
        steps,
        faults: planned.chain(of_services).chain(of_messages).chain(of_writes).chain(of_others).collect(),
        expectations,
        own_invariants: judging.own(),
        violations,
        trace_digest,
        ..RunReport::of_state(&state)
    };
    Run { report, state, trace, recovered }
}
