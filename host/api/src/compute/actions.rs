//! Actions on servers (`POST /servers/{id}/action`).

use super::call::Call;
use super::refusal::Refusal;
use super::{body, flavors, image_fit, server_view};
use crate::answer::Answer;
use crate::caller::Access;
use compute::ExpectedTask;
use conductor::{EvacuateServer, LiveMigrateServer, RebuildServer, UnshelveServer};
use model::rpc::RebootType;
use model::{Flavor, HostName, ImageId, Server};
use serde_json::{Value, json};

pub(super) async fn act(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let given = body::read(call)?;
    let mut keys = given.as_object().into_iter().flatten();
    let (Some((action, args)), None) = (keys.next(), keys.next()) else {
        return Err(Refusal::bad_request("Malformed request body"));
    };
    let Some((rule, access, since)) = known(action) else {
        return Err(Refusal::bad_request(format!("There is no such action: {action}")));
    };
    if !call.version.since(since) {
        return Err(Refusal::no_resource());
    }
    let server = call.server(id)?;
    call.require(access, rule)?;
    if let Some(schema) = schema(call, action) {
        body::checked(call, body::object(json!({action: schema}), &[action]))?;
    }
    run(call, &server, action, args).await
}

/// The actions there are.
const ACTIONS: [&str; 30] = [
    "reboot",
    "resize",
    "confirmResize",
    "revertResize",
    "rebuild",
    "createImage",
    "createBackup",
    "os-start",
    "os-stop",
    "pause",
    "unpause",
    "suspend",
    "resume",
    "lock",
    "unlock",
    "rescue",
    "unrescue",
    "shelve",
    "unshelve",
    "shelveOffload",
    "migrate",
    "os-migrateLive",
    "evacuate",
    "forceDelete",
    "restore",
    "changePassword",
    "trigger_crash_dump",
    "os-getConsoleOutput",
    "os-resetState",
    "injectNetworkInfo",
];

/// What bodies with actions look like, one of which has those that Nova does not check.
pub(super) fn describe(call: &Call<'_>) -> Value {
    let there = ACTIONS.iter().copied();
    let there = there.filter(|action| known(action).is_some_and(|(_, _, since)| call.version.since(since)));
    let described = there.map(|action| {
        let schema = schema(call, action).unwrap_or_else(|| json!({"type": ["null", "object"]}));
        body::object(json!({action: schema}), &[action])
    });
    json!({"oneOf": (described.collect::<Vec<_>>())})
}

/// The rule, the default access and the first microversion of an action.
fn known(action: &str) -> Option<(&'static str, Access, u32)> {
    let member = |rule| Some((rule, Access::Member, 1));
    let admin = |rule| Some((rule, Access::Admin, 1));
    match action {
        "reboot" => member("os_compute_api:servers:reboot"),
        "resize" => member("os_compute_api:servers:resize"),
        "confirmResize" => member("os_compute_api:servers:confirm_resize"),
        "revertResize" => member("os_compute_api:servers:revert_resize"),
        "rebuild" => member("os_compute_api:servers:rebuild"),
        "createImage" => member("os_compute_api:servers:create_image"),
        "createBackup" => member("os_compute_api:os-create-backup"),
        "os-start" => member("os_compute_api:servers:start"),
        "os-stop" => member("os_compute_api:servers:stop"),
        "pause" => member("os_compute_api:os-pause-server:pause"),
        "unpause" => member("os_compute_api:os-pause-server:unpause"),
        "suspend" => member("os_compute_api:os-suspend-server:suspend"),
        "resume" => member("os_compute_api:os-suspend-server:resume"),
        "lock" => member("os_compute_api:os-lock-server:lock"),
        "unlock" => member("os_compute_api:os-lock-server:unlock"),
        "rescue" => member("os_compute_api:os-rescue"),
        "unrescue" => member("os_compute_api:os-unrescue"),
        "shelve" => member("os_compute_api:os-shelve:shelve"),
        "unshelve" => member("os_compute_api:os-shelve:unshelve"),
        "shelveOffload" => admin("os_compute_api:os-shelve:shelve_offload"),
        "migrate" => Some(("os_compute_api:os-migrate-server:migrate", Access::Manager, 1)),
        "os-migrateLive" => Some(("os_compute_api:os-migrate-server:migrate_live", Access::Manager, 1)),
        "evacuate" => admin("os_compute_api:os-evacuate"),
        "forceDelete" => member("os_compute_api:os-deferred-delete:force"),
        "restore" => member("os_compute_api:os-deferred-delete:restore"),
        "changePassword" => member("os_compute_api:os-admin-password"),
        "trigger_crash_dump" => Some(("os_compute_api:servers:trigger_crash_dump", Access::Member, 17)),
        "os-getConsoleOutput" => member("os_compute_api:os-console-output"),
        "os-resetState" => admin("os_compute_api:os-admin-actions:reset_state"),
        "injectNetworkInfo" => admin("os_compute_api:os-admin-actions:inject_network_info"),
        _ => None,
    }
}

