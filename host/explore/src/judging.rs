//! Everything a cloud is held against: the [`invariants`] that must be true of any, those that its scenario has of its own
//! ([`QueryInvariant`]), and the [oracles](Oracle) that its user brings.

use crate::cloud_state::CloudState;
use crate::invariants::{self, Violation};
use crate::names;
use crate::report::{
    AttachmentReport, GuestReport, MigrationReport, NodeReport, PortReport, ProviderReport, RunReport,
    ServerReport,
};
use crate::run::Stacks;
use crate::scenario::{QueryInvariant, Scenario};
use model::{ConsumerId, HostName, ResourceAmounts};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use virt::Oracle;

/// What is asked of the cloud of one scenario.
#[derive(Clone)]
pub(crate) struct Judging {
    queries: Vec<QueryInvariant>,
    oracles: Vec<Arc<Oracle>>,
}

/// An invariant that is not the project's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnInvariant {
    /// Its name.
    pub name: &'static str,
    /// What must be true.
    pub statement: String,
}

/// What queries and oracles get to see of a cloud: that part of what `novarig run --format json` prints.
#[derive(Serialize)]
struct Document<'a> {
    servers: &'a [ServerReport],
    migrations: &'a [MigrationReport],
    providers: &'a [ProviderReport],
    allocations: &'a BTreeMap<ConsumerId, BTreeMap<String, ResourceAmounts>>,
    guests: &'a BTreeMap<HostName, Option<Vec<GuestReport>>>,
    nodes: &'a BTreeMap<HostName, NodeReport>,
    ports: &'a [PortReport],
    attachments: &'a [AttachmentReport],
}

impl Judging {
    /// What the cloud of a scenario is held against.
    pub(crate) fn of(scenario: &Scenario, stacks: &Stacks) -> Self {
        let queries = scenario.invariants.iter().map(|query| query.item.clone()).collect();
        Self { queries, oracles: stacks.oracles().to_vec() }
    }

    /// Judges a cloud.
    pub(crate) fn check(&self, state: &CloudState) -> Vec<Violation> {
        let mut violations = invariants::check_all(state);
        violations.extend(self.check_own(state));
        violations
    }

    /// Judges a cloud by some invariants alone.
    pub(crate) fn check_only(&self, state: &CloudState, names: &[&'static str]) -> Vec<Violation> {
        let mut violations = invariants::check_only(state, |name| names.contains(&name));
        if self.own().iter().any(|own| names.contains(&own.name)) {
            violations.extend(self.check_own(state));
        }
        violations
    }

    /// The invariants that are not the project's.
    pub(crate) fn own(&self) -> Vec<OwnInvariant> {
        let queries = self.queries.iter().map(|query| OwnInvariant {
            name: query.name.0,
            statement: query.says.clone().unwrap_or_else(|| query.holds.to_string()),
        });
        let oracles = self.oracles.iter().map(|oracle| OwnInvariant {
            name: names::constant(oracle.name()),
            statement: oracle.statement().to_owned(),
        });
        queries.chain(oracles).collect()
    }

    /// Whether it is one of those that look at a cloud.
    pub(crate) fn knows(&self, name: &str) -> bool {
        invariants::ALL.iter().any(|invariant| invariant.name == name)
            || self.own().iter().any(|own| own.name == name)
    }

    /// Whether it looks at guests, or may.
    pub(crate) fn asks_guests(&self, name: &str) -> bool {
        let known = invariants::ALL.iter().find(|invariant| invariant.name == name);
        known.map_or_else(|| self.knows(name), |invariant| invariant.of_guests())
    }

    fn check_own(&self, state: &CloudState) -> Vec<Violation> {
        if self.queries.is_empty() && self.oracles.is_empty() {
            return Vec::new();
        }
        let report = RunReport::of_state(state);
        // Nothing of it is beyond JSON.
        let document = serde_json::to_string(&Document::of(&report)).unwrap_or_default();
        let mut violations = Vec::new();
        for query in &self.queries {
            for (number, message) in (1..).zip(query.holds.complaints(&document)) {
                violations.push(Violation::new(query.name.0, format!("complaint {number}"), message));
            }
        }
        for oracle in &self.oracles {
            let name = names::constant(oracle.name());
            match oracle.check(&document) {
                Ok(broken) => violations
                    .extend(broken.into_iter().map(|one| Violation::new(name, one.about, one.message))),
                Err(problem) => violations.push(Violation::new(
                    name,
                    "the oracle itself",
                    format!("the oracle {name} did not answer: {problem}"),
                )),
            }
        }
        violations
    }
}

impl<'a> Document<'a> {
    fn of(report: &'a RunReport) -> Self {
        Self {
            servers: &report.servers,
            migrations: &report.migrations,
            providers: &report.providers,
            allocations: &report.allocations,
            guests: &report.guests,
            nodes: &report.nodes,
            ports: &report.ports,
            attachments: &report.attachments,
        }
    }
}
