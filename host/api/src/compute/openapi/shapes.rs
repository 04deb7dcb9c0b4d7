//! What answers of the compute API look like, as JSON schemas (`nova/api/openstack/compute/views/`).

use crate::compute::version::Version;
use serde_json::{Map, Value, json};

/// An object with these fields and no others. Each is written `name:type`, one that may be absent `name?:type`, and one of
/// two types `name:type|type`.
pub(super) fn record(fields: &str) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields.split_whitespace() {
        // Names have colons too.
        let (name, kind) = field.rsplit_once(':').unwrap_or((field, "any"));
        let plain = name.trim_end_matches('?');
        if plain == name {
            required.push(plain);
        }
        properties.insert(plain.to_owned(), kind_of(kind));
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn kind_of(kind: &str) -> Value {
    if kind.contains('|') {
        return json!({"anyOf": (kind.split('|').map(kind_of).collect::<Vec<_>>())});
    }
    match kind {
        "text" => json!({"type": "string"}),
        "null" => json!({"type": "null"}),
        "int" => json!({"type": "integer"}),
        "count" => json!({"type": "integer", "minimum": 0}),
        "number" => json!({"type": "number"}),
        "bool" => json!({"type": "boolean"}),
        "empty" => json!({"type": "string", "maxLength": 0}),
        "uuid" => json!({"type": "string", "format": "uuid"}),
        "uuids" => json!({"type": "array", "items": kind_of("uuid")}),
        "texts" => json!({"type": "array", "items": kind_of("text"), "uniqueItems": true}),
        "map" => json!({"type": "object", "additionalProperties": kind_of("text")}),
        // With and without fractions of a second, a `T`, or a `Z`.
        "time" => json!({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{6})?Z?$"}),
        "links" => json!({"type": "array", "minItems": 1, "items": link()}),
        _ => json!({}),
    }
}

fn link() -> Value {
    record("rel:text href:text type?:text")
}

/// A schema with further fields.
fn with(mut schema: Value, fields: &str) -> Value {
    let more = record(fields);
    if let (Some(all), Some(new)) = (schema["properties"].as_object_mut(), more["properties"].as_object()) {
        all.extend(new.clone());
    }
    if let (Some(all), Some(new)) = (schema["required"].as_array_mut(), more["required"].as_array()) {
        all.extend(new.clone());
    }
    schema
}

/// A schema with a field of this schema.
fn with_one(mut schema: Value, name: &str, of: Value) -> Value {
    schema["properties"][name] = of;
    if let Some(required) = schema["required"].as_array_mut() {
        required.push(json!(name));
    }
    schema
}

/// A schema with these fields since a microversion.
fn since(schema: Value, version: Version, minor: u32, fields: &str) -> Value {
    if version.since(minor) { with(schema, fields) } else { schema }
}

/// A document with one thing.
pub(super) fn one(name: &str, of: Value) -> Value {
    with_one(record(""), name, of)
}

/// A document with a list, which may tell where it goes on.
pub(super) fn list(name: &str, of: Value) -> Value {
    with_links(name, json!({"type": "array", "items": of}))
}

/// A document with one thing that may go on.
pub(super) fn with_links(name: &str, of: Value) -> Value {
    let mut schema = one(name, of);
    schema["properties"][format!("{name}_links")] = kind_of("links");
    schema
}

/// An error: one key that names its kind.
pub(super) fn error() -> Value {
    let error = record("code:int message:text retryAfter?:text");
    json!({"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": error})
}

/// Whole numbers by name.
pub(super) fn numbers() -> Value {
    json!({"type": "object", "minProperties": 5, "additionalProperties": {"type": "integer"}})
}

/// Limits by resource.
pub(super) fn quotas(with_id: bool) -> Value {
    let mut schema = json!({"type": "object", "minProperties": 4, "additionalProperties": {"type": "integer", "minimum": -1}});
    if with_id {
        schema["properties"] = json!({"id": {"type": "string"}});
        schema["required"] = json!(["id", "instances", "cores", "ram"]);
    }
    schema
}

pub(super) fn quota_details() -> Value {
    let detail = record("in_use:count limit:int reserved:count");
    json!({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id", "instances"], "additionalProperties": detail})
}

/// Extra specs as they were given.
pub(super) fn specs() -> Value {
    json!({"type": "object", "additionalProperties": {"type": ["string", "number"]}})
}

pub(super) fn short(_: Version) -> Value {
    record("id:uuid name:text links:links")
}

pub(super) fn created() -> Value {
    let server = with_one(
        record("id:uuid links:links adminPass:text OS-DCF:diskConfig:text"),
        "security_groups",
        json!({"type": "array", "items": record("name:text")}),
    );
    json!({"anyOf": [one("server", server), record("reservation_id:text")]})
}

/// Addresses by network.
pub(super) fn addresses(fields: &str) -> Value {
    json!({"type": "object", "additionalProperties": {"type": "array", "items": record(fields)}})
}

/// What every view of a server has.
fn server_common(v: Version, address: &str) -> Value {
    let image = since(record("id:uuid links:links"), v, 98, "properties?:map");
    let flavor = match v.since(47) {
        true => record(
            "vcpus:count ram:count disk:count ephemeral:count swap:count original_name:text extra_specs?:map",
        ),
        false => record("id:text links:links"),
    };
    let mut schema = record(
        "id:uuid name:text links:links status:text tenant_id:text user_id:text created:time updated:time hostId:text \
         accessIPv4:text accessIPv6:text metadata:map OS-DCF:diskConfig:text progress?:count",
    );
    schema = with_one(schema, "addresses", addresses(address));
    schema = with_one(schema, "image", json!({"anyOf": [image, kind_of("empty")]}));
    schema = with_one(schema, "flavor", flavor);
    schema["properties"]["fault"] = record("code:int created:time message:text details?:text");
    for (minor, fields) in [
        (9, "locked:bool"),
        (19, "description:text|null"),
        (26, "tags:texts"),
        (63, "trusted_image_certificates:texts|null"),
        (73, "locked_reason:text|null"),
        (96, "pinned_availability_zone:text|null"),
        (100, "scheduler_hints:any"),
    ] {
        schema = since(schema, v, minor, fields);
    }
    schema
}

/// A server; alone it tells its group.
pub(super) fn server(v: Version, alone: bool) -> Value {
    let address = "addr:text version:int OS-EXT-IPS:type:text OS-EXT-IPS-MAC:mac_addr:text";
    let mut schema = with(
        server_common(v, address),
        "OS-EXT-AZ:availability_zone:text config_drive:text key_name:text|null OS-SRV-USG:launched_at:time|null \
         OS-SRV-USG:terminated_at:time|null OS-EXT-STS:task_state:text|null OS-EXT-STS:vm_state:text \
         OS-EXT-STS:power_state:count OS-EXT-SRV-ATTR:host?:text|null OS-EXT-SRV-ATTR:hypervisor_hostname?:text|null \
         OS-EXT-SRV-ATTR:instance_name?:text",
    );
    schema["properties"]["security_groups"] = json!({"type": "array", "items": record("name:text")});
    for (minor, fields) in [
        (
            3,
            "OS-EXT-SRV-ATTR:hostname?:text OS-EXT-SRV-ATTR:kernel_id?:text OS-EXT-SRV-ATTR:ramdisk_id?:text \
             OS-EXT-SRV-ATTR:launch_index?:count OS-EXT-SRV-ATTR:reservation_id?:text \
             OS-EXT-SRV-ATTR:root_device_name?:text|null OS-EXT-SRV-ATTR:user_data?:text|null",
        ),
        (16, "host_status?:text"),
        (90, "OS-EXT-SRV-ATTR:hostname:text"),
    ] {
        schema = since(schema, v, minor, fields);
    }
    let volume = since(record("id:uuid"), v, 3, "delete_on_termination:bool");
    schema =
        with_one(schema, "os-extended-volumes:volumes_attached", json!({"type": "array", "items": volume}));
    if alone { since(schema, v, 71, "server_groups:uuids") } else { schema }
}

/// A server in the answer to a change, which shows all since a microversion.
pub(super) fn changed_server(v: Version, all_since: u32) -> Value {
    match v.since(all_since) {
        true => server(v, true),
        false => since(server_common(v, "addr:text version:int"), v, 71, "server_groups:uuids"),
    }
}

pub(super) fn action(v: Version) -> Value {
    let schema = record(
        "action:text instance_uuid:uuid request_id:text user_id:text|null project_id:text|null start_time:time \
         message:text|null",
    );
    since(schema, v, 58, "updated_at:time")
}

pub(super) fn action_with_events(v: Version) -> Value {
    let event =
        record("event:text start_time:time finish_time:time|null result:text|null traceback?:text|null");
    let event = since(event, v, 62, "host?:text hostId:text");
    let event = since(event, v, 84, "details?:text|null");
    let mut schema = action(v);
    schema["properties"]["events"] = json!({"type": "array", "items": event});
    schema
}

pub(super) fn interface(v: Version) -> Value {
    let schema = record("net_id:uuid port_id:uuid mac_addr:text port_state:text");
    let fixed = json!({"type": "array", "items": record("subnet_id:uuid ip_address:text")});
    since(with_one(schema, "fixed_ips", fixed), v, 70, "tag:text|null")
}

pub(super) fn attachment(v: Version) -> Value {
    let mut schema = record("volumeId:uuid serverId:uuid device?:text|null");
    schema = if v.since(89) {
        with(schema, "attachment_id:uuid|null bdm_uuid:uuid")
    } else {
        with(schema, "id:uuid")
    };
    since(since(schema, v, 70, "tag:text|null"), v, 79, "delete_on_termination:bool")
}

pub(super) fn new_attachment(v: Version) -> Value {
    let schema = record("id:uuid volumeId:uuid serverId:uuid device:text|null");
    since(since(schema, v, 70, "tag:text|null"), v, 79, "delete_on_termination:bool")
}

pub(super) fn server_migration(v: Version) -> Value {
    let schema = record(
        "id:count server_uuid:uuid status:text source_compute:text|null source_node:text|null dest_compute:text|null \
         dest_node:text|null dest_host:text|null created_at:time updated_at:time memory_total_bytes:count|null \
         memory_processed_bytes:count|null memory_remaining_bytes:count|null disk_total_bytes:count|null \
         disk_processed_bytes:count|null disk_remaining_bytes:count|null",
    );
    since(since(schema, v, 59, "uuid:uuid"), v, 80, "user_id:text project_id:text")
}

pub(super) fn migration(v: Version) -> Value {
    let schema = record(
        "id:count instance_uuid:uuid status:text source_compute:text|null source_node:text|null \
         dest_compute:text|null dest_node:text|null dest_host:text|null old_instance_type_id:int|text \
         new_instance_type_id:int|text created_at:time updated_at:time",
    );
    let schema = since(schema, v, 23, "migration_type:text links?:links");
    since(since(schema, v, 59, "uuid:uuid"), v, 80, "user_id:text|null project_id:text|null")
}

pub(super) fn flavor_short(v: Version) -> Value {
    since(record("id:text name:text links:links"), v, 55, "description:text|null")
}

pub(super) fn flavor(v: Version) -> Value {
    let mut schema = with(
        flavor_short(v),
        "ram:count disk:count vcpus:count OS-FLV-EXT-DATA:ephemeral:count os-flavor-access:is_public:bool",
    );
    schema = with(schema, if v.since(75) { "swap:count" } else { "swap:count|empty" });
    if !v.since(102) {
        schema = with(schema, "rxtx_factor:number OS-FLV-DISABLED:disabled:bool");
    }
    since(schema, v, 61, "extra_specs:map")
}

pub(super) fn image() -> Value {
    let mut schema = record(
        "id:uuid name:text|null minRam:count minDisk:count metadata:map created:time updated:time status:text \
         progress:count OS-EXT-IMG-SIZE:size:count|null links:links OS-DCF:diskConfig?:text",
    );
    schema["properties"]["server"] = record("id:text links:links");
    schema
}

pub(super) fn usage() -> Value {
    let mut schema = record(
        "tenant_id:text start:time stop:time total_hours:number total_vcpus_usage:number total_memory_mb_usage:number \
         total_local_gb_usage:number",
    );
    let server = record(
        "instance_id:uuid name:text tenant_id:text flavor:text hours:number memory_mb:count vcpus:count local_gb:count \
         started_at:time ended_at:time|null state:text uptime:count",
    );
    schema["properties"]["server_usages"] = json!({"type": "array", "items": server});
    schema
}

pub(super) fn keypair(v: Version, more: &str) -> Value {
    with(since(record("name:text public_key:text fingerprint:text"), v, 2, "type:text"), more)
}

pub(super) fn server_group(v: Version) -> Value {
    let schema = record("id:uuid name:text members:uuids");
    let schema = match v.since(64) {
        true => with_one(with(schema, "policy:text"), "rules", record("max_server_per_host?:count")),
        false => with(schema, "policies:texts metadata:map"),
    };
    since(schema, v, 13, "project_id:text user_id:text")
}

/// An aggregate; a new one has no hosts yet and does not say so.
pub(super) fn aggregate(v: Version, with_hosts: bool) -> Value {
    let schema = record(
        "id:count name:text availability_zone:text|null created_at:time updated_at:time|null deleted:bool \
         deleted_at:time|null",
    );
    let schema = if with_hosts { with(schema, "hosts:texts metadata:map") } else { schema };
    since(schema, v, 41, "uuid:uuid")
}

pub(super) fn zone() -> Value {
    let service = record("available:bool active:bool updated_at:time|null");
    let hosts = json!({"type": ["object", "null"], "additionalProperties": {"type": "object", "additionalProperties": service}});
    with_one(with_one(record("zoneName:text"), "zoneState", record("available:bool")), "hosts", hosts)
}

pub(super) fn hypervisor(v: Version, detail: bool) -> Value {
    let mut schema = record("hypervisor_hostname:text state:text status:text");
    schema = with(schema, if v.since(53) { "id:uuid" } else { "id:count" });
    schema["properties"]["servers"] = json!({"type": "array", "items": record("uuid:uuid name:text")});
    if !detail {
        return schema;
    }
    let id = if v.since(53) { "id:uuid" } else { "id:count" };
    let service = with(record("host:text disabled_reason:text|null"), id);
    schema = with_one(
        with(schema, "hypervisor_type:text hypervisor_version:count host_ip:text"),
        "service",
        service,
    );
    if v.since(88) {
        return with(schema, "uptime:text|null");
    }
    let schema = with(
        schema,
        "vcpus:count vcpus_used:count memory_mb:count memory_mb_used:count local_gb:count local_gb_used:count \
         free_ram_mb:int free_disk_gb:int current_workload:count running_vms:count disk_available_least:int|null",
    );
    with_one(schema, "cpu_info", if v.since(28) { json!({"type": "object"}) } else { kind_of("text") })
}

pub(super) fn service(v: Version) -> Value {
    let schema = record(
        "binary:text host:text zone:text status:text state:text updated_at:time|null disabled_reason:text|null",
    );
    let schema = with(schema, if v.since(53) { "id:uuid" } else { "id:count" });
    since(schema, v, 11, "forced_down:bool")
}
