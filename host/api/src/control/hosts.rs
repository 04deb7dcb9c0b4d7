//! Services: starting, stopping, restarting them, exchanging a host's driver, running periodic tasks.

use super::{Outcome, Refusal, done, text};
use crate::world::{PrepareError, World};
use compute::PeriodicTask;
use conductor::HostError;
use model::HostName;
use serde_json::{Value, json};
use virt::Guests;

/// Services that run as long as the cloud does. Harnesses start them before and stop them after a test, which changes nothing.
const ALWAYS_RUN: [&str; 3] = ["api", "conductor", "scheduler"];
/// The cell of hosts that are put into none.
const FIRST_CELL: &str = "cell1";
/// The host of a compute service that is given none.
const DEFAULT_HOST: &str = "compute";

impl From<HostError> for Refusal {
    fn from(error: HostError) -> Self {
        let message = error.to_string();
        match error {
            HostError::Unknown(..) => Self::not_found(message),
            HostError::Exists(_) | HostError::Start(_) | HostError::Stranger(_) | HostError::Driver(..) => {
                Self::conflict(message)
            }
        }
    }
}

impl From<PrepareError> for Refusal {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Host(error) => error.into(),
            PrepareError::Syntax(_) | PrepareError::Load(_) => Self::bad_request(error.to_string()),
        }
    }
}

fn no_such_service(name: &str) -> Refusal {
    Refusal::not_found(format!("there is no service {name}; there are compute, {}", ALWAYS_RUN.join(", ")))
}

pub(super) async fn start(world: &World, body: &Value) -> Outcome {
    match text(body, "name")? {
        "compute" => {
            let host = HostName::from(body["host"].as_str().unwrap_or(DEFAULT_HOST));
            let configured = world.driver.borrow().clone();
            let stack = world.prepare(body["driver"].as_str().unwrap_or(&configured))?;
            if let Some(cell) = body["cell"].as_str().filter(|cell| *cell != FIRST_CELL) {
                world.cloud().records().set_cell(&host, cell);
            }
            world.cloud().start_compute(host, stack).await?;
            done()
        }
        name if ALWAYS_RUN.contains(&name) => done(),
        name => Err(no_such_service(name)),
    }
}

pub(super) async fn change(world: &World, name: &str, host: &str, verb: &str, body: &Value) -> Outcome {
    if ALWAYS_RUN.contains(&name) {
        return done();
    }
    if name != "compute" {
        return Err(no_such_service(name));
    }
    let (cloud, host) = (world.cloud(), HostName::from(host));
    match verb {
        "stop" | "kill" => cloud.stop_compute(&host).await?,
        "restart" if body["keep_hypervisor_state"] == false => {
            let stack = world.prepare(&cloud.hypervisor(&host)?.driver())?;
            cloud.renew_compute(&host, stack).await?;
        }
        "start" | "restart" => cloud.restart_compute(&host).await?,
        _ => {
            let message = format!("a service cannot be told to {verb}; it can start, stop, kill, restart");
            return Err(Refusal::not_found(message));
        }
    }
    done()
}

pub(super) async fn swap(world: &World, host: &str, body: &Value) -> Outcome {
    let stack = world.prepare(text(body, "stack")?)?;
    let swap = world.cloud().swap_driver(&HostName::from(host), stack).await?;
    let (kept, not_taken_over) = match swap.guests {
        Guests::Kept(guests) => (guests, Value::Null),
        Guests::None(why) => (0, json!(why)),
    };
    Ok(json!({"from": &*swap.from, "to": &*swap.to, "guests_kept": kept, "not_taken_over": not_taken_over}))
}

pub(super) async fn periodics(world: &World, body: &Value) -> Outcome {
    let cloud = world.cloud();
    let hosts = match body["host"].as_str() {
        Some(host) => vec![HostName::from(host)],
        None => cloud.host_names(),
    };
    let task = body["task"].as_str().filter(|task| *task != "update_available_resource");
    let task = task.map(periodic_task).transpose()?;
    for host in &hosts {
        match task {
            Some(task) => cloud.run_periodic_on(host, task).await?,
            None => cloud.update_available_resource(host).await?,
        }
    }
    done()
}

/// The task of this name (`nova/compute/manager.py`).
fn periodic_task(name: &str) -> Result<PeriodicTask, Refusal> {
    const NAMES: [(&str, PeriodicTask); 5] = [
        ("_poll_shelved_instances", PeriodicTask::PollShelved),
        ("_poll_unconfirmed_resizes", PeriodicTask::PollUnconfirmedResizes),
        ("_sync_power_states", PeriodicTask::SyncPowerStates),
        ("_cleanup_running_deleted_instances", PeriodicTask::CleanupRunningDeleted),
        ("_reclaim_queued_deletes", PeriodicTask::ReclaimQueuedDeletes),
    ];
    let found = NAMES.iter().find(|(known, _)| *known == name).map(|(_, task)| *task);
    found.ok_or_else(|| {
        let known = NAMES.map(|(name, _)| name).join(", ");
        Refusal::not_found(format!(
            "there is no periodic task {name}; there are update_available_resource, {known}"
        ))
    })
}
