//! Live migrations of one server (`nova/api/openstack/compute/server_migrations.py`).

use super::body;
use super::call::Call;
use super::migrations;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use model::{Migration, MigrationStatus, MigrationType, Server};
use serde_json::{Value, json};

fn rule(what: &str) -> String {
    format!("os_compute_api:servers:migrations:{what}")
}

fn in_progress(migration: &Migration) -> bool {
    use MigrationStatus::{PostMigrating, Preparing, Queued, Running};
    matches!(migration.status, Queued | Preparing | Running | PostMigrating)
}

fn view(call: &Call<'_>, server: &Server, migration: &Migration) -> Value {
    let dest = &migration.dest_compute;
    let mut shown = json!({
        "id": migration.number, "server_uuid": server.id, "status": migration.status,
        "source_compute": migration.source_compute, "source_node": migration.source_compute,
        "dest_compute": dest, "dest_node": dest, "dest_host": migration.dest_host,
        "created_at": migration.created_at.to_string(), "updated_at": migration.updated_at.to_string(),
        "memory_total_bytes": null, "memory_processed_bytes": null, "memory_remaining_bytes": null,
        "disk_total_bytes": null, "disk_processed_bytes": null, "disk_remaining_bytes": null,
    });
    if !call.requester.may(Access::Admin) {
        migrations::hide_hosts(&mut shown);
    }
    if call.version.since(59) {
        shown["uuid"] = json!(migration.id);
    }
    if call.version.since(80) {
        shown["user_id"] = json!(server.user_id);
        shown["project_id"] = json!(server.project_id);
    }
    shown
}

pub(super) fn list(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Manager, &rule("index"))?;
    let all = call.cloud.records().migrations_of(server.id);
    let live = all.iter().filter(|m| m.kind == MigrationType::LiveMigration && in_progress(m));
    let shown: Vec<Value> = live.map(|migration| view(call, &server, migration)).collect();
    Ok(Answer::json(200, json!({"migrations": shown})))
}

pub(super) fn show(call: &Call<'_>, id: &str, number: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Admin, &rule("show"))?;
    let all = call.cloud.records().migrations_of(server.id);
    let found = all.iter().find(|migration| migration.number.to_string() == number);
    let found = found.ok_or_else(|| {
        Refusal::not_found(format!("In-progress live migration {number} is not found for server {id}."))
    })?;
    if found.kind != MigrationType::LiveMigration {
        let message = format!("Migration {number} for server {id} is not live-migration.");
        return Err(Refusal::not_found(message));
    }
    if !in_progress(found) {
        let message = format!("Live migration {number} for server {id} is not in progress.");
        return Err(Refusal::not_found(message));
    }
    Ok(Answer::json(200, json!({"migration": view(call, &server, found)})))
}

/// Aborts one; one that has not begun yet since 2.65.
pub(super) async fn abort(call: &Call<'_>, id: &str, number: &str) -> Result<Answer, Refusal> {
    let server = call.server(id)?;
    call.require(Access::Manager, &rule("delete"))?;
    let absent = || Refusal::not_found(format!("Migration {number} not found for instance {id}"));
    let wanted: u64 = number.parse().map_err(|_| absent())?;
    let all = call.cloud.records().migrations_of(server.id);
    let early = |m: &&Migration| m.number == wanted && m.status != MigrationStatus::Running;
    if let Some(early) = all.iter().find(early).filter(|_| !call.version.since(65)) {
        return Err(Refusal::bad_request(format!(
            "Migration {number} state of instance {id} is {}. Cannot abort live migration while the migration is in \
             this state.",
            early.status
        )));
    }
    call.api.live_migration_abort(server.id, wanted).await?;
    Ok(Answer::empty(202))
}

pub(super) async fn force_complete(call: &Call<'_>, id: &str, number: &str) -> Result<Answer, Refusal> {
    let schema = body::object(json!({"force_complete": {"type": "null"}}), &["force_complete"]);
    body::checked(call, schema)?;
    let server = call.server(id)?;
    call.require(Access::Manager, &rule("force_complete"))?;
    let absent = || Refusal::bad_request(format!("Migration {number} not found for instance {id}"));
    let wanted: u64 = number.parse().map_err(|_| absent())?;
    match call.api.live_migration_force_complete(server.id, wanted).await {
        // Here, unlike elsewhere, the request is at fault for a migration that is not there.
        Err(error) if error.code == 404 => Err(absent()),
        outcome => outcome.map(|()| Answer::empty(202)).map_err(Refusal::from),
    }
}
