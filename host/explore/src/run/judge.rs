//! Comparing what a scenario expects with how the cloud stands.

use crate::cloud_state::{CloudState, Holding, ServerState};
use crate::scenario::{
    AllocationsExpectation, Amounts, AttachedExpectation, EventExpectation, Expectation, GuestsExpectation,
    MigrationExpectation, OrNone, Scenario, ServerExpectation, UsagesExpectation, show_amounts,
};
use model::{HostName, ResourceAmounts, ServerId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An expectation, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The expectation in words.
    pub expectation: String,
    /// What is otherwise; none if it holds.
    pub problem: Option<String>,
}

impl Judged {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.problem.is_none()
    }
}

/// Judges an expectation. `servers` are the servers by the names the scenario gives them.
pub fn judge(
    expectation: &Expectation,
    state: &CloudState,
    servers: &BTreeMap<String, ServerId>,
    scenario: &Scenario,
) -> Judged {
    let cloud = Judge { state, servers, scenario };
    let verdict = match expectation {
        Expectation::Server(expected) => cloud.server(expected),
        Expectation::Migration(expected) => cloud.migration(expected),
        Expectation::Usages(expected) => cloud.usages(expected),
        Expectation::Allocations(expected) => cloud.allocations(expected),
        Expectation::Guests(expected) => cloud.guests(expected),
        Expectation::Node(expected) => cloud.node(&expected.host, expected.vcpus_used),
        Expectation::Attached(expected) => cloud.attached(expected),
        Expectation::Images(expected) => counted(expected.count, state.images),
        Expectation::Event(expected) => cloud.event(expected),
    };
    let problem = verdict.err().map(|problem| format!("expected that {expectation}; {problem}"));
    Judged { expectation: expectation.to_string(), problem }
}

struct Judge<'a> {
    state: &'a CloudState,
    servers: &'a BTreeMap<String, ServerId>,
    scenario: &'a Scenario,
}

/// Fails with what is there when it is not what is wanted.
fn same<T: PartialEq>(
    what: &str,
    wanted: Option<&T>,
    is: &T,
    show: impl Fn(&T) -> String,
) -> Result<(), String> {
    match wanted {
        Some(wanted) if wanted != is => Err(format!("its {what} is {}", show(is))),
        _ => Ok(()),
    }
}

/// The same for something that may not be there.
fn same_or_none<T: PartialEq + ToString>(
    what: &str,
    wanted: Option<&OrNone<T>>,
    is: Option<&T>,
) -> Result<(), String> {
    match wanted {
        Some(wanted) if wanted.as_option() != is => {
            Err(format!("its {what} is {}", is.map_or("none".to_owned(), ToString::to_string)))
        }
        _ => Ok(()),
    }
}

fn counted(wanted: usize, is: usize) -> Result<(), String> {
    if wanted == is { Ok(()) } else { Err(format!("there are {is}")) }
}

