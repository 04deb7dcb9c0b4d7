//! The stack that is checked, and what has to be known of it beforehand.

use crate::bench::Bench;
use crate::{CheckError, rule::Stop, rule::show};
use explore::{Scenario, StackError, Stacks};
use runtime::simulation::simulate;
use virt::types::Capability;
use virt::{Engine, Library, LoadError, PreparedStack, Source, Stack};

/// A stack, ready to be checked.
pub struct Subject<'e> {
    pub(crate) stack: Stack,
    pub(crate) prepared: PreparedStack,
    /// Its driver without the layers; none if there are none.
    pub(crate) driver_alone: Option<PreparedStack>,
    engine: &'e Engine,
    library: &'e Library,
    capabilities: Vec<Capability>,
}

/// What a stack says of itself when it runs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What it can do; the error is why that cannot be known.
    pub capabilities: Result<Vec<Capability>, String>,
}

impl Facts {
    /// Starts a host with the stack and asks it.
    ///
    /// # Errors
    /// [`CheckError::Simulation`] when nothing can be simulated.
    pub fn of(prepared: &PreparedStack) -> Result<Facts, CheckError> {
        let capabilities = simulate(|| async {
            let host = Bench::start_alone(prepared.clone()).await?;
            host.capabilities().await
        })?;
        Ok(Facts {
            capabilities: capabilities.map_err(|stop| match stop {
                Stop::Raised { method, error } => show(method, &error),
                Stop::Broken { found, .. } | Stop::Fell { found, .. } => found,
            }),
        })
    }
}

impl<'e> Subject<'e> {
    /// Loads and compiles a stack, and asks it what it can do.
    ///
    /// # Errors
    /// [`CheckError`] when it cannot be loaded or nothing can be simulated.
    pub fn new(stack: Stack, engine: &'e Engine, library: &'e Library) -> Result<Self, CheckError> {
        let prepared = engine.prepare(&stack, library)?;
        let driver_alone = match &stack.components[..] {
            [driver, _, ..] => Some(engine.prepare(&Stack { components: vec![driver.clone()] }, library)?),
            _ => None,
        };
        // A stack that does not answer here will not answer where a rule asks it either.
        let capabilities = Facts::of(&prepared)?.capabilities.unwrap_or_default();
        Ok(Self { stack, prepared, driver_alone, engine, library, capabilities })
    }

    pub(crate) fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    pub(crate) fn is_layered(&self) -> bool {
        self.driver_alone.is_some()
    }

    /// Whether Nova's own fake driver is at the bottom.
    pub(crate) fn is_novas_fake(&self) -> bool {
        self.stack.components.first().is_some_and(|driver| {
            driver.source == Source::Name("fake".to_owned())
                && driver.settings.contains(&("quirks".to_owned(), "nova".to_owned()))
        })
    }

    /// The stacks of a scenario's hosts.
    pub(crate) fn stacks(&self, scenario: &Scenario) -> Result<Stacks, LoadError> {
        Stacks::prepare(scenario, self.engine, self.library).map_err(|StackError { error, .. }| *error)
    }
}
