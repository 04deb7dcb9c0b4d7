//! Availability zones (`nova/api/openstack/compute/availability_zone.py`, `nova/availability_zones.py`).

use super::call::Call;
use super::refusal::Refusal;
use super::services::INTERNAL_ZONE;
use crate::answer::Answer;
use crate::caller::Access;
use model::HostName;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The zone a host is in.
pub(super) fn of_host(call: &Call<'_>, host: &HostName) -> String {
    call.cloud.records().aggregates().zone_of(host, &call.cloud.services().options.get())
}

/// The zones of services that are not disabled, and those that have only disabled ones.
fn zones(call: &Call<'_>) -> (BTreeSet<String>, BTreeSet<String>) {
    let services = call.cloud.records().services();
    let of = |disabled: bool| -> BTreeSet<String> {
        let those = services.iter().filter(|service| service.disabled == disabled);
        those.map(|service| of_host(call, &service.host)).collect()
    };
    let open = of(false);
    let closed = of(true).difference(&open).cloned().collect();
    (open, closed)
}

fn entry(zone: &str, available: bool, hosts: Value) -> Value {
    json!({"zoneName": zone, "zoneState": {"available": available}, "hosts": hosts})
}

pub(super) fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (open, closed) = zones(call);
    let open = open.iter().map(|zone| entry(zone, true, Value::Null));
    let shown: Vec<Value> = open.chain(closed.iter().map(|zone| entry(zone, false, Value::Null))).collect();
    Ok(Answer::json(200, json!({"availabilityZoneInfo": shown})))
}

pub(super) fn detail(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-availability-zone:detail")?;
    let now = call.world.now();
    let internal = ["conductor", "scheduler"].map(|name| {
        let service = json!({"available": true, "active": true, "updated_at": now.to_string()});
        (name.to_owned(), json!({format!("nova-{name}"): service}))
    });
    let mut shown = vec![entry(INTERNAL_ZONE, true, Value::Object(internal.into_iter().collect()))];
    let (open, closed) = zones(call);
    let down_time = call.cloud.services().options.get().service_down_time;
    for zone in &open {
        let mut hosts = Map::new();
        let services = call.cloud.records().services();
        for service in services.iter().filter(|one| !one.disabled && &of_host(call, &one.host) == zone) {
            let heard_of = if service.running { Some(now) } else { service.last_seen_up };
            let compute = json!({
                "available": service.is_up(now, down_time), "active": true,
                "updated_at": heard_of.map(|at| at.to_string()),
            });
            hosts.insert(service.host.to_string(), json!({"nova-compute": compute}));
        }
        shown.push(entry(zone, true, Value::Object(hosts)));
    }
    shown.extend(closed.iter().map(|zone| entry(zone, false, Value::Null)));
    Ok(Answer::json(200, json!({"availabilityZoneInfo": shown})))
}