impl Judge<'_> {
    fn find(&self, name: &str) -> Result<&ServerState, String> {
        let id = self.servers.get(name);
        id.and_then(|id| self.state.server(*id))
            .ok_or_else(|| format!("there is no server {name}, its boot was refused"))
    }

    fn server(&self, expected: &ServerExpectation) -> Result<(), String> {
        let server = &self.find(&expected.name)?.server;
        same("status", expected.status.as_ref(), &server.status(), ToString::to_string)?;
        same_or_none("task", expected.task_state.as_ref(), server.task_state.as_ref())?;
        same_or_none("host", expected.host.as_ref(), server.host.as_ref())?;
        same("flavor", expected.flavor.as_ref(), &server.flavor.name, Clone::clone)?;
        let fault = server.visible_fault().map(|fault| fault.message.as_str());
        match (&expected.fault, fault) {
            (Some(OrNone::Some(wanted)), is) if !is.is_some_and(|message| message.contains(wanted)) => {
                Err(is.map_or("it has no fault".to_owned(), |message| format!("its fault is {message:?}")))
            }
            (Some(OrNone::None), Some(message)) => Err(format!("its fault is {message:?}")),
            _ => Ok(()),
        }
    }

    fn migration(&self, expected: &MigrationExpectation) -> Result<(), String> {
        let state = self.find(&expected.server)?;
        let migration = state.last_migration().ok_or("it was never moved")?;
        same("status", expected.status.as_ref(), &migration.status, ToString::to_string)?;
        same("source", expected.source.as_ref(), &migration.source_compute, ToString::to_string)?;
        same_or_none("destination", expected.dest.as_ref(), migration.dest_compute.as_ref())
    }

    fn usages(&self, expected: &UsagesExpectation) -> Result<(), String> {
        let id = self.state.nodes.get(&expected.host);
        let provider = self.state.providers.iter().find(|provider| Some(&provider.id) == id);
        let is = provider.ok_or("it has no resource provider")?.usages();
        if is == self.amounts(&expected.are)? {
            Ok(())
        } else {
            Err(format!("they are {}", show_amounts(&is)))
        }
    }

    fn allocations(&self, expected: &AllocationsExpectation) -> Result<(), String> {
        let state = self.find(&expected.server)?;
        let held = if expected.of_migration {
            let migration = state.last_migration().ok_or("it was never moved")?;
            self.state.held_by(migration.id.into())
        } else {
            self.state.held_by(state.server.id.into())
        };
        let mut wanted = Holding::new();
        for (host, amounts) in &expected.are {
            let amounts = self.amounts(amounts)?;
            let provider =
                self.state.nodes.get(host).ok_or_else(|| format!("{host} has no resource provider"))?;
            if !amounts.is_empty() {
                wanted.insert(*provider, amounts);
            }
        }
        if held == wanted { Ok(()) } else { Err(format!("it holds {}", self.state.show_holding(&held))) }
    }

    fn guests(&self, expected: &GuestsExpectation) -> Result<(), String> {
        let guests = self.state.guests.get(&expected.host).ok_or("there is no such hypervisor")?;
        let guests = guests.as_ref().map_err(|error| format!("they cannot be known: {error}"))?;
        let name = |uuid: &str| {
            let of = self.servers.iter().find(|(_, id)| uuid.parse() == Ok(**id));
            of.map_or_else(|| uuid.to_owned(), |(name, _)| name.clone())
        };
        let is: BTreeSet<String> = guests.iter().map(|guest| name(&guest.uuid)).collect();
        if is == expected.are.iter().cloned().collect() {
            return Ok(());
        }
        let is: Vec<String> = is.into_iter().collect();
        Err(if is.is_empty() { "there is none".to_owned() } else { format!("they are {}", is.join(", ")) })
    }

    fn node(&self, host: &HostName, wanted: u64) -> Result<(), String> {
        let is = self.state.counted.get(host).ok_or("it has no node record")?.vcpus;
        if is == wanted { Ok(()) } else { Err(format!("it counts {is} VCPU")) }
    }

    fn attached(&self, expected: &AttachedExpectation) -> Result<(), String> {
        let id = self.find(&expected.server)?.server.id;
        let (volumes, ports) = (self.state.attachments_of(id).count(), self.state.ports_of(id).count());
        match (expected.volumes, expected.ports) {
            (Some(wanted), _) if wanted != volumes => Err(format!("it has {volumes} volume attachments")),
            (_, Some(wanted)) if wanted != ports => Err(format!("it has {ports} ports")),
            _ => Ok(()),
        }
    }

    fn event(&self, expected: &EventExpectation) -> Result<(), String> {
        let state = self.find(&expected.server)?;
        let events = state.actions.iter().flat_map(|action| &action.events);
        let named: Vec<_> = events.filter(|event| event.event == expected.name).collect();
        match named.as_slice() {
            [] => Err("there is no such event".to_owned()),
            [.., last] if last.result == Some(expected.result) => Ok(()),
            [.., last] => Err(match last.result {
                Some(result) => format!("it ended with {result:?}"),
                None => "it was never finished".to_owned(),
            }),
        }
    }

    fn amounts(&self, amounts: &Amounts) -> Result<ResourceAmounts, String> {
        match amounts {
            Amounts::Each(each) => Ok(each
                .iter()
                .filter(|(_, amount)| **amount > 0)
                .map(|(class, amount)| (class.clone(), *amount))
                .collect()),
            Amounts::Flavor(name) => {
                let flavors = self.scenario.all_flavors();
                let flavor = flavors.iter().find(|flavor| flavor.id == name.as_str() || flavor.name == *name);
                flavor
                    .map(|flavor| flavor.resources(false))
                    .ok_or_else(|| format!("there is no flavor {name}"))
            }
        }
    }
}
