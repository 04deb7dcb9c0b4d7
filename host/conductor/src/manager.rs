//! The conductor's workflows (`nova/conductor/manager.py, ComputeTaskManager`).

use crate::live_migrate_task::LiveMigrate;
use crate::rebuild::RebuildServer;
use crate::records::StateOfRecord;
use crate::scheduling::{self, Destinations};
use async_trait::async_trait;
use compute::{ExpectedTask, Life, Services};
use model::rpc::{Address, Answer, Message, Method, RequestContext, Reschedule, Retry};
use model::{
    Bug, ExceptionClass, Fault, Fix, Flavor, HostName, NovaError, RequestSpec, Selection, Server, ServerId,
    TaskState, VmState,
};
use runtime::{Handler, Reply};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::rc::Rc;

/// Who sends the conductor's notifications.
pub(crate) const PUBLISHER: &str = "nova-conductor:conductor";

/// The conductor of a cloud.
pub(crate) struct ConductorManager {
    pub(crate) services: Services,
    pub(crate) records: Rc<StateOfRecord>,
    host: HostName,
    /// The life of its worker.
    life: Rc<RefCell<Rc<Life>>>,
}

impl ConductorManager {
    pub(crate) fn new(services: Services, records: Rc<StateOfRecord>) -> Self {
        let life = Rc::new(RefCell::new(Rc::new(Life::default())));
        let worker = Rc::clone(&life);
        let services = services.for_writer(Address::Conductor, move || worker.take().end());
        Self { services, records, host: "conductor".into(), life }
    }

    /// Chooses hosts for the new servers of a request and has each built on its own. If one gets no host all are in
    /// ERROR.
    async fn schedule_and_build_instances(
        &self,
        context: &RequestContext,
        specs: Vec<RequestSpec>,
    ) -> Result<(), NovaError> {
        let servers: Vec<_> = specs.iter().map(|spec| spec.server).collect();
        let Some(first) = specs.first() else { return Ok(()) };
        let chosen = scheduling::select_for_each(&self.services, &self.records, first, &servers);
        match chosen {
            Ok(destinations) => {
                for (spec, destinations) in specs.into_iter().zip(destinations) {
                    self.begin_build(context, spec, Ok(destinations)).await?;
                }
            }
            Err(error) => {
                for spec in specs {
                    self.begin_build(context, spec, Err(error.clone())).await?;
                }
            }
        }
        Ok(())
    }

    /// Has a new server built where it was scheduled, or leaves it in ERROR without a host.
    async fn begin_build(
        &self,
        context: &RequestContext,
        spec: RequestSpec,
        chosen: Result<Destinations, NovaError>,
    ) -> Result<(), NovaError> {
        let id = spec.server;
        // Older Novas began it only where a host was found.
        if chosen.is_ok() || !self.services.switches.has(Bug::Bug1852458) {
            self.records.start_action(id, &context.request, "create");
        }
        match chosen {
            Ok(destinations) => {
                let one_forced = spec.force_hosts.len() + spec.force_nodes.len() == 1;
                let may_retry =
                    !one_forced && self.may_retry() && !self.services.switches.has(Bug::Bug1671648);
                let retry = may_retry.then(|| Retry { hosts: Vec::new(), reason: None });
                if self.save_zone(id, &destinations.selected.availability_zone).await.is_err() {
                    // Deleted while it was being scheduled.
                    self.services.report_client.delete_allocations(&Address::Conductor, id.into());
                    return Ok(());
                }
                self.build_on(context, id, spec, destinations, retry);
                Ok(())
            }
            Err(error) if self.services.switches.has(Bug::Bug1852458) => {
                self.set_vm_state_and_notify(id, "build_instances", Some(VmState::Error), &error).await
            }
            Err(error) => {
                let event = "conductor_schedule_and_build_instances";
                self.services.records.start_event(id, &context.request, event, &self.host).await;
                let told =
                    self.set_vm_state_and_notify(id, "build_instances", Some(VmState::Error), &error).await;
                self.services.records.finish_event(id, &context.request, event, Some(&error)).await;
                told
            }
        }
    }

