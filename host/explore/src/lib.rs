//! Scenarios, invariants and reports: what is done in a cloud, what must be true of it after, and how that is shown.
//!
//! A [`Scenario`] is data, read from YAML or built in. [`run`](run::run) takes its steps in a cloud of its own, in simulated
//! time, and leaves a [`Run`]: the cloud as it was at the end ([`CloudState`]), the trace, and a [`RunReport`] that says
//! which expectations and [`invariants`] hold.
//!
//! ```no_run
//! use novarig_explore::{RunConfig, Stacks, builtin, run};
//! # fn show(engine: &virt::Engine, library: &virt::Library) -> Result<(), Box<dyn std::error::Error>> {
//! let scenario = builtin("resize").ok_or("no such scenario")?.scenario()?;
//! let stacks = Stacks::prepare(&scenario, engine, library)?;
//! let run = run(&scenario, &RunConfig { seed: 7, trace: true, ..RunConfig::default() }, &stacks)?;
//! assert!(run.report.passed());
//! # Ok(())
//! # }
//! ```

pub mod cloud_state;
pub mod invariants;
mod judging;
mod names;
pub mod report;
pub mod run;
pub mod scenario;
pub mod search;

pub use cloud_state::CloudState;
pub use judging::OwnInvariant;
pub use report::{RunReport, Verdict};
pub use run::{Run, RunConfig, RunError, StackError, Stacks, run};
pub use scenario::{BUILTIN, DEFECTS, Scenario, ScenarioError, builtin};
