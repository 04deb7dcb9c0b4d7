//! Migrations of all servers (`nova/api/openstack/compute/migrations.py`).

use super::call::Call;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use model::{Migration, MigrationStatus, MigrationType};
use serde_json::{Value, json};

pub(super) fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.require(Access::Manager, "os_compute_api:os-migrations:index")?;
    let records = &call.cloud.services().records;
    let asker_of = |migration: &Migration| call.cloud.records().asker_of_migration(migration.id);
    let mut migrations = call.cloud.records().migrations();
    if !call.requester.may(Access::Admin) {
        let own = |migration: &Migration| {
            let server = records.server_even_deleted(migration.server);
            server.is_some_and(|server| server.project_id == call.requester.project)
        };
        migrations.retain(own);
    }
    for (key, value) in call.ask.query.pairs() {
        migrations.retain(|migration| match key {
            "host" => migration.involves(&value.into()),
            "status" => migration.status.as_str() == value,
            "instance_uuid" => migration.server.to_string() == value,
            "source_compute" => migration.source_compute == *value,
            "migration_type" => migration.kind.as_str() == value,
            "project_id" => asker_of(migration).is_some_and(|asker| asker.project == *value),
            "user_id" => asker_of(migration).is_some_and(|asker| asker.user == *value),
            _ => true,
        });
    }
    if call.version.since(59) {
        migrations.sort_by_key(|migration| std::cmp::Reverse((migration.created_at, migration.number)));
        if let Some(marker) = call.ask.query.get("marker") {
            let at = migrations.iter().position(|migration| migration.id.to_string() == marker);
            let message = format!("Marker {marker} could not be found.");
            migrations.drain(..=at.ok_or_else(|| Refusal::bad_request(message))?);
        }
        migrations.truncate(call.limit()?.unwrap_or(1_000));
    }
    let shown: Vec<Value> = migrations
        .iter()
        .map(|migration| {
            let mut shown = show(call, migration);
            if call.version.since(80) {
                let asker = asker_of(migration);
                shown["project_id"] = json!(asker.as_ref().map(|asker| &asker.project));
                shown["user_id"] = json!(asker.as_ref().map(|asker| &asker.user));
            }
            shown
        })
        .collect();
    Ok(Answer::json(200, json!({"migrations": shown})))
}

/// Hosts are for administrators.
pub(super) fn hide_hosts(shown: &mut Value) {
    for key in ["source_compute", "source_node", "dest_compute", "dest_node", "dest_host"] {
        shown[key] = Value::Null;
    }
}

fn show(call: &Call<'_>, migration: &Migration) -> Value {
    let flavor_number = |id: &str| id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number));
    let mut shown = json!({
        "id": migration.number, "instance_uuid": migration.server, "status": migration.status,
        "source_compute": migration.source_compute, "source_node": migration.source_compute,
        "dest_compute": migration.dest_compute, "dest_node": migration.dest_compute, "dest_host": migration.dest_host,
        "old_instance_type_id": flavor_number(migration.old_flavor.id.as_str()),
        "new_instance_type_id": flavor_number(migration.new_flavor.id.as_str()),
        "created_at": migration.created_at.to_string(), "updated_at": migration.updated_at.to_string(),
    });
    if !call.requester.may(Access::Admin) {
        hide_hosts(&mut shown);
    }
    if call.version.since(23) {
        shown["migration_type"] = json!(migration.kind);
        use MigrationStatus::{PostMigrating, Preparing, Queued, Running};
        let live = migration.kind == MigrationType::LiveMigration
            && matches!(migration.status, Queued | Preparing | Running | PostMigrating);
        if live {
            let path = format!("/servers/{}/migrations/{}", migration.server, migration.number);
            shown["links"] = call.links(&path);
        }
    }
    if call.version.since(59) {
        shown["uuid"] = json!(migration.id);
    }
    shown
}
