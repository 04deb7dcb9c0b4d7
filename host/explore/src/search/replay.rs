//! A run that can be run again: scenario, plan, seed and switches, with what it broke and the digest of its trace.

use super::{EXPECTATIONS, breaks, violations, with_faults};
use crate::run::{ALIKE, RECOVERY, Run, RunConfig, RunError, Since, Stacks, run, tell_since};
use crate::scenario::{
    Expectation, FaultSpec, Hosts, MeanwhileSpec, MessageFaultSpec, Planned, QueryInvariant, Scenario,
    ScenarioError, ServiceFaultSpec, Step, WriteFaultSpec,
};
use model::{Bug, Fix, Switches};
use serde::{Deserialize, Serialize, Serializer};
use serde_saphyr::{FlowMap, FlowSeq};

/// A run that can be run again. Its file is YAML; paths of drivers in it are relative to where it is replayed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The invariant that was broken.
    pub violates: String,
    /// Digest of the trace; empty if it is not known.
    #[serde(default)]
    pub trace_digest: String,
    /// The seed of everything random.
    #[serde(default)]
    pub seed: u64,
    /// Old defects that were on.
    #[serde(default)]
    pub bugs: Vec<Bug>,
    /// Present defects that were cured.
    #[serde(default)]
    pub fixes: Vec<Fix>,
    /// The faults.
    #[serde(default)]
    pub plan: Vec<Planned>,
    /// What was done.
    pub scenario: Scenario,
}

/// What became of a replay.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The run.
    pub run: Run,
    /// Whether everything happened as it did before, to the byte.
    pub same_trace: bool,
    /// Whether the same invariant is broken.
    pub violates: bool,
}

impl Replay {
    /// The replay of a run, and what it breaks.
    pub(super) fn of(
        scenario: &Scenario,
        faults: Vec<Planned>,
        config: &RunConfig,
        invariant: &str,
        stacks: &Stacks,
    ) -> Result<(Self, String, Option<Since>), RunError> {
        let config = RunConfig { trace: true, ..config.clone() };
        let planned = with_faults(scenario, &faults);
        let mut run = run(&planned, &config, stacks)?;
        run.report.violations.retain(|violation| violation.invariant == invariant);
        tell_since(&mut run, &planned, &config, stacks)?;
        let shown = violations(&run).into_iter().find(|violation| violation.invariant == invariant);
        let replay = Self {
            violates: invariant.to_owned(),
            trace_digest: run.report.trace_digest.unwrap_or_default(),
            seed: config.seed,
            bugs: config.switches.bugs.iter().copied().collect(),
            fixes: config.switches.fixes.iter().copied().collect(),
            plan: faults,
            scenario: scenario.clone(),
        };
        let (message, since) =
            shown.map(|violation| (violation.message, violation.since)).unwrap_or_default();
        Ok((replay, message, since))
    }

    /// Reads a replay. `file` is what errors call it.
    ///
    /// # Errors
    /// [`ScenarioError`] for text that is not YAML, for keys and values that mean nothing, and for a scenario that makes no
    /// sense.
    pub fn from_yaml(file: &str, yaml: &str) -> Result<Self, ScenarioError> {
        let mut replay: Self =
            serde_saphyr::from_str(yaml).map_err(|wrong| ScenarioError::of_yaml(file, yaml, &wrong))?;
        file.clone_into(&mut replay.scenario.file);
        replay.scenario.check_steps()?;
        replay.planned().check_hosts()?;
        Ok(replay)
    }

    /// The file. It is short: steps and faults stand on a line each.
    pub fn to_yaml(&self) -> String {
        // A scenario that was read from YAML has nothing in it that YAML cannot express.
        serde_saphyr::to_string(self).unwrap_or_default()
    }

    /// The scenario with the plan in it.
    pub fn planned(&self) -> Scenario {
        with_faults(&self.scenario, &self.plan)
    }

