//! Which operations the compute API has, at which microversions, and what each answers when it is done.

use super::shapes::{self as shape, list, one, record};
use crate::compute::version::Version;
use serde_json::{Value, json};

/// Statuses of success with the schemas of their bodies.
type Answers = fn(Version) -> Vec<(u16, Option<Value>)>;

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    since: u32,
    until: u32,
    /// The keys of its query string that are looked at.
    pub(super) query: &'static [&'static str],
    /// Bodies by which its handler gets so far as to say what it takes; none for an operation without one.
    pub(super) bodies: &'static [&'static str],
    pub(super) answers: Answers,
    /// Whether a hypervisor may be unable to do it, which is answered with 501.
    pub(super) may_lack: bool,
}

impl Operation {
    pub(super) fn is_at(&self, version: Version) -> bool {
        version.since(self.since) && !version.since(self.until.saturating_add(1))
    }

    /// The names in its path.
    pub(super) fn in_path(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// The newest microversion it is at.
    #[cfg(test)]
    pub(super) fn newest(&self) -> Version {
        Version::parse(&format!("2.{}", self.until.min(104))).unwrap_or(Version::MAX)
    }

    const fn since(mut self, minor: u32) -> Self {
        self.since = minor;
        self
    }

    const fn until(mut self, minor: u32) -> Self {
        self.until = minor;
        self
    }

    const fn query(mut self, keys: &'static [&'static str]) -> Self {
        self.query = keys;
        self
    }

    const fn bodies(mut self, bodies: &'static [&'static str]) -> Self {
        self.bodies = bodies;
        self
    }

    const fn may_lack(mut self) -> Self {
        self.may_lack = true;
        self
    }
}

const fn bare(method: &'static str, path: &'static str, answers: Answers) -> Operation {
    Operation { method, path, since: 1, until: u32::MAX, query: &[], bodies: &[], answers, may_lack: false }
}

const fn get(path: &'static str, answers: Answers) -> Operation {
    bare("GET", path, answers)
}

const fn post(path: &'static str, answers: Answers) -> Operation {
    bare("POST", path, answers).bodies(&["{}"])
}

const fn put(path: &'static str, answers: Answers) -> Operation {
    bare("PUT", path, answers).bodies(&["{}"])
}

const fn delete(path: &'static str, answers: Answers) -> Operation {
    bare("DELETE", path, answers)
}

fn ok(shape: Value) -> Vec<(u16, Option<Value>)> {
    vec![(200, Some(shape))]
}

fn no_body(status: u16) -> Vec<(u16, Option<Value>)> {
    vec![(status, None)]
}

/// What the value of a key of a query string looks like.
pub(super) fn query_schema(key: &str) -> Value {
    match key {
        "limit" | "offset" | "minRam" | "minDisk" => {
            json!({"type": "integer", "minimum": 0, "maximum": 1000})
        }
        "start" | "end" | "changes-since" | "changes-before" => {
            json!({"type": "string", "pattern": r"^20[0-4]\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"})
        }
        "detailed" | "reserved" => json!({"type": "string", "enum": ["0", "1"]}),
        "all_tenants" | "deleted" | "with_servers" | "locked" | "is_public" | "all_projects" => {
            json!({"type": "string", "enum": ["true", "false"]})
        }
        "sort_dir" => json!({"type": "string", "enum": ["asc", "desc"]}),
        _ => json!({"type": "string"}),
    }
}

/// The actions on a server, whose bodies are as many as there are actions.
pub(super) const SERVER_ACTION: &str = "/servers/{server_id}/action";

const SERVER_FILTERS: &[&str] = &[
    "name",
    "status",
    "host",
    "all_tenants",
    "deleted",
    "limit",
    "marker",
    "sort_key",
    "sort_dir",
    "changes-since",
    "changes-before",
    "tags",
    "not-tags",
    "locked",
    "flavor",
    "image",
    "ip",
    "reservation_id",
    "vm_state",
];

