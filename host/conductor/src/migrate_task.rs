//! Moving a server cold: a resize or a cold migration, as far as the conductor steers it
//! (`nova/conductor/tasks/migrate.py`).

use crate::manager::ConductorManager;
use crate::scheduling::{self, Destinations};
use compute::{Allocations, Owner, Records};
use model::rpc::{Address, Message, Method, RequestContext, Reschedule, Retry};
use model::{
    Bug, ExceptionClass, Flavor, HostName, Migration, MigrationId, MigrationStatus, MigrationType, NovaError,
    RequestSpec, Server,
};
use placement::TraitName;

/// The trait of a node whose driver can migrate to itself.
const SAME_HOST_COLD_MIGRATE: &str = "COMPUTE_SAME_HOST_COLD_MIGRATE";

impl ConductorManager {
    /// Makes the migration record, gives it the server's allocation, chooses and claims a destination, and lets it
    /// prepare. When any of that fails, the migration is in `error` and the server has its allocation back.
    pub(crate) async fn migrate_task(
        &self,
        context: &RequestContext,
        server: &Server,
        flavor: Flavor,
        mut spec: RequestSpec,
        reschedule: Option<Reschedule>,
    ) -> Result<(), NovaError> {
        let bound = self.services.switches.has(Bug::Bug1845291) && !spec.force_hosts.is_empty();
        // A host that was forced at creation does not bind a later move.
        spec.force_hosts.clear();
        spec.force_nodes.clear();
        spec.flavor = flavor.clone();
        let source = server.host.clone().ok_or_else(|| NovaError::instance_not_found(server.id))?;
        let migration = self.preallocate_migration(context, server, &source, &flavor);
        let outcome = match self.replace_allocation_with_migration(server, &source, migration.id) {
            Ok(_) => {
                self.choose_and_prepare(context, server, &source, flavor, spec, &migration, reschedule, bound)
                    .await
            }
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.roll_back(server, migration.id).await?;
        }
        outcome
    }

    /// The migration of the server that was begun, if it is tried again, or else a new one.
    fn preallocate_migration(
        &self,
        context: &RequestContext,
        server: &Server,
        source: &HostName,
        flavor: &Flavor,
    ) -> Migration {
        let kind =
            if flavor.id == server.flavor.id { MigrationType::Migration } else { MigrationType::Resize };
        let begun =
            self.records.migrations_of(server.id).into_iter().rev().find(|migration| {
                migration.kind == kind && migration.status == MigrationStatus::PreMigrating
            });
        if let Some(begun) = begun {
            return begun;
        }
        let (id, now) = (MigrationId(self.services.random.uuid()), self.services.clock.now());
        let status = MigrationStatus::PreMigrating;
        let migration = Migration {
            new_flavor: flavor.clone(),
            ..Migration::new(id, kind, status, server, source.clone(), now)
        };
        self.records.create_migration(context, migration)
    }

    /// Gives a migration what its server holds, and answers what that is: nothing if the server holds nothing on its source.
    pub(crate) fn replace_allocation_with_migration(
        &self,
        server: &Server,
        source: &HostName,
        migration: MigrationId,
    ) -> Result<Allocations, NovaError> {
        let client = &self.services.report_client;
        let held = client.allocations_of(server.id.into());
        let node = self.records.compute_node(source);
        if !node.is_some_and(|node| held.contains_key(&node.id)) {
            return Ok(Allocations::new());
        }
        let (to, owner) = (migration.into(), Owner::of(server));
        client.move_allocations(&Address::Conductor, server.id.into(), to, &owner)?;
        Ok(held)
    }

    #[expect(clippy::too_many_arguments, reason = "one step of the task, split off to be undone as a whole")]
    async fn choose_and_prepare(
        &self,
        context: &RequestContext,
        server: &Server,
        source: &HostName,
        flavor: Flavor,
        mut spec: RequestSpec,
        migration: &Migration,
        reschedule: Option<Reschedule>,
        bound: bool,
    ) -> Result<(), NovaError> {
        let named = bound || spec.requested_destination.is_some();
        let (destinations, mut tried) = match reschedule {
            Some(Reschedule { alternates, retry, .. }) => {
                self.check_attempts(&retry, server)?;
                (scheduling::claim_alternate(&self.services, &spec, alternates)?, retry.hosts)
            }
            None => {
                if !self.may_stay_on(source, migration.kind) {
                    spec.ignore_hosts.insert(source.clone());
                }
                let chosen = scheduling::select_destinations(&self.services, &self.records, &spec)?;
                spec.ignore_hosts.clear();
                (chosen, Vec::new())
            }
        };
        let Destinations { selected, alternates } = destinations;
        tried.push(selected.host.clone());
        let retry = (!named && self.may_retry()).then_some(Retry { hosts: tried, reason: None });
        let method = Method::PrepResize {
            migration: migration.id,
            flavor: Box::new(flavor),
            request_spec: Box::new(spec),
            alternates,
            retry,
        };
        let message = Message { context: context.clone(), server: server.id, method };
        self.services.bus.cast(&Address::Conductor, Address::Compute(selected.host), message);
        Ok(())
    }

    /// Whether the server may move to the host it is on: a resize if the option allows it, a cold migration if the
    /// host's driver can.
    fn may_stay_on(&self, source: &HostName, kind: MigrationType) -> bool {
        if kind == MigrationType::Resize {
            return self.services.options.get().allow_resize_to_same_host;
        }
        self.records.compute_node(source).is_some_and(|node| {
            let wanted = TraitName::from(SAME_HOST_COLD_MIGRATE);
            self.services.report_client.read(|placement| {
                placement
                    .provider(node.id)
                    .is_ok_and(|provider| provider.traits().any(|name| *name == wanted))
            })
        })
    }

    async fn roll_back(&self, server: &Server, migration: MigrationId) -> Result<(), NovaError> {
        let error = &mut |migration: &mut Migration| migration.status = MigrationStatus::Error;
        self.services.records.update_migration(migration, error).await?;
        let client = &self.services.report_client;
        if client.allocations_of(migration.into()).is_empty() {
            return Ok(());
        }
        client.move_allocations(&Address::Conductor, migration.into(), server.id.into(), &Owner::of(server))
    }

    /// Refuses a further try when there were enough.
    pub(crate) fn check_attempts(&self, retry: &Retry, server: &Server) -> Result<(), NovaError> {
        let most = self.services.options.get().max_attempts;
        if retry.num_attempts() < most {
            return Ok(());
        }
        Err(NovaError::new(
            ExceptionClass::MaxRetriesExceeded,
            format!(
                "Exceeded maximum number of retries. Exceeded max scheduling attempts {most} for instance {}. Last \
                 exception: {}",
                server.id,
                retry.reason.as_deref().unwrap_or_default()
            ),
        ))
    }

    /// Whether a failure may go to another host at all.
    pub(crate) fn may_retry(&self) -> bool {
        self.services.options.get().max_attempts > 1
    }
}
