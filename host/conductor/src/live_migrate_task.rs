//! Moving a server while it runs, as far as the conductor steers it (`nova/conductor/tasks/live_migrate.py`): find a host
//! that can take it and that the source can send it to, then let the source begin.

use crate::manager::ConductorManager;
use crate::scheduling;
use compute::Owner;
use model::rpc::{Address, Message, Method, RequestContext};
use model::{
    Bug, ExceptionClass, Fix, HostName, Migration, MigrationId, MigrationStatus, MigrationType, NovaError,
    ProviderId, RequestSpec, Server, ServerId, VmState,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the API asks for.
pub(crate) struct LiveMigrate {
    /// The host to use unasked.
    pub(crate) forced_host: Option<HostName>,
    /// Whether local disks are copied; none lets the drivers decide.
    pub(crate) block_migration: Option<bool>,
    /// Whether more disk may be promised than the destination has.
    pub(crate) disk_over_commit: Option<bool>,
    /// What was asked for.
    pub(crate) request_spec: RequestSpec,
}

impl ConductorManager {
    /// Finds the destination and lets the source begin. When that fails the server has its allocation back and goes on as
    /// before, unless something went wrong that nobody foresaw, which leaves it in ERROR.
    pub(crate) async fn live_migrate_instance(
        &self,
        context: &RequestContext,
        id: ServerId,
        wanted: LiveMigrate,
    ) -> Result<(), NovaError> {
        let event = "conductor_live_migrate_instance";
        self.with_event(context, id, event, self.live_migrate(context, id, wanted)).await
    }

    async fn live_migrate(
        &self,
        context: &RequestContext,
        id: ServerId,
        wanted: LiveMigrate,
    ) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let source = server.host.clone().ok_or_else(|| NovaError::instance_not_found(id))?;
        let migration = self.create_live_migration(context, &server, &source, wanted.forced_host.clone());
        let begun = self.find_and_begin(context, &server, &source, &migration, wanted).await;
        let Err(error) = begun else { return Ok(()) };
        if !self.services.report_client.allocations_of(migration.id.into()).is_empty() {
            let (held, owner) = (migration.id.into(), Owner::of(&server));
            // A conflict leaves both as they are, which the error to come tells of.
            let _ =
                self.services.report_client.move_allocations(&Address::Conductor, held, id.into(), &owner);
        }
        let foreseen = is_foreseen(&error);
        let state = if foreseen { server.vm_state } else { VmState::Error };
        self.set_vm_state_and_notify(id, "migrate_server", Some(state), &error).await?;
        let failed = &mut |migration: &mut Migration| migration.status = MigrationStatus::Error;
        // A migration that is gone needs no status.
        let _ = self.services.records.update_migration(migration.id, failed).await;
        Err(if foreseen {
            error
        } else {
            NovaError::new(ExceptionClass::MigrationError, format!("Migration error: {error}"))
        })
    }

    fn create_live_migration(
        &self,
        context: &RequestContext,
        server: &Server,
        source: &HostName,
        destination: Option<HostName>,
    ) -> Migration {
        let (id, now) = (MigrationId(self.services.random.uuid()), self.services.clock.now());
        let (kind, status) = (MigrationType::LiveMigration, MigrationStatus::Accepted);
        let migration = Migration {
            dest_compute: destination,
            ..Migration::new(id, kind, status, server, source.clone(), now)
        };
        self.records.create_migration(context, migration)
    }

    async fn find_and_begin(
        &self,
        context: &RequestContext,
        server: &Server,
        source: &HostName,
        migration: &Migration,
        wanted: LiveMigrate,
    ) -> Result<(), NovaError> {
        self.check_host_is_up(source)?;
        let held = self.replace_allocation_with_migration(server, source, migration.id)?;
        let block_migration = wanted.block_migration;
        let (dest, data) = match &wanted.forced_host {
            Some(host) => {
                if host == source {
                    return Err(NovaError::new(
                        ExceptionClass::UnableToMigrateToSelf,
                        format!("Unable to migrate instance ({}) to current host ({host}).", server.id),
                    ));
                }
                self.check_host_is_up(host)?;
                let node = self.claim_on(server, host, held)?;
                match self.check_on_host(context, server, host, migration, &wanted).await {
                    Ok(data) => (host.clone(), data),
                    Err(error) => {
                        self.remove_host_allocations(server, node);
                        return Err(error);
                    }
                }
            }
            None => self.find_destination(context, server, source, migration, wanted).await?,
        };
        let zone = self.records.aggregates().zone_of(&dest, &self.services.options.get());
        let name_destination = &mut |migration: &mut Migration| migration.dest_compute = Some(dest.clone());
        self.services.records.update_migration(migration.id, name_destination).await?;
        let zone = Some(zone);
        let method = Method::LiveMigration { migration: migration.id, dest, zone, block_migration, data };
        let message = Message { context: context.clone(), server: server.id, method };
        self.services.bus.cast(&Address::Conductor, Address::Compute(source.clone()), message);
        Ok(())
    }

    /// Asks the scheduler for hosts until one passes the checks. Answers it, claimed, with what the drivers have told each
    /// other.
    async fn find_destination(
        &self,
        context: &RequestContext,
        server: &Server,
        source: &HostName,
        migration: &Migration,
        wanted: LiveMigrate,
    ) -> Result<(HostName, Value), NovaError> {
        let mut spec = wanted.request_spec.clone();
        spec.force_hosts.clear();
        spec.force_nodes.clear();
        let mut attempted = BTreeSet::from([source.clone()]);
        loop {
            self.check_retries(&attempted, server, migration).await?;
            spec.ignore_hosts.clone_from(&attempted);
            if self.services.switches.has(Bug::Bug1718512) {
                spec.ignore_hosts.extend(wanted.request_spec.ignore_hosts.iter().cloned());
            }
            let chosen = scheduling::select_destinations(&self.services, &self.records, &spec)?.selected;
            match self.check_on_host(context, server, &chosen.host, migration, &wanted).await {
                Ok(data) => return Ok((chosen.host, data)),
                Err(error) if is_pre_check(&error) => {
                    self.remove_host_allocations(server, chosen.compute_node);
                    attempted.insert(chosen.host);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives back what was claimed on a destination that cannot take the server.
    fn remove_host_allocations(&self, server: &Server, node: ProviderId) {
        let (client, owner) = (&self.services.report_client, Owner::of(server));
        client.remove_provider_tree(&Address::Conductor, server.id.into(), node, &owner);
    }

    async fn check_retries(
        &self,
        attempted: &BTreeSet<HostName>,
        server: &Server,
        migration: &Migration,
    ) -> Result<(), NovaError> {
        let Ok(most) = usize::try_from(self.services.options.get().migrate_max_retries) else {
            // A negative number: no limit.
            return Ok(());
        };
        if attempted.len() - 1 <= most {
            return Ok(());
        }
        let failed = &mut |migration: &mut Migration| migration.status = MigrationStatus::Failed;
        self.services.records.update_migration(migration.id, failed).await?;
        Err(NovaError::max_retries_exceeded(&format!(
            "Exceeded max scheduling retries {most} for instance {} during live migration",
            server.id
        )))
    }

    /// Has the destination check itself and the source, and binds the ports there, not yet actively.
    async fn check_on_host(
        &self,
        context: &RequestContext,
        server: &Server,
        host: &HostName,
        migration: &Migration,
        wanted: &LiveMigrate,
    ) -> Result<Value, NovaError> {
        let method = Method::CheckCanLiveMigrateDestination {
            migration: migration.id,
            block_migration: wanted.block_migration,
            disk_over_commit: wanted.disk_over_commit,
        };
        let message = Message { context: context.clone(), server: server.id, method };
        let asked =
            self.services.bus.call(&Address::Conductor, Address::Compute(host.clone()), message).await;
        let data = match asked {
            Ok(answer) => answer.into_value()?,
            Err(error) if error.is(ExceptionClass::MessagingTimeout) => {
                return Err(NovaError::new(
                    ExceptionClass::MigrationPreCheckError,
                    format!(
                        "Migration pre-check error: Timeout while checking if we can live migrate to host: {host}"
                    ),
                ));
            }
            // Nova foresees only some of what a destination may raise.
            Err(error) if self.services.switches.fixes(Fix::LiveMigrationChecksNextHost) => {
                return Err(NovaError::new(
                    ExceptionClass::MigrationPreCheckError,
                    format!("Migration pre-check error: {error}"),
                ));
            }
            Err(error) => return Err(error),
        };
        self.services.network.bind_ports_to_host(server.id, host).await?;
        Ok(data)
    }

    fn check_host_is_up(&self, host: &HostName) -> Result<(), NovaError> {
        let down_time = self.services.options.get().service_down_time;
        if self.records.service_is_up(host, self.services.clock.now(), down_time) {
            return Ok(());
        }
        let message = format!("Compute service of {host} is unavailable at this time.");
        Err(NovaError::new(ExceptionClass::ComputeServiceUnavailable, message))
    }
}

/// Whether a host that says this is passed over for the next one: the kinds of exceptions with code 400, and the one made
/// for this.
fn is_pre_check(error: &NovaError) -> bool {
    error.is(ExceptionClass::MigrationPreCheckError) || error.class.fault_code() == 400
}

/// Whether the server goes on as before after this.
pub(crate) fn is_foreseen(error: &NovaError) -> bool {
    use ExceptionClass as E;
    matches!(
        error.class,
        // The second is a kind of the first.
        E::NoValidHost
            | E::MaxRetriesExceeded
            | E::ComputeHostNotFound
            | E::ComputeServiceUnavailable
            | E::InvalidHypervisorType
            | E::InvalidCPUInfo
            | E::UnableToMigrateToSelf
            | E::DestinationHypervisorTooOld
            | E::InvalidLocalStorage
            | E::InvalidSharedStorage
            | E::HypervisorUnavailable
            | E::InstanceInvalidState
            | E::MigrationPreCheckError
    )
}