#[rustfmt::skip]
pub(super) const OPERATIONS: &[Operation] = &[
    get("/servers", |v| ok(list("servers", shape::short(v)))).query(SERVER_FILTERS),
    get("/servers/detail", |v| ok(list("servers", shape::server(v, false)))).query(SERVER_FILTERS),
    post("/servers", |_| vec![(202, Some(shape::created()))]),
    get("/servers/{server_id}", |v| ok(one("server", shape::server(v, true)))),
    put("/servers/{server_id}", |v| ok(one("server", shape::changed_server(v, 75)))),
    delete("/servers/{server_id}", |_| no_body(204)),
    // Some actions answer with a body and some without one, under the same status.
    post(SERVER_ACTION, |_| vec![(200, None), (202, None), (204, None)]),
    get("/servers/{server_id}/metadata", |_| ok(record("metadata:map"))),
    post("/servers/{server_id}/metadata", |_| ok(record("metadata:map"))),
    put("/servers/{server_id}/metadata", |_| ok(record("metadata:map"))),
    get("/servers/{server_id}/metadata/{key}", |_| ok(record("meta:map"))),
    put("/servers/{server_id}/metadata/{key}", |_| ok(record("meta:map"))),
    delete("/servers/{server_id}/metadata/{key}", |_| no_body(204)),
    get("/servers/{server_id}/os-instance-actions", |v| ok(list("instanceActions", shape::action(v)))),
    get("/servers/{server_id}/os-instance-actions/{request_id}", |v| ok(one("instanceAction", shape::action_with_events(v)))),
    get("/servers/{server_id}/tags", |_| ok(record("tags:texts"))).since(26),
    put("/servers/{server_id}/tags", |_| ok(record("tags:texts"))).since(26),
    delete("/servers/{server_id}/tags", |_| no_body(204)).since(26),
    get("/servers/{server_id}/tags/{tag}", |_| no_body(204)).since(26),
    bare("PUT", "/servers/{server_id}/tags/{tag}", |_| vec![(201, None), (204, None)]).since(26),
    delete("/servers/{server_id}/tags/{tag}", |_| no_body(204)).since(26),
    get("/servers/{server_id}/ips", |_| ok(one("addresses", shape::addresses("addr:text version:int")))),
    get("/servers/{server_id}/ips/{network}", |_| ok(shape::addresses("addr:text version:int"))),
    get("/servers/{server_id}/diagnostics", |_| ok(json!({"type": "object", "minProperties": 1}))).may_lack(),
    get("/servers/{server_id}/topology", |_| ok(record("nodes:any pagesize_kb:int|null"))).since(78),
    get("/servers/{server_id}/os-server-password", |_| ok(record("password:text"))),
    delete("/servers/{server_id}/os-server-password", |_| no_body(204)),
    get("/servers/{server_id}/os-security-groups", |_| ok(list("security_groups", record("id:uuid name:text description:text tenant_id:text rules:any")))),
    post("/servers/{server_id}/remote-consoles", |_| ok(one("remote_console", record("protocol:text type:text url:text")))).since(6),
    get("/servers/{server_id}/os-interface", |v| ok(list("interfaceAttachments", shape::interface(v)))),
    post("/servers/{server_id}/os-interface", |v| ok(one("interfaceAttachment", shape::interface(v)))),
    get("/servers/{server_id}/os-interface/{port_id}", |v| ok(one("interfaceAttachment", shape::interface(v)))),
    delete("/servers/{server_id}/os-interface/{port_id}", |_| no_body(202)),
    get("/servers/{server_id}/os-volume_attachments", |v| ok(list("volumeAttachments", shape::attachment(v)))).query(&["limit", "offset"]),
    post("/servers/{server_id}/os-volume_attachments", |v| match v.since(101) {
        true => no_body(202),
        false => ok(one("volumeAttachment", shape::new_attachment(v))),
    }),
    get("/servers/{server_id}/os-volume_attachments/{volume_id}", |v| ok(one("volumeAttachment", shape::attachment(v)))),
    put("/servers/{server_id}/os-volume_attachments/{volume_id}", |_| no_body(202)),
    delete("/servers/{server_id}/os-volume_attachments/{volume_id}", |_| no_body(202)),
    get("/servers/{server_id}/migrations", |v| ok(list("migrations", shape::server_migration(v)))).since(23),
    get("/servers/{server_id}/migrations/{migration_id}", |v| ok(one("migration", shape::server_migration(v)))).since(23),
    delete("/servers/{server_id}/migrations/{migration_id}", |_| no_body(202)).since(24),
    post("/servers/{server_id}/migrations/{migration_id}/action", |_| no_body(202)).since(22),
    post("/os-server-external-events", |_| {
        let events = list("events", record("server_uuid:uuid name:text status:text tag?:text code:int"));
        vec![(200, Some(events.clone())), (207, Some(events))]
    }),

    get("/flavors", |v| ok(list("flavors", shape::flavor_short(v)))).query(&["limit", "marker", "minRam", "minDisk", "is_public"]),
    get("/flavors/detail", |v| ok(list("flavors", shape::flavor(v)))).query(&["limit", "marker", "minRam", "minDisk", "is_public"]),
    post("/flavors", |v| ok(one("flavor", shape::flavor(v)))),
    get("/flavors/{flavor_id}", |v| ok(one("flavor", shape::flavor(v)))),
    put("/flavors/{flavor_id}", |v| ok(one("flavor", shape::flavor(v)))).since(55),
    delete("/flavors/{flavor_id}", |_| no_body(202)),
    get("/flavors/{flavor_id}/os-extra_specs", |_| ok(record("extra_specs:map"))),
    post("/flavors/{flavor_id}/os-extra_specs", |_| ok(one("extra_specs", shape::specs()))),
    get("/flavors/{flavor_id}/os-extra_specs/{spec}", |_| ok(shape::specs())),
    put("/flavors/{flavor_id}/os-extra_specs/{spec}", |_| ok(shape::specs())),
    delete("/flavors/{flavor_id}/os-extra_specs/{spec}", |_| no_body(200)),
    get("/flavors/{flavor_id}/os-flavor-access", |_| ok(list("flavor_access", record("flavor_id:text tenant_id:text")))),
    post("/flavors/{flavor_id}/action", |_| ok(list("flavor_access", record("flavor_id:text tenant_id:text"))))
        .bodies(&[r#"{"addTenantAccess": {}}"#, r#"{"removeTenantAccess": {}}"#]),

    get("/images", |_| ok(list("images", record("id:uuid name:text|null links:links")))).until(35).query(&["limit", "marker", "name"]),
    get("/images/detail", |_| ok(list("images", shape::image()))).until(35).query(&["limit", "marker", "name"]),
    get("/images/{image_id}", |_| ok(one("image", shape::image()))).until(35),
    delete("/images/{image_id}", |_| no_body(204)).until(35),
    get("/images/{image_id}/metadata", |_| ok(record("metadata:map"))).until(38),
    post("/images/{image_id}/metadata", |_| ok(record("metadata:map"))).until(38),
    put("/images/{image_id}/metadata", |_| ok(record("metadata:map"))).until(38),
    get("/images/{image_id}/metadata/{image_key}", |_| ok(record("meta:map"))).until(38),
    put("/images/{image_id}/metadata/{image_key}", |_| ok(record("meta:map"))).until(38),
    delete("/images/{image_id}/metadata/{image_key}", |_| no_body(204)).until(38),

    get("/limits", |_| ok(one("limits", json!({
        "type": "object", "required": ["rate", "absolute"], "additionalProperties": false,
        "properties": {"rate": {"type": "array"}, "absolute": shape::numbers()},
    })))).query(&["tenant_id", "reserved"]),
    get("/os-quota-sets/{project_id}", |_| ok(one("quota_set", shape::quotas(true)))).query(&["user_id"]),
    get("/os-quota-sets/{project_id}/detail", |_| ok(one("quota_set", shape::quota_details()))),
    get("/os-quota-sets/{project_id}/defaults", |_| ok(one("quota_set", shape::quotas(true)))),
    put("/os-quota-sets/{project_id}", |_| ok(one("quota_set", shape::quotas(false)))).query(&["user_id"]),
    delete("/os-quota-sets/{project_id}", |_| no_body(202)).query(&["user_id"]),
    get("/os-quota-class-sets/{class}", |_| ok(one("quota_class_set", shape::quotas(true)))),
    put("/os-quota-class-sets/{class}", |_| ok(one("quota_class_set", shape::quotas(false)))),
    get("/os-simple-tenant-usage", |_| ok(list("tenant_usages", shape::usage()))).query(&["start", "end", "detailed", "limit", "marker"]),
    get("/os-simple-tenant-usage/{project_id}", |_| {
        let usage = json!({"anyOf": [{"type": "object", "maxProperties": 0}, shape::usage()]});
        ok(shape::with_links("tenant_usage", usage))
    }).query(&["start", "end", "limit", "marker"]),

    get("/os-keypairs", |v| ok(list("keypairs", one("keypair", shape::keypair(v, ""))))).query(&["user_id", "limit", "marker"]),
    post("/os-keypairs", |v| {
        let made = one("keypair", shape::keypair(v, "user_id:text private_key?:text"));
        vec![(if v.since(2) { 201 } else { 200 }, Some(made))]
    }),
    get("/os-keypairs/{keypair}", |v| {
        ok(one("keypair", shape::keypair(v, "user_id:text id:int created_at:time updated_at:time|null deleted:bool deleted_at:time|null")))
    }).query(&["user_id"]),
    delete("/os-keypairs/{keypair}", |v| no_body(if v.since(2) { 204 } else { 202 })).query(&["user_id"]),

    get("/os-server-groups", |v| ok(list("server_groups", shape::server_group(v)))).query(&["all_projects", "limit", "offset"]),
    post("/os-server-groups", |v| ok(one("server_group", shape::server_group(v)))),
    get("/os-server-groups/{group_id}", |v| ok(one("server_group", shape::server_group(v)))),
    delete("/os-server-groups/{group_id}", |_| no_body(204)),

    get("/os-aggregates", |v| ok(list("aggregates", shape::aggregate(v, true)))),
    post("/os-aggregates", |v| ok(one("aggregate", shape::aggregate(v, false)))),
    get("/os-aggregates/{aggregate_id}", |v| ok(one("aggregate", shape::aggregate(v, true)))),
    put("/os-aggregates/{aggregate_id}", |v| ok(one("aggregate", shape::aggregate(v, true)))),
    delete("/os-aggregates/{aggregate_id}", |_| no_body(200)),
    post("/os-aggregates/{aggregate_id}/action", |v| ok(one("aggregate", shape::aggregate(v, true))))
        .bodies(&[r#"{"add_host": {}}"#, r#"{"remove_host": {}}"#, r#"{"set_metadata": {}}"#]),
    post("/os-aggregates/{aggregate_id}/images", |_| no_body(202)).since(81),
    get("/os-availability-zone", |_| ok(list("availabilityZoneInfo", shape::zone()))),
    get("/os-availability-zone/detail", |_| ok(list("availabilityZoneInfo", shape::zone()))),
    get("/os-migrations", |v| ok(list("migrations", shape::migration(v))))
        .query(&["host", "status", "instance_uuid", "source_compute", "migration_type", "limit", "marker", "project_id", "user_id"]),
    get("/os-hypervisors", |v| ok(list("hypervisors", shape::hypervisor(v, false))))
        .query(&["limit", "marker", "hypervisor_hostname_pattern", "with_servers"]),
    get("/os-hypervisors/detail", |v| ok(list("hypervisors", shape::hypervisor(v, true))))
        .query(&["limit", "marker", "hypervisor_hostname_pattern", "with_servers"]),
    get("/os-hypervisors/statistics", |_| ok(one("hypervisor_statistics", shape::numbers()))).until(87),
    get("/os-hypervisors/{hypervisor_id}/uptime", |_| ok(one("hypervisor", json!({"type": "object"})))).until(87).may_lack(),
    get("/os-hypervisors/{hypervisor_id}", |v| ok(one("hypervisor", shape::hypervisor(v, true)))).query(&["with_servers"]),
    get("/os-hypervisors/{hypervisor_name}/servers", |v| ok(list("hypervisors", shape::hypervisor(v, false)))).until(52),
    get("/os-hypervisors/{hypervisor_name}/search", |v| ok(list("hypervisors", shape::hypervisor(v, false)))).until(52),
    get("/os-services", |v| ok(list("services", shape::service(v)))).query(&["host", "binary"]),
    put("/os-services/{service_id}", |v| ok(one("service", shape::service(v)))).since(53),
    put("/os-services/{service_action}", |_| ok(one("service", record("host:text binary:text status?:text disabled_reason?:text forced_down?:bool")))).until(52),
    delete("/os-services/{service_id}", |_| no_body(204)),
];
