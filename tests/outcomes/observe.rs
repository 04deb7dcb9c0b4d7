//! What can be observed of a cloud, in the shape and with the names of the file.

use super::scenarios::{BOOT_VOLUME, OTHER_IMAGE, VOLUME};
use compute::Records;
use conductor::Cloud;
use model::{HostName, MigrationType, Notification, Server, ServerId};
use runtime::TraceEvent;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use virt::types::PowerState;

/// Where the operation under test begins, so that only what it did is compared.
pub(crate) struct Marks {
    faults: usize,
    actions: usize,
    notifications: usize,
    trace: usize,
}

impl Marks {
    /// Remembers what there is now.
    pub(crate) fn set(cloud: &Cloud, server: Option<ServerId>) -> Self {
        let record = server.and_then(|id| cloud.records().server_even_deleted(id));
        Self {
            faults: record.map_or(0, |server| server.faults.len()),
            actions: server.map_or(0, |id| cloud.records().actions(id).len()),
            notifications: cloud.services().notifier.sent().len(),
            trace: cloud.services().trace.records().len(),
        }
    }

    /// The driver calls since then: host, method, number, outcome.
    pub(crate) fn driver_calls(&self, cloud: &Cloud) -> Value {
        let trace = cloud.services().trace.records();
        let mut calls: Vec<Value> = Vec::new();
        let mut open = BTreeMap::new();
        for record in trace.iter().skip(self.trace) {
            match &record.event {
                TraceEvent::DriverCall { host, method, n, .. } => {
                    open.insert((host.clone(), *method, *n), calls.len());
                    calls.push(json!([host, method, n, Value::Null]));
                }
                TraceEvent::DriverResult { host, method, n, outcome } => {
                    if let Some(at) = open.get(&(host.clone(), *method, *n)) {
                        let shown = outcome.get("error").cloned().unwrap_or_else(|| json!("ok"));
                        calls[*at][3] = shown;
                    }
                }
                _ => {}
            }
        }
        calls.into()
    }
}

/// Everything that is compared but the driver calls.
pub(crate) async fn observe(
    cloud: &Cloud,
    id: ServerId,
    marks: &Marks,
) -> Result<Map<String, Value>, String> {
    let record = cloud.records().server_even_deleted(id).ok_or("the server has no record")?;
    let (guests, guest_power) = guests(cloud).await?;
    let fields = [
        ("server", server(cloud, &record)),
        ("stored_faults", stored_faults(&record, marks)),
        ("migrations", migrations(cloud, &record)),
        ("actions", actions(cloud, id, marks)),
        ("notifications", notifications(cloud, marks)),
        ("allocations", allocations(cloud, id)),
        ("usages", usages(cloud)),
        ("hypervisors", hypervisors(cloud)),
        ("guests", guests),
        ("guest_power", guest_power),
        ("volume_attachments", volume_attachments(&record)),
        ("cinder_attachments", cinder_attachments(cloud)),
        ("ports", ports(cloud)),
        ("interfaces", interfaces(cloud, &record)),
        ("images", images(cloud)),
        ("request_spec_flavor", json!(cloud.records().request_spec(id).map(|spec| spec.flavor.name))),
    ];
    Ok(fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect())
}

fn server(cloud: &Cloud, record: &Server) -> Value {
    if record.deleted() {
        return Value::Null;
    }
    let zone = match &record.host {
        Some(_) => cloud.services().options.get().default_availability_zone.0.clone(),
        None => record.availability_zone.clone().unwrap_or_default(),
    };
    let status = record.status().as_str();
    let shows_progress =
        ["ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"].contains(&status);
    json!({
        "status": status,
        "vm_state": record.vm_state,
        "task_state": record.task_state,
        "power_state": record.power_state,
        "host": record.host,
        "node": record.node,
        "hypervisor_hostname": record.node,
        "flavor": record.flavor.name,
        "fault": record.visible_fault().map(|fault| json!({"code": fault.code, "message": fault.message})),
        "locked": record.locked,
        "progress": shows_progress.then_some(record.progress),
        "availability_zone": zone,
        "image": match record.image {
            Some(image) if image.to_string() == OTHER_IMAGE => "image-2",
            Some(_) => "image-1",
            None => "",
        },
    })
}

