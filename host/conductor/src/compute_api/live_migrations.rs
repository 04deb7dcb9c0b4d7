//! Moving servers while they run (`live_migrate`, `live_migrate_force_complete`, `live_migrate_abort`).

use super::{ApiError, ComputeApi, check_lock, host_of};
use crate::live_migrate_task::is_foreseen;
use crate::preconditions;
use model::rpc::{Address, Message, Method};
use model::{HostName, Migration, MigrationStatus, MigrationType, ServerId, TaskState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a server is moved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveMigrateServer {
    /// The host it is to go to; the scheduler's choice if none is named.
    #[serde(default)]
    pub host: Option<HostName>,
    /// Whether the scheduler is not asked about that host (up to API version 2.67).
    #[serde(default)]
    pub force: bool,
    /// Whether local disks are copied; none lets the drivers decide.
    #[serde(default)]
    pub block_migration: Option<bool>,
    /// Whether more disk may be promised than the destination has (up to API version 2.24).
    #[serde(default)]
    pub disk_over_commit: Option<bool>,
}

impl ComputeApi {
    /// Moves a server to another host while it runs (202).
    pub async fn live_migrate(&self, id: ServerId, request: LiveMigrateServer) -> Result<(), ApiError> {
        self.ask_for_live_migration(id, request, false).await
    }

    /// The same, but the answer waits until a host was found and the source told to begin, and says why that failed: so it
    /// was up to API version 2.33 (202).
    pub async fn live_migrate_once_scheduled(
        &self,
        id: ServerId,
        request: LiveMigrateServer,
    ) -> Result<(), ApiError> {
        self.ask_for_live_migration(id, request, true).await
    }

    async fn ask_for_live_migration(
        &self,
        id: ServerId,
        request: LiveMigrateServer,
        wait: bool,
    ) -> Result<(), ApiError> {
        self.call("os-migrateLive", Some(id), json!(request), 202, async {
            let context = self.context();
            let server = self.server(id)?;
            check_lock(&context, &server)?;
            let LiveMigrateServer { host, force, block_migration, disk_over_commit } = request;
            self.check_host_is_known(host.as_ref())?;
            preconditions::LIVE_MIGRATE.check(&server)?;
            host_of(&server)?;
            let mut spec = self.request_spec(&server)?;
            self.set_task(&server, TaskState::Migrating).await?;
            self.records.start_action(id, &context.request, "live-migration");
            let host = if force {
                host
            } else {
                // Nothing is remembered of earlier moves, unless with bug 1797580.
                spec.requested_destination = host.or(spec.requested_destination.take());
                None
            };
            let method = Method::LiveMigrateInstance {
                host,
                block_migration,
                disk_over_commit,
                request_spec: Box::new(spec),
            };
            if !wait {
                self.cast(&context, id, Address::Conductor, method);
                return Ok(());
            }
            let message = Message { context, server: id, method };
            let begun = self.services.bus.call(&Address::Api, Address::Conductor, message).await;
            begun.map(drop).map_err(|error| match is_foreseen(&error) {
                true => ApiError { code: 400, message: error.message },
                false => error.into(),
            })
        })
        .await
    }

    /// Has the live migration of a server end soon, at the guest's expense (202). `migration` is its number.
    pub async fn live_migration_force_complete(&self, id: ServerId, migration: u64) -> Result<(), ApiError> {
        self.call("force_complete", Some(id), json!({"migration": migration}), 202, async {
            let context = self.context();
            let (_, host) = self.begin(&context, id, &preconditions::FORCE_COMPLETE)?;
            let migration = self.live_migration_of(id, migration)?;
            if migration.status != MigrationStatus::Running {
                return Err(wrong_status(&migration, "force complete"));
            }
            self.records.start_action(id, &context.request, "live_migration_force_complete");
            self.cast(&context, id, Address::Compute(host), Method::LiveMigrationForceComplete);
            Ok(())
        })
        .await
    }

    /// Takes the live migration of a server back (202), also one that has not begun yet. `migration` is its number.
    pub async fn live_migration_abort(&self, id: ServerId, migration: u64) -> Result<(), ApiError> {
        self.call("live_migration_abort", Some(id), Value::from(migration), 202, async {
            let context = self.context();
            let (_, host) = self.begin(&context, id, &preconditions::ABORT_LIVE_MIGRATION)?;
            let migration = self.live_migration_of(id, migration)?;
            use MigrationStatus::{Preparing, Queued, Running};
            if !matches!(migration.status, Queued | Preparing | Running) {
                return Err(wrong_status(&migration, "abort live migration"));
            }
            self.records.start_action(id, &context.request, "live_migration_cancel");
            let method = Method::LiveMigrationAbort { migration: migration.id };
            self.cast(&context, id, Address::Compute(host), method);
            Ok(())
        })
        .await
    }

    fn live_migration_of(&self, id: ServerId, number: u64) -> Result<Migration, ApiError> {
        let of = |migration: &Migration| {
            migration.number == number && migration.kind == MigrationType::LiveMigration
        };
        self.records.migrations_of(id).into_iter().find(of).ok_or_else(|| ApiError {
            code: 404,
            message: format!("Migration {number} not found for instance {id}"),
        })
    }
}

fn wrong_status(migration: &Migration, what: &str) -> ApiError {
    let Migration { number, server, status, .. } = migration;
    let message = format!(
        "Migration {number} state of instance {server} is {status}. Cannot {what} while the migration is in this state."
    );
    ApiError { code: 400, message }
}