    /// Takes a build back that failed on one host, and tries the next alternate.
    async fn build_instances(
        &self,
        context: &RequestContext,
        id: ServerId,
        spec: RequestSpec,
        alternates: Vec<Selection>,
        retry: Retry,
    ) -> Result<(), NovaError> {
        // One that was deleted meanwhile is claimed for, too.
        let Some(server) = self.services.records.server_even_deleted(id) else { return Ok(()) };
        let chosen = self
            .check_attempts(&retry, &server)
            .and_then(|()| scheduling::claim_alternate(&self.services, &spec, alternates));
        match chosen {
            Ok(_) if self.services.switches.has(Bug::Bug1781286) => {
                // The zone is looked up anew, where it cannot be found; what was claimed stays.
                let message = "No sql_connection parameter is established";
                Err(NovaError::new(ExceptionClass::Unexpected, message))
            }
            Ok(destinations) => {
                if self.save_zone(id, &destinations.selected.availability_zone).await.is_err() {
                    // Deleted meanwhile: what was claimed is left to the periodic task of that host.
                    return Ok(());
                }
                self.build_on(context, id, spec, destinations, Some(retry));
                Ok(())
            }
            // Raised where nobody waits for it.
            Err(error) if self.services.switches.has(Bug::Bug1837955) => Err(error),
            Err(error) => {
                self.set_vm_state_and_notify(id, "build_instances", Some(VmState::Error), &error).await?;
                // The ports are released as far as the network service lets them go.
                let _ = self.services.give_ports_back(id).await;
                Ok(())
            }
        }
    }

    async fn save_zone(&self, id: ServerId, zone: &str) -> Result<Server, NovaError> {
        let becomes = &mut |server: &mut Server| server.availability_zone = Some(zone.to_owned());
        self.services.records.update_server(id, ExpectedTask::Any, becomes).await
    }

    /// Has a host build a server.
    fn build_on(
        &self,
        context: &RequestContext,
        id: ServerId,
        spec: RequestSpec,
        destinations: Destinations,
        retry: Option<Retry>,
    ) {
        let Destinations { selected, alternates } = destinations;
        let retry = retry.map(|mut retry| {
            retry.hosts.push(selected.host.clone());
            retry
        });
        let method = Method::BuildAndRunInstance { request_spec: Box::new(spec), alternates, retry };
        let message = Message { context: context.clone(), server: id, method };
        self.services.bus.cast(&Address::Conductor, Address::Compute(selected.host), message);
    }

    /// Moves a server cold. Both of Nova's events are recorded: the one of the RPC method and the one within.
    async fn migrate_server(
        &self,
        context: &RequestContext,
        id: ServerId,
        flavor: Flavor,
        spec: RequestSpec,
        reschedule: Option<Reschedule>,
    ) -> Result<(), NovaError> {
        let inner = self.with_event(
            context,
            id,
            "cold_migrate",
            self.cold_migrate(context, id, flavor, spec, reschedule),
        );
        self.with_event(context, id, "conductor_migrate_server", inner).await
    }

    async fn cold_migrate(
        &self,
        context: &RequestContext,
        id: ServerId,
        flavor: Flavor,
        spec: RequestSpec,
        reschedule: Option<Reschedule>,
    ) -> Result<(), NovaError> {
        let server = self.services.records.server(id)?;
        let same_flavor = flavor.id == server.flavor.id;
        let mut wanted = spec.clone();
        wanted.flavor = flavor.clone();
        let tried = reschedule.as_ref().map(|again| again.retry.hosts.clone()).unwrap_or_default();
        let Err(error) = self.migrate_task(context, &server, flavor, spec, reschedule).await else {
            self.save_spec_after_move(wanted, &server, tried);
            return Ok(());
        };
        self.set_vm_state_and_notify(id, "migrate_server", None, &error).await?;
        Err(match error.class {
            ExceptionClass::NoValidHost | ExceptionClass::MaxRetriesExceeded => {
                let what = if same_flavor { "cold migrate" } else { "resize" };
                NovaError::no_valid_host(&format!("No valid host found for {what}"))
            }
            _ => error,
        })
    }

    /// Remembers what was asked for, without what held for this move only.
    fn save_spec_after_move(&self, spec: RequestSpec, server: &Server, tried: Vec<HostName>) {
        let switches = &self.services.switches;
        self.records.save_request_spec(&spec);
        let (mut ignored, mut destination) = (BTreeSet::new(), None);
        if switches.has(Bug::Bug1669054) {
            ignored.extend(server.host.clone());
        }
        if switches.has(Bug::Bug1718512) {
            ignored.extend(tried);
        }
        if switches.has(Bug::Bug1797580) {
            destination = spec.requested_destination;
        }
        if !ignored.is_empty() || destination.is_some() {
            self.records.change_request_spec(server.id, |stored| {
                stored.ignore_hosts = ignored;
                stored.requested_destination = destination;
            });
        }
    }