fn stored_faults(record: &Server, marks: &Marks) -> Value {
    record
        .faults
        .iter()
        .skip(marks.faults)
        .map(|fault| json!([fault.code, fault.message, fault.host]))
        .collect()
}

fn migrations(cloud: &Cloud, record: &Server) -> Value {
    if record.deleted() {
        return json!([]);
    }
    cloud
        .records()
        .migrations_of(record.id)
        .iter()
        .map(|migration| {
            // The record of an evacuation names no flavors.
            let resizes = migration.kind != MigrationType::Evacuation;
            json!({
                "type": migration.kind,
                "status": migration.status,
                "source_compute": migration.source_compute,
                "dest_compute": migration.dest_compute,
                "old_flavor": resizes.then_some(&migration.old_flavor.name),
                "new_flavor": resizes.then_some(&migration.new_flavor.name),
            })
        })
        .collect()
}

fn actions(cloud: &Cloud, id: ServerId, marks: &Marks) -> Value {
    cloud
        .records()
        .actions(id)
        .iter()
        .skip(marks.actions)
        .map(|action| {
            let events: Value = action
                .events
                .iter()
                .map(|event| json!({"event": event.event, "host": event.host, "result": event.result}))
                .collect();
            json!({"action": action.action, "message": action.message, "events": events})
        })
        .collect()
}

fn notifications(cloud: &Cloud, marks: &Marks) -> Value {
    let publisher = |sent: &Notification| match sent.publisher_id.split_once(':') {
        Some(("nova-compute", _)) | None => sent.publisher_id.clone(),
        Some((service, _)) => service.to_owned(),
    };
    cloud
        .services()
        .notifier
        .sent()
        .iter()
        .skip(marks.notifications)
        .map(|sent| json!([sent.event_type, sent.priority, publisher(sent)]))
        .collect()
}

/// What the server and its migrations hold, by consumer and provider name; a consumer that holds nothing has an empty
/// map.
fn allocations(cloud: &Cloud, id: ServerId) -> Value {
    let placement = cloud.placement().get();
    let held = |consumer: model::ConsumerId| {
        let held = placement.consumer(consumer).map(|held| held.to_map()).unwrap_or_default();
        held.into_iter()
            .map(|(provider, amounts)| {
                let name =
                    placement.provider(provider).map(|found| found.name().to_owned()).unwrap_or_default();
                (name, json!(amounts))
            })
            .collect::<Map<_, _>>()
    };
    let migrations = cloud.records().migrations_of(id);
    let consumers = std::iter::once(("server".to_owned(), id.into())).chain(
        migrations.iter().map(|migration| (format!("migration-{}", migration.number), migration.id.into())),
    );
    consumers.map(|(name, consumer)| (name, held(consumer).into())).collect::<Map<_, _>>().into()
}

fn usages(cloud: &Cloud) -> Value {
    let placement = cloud.placement().get();
    placement
        .providers()
        .map(|provider| {
            let used: Map<_, _> =
                provider.inventories().map(|(class, _, used)| (class.to_string(), json!(used))).collect();
            (provider.name().to_owned(), used.into())
        })
        .collect::<Map<_, _>>()
        .into()
}

