//! What a notification says of its server, by the names and versions of Nova's payloads (`nova/notifications/objects/`): the
//! server as it was when the notification was sent, which is why it is written down then.
//!
//! Left out is what there is nothing of here: where in Nova's source an error was raised, keys' contents, shares, bandwidth.

use crate::compute::{hostname, seconds, updated_at};
use compute::Records as _;
use conductor::{Asker, NetworkService, ServerLabels, StateOfRecord};
use model::{BlockDevice, Flavor, Notification, NovaError, PowerState, RequestId, Server, Vif};
use serde_json::{Value, json};
use std::rc::Rc;

/// Makes what the notifier asks for each notification.
pub(crate) fn describer(records: Rc<StateOfRecord>, network: Rc<NetworkService>) -> Rc<runtime::Describe> {
    Rc::new(move |sent| {
        let server = records.server_even_deleted(sent.server?)?;
        sent.event_type
            .starts_with("instance.")
            .then(|| payload(&records, &network, sent, &server).to_string().into())
    })
}

/// An object as Nova serialises it.
pub(super) fn object(name: &str, version: &str, data: &Value) -> Value {
    json!({
        "nova_object.name": name, "nova_object.namespace": "nova", "nova_object.version": version,
        "nova_object.data": data,
    })
}

/// An error.
pub(super) fn exception(error: &NovaError) -> Value {
    let (class, text) = (error.class.name(), error.text());
    let data =
        json!({"exception": class, "exception_message": text, "traceback": format!("{class}: {text}")});
    object("ExceptionPayload", "1.1", &data)
}

fn payload(records: &StateOfRecord, network: &NetworkService, sent: &Notification, server: &Server) -> Value {
    let labels = records.server_labels(server.id);
    let mut data = common(records, server, &labels);
    let addresses = server.network_info.iter().flat_map(|vif| addresses(network, vif));
    data["ip_addresses"] = addresses.collect();
    let about = |name: &str| sent.about.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    for (name, value) in &sent.about {
        data[name] = json!(value);
    }
    let action = sent.event_type.split('.').nth(1).unwrap_or_default();
    let (name, version) = match action {
        "exists" => ("InstanceExistsPayload", "2.1"),
        "create" => ("InstanceCreatePayload", "1.13"),
        "rebuild" | "rebuild_scheduled" => ("InstanceActionRebuildPayload", "1.10"),
        "resize_prep" => ("InstanceActionResizePrepPayload", "1.9"),
        "rescue" => ("InstanceActionRescuePayload", "1.9"),
        "snapshot" => ("InstanceActionSnapshotPayload", "1.10"),
        "volume_attach" | "volume_detach" => ("InstanceActionVolumePayload", "1.9"),
        "volume_swap" => ("InstanceActionVolumeSwapPayload", "1.9"),
        _ => ("InstanceActionPayload", "1.9"),
    };
    match action {
        // It tells of a state, not of something that can fail.
        "exists" => {}
        _ => data["fault"] = sent.error.as_ref().map(exception).unwrap_or_default(),
    }
    match action {
        "create" => {
            data["keypairs"] = json!([]);
            data["tags"] = json!(labels.tags);
            data["trusted_image_certificates"] = Value::Null;
            data["instance_name"] = json!(format!("instance-{:08x}", server.number));
        }
        "rebuild" | "rebuild_scheduled" => data["trusted_image_certificates"] = Value::Null,
        "resize_prep" => {
            let new = about("new_flavor").and_then(|id| records.flavor(id));
            data["new_flavor"] = new.map(|new| flavor(records, &new)).unwrap_or_default();
        }
        _ => {}
    }
    object(name, version, &data)
}

/// What every payload about a server says.
fn common(records: &StateOfRecord, server: &Server, labels: &ServerLabels) -> Value {
    // Whatever is done to a server is done for its newest action; what periodic tasks do is asked for by nobody.
    let newest = records.newest_action(server.id);
    let request: Option<&RequestId> = newest.as_ref().map(|(request, _)| request);
    let asker: Option<&Asker> = newest.as_ref().and_then(|(_, asker)| asker.as_ref());
    json!({
        "uuid": server.id, "user_id": server.user_id, "tenant_id": server.project_id,
        "reservation_id": server.reservation_id, "display_name": server.name,
        "display_description": labels.description, "host_name": hostname(server, labels),
        "host": server.host, "node": server.node, "os_type": null, "architecture": null,
        "availability_zone": server.availability_zone, "flavor": flavor(records, &server.flavor),
        "image_uuid": server.image.map(|image| image.to_string()).unwrap_or_default(),
        "key_name": labels.key_name, "kernel_id": "", "ramdisk_id": "",
        "created_at": seconds(server.created_at), "launched_at": server.launched_at.map(seconds),
        "terminated_at": server.deleted_at.map(seconds),
        "deleted_at": server.deleted_at.or(server.soft_deleted_at).map(seconds),
        "updated_at": seconds(updated_at(server, labels)),
        "state": server.vm_state, "task_state": server.task_state, "power_state": power_state(server.power_state),
        "progress": server.progress, "metadata": labels.metadata, "locked": server.locked,
        "locked_reason": labels.locked_reason.as_ref().filter(|_| server.locked), "auto_disk_config": "MANUAL",
        "block_devices": server.block_devices.iter().map(block_device).collect::<Vec<_>>(), "shares": [],
        "request_id": asker.and(request), "action_initiator_user": asker.map(|asker| &asker.user),
        "action_initiator_project": asker.map(|asker| &asker.project),
    })
}

