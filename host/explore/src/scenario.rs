//! Scenarios: the steps a user takes in a cloud, and what must be true after.
//!
//! A scenario is data. People write it as a YAML file (see [`Scenario::from_yaml`] for what errors look like), the built-in
//! ones are such files too ([`builtin()`]):
//!
//! ```yaml
//! name: resize
//! description: A server is resized to another host
//! hosts: {host1: fake, host2: fake+fail-finish-migration}
//! steps:
//!   - boot: {server: web, flavor: m1.small}
//!   - resize: {server: web, flavor: m1.medium}
//! expect:
//!   - server: {name: web, status: ERROR, host: host2, fault: Virtual Interface creation failed}
//! ```
//!
//! # Invariants of one's own
//!
//! Beside what it expects at its end, a scenario can have invariants of its own: queries over the state of the cloud, which
//! count as any other invariant does, under faults as well ([`QueryInvariant`]).
//!
//! # What happens when a step cannot be done
//!
//! *A request the API accepts is done*, whatever becomes of it: an operation that a driver fails later is no error of the
//! scenario. *A request the API refuses* is judged as the step says: with `refused: CODE` the refusal was wanted, and any
//! other answer is an unmet expectation. Without it the scenario's `refusals` decides: `fail`, the default, makes an
//! unmet expectation of it; `record` only notes it, for scenarios that are run under faults, whose later steps can
//! become impossible. The steps after it are taken in any case. A step about a server whose boot was refused is judged
//! like a refusal. A compute service that does not start, and a periodic task that fails, are their driver's doing and
//! are only noted. So is an exchange of a driver that the guests do not outlive, or that the new driver refuses.

mod action;
mod boot;
mod builtin;
mod check;
mod expectation;
mod fault;
mod host_steps;
mod hosts;
mod meanwhile;
mod message_fault;
mod planned;
mod query;
mod read;
mod service_fault;
mod target;
mod values;
mod write_fault;

pub use action::{
    Action, Advance, During, ExtendVolume, LiveMigrateServer, MigrateServer, OnVolume, RebootServer,
    ResizeServer, Step, SwapDriver, SwapVolume, WaitFor,
};
pub use boot::{BootServer, Counted, NewServerGroup};
pub use builtin::{BUILTIN, Builtin, DEFECTS, builtin};
pub use expectation::{
    AllocationsExpectation, AttachedExpectation, EventExpectation, Expectation, GuestsExpectation,
    ImagesExpectation, MigrationExpectation, NodeExpectation, ServerExpectation, UsagesExpectation,
};
pub use fault::{FaultSpec, Kind as FaultKind};
pub use host_steps::{Periodic, RunPeriodic};
pub use hosts::{Hosts, NoHostStack};
pub use meanwhile::{HeldPoint, MeanwhileSpec};
pub use message_fault::MessageFaultSpec;
pub use planned::{OrderSpec, Planned};
pub use query::{NoQuery, Query, QueryInvariant, QueryName};
pub use read::ScenarioError;
pub use service_fault::ServiceFaultSpec;
pub use target::{DisableHost, EvacuateServer, OnHost, OnServer, RebuildServer};
pub(crate) use values::show_amounts;
pub use values::{Amounts, OptionSettings, OrNone, Placed, Span};
pub use write_fault::{WriteFault, WriteFaultSpec};

use model::options::OptionError;
use model::{Flavor, FlavorId, HostName, Options};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use virt::Stack;

/// A scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// One line on what happens.
    #[serde(default)]
    pub description: String,
    /// What a refused request means.
    #[serde(default)]
    pub refusals: Refusals,
    /// The compute hosts, in the order in which they are started.
    pub hosts: Hosts,
    /// Options of the control plane, by Nova's names.
    #[serde(default)]
    pub options: OptionSettings,
    /// Flavors beside Nova's default ones (`m1.tiny` to `m1.xlarge`).
    #[serde(default)]
    pub flavors: Vec<FlavorSpec>,
    /// The longest time a message takes, in milliseconds; each takes a random time up to it. None: no time.
    #[serde(default)]
    pub delivery_delay_ms: Option<u64>,
    /// The seed of these times, if they are to have one of their own: another order of deliveries, all else being the same.
    #[serde(default)]
    pub delivery_order: Option<u64>,
    /// Faults that are planned before the first host starts.
    #[serde(default)]
    pub faults: Vec<Placed<FaultSpec>>,
    /// Faults of the volume, network and image services, planned at the same time.
    #[serde(default)]
    pub service_faults: Vec<Placed<ServiceFaultSpec>>,
    /// Faults of messages, planned at the same time.
    #[serde(default)]
    pub message_faults: Vec<Placed<MessageFaultSpec>>,
    /// Deaths of services as they write to the state of record, planned at the same time.
    #[serde(default)]
    pub write_faults: Vec<Placed<WriteFaultSpec>>,
    /// What others do at points of the run.
    #[serde(default)]
    pub meanwhile: Vec<Placed<MeanwhileSpec>>,
    /// Whether a host whose compute service died is started again, and periodic tasks run, once the step in which it died
    /// has come to rest. Else it stays away until a step starts it.
    #[serde(default)]
    pub restart_crashed: bool,
    /// What the user does.
    pub steps: Vec<Step>,
    /// What must be true at the end.
    #[serde(default)]
    pub expect: Vec<Placed<Expectation>>,
    /// Invariants of its own, beside those that every cloud is held against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invariants: Vec<Placed<QueryInvariant>>,
    /// The file it was read from, or its name if it is built in.
    #[serde(skip)]
    pub file: String,
}

