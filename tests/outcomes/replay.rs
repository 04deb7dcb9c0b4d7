//! Replaying one line.

use super::line::{FaultSpec, Line};
use super::observe::{Marks, Normaliser, observe};
use super::scenarios::{Answered, Scenario, scenario};
use conductor::{Cloud, CloudConfig};
use explore::CloudState;
use explore::invariants::check_all;
use model::ServerId;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use virt::types::{FlatError, InstanceReason, VirtError};
use virt::{Fault, FaultPoint, Method, PreparedStack, When};

/// Nova's fake driver to the letter, sized as in the observed runs.
const STACK: &str = "fake(quirks=nova,vcpus=10,memory_mb=8192,local_gb=1028)";

/// What a line came to.
pub(crate) struct Replayed {
    /// What is observed, by the file's fields.
    pub(crate) seen: Map<String, Value>,
    /// Which invariants are then broken.
    pub(crate) broken: BTreeSet<&'static str>,
}

/// Replays a line; nothing if the operation does not exist here.
pub(crate) fn replay(line: &Line) -> Result<Option<Replayed>, String> {
    let Some(scenario) = scenario(&line.scenario) else { return Ok(None) };
    let stack = stack()?;
    // The server's id depends on the seed only; a server that does not exist yet must be known to raise "not found".
    let id = match server_id_of(scenario, &stack)? {
        Some(id) => id,
        None => return Err("the operation made no server without a fault".to_owned()),
    };
    let faults = line.faults().map(|fault| planned(fault, id)).collect::<Result<Vec<_>, _>>()?;
    runtime::simulation::simulate(|| run(scenario, stack, faults))
        .map_err(|error| error.to_string())?
        .map(Some)
}

/// The server's id in a run of this scenario.
fn server_id_of(scenario: Scenario, stack: &PreparedStack) -> Result<Option<ServerId>, String> {
    let stack = stack.clone();
    runtime::simulation::simulate(|| async move {
        let cloud = cloud_of(scenario, &stack).await?;
        let server = scenario.prepare(&cloud).await.map_err(|error| error.to_string())?;
        Ok(match server {
            Some(id) => Some(id),
            None => scenario.act(&cloud, None).await.server,
        })
    })
    .map_err(|error| error.to_string())?
}

async fn cloud_of(scenario: Scenario, stack: &PreparedStack) -> Result<Cloud, String> {
    let cloud =
        Cloud::new(CloudConfig { trace: true, options: scenario.options(), ..CloudConfig::default() });
    for number in 1..=scenario.hosts {
        let host = format!("host{number}").into();
        cloud.start_compute(host, stack.clone()).await.map_err(|error| error.to_string())?;
    }
    Ok(cloud)
}

async fn run(
    scenario: Scenario,
    stack: PreparedStack,
    faults: Vec<(FaultPoint, Fault)>,
) -> Result<Replayed, String> {
    let cloud = cloud_of(scenario, &stack).await?;
    let prepared = scenario.prepare(&cloud).await.map_err(|error| error.to_string())?;
    let marks = Marks::set(&cloud, prepared);
    cloud.faults().clear();
    cloud.faults().reset_counts();
    for (point, fault) in faults {
        cloud.faults().add(point, fault);
    }
    let Answered { server, http, messages } = scenario.act(&cloud, prepared).await;
    cloud.at_rest().await;
    cloud.faults().clear();
    let server = server.ok_or_else(|| format!("the API refused to make a server: {messages:?}"))?;
    let calls = marks.driver_calls(&cloud);
    let before_periodics = observe(&cloud, server, &marks).await?;
    cloud.run_periodics().await.map_err(|error| error.to_string())?;
    let after = observe(&cloud, server, &marks).await?;

    let mut seen = before_periodics.clone();
    for field in ["allocations", "usages", "hypervisors"] {
        seen.insert(format!("{field}_before_periodics"), before_periodics[field].clone());
        seen.insert(field.to_owned(), after[field].clone());
    }
    seen.insert("http".to_owned(), http.into());
    if !messages.is_empty() {
        seen.insert("http_messages".to_owned(), messages.into());
    }
    seen.insert("driver_calls".to_owned(), calls);
    let names = Normaliser::of(&cloud, server);
    let seen = seen.into_iter().map(|(field, value)| (field, names.normalise(value))).collect();
    let broken = check_all(&CloudState::read(&cloud).await);
    Ok(Replayed { seen, broken: broken.into_iter().map(|violation| violation.invariant).collect() })
}

/// The fault of a line as the boundary takes it.
fn planned(fault: &FaultSpec, server: ServerId) -> Result<(FaultPoint, Fault), String> {
    let name = match fault.method.as_str() {
        "capabilities_as_traits" => "capabilities",
        other => other,
    };
    let method = Method::from_name(name).ok_or_else(|| format!("no driver method {name}"))?;
    let says_no = || "driver says no".to_owned();
    let error = match fault.error.as_str() {
        "VirtualInterfaceCreateException" => {
            VirtError::VirtualInterfaceCreate("Virtual Interface creation failed".to_owned())
        }
        "InstanceNotFound" => VirtError::InstanceNotFound(server.to_string()),
        "NovaException" => VirtError::Other(says_no()),
        "NotImplementedError" => VirtError::NotImplemented,
        "ComputeResourcesUnavailable" => VirtError::ComputeResourcesUnavailable(says_no()),
        "BuildAbortException" => {
            VirtError::BuildAbort(InstanceReason { instance: server.to_string(), reason: says_no() })
        }
        "MigrationPreCheckError" => VirtError::MigrationPreCheckError(says_no()),
        "InstanceFaultRollback" => VirtError::InstanceFaultRollback(FlatError {
            class_name: "NovaException".to_owned(),
            message: says_no(),
            code: 500,
        }),
        other => return Err(format!("no way to raise {other}")),
    };
    let when = match fault.when.as_str() {
        "before" => When::Before,
        "after" => When::After,
        other => return Err(format!("a fault strikes before or after, not {other}")),
    };
    Ok((FaultPoint { host: fault.host.as_str().into(), method, n: fault.n }, Fault::Raise { error, when }))
}

/// The drivers' stack, compiled once.
fn stack() -> Result<PreparedStack, String> {
    static STACK_ONCE: LazyLock<Result<PreparedStack, String>> = LazyLock::new(|| {
        let stack = STACK.parse().map_err(|error: virt::StackSyntaxError| error.to_string())?;
        let engine = harness::engine().map_err(|error| error.to_string())?;
        engine.prepare(&stack, &harness::shipped()).map_err(|error| error.to_string())
    });
    STACK_ONCE.clone()
}