    /// Ends the task of a server whose workflow failed, in the state it has or in `vm_state`, stores why, and says so
    /// (`_set_vm_state_and_notify`). Of a server deleted meanwhile nothing is stored or said. Errors: `InstanceNotFound`.
    pub(crate) async fn set_vm_state_and_notify(
        &self,
        id: ServerId,
        method: &str,
        vm_state: Option<VmState>,
        error: &NovaError,
    ) -> Result<(), NovaError> {
        let end = &mut |server: &mut Server| {
            server.vm_state = vm_state.unwrap_or(server.vm_state);
            server.task_state = None;
        };
        self.services.records.update_server(id, ExpectedTask::Any, end).await?;
        self.store_fault(id, error).await;
        let event_type = format!("compute_task.{method}.error");
        self.services.notifier.emit_error(PUBLISHER, &event_type, Some(id), error);
        Ok(())
    }

    /// Stores an error as the server's fault, which happened on no host.
    pub(crate) async fn store_fault(&self, id: ServerId, error: &NovaError) {
        let fault = Fault {
            code: error.class.fault_code(),
            message: error.fault_message(),
            host: None,
            created_at: self.services.clock.now(),
        };
        self.services.records.store_fault(id, fault).await;
    }

    pub(crate) fn with_event<'a, T: 'a>(
        &'a self,
        context: &'a RequestContext,
        id: ServerId,
        event: &'a str,
        body: impl Future<Output = Result<T, NovaError>> + 'a,
    ) -> impl Future<Output = Result<T, NovaError>> + 'a {
        // In a place of its own, as an operation of the compute manager is.
        let body = Box::pin(body);
        async move {
            let records = &self.services.records;
            records.start_event(id, &context.request, event, &self.host).await;
            let outcome = body.await;
            records.finish_event(id, &context.request, event, outcome.as_ref().err()).await;
            outcome
        }
    }
}

#[async_trait(?Send)]
impl Handler for ConductorManager {
    async fn handle(&self, message: Message) -> Option<Reply> {
        let mut work = Box::pin(self.carry_out(message));
        loop {
            let life = Rc::clone(&self.life.borrow());
            let reply = life.spend(&mut work).await;
            // Its worker died, and another has taken its place.
            if reply.is_some() || !self.work_goes_on() {
                return reply;
            }
        }
    }

    fn die(&self, message: Message) -> Option<Message> {
        self.life.take().end();
        self.work_goes_on().then_some(message)
    }
}

impl ConductorManager {
    /// Whether the worker that takes the place of one that died goes on with what that had begun. In Nova that is lost.
    /// Cured, workflows are durable, and a message is acknowledged when it was handled.
    fn work_goes_on(&self) -> bool {
        self.services.switches.fixes(Fix::ConductorWorkGoesOn)
    }

    /// Does what a message asks for.
    async fn carry_out(&self, message: Message) -> Reply {
        let Message { context, server, method } = message;
        let context = &context;
        match method {
            Method::ScheduleAndBuildInstances { request_specs } => {
                self.schedule_and_build_instances(context, request_specs).await
            }
            Method::BuildInstances { request_spec, alternates, retry } => {
                self.build_instances(context, server, *request_spec, alternates, retry).await
            }
            Method::MigrateServer { flavor, request_spec, reschedule } => {
                self.migrate_server(context, server, *flavor, *request_spec, reschedule).await
            }
            Method::AttachVolumeToServer { volume, device, delete_on_termination } => {
                self.attach_volume(context, server, volume, device, delete_on_termination).await
            }
            Method::LiveMigrateInstance { host, block_migration, disk_over_commit, request_spec } => {
                let (forced_host, request_spec) = (host, *request_spec);
                let wanted = LiveMigrate { forced_host, block_migration, disk_over_commit, request_spec };
                self.live_migrate_instance(context, server, wanted).await
            }
            Method::UnshelveServer { request_spec } => {
                self.unshelve_server(context, server, *request_spec).await
            }
            Method::RebuildServer {
                evacuation,
                host,
                former_image,
                request_spec,
                preserve_ephemeral,
                stop,
                reimage,
            } => {
                let request_spec = *request_spec;
                let rebuild = RebuildServer {
                    evacuation,
                    host,
                    former_image,
                    request_spec,
                    preserve_ephemeral,
                    stop,
                    reimage,
                };
                self.rebuild_server(context, server, rebuild).await
            }
            other => Err(NovaError::new(
                ExceptionClass::Unexpected,
                format!("{} is not for the conductor", other.name()),
            )),
        }
        .map(|()| Answer::Done)
    }
}

/// The tasks a server may have while the conductor schedules it.
pub(crate) const SCHEDULING: Option<TaskState> = Some(TaskState::Scheduling);