    /// How it is run: as it was when it was found.
    pub fn config(&self) -> RunConfig {
        let switches = Switches {
            bugs: self.bugs.iter().copied().collect(),
            fixes: self.fixes.iter().copied().collect(),
        };
        let recover = [RECOVERY, ALIKE].contains(&&*self.violates);
        RunConfig { seed: self.seed, switches, trace: true, recover, ..RunConfig::default() }
    }

    /// Runs it again.
    ///
    /// # Errors
    /// [`RunError`] when it cannot be run.
    pub fn run(&self, stacks: &Stacks) -> Result<Replayed, RunError> {
        let (planned, config) = (self.planned(), self.config());
        let mut run = run(&planned, &config, stacks)?;
        tell_since(&mut run, &planned, &config, stacks)?;
        Ok(Replayed {
            same_trace: run.report.trace_digest.as_deref() == Some(&*self.trace_digest),
            violates: breaks(&run, &self.violates),
            run,
        })
    }
}

impl Serialize for Replay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The file, with what is as ever left out.
        #[derive(Serialize)]
        struct File<'a> {
            violates: &'a str,
            trace_digest: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            seed: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            bugs: Option<FlowSeq<&'a [Bug]>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            fixes: Option<FlowSeq<&'a [Fix]>>,
            plan: Vec<FlowMap<&'a Planned>>,
            scenario: Lean<'a>,
        }

        #[derive(Serialize)]
        struct Lean<'a> {
            name: &'a str,
            hosts: FlowMap<&'a Hosts>,
            #[serde(skip_serializing_if = "Option::is_none")]
            options: Option<FlowMap<&'a crate::scenario::OptionSettings>>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            flavors: Vec<FlowMap<&'a crate::scenario::FlavorSpec>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            delivery_delay_ms: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            delivery_order: Option<u64>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            faults: Vec<FlowMap<&'a FaultSpec>>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            service_faults: Vec<FlowMap<&'a ServiceFaultSpec>>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            message_faults: Vec<FlowMap<&'a MessageFaultSpec>>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            write_faults: Vec<FlowMap<&'a WriteFaultSpec>>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            meanwhile: Vec<FlowMap<&'a MeanwhileSpec>>,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            restart_crashed: bool,
            steps: Vec<FlowMap<&'a Step>>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            expect: Vec<FlowMap<&'a Expectation>>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            invariants: Vec<FlowMap<&'a QueryInvariant>>,
        }

        let scenario = &self.scenario;
        File {
            violates: &self.violates,
            trace_digest: &self.trace_digest,
            seed: Some(self.seed).filter(|seed| *seed != 0),
            bugs: Some(FlowSeq(&*self.bugs)).filter(|bugs| !bugs.0.is_empty()),
            fixes: Some(FlowSeq(&*self.fixes)).filter(|fixes| !fixes.0.is_empty()),
            plan: self.plan.iter().map(FlowMap).collect(),
            scenario: Lean {
                name: &scenario.name,
                hosts: FlowMap(&scenario.hosts),
                options: Some(FlowMap(&scenario.options)).filter(|options| !options.0.is_empty()),
                flavors: scenario.flavors.iter().map(FlowMap).collect(),
                delivery_delay_ms: scenario.delivery_delay_ms,
                delivery_order: scenario.delivery_order,
                faults: scenario.faults.iter().map(|fault| FlowMap(&fault.item)).collect(),
                service_faults: scenario.service_faults.iter().map(|fault| FlowMap(&fault.item)).collect(),
                message_faults: scenario.message_faults.iter().map(|fault| FlowMap(&fault.item)).collect(),
                write_faults: scenario.write_faults.iter().map(|fault| FlowMap(&fault.item)).collect(),
                meanwhile: scenario.meanwhile.iter().map(|other| FlowMap(&other.item)).collect(),
                restart_crashed: scenario.restart_crashed,
                steps: scenario.steps.iter().map(FlowMap).collect(),
                expect: if self.violates == EXPECTATIONS {
                    scenario.expect.iter().map(|expected| FlowMap(&expected.item)).collect()
                } else {
                    Vec::new()
                },
                invariants: scenario.invariants.iter().map(|query| FlowMap(&query.item)).collect(),
            },
        }
        .serialize(serializer)
    }
}