/// The name of a power state; Nova's number of "none known" is called `pending` in notifications.
fn power_state(state: PowerState) -> &'static str {
    match state {
        PowerState::NoState => "pending",
        PowerState::Running => "running",
        PowerState::Paused => "paused",
        PowerState::Shutdown => "shutdown",
        PowerState::Crashed => "crashed",
        PowerState::Suspended => "suspended",
    }
}

fn flavor(records: &StateOfRecord, flavor: &Flavor) -> Value {
    let labels = records.flavor_labels(&flavor.id);
    let data = json!({
        "flavorid": flavor.id, "name": flavor.name, "memory_mb": flavor.memory_mb, "vcpus": flavor.vcpus,
        "root_gb": flavor.root_gb, "ephemeral_gb": flavor.ephemeral_gb, "swap": flavor.swap_mb, "rxtx_factor": 1.0,
        "vcpu_weight": 0, "disabled": false, "is_public": !labels.private, "extra_specs": flavor.extra_specs,
        "projects": null, "description": labels.description,
    });
    object("FlavorPayload", "1.4", &data)
}

fn addresses(network: &NetworkService, vif: &Vif) -> impl Iterator<Item = Value> {
    let label = network.network(vif.network).map(|network| network.name);
    let device: String = format!("tap{}", vif.port).chars().take(14).collect();
    vif.fixed_ips.iter().map(move |address| {
        let data = json!({
            "address": address, "version": if address.contains(':') { 6 } else { 4 }, "mac": vif.mac_address,
            "port_uuid": vif.port, "label": label, "device_name": device, "meta": {},
        });
        object("IpPayload", "1.0", &data)
    })
}

fn block_device(device: &BlockDevice) -> Value {
    let data = json!({
        "volume_id": device.volume, "device_name": device.device_name, "boot_index": device.boot_index,
        "delete_on_termination": device.delete_on_termination, "tag": null,
    });
    object("BlockDevicePayload", "1.0", &data)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Rig, body_of};
    use serde_json::{Value, json};

    #[test]
    fn a_notification_tells_what_its_server_was_like_when_it_was_sent_and_who_asked() {
        Rig::open().run(async |rig| {
            let host = json!({"name": "compute", "host": "host1", "driver": "fake"});
            assert_eq!(rig.post("/_novarig/v1/services", host).await.status(), 200);
            let server = json!({"name": "web", "flavorRef": "1", "networks": "auto", "tags": ["blue"],
                "imageRef": "155d900f-4e14-4e4c-a73d-069cbf4541e6", "metadata": {"a": "b"}});
            let made = body_of(&rig.at("2.90").post("/v2.1/servers", json!({"server": server})).await);
            rig.at_rest().await;
            let id = made["server"]["id"].as_str().unwrap_or_default().to_owned();
            let of = async |event: &str| -> Value {
                let path = format!("/_novarig/v1/notifications?event_type={event}");
                body_of(&rig.get(&path).await)["notifications"][0]["payload"].clone()
            };
            let begun = of("instance.create.start").await;
            assert_eq!(begun["nova_object.name"], "InstanceCreatePayload");
            let (begun, done) = (&begun["nova_object.data"], of("instance.create.end").await);
            assert_eq!((&begun["state"], &begun["power_state"]), (&json!("building"), &json!("pending")));
            assert_eq!(begun["ip_addresses"], json!([]));
            let done = &done["nova_object.data"];
            assert_eq!(
                (&done["uuid"], &done["host"], &done["state"]),
                (&json!(id), &json!("host1"), &json!("active"))
            );
            assert_eq!((&done["power_state"], &done["tags"]), (&json!("running"), &json!(["blue"])));
            assert_eq!(done["flavor"]["nova_object.data"]["name"], "m1.tiny");
            assert_eq!(done["ip_addresses"][0]["nova_object.data"]["address"], "192.168.0.2");
            assert_eq!((&done["metadata"], &done["fault"]), (&json!({"a": "b"}), &Value::Null));
            assert_eq!(done["action_initiator_user"], "admin");
            assert!(done["request_id"].as_str().is_some_and(|request| request.starts_with("req-")), "{done}");
            let fault = json!({"faults": [{"at": "host1:reboot#1", "raise": {"Other": "it is broken"}}]});
            assert_eq!(rig.put("/_novarig/v1/faults", fault).await.status(), 200);
            let reboot = json!({"reboot": {"type": "SOFT"}});
            assert_eq!(rig.post(&format!("/v2.1/servers/{id}/action"), reboot).await.status(), 202);
            rig.at_rest().await;
            let failed = of("instance.reboot.error").await;
            let fault = &failed["nova_object.data"]["fault"]["nova_object.data"];
            assert_eq!(fault["exception"], "NovaException", "{failed}");
        });
    }
}