/// What an action's value must look like; none for those that Nova does not check.
fn schema(call: &Call<'_>, action: &str) -> Option<Value> {
    let version = call.version;
    let uuid = json!({"type": "string", "format": "uuid-with-dashes"});
    let host =
        json!({"type": ["string", "null"], "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-._]*$"});
    let nothing = json!({"type": "null"});
    Some(match action {
        "reboot" => body::object(
            json!({"type": {"type": "string", "enum": ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]}}),
            &["type"],
        ),
        "resize" => body::object(
            json!({"flavorRef": {"type": ["string", "integer"], "minLength": 1}, "OS-DCF:diskConfig": {"type": "string", "enum": ["AUTO", "MANUAL"]}}),
            &["flavorRef"],
        ),
        "rebuild" => {
            let mut document = json!({"type": "object", "properties": {"imageRef": uuid, "name": body::name(), "metadata": body::metadata(),
                "preserve_ephemeral": body::boolean(), "adminPass": {"type": "string"}, "accessIPv4": {"type": "string"},
                "accessIPv6": {"type": "string"}, "OS-DCF:diskConfig": {"type": "string", "enum": ["AUTO", "MANUAL"]}},
                "required": ["imageRef"], "additionalProperties": false});
            if version.since(19) {
                document["properties"]["description"] = super::servers::description();
            }
            let text_or_null = json!({"type": ["string", "null"]});
            if version.since(54) {
                document["properties"]["key_name"] = text_or_null.clone();
            }
            if version.since(57) {
                document["properties"]["user_data"] = text_or_null;
            } else {
                document["properties"]["personality"] = json!({"type": "array"});
            }
            if version.since(63) {
                document["properties"]["trusted_image_certificates"] = json!({"type": ["array", "null"]});
            }
            if version.since(90) {
                document["properties"]["hostname"] = super::servers::hostname(call);
            }
            document
        }
        "createImage" => body::object(json!({"name": body::name(), "metadata": body::metadata()}), &["name"]),
        "createBackup" => body::object(
            json!({"name": body::name(), "backup_type": {"type": "string"}, "rotation": body::number(0), "metadata": body::metadata()}),
            &["name", "backup_type", "rotation"],
        ),
        "lock" if version.since(73) => json!({"anyOf": [
            body::object(json!({"locked_reason": {"type": "string", "minLength": 1, "maxLength": 255}}), &[]), nothing]}),
        "rescue" => json!({"anyOf": [
            body::object(json!({"adminPass": {"type": "string"}, "rescue_image_ref": uuid}), &[]), nothing]}),
        "migrate" if version.since(56) => {
            json!({"anyOf": [body::object(json!({"host": host}), &[]), nothing]})
        }
        "os-migrateLive" => {
            let mut properties = json!({"host": host, "block_migration": body::boolean()});
            if version.since(25) {
                properties["block_migration"] =
                    json!({"anyOf": [body::boolean(), {"type": "string", "enum": ["auto"]}]});
            } else {
                properties["disk_over_commit"] = body::boolean();
            }
            if version.since(30) && !version.since(68) {
                properties["force"] = body::boolean();
            }
            let required: &[&str] = if version.since(25) {
                &["block_migration", "host"]
            } else {
                &["block_migration", "disk_over_commit", "host"]
            };
            body::object(properties, required)
        }
        "evacuate" => {
            let mut properties = json!({"host": body::fqdn(), "adminPass": {"type": "string"}});
            if !version.since(14) {
                properties["onSharedStorage"] = body::boolean();
            }
            if version.since(29) && !version.since(68) {
                properties["force"] = body::boolean();
            }
            body::object(properties, if version.since(14) { &[] } else { &["onSharedStorage"] })
        }
        "unshelve" if version.since(77) => {
            let zone = json!({"type": if version.since(91) { json!(["string", "null"]) } else { json!("string") }, "minLength": 1, "maxLength": 255});
            let mut properties = json!({"availability_zone": zone});
            if version.since(91) {
                properties["host"] = body::fqdn();
            }
            json!({"anyOf": [body::object(properties, if version.since(91) { &[] } else { &["availability_zone"] }), nothing]})
        }
        "changePassword" => body::object(json!({"adminPass": {"type": "string"}}), &["adminPass"]),
        "os-getConsoleOutput" => {
            body::object(json!({"length": {"type": ["integer", "string", "null"], "minimum": -1}}), &[])
        }
        "os-resetState" => {
            body::object(json!({"state": {"type": "string", "enum": ["active", "error"]}}), &["state"])
        }
        _ => return None,
    })
}