/// What a refused request means if its step does not say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusals {
    /// It was to be accepted.
    #[default]
    Fail,
    /// It is noted.
    Record,
}

/// A flavor of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlavorSpec {
    /// The name, which is also its id unless `id` is given.
    pub name: String,
    /// The id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Processors.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mb: u64,
    /// Root disk in GiB.
    pub root_gb: u64,
    /// Ephemeral disk in GiB.
    #[serde(default)]
    pub ephemeral_gb: u64,
    /// Swap in MiB.
    #[serde(default)]
    pub swap_mb: u64,
    /// Extra specs.
    #[serde(default)]
    pub extra_specs: BTreeMap<String, String>,
}

impl FlavorSpec {
    /// The flavor.
    pub fn flavor(&self) -> Flavor {
        Flavor {
            id: FlavorId::from(self.id.as_deref().unwrap_or(&self.name)),
            name: self.name.clone(),
            vcpus: self.vcpus,
            memory_mb: self.memory_mb,
            root_gb: self.root_gb,
            ephemeral_gb: self.ephemeral_gb,
            swap_mb: self.swap_mb,
            extra_specs: self.extra_specs.clone(),
        }
    }
}

impl Scenario {
    /// All flavors of the cloud this scenario runs in: Nova's default ones, and its own.
    pub fn all_flavors(&self) -> Vec<Flavor> {
        Flavor::defaults().into_iter().chain(self.flavors.iter().map(FlavorSpec::flavor)).collect()
    }

    /// Every stack that is in service at some time, with its host: at first, and after a `swap_driver`.
    pub fn stacks(&self) -> impl Iterator<Item = (&HostName, &Stack)> {
        let swapped = self.steps.iter().filter_map(|step| match &step.item {
            Action::SwapDriver(swap) => Some((&swap.host, &swap.stack)),
            _ => None,
        });
        self.hosts.iter().chain(swapped)
    }

    /// Everything that is done, those that are done during others included.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.steps.iter().flat_map(|step| step.item.parts())
    }

    /// Has this stack in service everywhere and at all times; what an exchange puts over the driver it puts over the stack.
    pub fn set_all_stacks(&mut self, stack: &Stack) {
        self.hosts.set_all(stack);
        for step in &mut self.steps {
            if let Action::SwapDriver(swap) = &mut step.item {
                swap.stack.components.splice(..1, stack.components.iter().cloned());
            }
        }
    }

    /// The faults that are planned, before the first step or by one.
    pub fn planned_faults(&self) -> impl Iterator<Item = &FaultSpec> {
        let by_steps = self.actions().filter_map(|action| match action {
            Action::InjectFault(fault) => Some(fault),
            _ => None,
        });
        self.faults.iter().map(|fault| &fault.item).chain(by_steps)
    }

    /// The faults of services that are planned, before the first step or by one.
    pub fn planned_service_faults(&self) -> impl Iterator<Item = &ServiceFaultSpec> {
        let by_steps = self.actions().filter_map(|action| match action {
            Action::InjectServiceFault(fault) => Some(fault),
            _ => None,
        });
        self.service_faults.iter().map(|fault| &fault.item).chain(by_steps)
    }

    /// Whether faults are planned before the first host starts.
    pub fn has_faults(&self) -> bool {
        !(self.faults.is_empty()
            && self.service_faults.is_empty()
            && self.message_faults.is_empty()
            && self.write_faults.is_empty()
            && self.meanwhile.is_empty())
    }

    /// The same without the faults that are planned before the first host starts, and without what others do meanwhile.
    #[must_use]
    pub fn without_faults(&self) -> Self {
        Self {
            faults: Vec::new(),
            service_faults: Vec::new(),
            message_faults: Vec::new(),
            write_faults: Vec::new(),
            meanwhile: Vec::new(),
            ..self.clone()
        }
    }

    /// The control plane's options: the defaults, and over them the scenario's.
    pub fn all_options(&self) -> Result<Options, OptionError> {
        let mut options = Options::default();
        for (name, value) in self.options.iter() {
            options.set_by_name(name, value)?;
        }
        Ok(options)
    }
}