fn hypervisors(cloud: &Cloud) -> Value {
    cloud
        .records()
        .compute_nodes()
        .iter()
        .map(|node| {
            let used = json!({
                "vcpus_used": node.vcpus_used,
                "memory_mb_used": node.memory_mb_used,
                "local_gb_used": node.local_gb_used,
                "running_vms": node.running_vms,
            });
            (node.host.to_string(), used)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// Who is on which hypervisor, and in which power state.
async fn guests(cloud: &Cloud) -> Result<(Value, Value), String> {
    let (mut names, mut power) = (Map::new(), Map::new());
    for host in cloud.host_names() {
        let states = guests_of(cloud, &host).await?;
        names.insert(host.to_string(), states.keys().cloned().collect::<Vec<_>>().into());
        if !states.is_empty() {
            power.insert(host.to_string(), json!(states));
        }
    }
    Ok((names.into(), power.into()))
}

async fn guests_of(cloud: &Cloud, host: &HostName) -> Result<BTreeMap<String, u8>, String> {
    let driver = cloud.hypervisor(host).map_err(|error| error.to_string())?;
    let mut states = BTreeMap::new();
    for uuid in driver.list_instance_uuids().await.map_err(|error| error.to_string())? {
        let id: ServerId = uuid.parse().map_err(|_| format!("the driver knows a guest {uuid:?}"))?;
        let record = cloud.records().server_even_deleted(id).ok_or("a guest has no record")?;
        let info = driver
            .get_info(compute::driver_instance(&record), false)
            .await
            .map_err(|error| error.to_string())?;
        let number = match info.state {
            PowerState::Nostate => 0,
            PowerState::Running => 1,
            PowerState::Paused => 3,
            PowerState::Shutdown => 4,
            PowerState::Crashed => 6,
            PowerState::Suspended => 7,
        };
        states.insert(uuid, number);
    }
    Ok(states)
}

/// The volumes a server has, by its own record.
fn volume_attachments(record: &Server) -> Value {
    if record.deleted() {
        return json!([]);
    }
    record.block_devices.iter().map(|device| json!(device.volume)).collect()
}

/// The attachments the volume service has, by volume: the host each is connected from, if it is.
fn cinder_attachments(cloud: &Cloud) -> Value {
    let mut by_volume: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for attachment in cloud.volumes().attachments() {
        let host = attachment.connector.map(|connector| connector.host);
        by_volume.entry(attachment.volume.to_string()).or_default().push(host);
    }
    json!(by_volume)
}

/// The ports, each under its id; the observed clouds had a further port that no operation here touches.
fn ports(cloud: &Cloud) -> Value {
    let mut ports: Map<String, Value> = cloud
        .network()
        .ports()
        .iter()
        .map(|port| {
            let bindings: Map<_, _> = port
                .bindings
                .iter()
                .map(|(host, active)| (host.to_string(), json!(if *active { "ACTIVE" } else { "INACTIVE" })))
                .collect();
            let host = port.bindings.iter().find(|(_, active)| **active).map(|(host, _)| host);
            (port.id.to_string(), json!({"device": port.device, "host": host, "bindings": bindings}))
        })
        .collect();
    if cloud.network().ports().iter().all(|port| port.made_for_server) {
        ports.insert("port-1".to_owned(), json!({"device": null, "host": null, "bindings": {}}));
    }
    ports.into()
}

/// The images made since the start; in the observed image service each is active from the beginning.
fn images(cloud: &Cloud) -> Value {
    let made = |image: &model::ImageMeta| image.properties.contains_key("instance_uuid");
    let images = cloud.records().images();
    images.iter().filter(|image| made(image)).map(|image| json!([image.name, "active"])).collect()
}

fn interfaces(cloud: &Cloud, record: &Server) -> Value {
    if record.deleted() {
        return json!([]);
    }
    cloud.network().ports_of(record.id).iter().map(|port| json!(port.id)).collect()
}

/// Replaces ids by the names the file has for them.
pub(crate) struct Normaliser(Vec<(String, String)>);

impl Normaliser {
    /// The names of this cloud's ids.
    pub(crate) fn of(cloud: &Cloud, server: ServerId) -> Self {
        let mut names = vec![(server.to_string(), "server".to_owned())];
        for migration in cloud.records().migrations_of(server) {
            names.push((migration.id.to_string(), format!("migration-{}", migration.number)));
        }
        names.push((VOLUME.to_string(), "volume-1".to_owned()));
        names.push((BOOT_VOLUME.to_string(), "volume-boot".to_owned()));
        for port in cloud.network().ports() {
            let name = if port.made_for_server { "port-2" } else { "port-1" };
            names.push((port.id.to_string(), name.to_owned()));
        }
        Self(names)
    }

    /// The same value with names for ids, in texts and in keys.
    pub(crate) fn normalise(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.normalise(item)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, value)| (self.text(key), self.normalise(value)))
                .collect::<Map<_, _>>()
                .into(),
            other => other,
        }
    }

    fn text(&self, mut text: String) -> String {
        for (id, name) in &self.0 {
            if text.contains(id.as_str()) {
                text = text.replace(id, name);
            }
        }
        text
    }
}