async fn run(call: &Call<'_>, server: &Server, action: &str, args: &Value) -> Result<Answer, Refusal> {
    let (api, id) = (&call.api, server.id);
    let text = |key: &str| args[key].as_str().map(str::to_owned);
    let host = text("host").map(HostName::from);
    if matches!(action, "resize" | "migrate" | "os-migrateLive" | "suspend") {
        refuse_accelerators(&server.flavor)?;
    }
    match action {
        "reboot" => {
            let soft = text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("soft"));
            api.reboot(id, if soft { RebootType::Soft } else { RebootType::Hard }).await?;
        }
        "resize" => {
            let flavor = match &args["flavorRef"] {
                Value::String(text) => text.rsplit('/').next().unwrap_or(text).to_owned(),
                number => number.to_string(),
            };
            let no_such = |_| Refusal::bad_request(format!("Flavor {flavor} could not be found."));
            let (wanted, _) = flavors::find(call, &flavor).map_err(no_such)?;
            refuse_accelerators(&wanted)?;
            if let Some(image) = server.image.filter(|_| wanted.id != server.flavor.id) {
                image_fit::check_resize(call, image, &wanted)?;
            }
            api.resize(id, &flavor).await?;
        }
        "confirmResize" => {
            api.confirm_resize(id).await?;
            return Ok(Answer::empty(204));
        }
        "revertResize" => api.revert_resize(id).await?,
        "rebuild" => return rebuild(call, server, args).await,
        "createImage" | "createBackup" => return image(call, server, action, args).await,
        "os-start" => api.start(id).await?,
        "os-stop" => api.stop(id).await?,
        "pause" => api.pause(id).await?,
        "unpause" => api.unpause(id).await?,
        "suspend" => api.suspend(id).await?,
        "resume" => api.resume(id).await?,
        "lock" => {
            api.lock(id).await?;
            call.cloud.records().label_server(id, |labels| labels.locked_reason = text("locked_reason"));
        }
        "unlock" => {
            api.unlock(id).await?;
            call.cloud.records().label_server(id, |labels| labels.locked_reason = None);
        }
        "rescue" => {
            let image: Option<ImageId> = text("rescue_image_ref").and_then(|image| image.parse().ok());
            let password = api.rescue(id, text("adminPass"), image, call.version.since(87)).await?;
            return Ok(Answer::json(200, json!({"adminPass": password})));
        }
        "unrescue" => api.unrescue(id).await?,
        "shelve" => api.shelve(id).await?,
        "shelveOffload" => api.shelve_offload(id).await?,
        "unshelve" => {
            if host.is_some() {
                call.require(Access::Admin, "os_compute_api:os-shelve:unshelve_to_host")?;
            }
            let unpin = args.get("availability_zone").is_some_and(Value::is_null);
            let request = UnshelveServer { availability_zone: text("availability_zone"), unpin, host };
            api.unshelve(id, request).await?;
        }
        "migrate" => {
            if host.is_some() {
                call.require(Access::Admin, "os_compute_api:os-migrate-server:migrate:host")?;
            }
            api.migrate(id, host).await?;
        }
        "os-migrateLive" => {
            if host.is_some() {
                call.require(Access::Admin, "os_compute_api:os-migrate-server:migrate_live:host")?;
            }
            let force = body::truth(&args["force"]);
            if force && host.is_none() {
                return Err(Refusal::bad_request("Can't force to a non-provided destination"));
            }
            let block = &args["block_migration"];
            let request = LiveMigrateServer {
                host,
                force: force || !call.version.since(30) && !args["host"].is_null(),
                block_migration: (block != "auto").then(|| body::truth(block)),
                disk_over_commit: args.get("disk_over_commit").map(body::truth),
            };
            if call.version.since(34) {
                api.live_migrate(id, request).await?;
            } else {
                api.live_migrate_once_scheduled(id, request).await?;
            }
        }
        "evacuate" => {
            let force = body::truth(&args["force"]) || host.is_some() && !call.version.since(29);
            api.evacuate(id, EvacuateServer { host, force, stop: call.version.since(95) }).await?;
            if call.version.since(14) {
                return Ok(Answer::empty(200));
            }
            return Ok(Answer::json(200, json!({"adminPass": text("adminPass")})));
        }
        "forceDelete" => api.force_delete(id).await?,
        "restore" => api.restore(id).await?,
        "changePassword" => api.change_password(id, text("adminPass")).await?,
        "trigger_crash_dump" => api.trigger_crash_dump(id).await?,
        "os-getConsoleOutput" => {
            let length =
                args["length"].as_i64().or_else(|| text("length").and_then(|length| length.parse().ok()));
            let output = api.console_output(id, length).await?;
            let shown: String =
                output.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n')).collect();
            return Ok(Answer::json(200, json!({"output": shown})));
        }
        "os-resetState" => api.reset_state(id, args["state"] == "active").await?,
        "injectNetworkInfo" => api.inject_network_info(id).await?,
        _ => return Err(Refusal::bad_request(format!("There is no such action: {action}"))),
    }
    Ok(Answer::empty(202))
}

