//! Rebuilding and evacuating, as far as the conductor steers it (`rebuild_instance`).

use crate::manager::{ConductorManager, PUBLISHER};
use crate::{rebuild_traits, scheduling};
use compute::{Allocations, ExpectedTask, Owner, Records};
use model::rpc::{Address, Message, Method, RequestContext};
use model::{
    Bug, ExceptionClass, HostName, ImageId, Migration, MigrationId, MigrationStatus, NotificationPriority,
    NovaError, ProviderId, RequestSpec, Server, ServerId, VmState,
};

/// What the API asks for.
pub(crate) struct RebuildServer {
    /// The migration of an evacuation.
    pub(crate) evacuation: Option<MigrationId>,
    /// The host to use unasked: its own for a rebuild with the same image, another one for a forced evacuation.
    pub(crate) host: Option<HostName>,
    /// The image before the request, when that names another one.
    pub(crate) former_image: Option<ImageId>,
    /// What was asked for.
    pub(crate) request_spec: RequestSpec,
    /// Whether ephemeral disks keep their content.
    pub(crate) preserve_ephemeral: bool,
    /// Whether the guest is stopped at the end even if it ran.
    pub(crate) stop: bool,
    /// The image to be written over the volume the server boots from.
    pub(crate) reimage: Option<ImageId>,
}

impl ConductorManager {
    /// Finds the host where the guest is made anew, and has it made there.
    pub(crate) async fn rebuild_server(
        &self,
        context: &RequestContext,
        id: ServerId,
        rebuild: RebuildServer,
    ) -> Result<(), NovaError> {
        self.with_event(context, id, "rebuild_server", self.schedule_and_rebuild(context, id, rebuild)).await
    }

    async fn schedule_and_rebuild(
        &self,
        context: &RequestContext,
        id: ServerId,
        rebuild: RebuildServer,
    ) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let host = match self.destination(&server, &rebuild).await {
            Ok(host) => host,
            // Nobody in Nova foresees this, and the server keeps its task.
            Err((_, error)) if error.is(ExceptionClass::ConsumerAllocationRetrievalFailed) => {
                return Err(error);
            }
            Err((vm_state, error)) => {
                self.fail_rebuild(&server, &rebuild, vm_state, &error).await;
                return Err(error);
            }
        };
        let event_type = "instance.rebuild_scheduled";
        self.services.notifier.emit(PUBLISHER, event_type, NotificationPriority::Info, Some(id));
        let method = Method::RebuildInstance {
            evacuation: rebuild.evacuation,
            preserve_ephemeral: rebuild.preserve_ephemeral,
            stop: rebuild.stop,
            reimage: rebuild.reimage,
        };
        let message = Message { context: context.clone(), server: id, method };
        self.services.bus.cast(&Address::Conductor, Address::Compute(host), message);
        Ok(())
    }

    /// The host, claimed if it is another one than the server's. An error comes with the vm_state it leaves.
    async fn destination(
        &self,
        server: &Server,
        rebuild: &RebuildServer,
    ) -> Result<HostName, (VmState, NovaError)> {
        match &rebuild.host {
            Some(host) if server.is_on(host) => Ok(host.clone()),
            Some(host) => {
                self.claim_on(server, host, self.held_by(server)).map(|_| host.clone()).map_err(|error| {
                    let unchanged = error.is(ExceptionClass::NoValidHost);
                    (if unchanged { server.vm_state } else { VmState::Error }, error)
                })
            }
            None => self.chosen_host(server, rebuild).map_err(|error| (VmState::Error, error)),
        }
    }

    fn chosen_host(&self, server: &Server, rebuild: &RebuildServer) -> Result<HostName, NovaError> {
        let source = server.host.clone().ok_or_else(|| NovaError::instance_not_found(server.id))?;
        let mut spec = rebuild.request_spec.clone();
        if rebuild.evacuation.is_none() {
            if let Some(image) = rebuild.former_image.and(spec.image_meta.as_ref()) {
                rebuild_traits::check(&self.services.report_client, server, image)?;
            }
            scheduling::check_rebuild(&self.services, &self.records, &spec, &source)?;
            return Ok(source);
        }
        spec.ignore_hosts.insert(source);
        spec.force_hosts.clear();
        spec.force_nodes.clear();
        let chosen = scheduling::select_destinations(&self.services, &self.records, &spec)?;
        Ok(chosen.selected.host)
    }

    fn held_by(&self, server: &Server) -> Allocations {
        self.services.report_client.allocations_of(server.id.into())
    }

    /// Claims on a host that is used unasked what the server `held` on its own
    /// (`claim_resources_on_destination`). Answers its node.
    pub(crate) fn claim_on(
        &self,
        server: &Server,
        host: &HostName,
        held: Allocations,
    ) -> Result<ProviderId, NovaError> {
        let client = &self.services.report_client;
        let refuse = |reason: &str| {
            NovaError::no_valid_host(&format!(
                "Unable to move instance {} to host {host}. {reason}",
                server.id
            ))
        };
        let target = self
            .records
            .compute_node(host)
            .ok_or_else(|| NovaError::no_valid_host(&format!("No such host - host: {host} node: None ")))?;
        let mut amounts = held.into_values();
        let claimed = match (amounts.next(), amounts.next()) {
            (Some(amounts), None) => Allocations::from([(target.id, amounts)]),
            (None, _) => return Err(self.nothing_held(server)),
            (Some(_), Some(_)) => {
                return Err(refuse(
                    "The instance has complex allocations on the source host so move cannot be forced.",
                ));
            }
        };
        if client.claim_resources(&Address::Conductor, server.id.into(), &claimed, &Owner::of(server))? {
            return Ok(target.id);
        }
        Err(refuse("There is not enough capacity on the host for the instance."))
    }

    /// The error of a move that cannot be forced because the server holds nothing on its host.
    fn nothing_held(&self, server: &Server) -> NovaError {
        let node = server.host.as_ref().and_then(|host| self.records.compute_node(host));
        let node = node.map(|node| node.id.to_string()).unwrap_or_default();
        NovaError::new(
            ExceptionClass::ConsumerAllocationRetrievalFailed,
            format!(
                "Failed to retrieve allocations for consumer {}: Expected to find allocations for source node resource \
                 provider {node}. Retry the operation without forcing a destination host.",
                server.id
            ),
        )
    }

    async fn fail_rebuild(
        &self,
        server: &Server,
        rebuild: &RebuildServer,
        vm_state: VmState,
        error: &NovaError,
    ) {
        let forgotten = self.services.switches.has(Bug::Bug1713783);
        if let Some(migration) = rebuild.evacuation.filter(|_| !forgotten) {
            let failed = &mut |migration: &mut Migration| migration.status = MigrationStatus::Error;
            // A migration that is gone needs no status.
            let _ = self.services.records.update_migration(migration, failed).await;
        }
        if let Some(image) = rebuild.former_image {
            let put_back = &mut |server: &mut Server| server.image = Some(image);
            // A server deleted meanwhile has no image any more.
            let _ = self.services.records.update_server(server.id, ExpectedTask::Any, put_back).await;
        }
        // Of a server deleted meanwhile nothing is told but the error.
        let _ = self.set_vm_state_and_notify(server.id, "rebuild_server", Some(vm_state), error).await;
    }
}