/// A guest with accelerators is not moved, nor written to disk.
fn refuse_accelerators(flavor: &Flavor) -> Result<(), Refusal> {
    if flavor.extra_specs.contains_key("accel:device_profile") {
        return Err(Refusal::bad_request("Feature not supported with instances that have accelerators."));
    }
    Ok(())
}

async fn rebuild(call: &Call<'_>, server: &Server, args: &Value) -> Result<Answer, Refusal> {
    let image: Option<ImageId> = args["imageRef"].as_str().and_then(|image| image.parse().ok());
    let request = RebuildServer {
        image,
        preserve_ephemeral: body::truth(&args["preserve_ephemeral"]),
        reimage_boot_volume: call.version.since(93),
    };
    // One that is not there is refused below.
    if let Some(image) = image.filter(|image| call.cloud.services().records.image(*image).is_some()) {
        image_fit::check_named(call, image, &server.flavor)?;
    }
    if args.get("metadata").is_some() {
        call.api.check_metadata_quota(args["metadata"].as_object().map_or(0, |pairs| pairs.len()))?;
    }
    call.api.rebuild(server.id, request).await?;
    let text = |key: &str| args[key].as_str().map(str::to_owned);
    if let Some(name) = text("name") {
        let rename = &mut |server: &mut Server| server.name.clone_from(&name);
        // One that is deleted meanwhile needs no name.
        let _ = call.cloud.services().records.update_server(server.id, ExpectedTask::Any, rename).await;
    }
    call.cloud.records().label_server(server.id, |labels| {
        labels.access_ip_v4 = text("accessIPv4").unwrap_or_else(|| labels.access_ip_v4.clone());
        labels.access_ip_v6 = text("accessIPv6").unwrap_or_else(|| labels.access_ip_v6.clone());
        for (key, since, label) in [
            ("key_name", 54, &mut labels.key_name),
            ("user_data", 57, &mut labels.user_data),
            ("hostname", 90, &mut labels.hostname),
        ] {
            if call.version.since(since) && args.get(key).is_some() {
                *label = text(key);
            }
        }
        if let Some(pairs) = args["metadata"].as_object() {
            let pairs = pairs.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
            labels.metadata = pairs.collect();
        }
        if args.get("description").is_some() {
            labels.description = args["description"].as_str().map(str::to_owned);
        }
    });
    let shown = server_view::full(call, &call.server(&server.id.to_string())?, !call.version.since(75));
    let mut shown = server_view::alone(call, shown);
    shown["adminPass"] = args["adminPass"].clone();
    if shown["adminPass"].is_null() {
        let made = uuid::Uuid::new_v4().simple().to_string();
        shown["adminPass"] = json!(made.get(..12).unwrap_or(&made));
    }
    let location = call.url(&format!("/servers/{}", server.id));
    Ok(Answer::json(202, json!({"server": shown})).with("location", &location))
}

async fn image(call: &Call<'_>, server: &Server, action: &str, args: &Value) -> Result<Answer, Refusal> {
    let text = |key: &str| args[key].as_str().unwrap_or_default();
    let image = if action == "createImage" {
        call.api.create_server_image(server.id, text("name")).await?
    } else {
        let rotation = body::whole(&args["rotation"]).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        call.api.create_backup(server.id, text("name"), text("backup_type"), rotation).await?
    };
    if call.version.since(45) {
        return Ok(Answer::json(202, json!({"image_id": image})));
    }
    Ok(Answer::empty(202).with("location", &format!("{}/image/v2/images/{image}", call.ask.origin())))
}

#[cfg(test)]
mod tests {
    use super::{ACTIONS, known};

    #[test]
    fn every_action_that_is_described_is_known() {
        for action in ACTIONS {
            assert!(known(action).is_some(), "{action}");
        }
    }
}
