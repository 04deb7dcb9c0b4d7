//! What users ask of servers (`nova/compute/api.py`, behind `nova/api/openstack/compute/servers.py`): checks, the first
//! state change, and the message that begins the work. Each call answers with the HTTP status Nova would.

mod deletes;
mod guests;
mod images;
mod interfaces;
mod limits;
mod live_migrations;
mod locks;
mod power;
mod rebuilds;
mod server_groups;
mod services;
mod shelves;
mod volumes;

pub use limits::Amounts;
pub use live_migrations::LiveMigrateServer;
pub use rebuilds::{EvacuateServer, RebuildServer};
pub use server_groups::CreateServerGroup;
pub use shelves::UnshelveServer;
pub use volumes::{AttachVolume, BootVolume};

use crate::aggregates::AggregateRecord;
use crate::manager::SCHEDULING;
use crate::preconditions::{self, Precondition};
use crate::records::StateOfRecord;
use compute::{ExpectedTask, Records, Services};
use model::rpc::{Address, Answer, Message, Method, RequestContext};
use model::{
    Bug, ExceptionClass, HostName, ImageId, ImageMeta, Migration, MigrationStatus, NotificationPriority,
    NovaError, PowerState, ProjectId, RequestId, RequestSpec, RequestedGroup, Server, ServerId, TaskState,
    UserId, VmState,
};
use placement::Command;
use runtime::TraceEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::rc::Rc;

/// Who sends the API's notifications.
const PUBLISHER: &str = "nova-api:api";

/// A request the API refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct ApiError {
    /// The HTTP status.
    pub code: u16,
    /// The message users see.
    pub message: String,
}

impl From<NovaError> for ApiError {
    fn from(error: NovaError) -> Self {
        let code = error.class.code();
        // An error nobody foresaw is shown by its class only, as Nova's API does.
        let message = match code {
            500 => format!(
                "Unexpected API Error. Please contact the administrator\n<class '{}'>",
                python_class(error.class)
            ),
            _ => error.message,
        };
        Self { code, message }
    }
}

/// The class as Python names it: Nova's own exceptions with their module, built-in ones without.
fn python_class(class: ExceptionClass) -> String {
    match class {
        ExceptionClass::NotImplementedError | ExceptionClass::Unexpected => class.name().to_owned(),
        _ => format!("nova.exception.{}", class.name()),
    }
}

/// What a user says of a server to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateServer {
    /// Its name.
    pub name: String,
    /// The flavor, by id or name.
    pub flavor: String,
    /// The image; the first there is when none is given.
    #[serde(default)]
    pub image: Option<ImageId>,
    /// A zone, `zone:host` to force a host, or `zone:host:node`.
    #[serde(default)]
    pub availability_zone: Option<String>,
    /// A host that is asked for and that must pass all filters (since API version 2.74).
    #[serde(default)]
    pub host: Option<HostName>,
    /// Volumes it has from the beginning. With one to boot from there is no image.
    #[serde(default)]
    pub volumes: Vec<BootVolume>,
    /// Hints for the scheduler, each with its values: `group`, `same_host`, `different_host`, `query`, ….
    #[serde(default)]
    pub scheduler_hints: BTreeMap<String, Vec<String>>,
}

/// How many servers are asked for in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// At least so many, or none.
    pub min: u32,
    /// At most so many, as far as the quota allows.
    pub max: u32,
}

impl Count {
    /// One server.
    pub const ONE: Self = Self { min: 1, max: 1 };
}

/// The servers of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// What they share: `r-` and eight letters or digits.
    pub reservation_id: String,
    /// Each of them, at least one. Several are called `name-1`, `name-2`, ….
    pub servers: Vec<ServerId>,
}

/// Who asks, as the identity service knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The project the request is made in.
    pub project: ProjectId,
    /// The user.
    pub user: UserId,
    /// Whether the user may do everything, to other projects' servers too.
    pub is_admin: bool,
    /// The request's id, under which its action is recorded; none for a new one with each call.
    pub request: Option<RequestId>,
}

/// The API of a cloud, as somebody uses it. [`ComputeApi::of`] is the same for somebody else.
pub struct ComputeApi {
    services: Services,
    records: Rc<StateOfRecord>,
    caller: Caller,
}

impl ComputeApi {
    pub(crate) fn new(services: Services, records: Rc<StateOfRecord>) -> Self {
        let caller = Caller { project: "demo".into(), user: "admin".into(), is_admin: true, request: None };
        Self { services, records, caller }
    }

    /// The same API for another caller, who does not see other projects' servers unless an administrator.
    pub fn of(&self, caller: Caller) -> Self {
        Self { services: self.services.clone(), records: Rc::clone(&self.records), caller }
    }

    /// Puts a host into an aggregate or takes it out, in the records and in placement. None when there is no such aggregate.
    pub fn set_aggregate_member(
        &self,
        number: u64,
        host: &HostName,
        member: bool,
    ) -> Option<AggregateRecord> {
        crate::aggregates::set_member(&self.services, &self.records, number, host, member)
    }

    /// Forgets a compute host: its service, its node, its place in aggregates, and in placement the providers of its tree with
    /// whatever is allocated of them. The caller has seen that nothing of it is in use.
    pub fn delete_service(&self, host: &HostName) {
        let report_client = &self.services.report_client;
        if let Some(node) = self.records.compute_node(host) {
            let (mut providers, consumers) = report_client.read(|placement| {
                let Ok(root) = placement.provider(node.id) else { return Default::default() };
                let tree: Vec<_> = root.tree().collect();
                let consumers: BTreeSet<_> = tree
                    .iter()
                    .flat_map(|provider| provider.consumers().map(|consumer| consumer.id()))
                    .collect();
                (tree.iter().map(|provider| provider.id()).collect::<Vec<_>>(), consumers)
            });
            let commands = consumers.into_iter().map(|consumer| Command::DeleteAllocations { consumer });
            // Children were made after their parents.
            providers.reverse();
            let commands = commands.chain(providers.into_iter().map(|id| Command::DeleteProvider { id }));
            for command in commands {
                // As in Nova, what placement refuses stays behind, and the service goes all the same.
                let _ = report_client.write(&Address::Api, command);
            }
        }
        crate::aggregates::leave_all(&self.records, host);
        self.records.remove_host(host);
    }

    /// Makes a server (202).
    pub async fn create(&self, request: CreateServer) -> Result<ServerId, ApiError> {
        let made = self.create_servers(request, Count::ONE).await?;
        made.servers.first().copied().ok_or_else(no_server)
    }

    /// Makes several servers that differ in nothing but their names (202). They are scheduled together; when the quota has
    /// room for fewer than `max` but for `min`, so many are made.
    pub async fn create_servers(&self, request: CreateServer, count: Count) -> Result<Created, ApiError> {
        let mut body = json!(request);
        if count != Count::ONE {
            (body["min_count"], body["max_count"]) = (json!(count.min), json!(count.max));
        }
        self.call("create", None, body, 202, async {
            let context = self.context();
            if count.min == 0 || count.min > count.max {
                let message = "min_count must be <= max_count".to_owned();
                return Err(ApiError { code: 400, message });
            }
            let flavor = self.flavor(&request.flavor)?;
            let boots_from_volume = request.volumes.iter().any(|volume| volume.boot_index == Some(0));
            let image_meta = match boots_from_volume {
                true => self.image_of_boot_volume(&request).await?,
                false => Some(self.image_of(&request).await?),
            };
            let image = image_meta.as_ref().filter(|_| !boots_from_volume).map(|image| image.id);
            let (zone, host) = split_zone(request.availability_zone.as_deref())?;
            self.check_zone(zone.as_deref(), host.as_ref())?;
            self.check_host_is_known(request.host.as_ref())?;
            if count.max > 1 && !request.volumes.is_empty() {
                let message = "Cannot attach one or more volumes to multiple instances".to_owned();
                return Err(ApiError { code: 400, message });
            }
            let group = self.requested_group(&context, &request)?;
            let number = self.allowed_servers(&flavor, count)?;
            self.check_group_members_quota(&context, group.as_ref(), number)?;
            let ids: Vec<_> = (0..number).map(|_| ServerId(self.services.random.uuid())).collect();
            let Some(id) = ids.first().copied() else { return Err(no_server()) };
            let reservation_id = self.reservation_id(id);
            let mut spec =
                RequestSpec::new(id, context.project_id.clone(), context.user_id.clone(), flavor.clone());
            spec.image = image;
            spec.is_bfv = boots_from_volume;
            spec.image_meta = image_meta;
            spec.availability_zone = self.zone_to_remember(zone.clone(), host.as_ref());
            spec.force_hosts = host.into_iter().collect();
            spec.requested_destination = request.host.clone();
            spec.scheduler_hints = request.scheduler_hints.clone();
            spec.num_instances = number;
            spec.requested_resources = self.device_groups(&spec.flavor)?;
            let server = Server {
                id,
                number: 0,
                name: request.name.clone(),
                project_id: context.project_id.clone(),
                user_id: context.user_id.clone(),
                image,
                flavor,
                old_flavor: None,
                new_flavor: None,
                old_vm_state: None,
                vm_state: VmState::Building,
                task_state: SCHEDULING,
                power_state: PowerState::NoState,
                host: None,
                node: None,
                availability_zone: zone,
                root_device_name: None,
                block_devices: self.reserve_boot_volumes(id, &request.volumes).await?,
                network_info: Vec::new(),
                locked: false,
                progress: 0,
                created_at: self.services.clock.now(),
                launched_at: None,
                shelved: None,
                soft_deleted_at: None,
                deleted_at: None,
                faults: Vec::new(),
                reservation_id: reservation_id.clone(),
                launch_index: 0,
            };
            let mut request_specs = Vec::with_capacity(ids.len());
            for (launch_index, id) in (0..).zip(&ids) {
                let name = match number {
                    1 => request.name.clone(),
                    _ => format!("{}-{}", request.name, launch_index + 1),
                };
                let spec = RequestSpec { server: *id, ..spec.clone() };
                self.records
                    .create_server(Server { id: *id, name, launch_index, ..server.clone() }, spec.clone());
                // Without what holds for this request only.
                self.records.save_request_spec(&spec);
                if let Some(group) = &group {
                    self.records.join_server_group(group.id, *id);
                }
                request_specs.push(spec);
            }
            let method = Method::ScheduleAndBuildInstances { request_specs };
            self.cast(&context, id, Address::Conductor, method);
            Ok(Created { reservation_id, servers: ids })
        })
        .await
    }

    /// What the servers of one request share, drawn by the first of them.
    fn reservation_id(&self, first: ServerId) -> String {
        const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let random = self.services.random.fork(&format!("reservation {first}"));
        let digit = |_| DIGITS.get(random.below(DIGITS.len() as u64) as usize).copied().unwrap_or(b'0');
        format!("r-{}", (0..8).map(digit).map(char::from).collect::<String>())
    }

    /// Resizes a server to another flavor, given by id or name (202).
    pub async fn resize(&self, id: ServerId, flavor: &str) -> Result<(), ApiError> {
        let body = json!({"flavorRef": flavor});
        self.call("resize", Some(id), body, 202, async {
            let context = self.context();
            let server = self.server(id)?;
            check_lock(&context, &server)?;
            preconditions::RESIZE.check(&server)?;
            self.check_source_is_up(&server)?;
            let flavor = self.flavor(flavor)?;
            let smaller = flavor.root_gb < server.flavor.root_gb;
            if smaller && server.volume_backed() && self.services.switches.has(Bug::Bug1825020) {
                let message = "Flavor's disk is too small for requested image.".to_owned();
                return Err(ApiError { code: 400, message });
            }
            if flavor.id == server.flavor.id {
                let message = "When resizing, instances must change flavor!";
                return Err(NovaError::new(ExceptionClass::CannotResizeToSameFlavor, message).into());
            }
            self.check_resize_quota(&server, &flavor)?;
            self.move_server(&context, &server, "resize", flavor, None).await
        })
        .await
    }

    /// Moves a server to another host with the flavor it has (202).
    pub async fn migrate(&self, id: ServerId, host: Option<HostName>) -> Result<(), ApiError> {
        let body = json!({"host": host});
        self.call("migrate", Some(id), body, 202, async {
            let context = self.context();
            let server = self.server(id)?;
            check_lock(&context, &server)?;
            preconditions::MIGRATE.check(&server)?;
            self.check_source_is_up(&server)?;
            if let Some(host) = &host {
                self.check_target(&server, host)?;
            }
            let flavor = server.flavor.clone();
            self.move_server(&context, &server, "migrate", flavor, host).await
        })
        .await
    }

    async fn move_server(
        &self,
        context: &RequestContext,
        server: &Server,
        action: &str,
        flavor: model::Flavor,
        host: Option<HostName>,
    ) -> Result<(), ApiError> {
        let mut spec = self.request_spec(server)?;
        spec.requested_destination = host;
        self.set_task(server, TaskState::ResizePrep).await?;
        self.records.start_action(server.id, &context.request, action);
        let method = Method::MigrateServer {
            flavor: Box::new(flavor),
            request_spec: Box::new(spec),
            reschedule: None,
        };
        self.cast(context, server.id, Address::Conductor, method);
        Ok(())
    }

    /// Keeps the result of a resize or cold migration (204).
    pub async fn confirm_resize(&self, id: ServerId) -> Result<(), ApiError> {
        self.call("confirmResize", Some(id), Value::Null, 204, async {
            let context = self.context();
            let server = self.server(id)?;
            check_lock(&context, &server)?;
            preconditions::CONFIRM_RESIZE.check(&server)?;
            let migration = self.finished_migration(id).ok_or_else(not_resized)?;
            self.check_is_up(&migration.source_compute)?;
            self.set_migration_status(&migration, MigrationStatus::Confirming).await?;
            self.records.start_action(id, &context.request, "confirmResize");
            let source = Address::Compute(migration.source_compute);
            self.cast(&context, id, source, Method::ConfirmResize { migration: migration.id });
            Ok(())
        })
        .await
    }

    /// Takes a resize or cold migration back (202).
    pub async fn revert_resize(&self, id: ServerId) -> Result<(), ApiError> {
        self.call("revertResize", Some(id), Value::Null, 202, async {
            let context = self.context();
            let server = self.server(id)?;
            check_lock(&context, &server)?;
            preconditions::REVERT_RESIZE.check(&server)?;
            let migration = self.finished_migration(id).ok_or_else(not_resized)?;
            let destination = server.host.clone().ok_or_else(|| not_ready(id))?;
            self.check_is_up(&migration.source_compute)?;
            let mut spec = self.request_spec(&server)?;
            spec.flavor = migration.old_flavor.clone();
            self.records.save_request_spec(&spec);
            self.set_task(&server, TaskState::ResizeReverting).await?;
            self.set_migration_status(&migration, MigrationStatus::Reverting).await?;
            self.records.start_action(id, &context.request, "revertResize");
            let method = Method::RevertResize { migration: migration.id, request_spec: Box::new(spec) };
            self.cast(&context, id, Address::Compute(destination), method);
            Ok(())
        })
        .await
    }

    /// Runs a request, and traces it with its answer.
    async fn call<T>(
        &self,
        action: &str,
        server: Option<ServerId>,
        body: Value,
        success: u16,
        request: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let trace = &self.services.trace;
        trace.record(|| TraceEvent::ApiCall { action: action.to_owned(), server, body });
        let outcome = request.await;
        trace.record(|| TraceEvent::ApiAnswer {
            action: action.to_owned(),
            server,
            code: outcome.as_ref().map_or_else(|refused| refused.code, |_| success),
            error: outcome.as_ref().err().map(|refused| refused.message.clone()),
        });
        outcome
    }

    fn context(&self) -> RequestContext {
        let context = RequestContext {
            request: match &self.caller.request {
                Some(request) => request.clone(),
                None => RequestId::from(format!("req-{}", self.services.random.uuid())),
            },
            project_id: self.caller.project.clone(),
            user_id: self.caller.user.clone(),
            is_admin: self.caller.is_admin,
        };
        self.records.note_asker(&context);
        context
    }

    fn cast(&self, context: &RequestContext, server: ServerId, to: Address, method: Method) {
        self.services.bus.cast(&Address::Api, to, Message { context: context.clone(), server, method });
    }

    /// Asks a host and waits for its answer.
    async fn ask(
        &self,
        context: &RequestContext,
        server: ServerId,
        host: HostName,
        method: Method,
    ) -> Result<Answer, NovaError> {
        let message = Message { context: context.clone(), server, method };
        self.services.bus.call(&Address::Api, Address::Compute(host), message).await
    }

    /// The server, if the request may go on: it is locked by nobody whom the user must heed, it is in a state the
    /// operation may start from, and it is on a host, which is answered too.
    fn begin(
        &self,
        context: &RequestContext,
        id: ServerId,
        precondition: &Precondition,
    ) -> Result<(Server, HostName), ApiError> {
        let server = self.server(id)?;
        check_lock(context, &server)?;
        precondition.check(&server)?;
        let host = host_of(&server)?;
        Ok((server, host))
    }

    fn notify(&self, server: ServerId, action: &str) {
        let event_type = format!("instance.{action}");
        self.services.notifier.emit(PUBLISHER, &event_type, NotificationPriority::Info, Some(server));
    }

    fn server(&self, id: ServerId) -> Result<Server, ApiError> {
        let server = self.services.records.server(id)?;
        if self.caller.is_admin || server.project_id == self.caller.project {
            return Ok(server);
        }
        // Whose it is not is told what is said of one that is not there.
        Err(NovaError::instance_not_found(id).into())
    }

    fn flavor(&self, id_or_name: &str) -> Result<model::Flavor, ApiError> {
        self.records.flavor(id_or_name).ok_or_else(|| ApiError {
            code: 400,
            message: format!("Flavor {id_or_name} could not be found."),
        })
    }

    /// What the volume that a server boots from says as an image would; none when it says nothing.
    async fn image_of_boot_volume(&self, request: &CreateServer) -> Result<Option<ImageMeta>, ApiError> {
        let root = request.volumes.iter().find(|volume| volume.boot_index == Some(0));
        let Some(root) = root else { return Ok(None) };
        let properties = self.services.volumes.get(root.volume).await?.image_properties;
        Ok((!properties.is_empty()).then(|| ImageMeta {
            // It is no image of the image service.
            id: ImageId(root.volume.0),
            name: String::new(),
            disk_format: String::new(),
            min_disk_gb: 0,
            min_ram_mb: 0,
            properties,
        }))
    }

    fn device_groups(&self, flavor: &model::Flavor) -> Result<Vec<RequestedGroup>, ApiError> {
        self.records.device_profiles().asked_by(flavor).map_err(|name| ApiError {
            code: 400,
            message: format!("Device profile name {name}: there is no such device profile."),
        })
    }

    /// The image to build from: the one that is named, or the first there is.
    async fn image_of(&self, request: &CreateServer) -> Result<ImageMeta, ApiError> {
        let first = || self.records.images().first().map(|image| image.id);
        let Some(id) = request.image.or_else(first) else {
            let message = "There is no image to build a server from".to_owned();
            return Err(ApiError { code: 400, message });
        };
        self.requested_image(id, || format!("Can not find requested image {id}")).await
    }

    /// An image a user names; one that is not there is the user's mistake, told with this message.
    async fn requested_image(
        &self,
        id: ImageId,
        not_found: impl FnOnce() -> String,
    ) -> Result<ImageMeta, ApiError> {
        self.services.images.get(id).await.map_err(|error| match error.class {
            ExceptionClass::ImageNotFound => ApiError { code: 400, message: not_found() },
            _ => error.into(),
        })
    }

    /// A zone that is named must be that of a service that is not disabled, unless a host is forced.
    fn check_zone(&self, zone: Option<&str>, host: Option<&HostName>) -> Result<(), ApiError> {
        let options = self.services.options.get();
        let in_zone = |zone: &str| {
            let mut open = self.records.services().into_iter().filter(|service| !service.disabled);
            open.any(|service| self.records.aggregates().zone_of(&service.host, &options) == zone)
        };
        if host.is_some() || zone.is_none_or(in_zone) {
            return Ok(());
        }
        Err(ApiError { code: 400, message: "The requested availability zone is not available".to_owned() })
    }

    /// The zone that later moves are bound to. A forced host of another zone makes the zone void.
    fn zone_to_remember(&self, zone: Option<String>, forced: Option<&HostName>) -> Option<String> {
        let default = self.services.options.get().default_availability_zone.0.clone();
        zone.filter(|zone| forced.is_none() || *zone == default)
    }

    /// Refuses a host that is named and that there is not.
    fn check_host_is_known(&self, host: Option<&HostName>) -> Result<(), ApiError> {
        match host.filter(|host| self.records.compute_node(host).is_none()) {
            None => Ok(()),
            Some(host) => {
                Err(ApiError { code: 400, message: format!("Compute host {host} could not be found.") })
            }
        }
    }

    fn check_target(&self, server: &Server, host: &HostName) -> Result<(), ApiError> {
        self.check_host_is_known(Some(host))?;
        let source = server.host.as_ref().and_then(|source| self.records.cell_of(source));
        if source != self.records.cell_of(host) {
            // It is sought in the server's cell.
            return Err(ApiError { code: 400, message: format!("Compute host {host} could not be found.") });
        }
        if server.is_on(host) {
            let message = "Cannot migrate to the host where the server exists.";
            return Err(NovaError::new(ExceptionClass::CannotMigrateToSameHost, message).into());
        }
        Ok(())
    }

    fn check_source_is_up(&self, server: &Server) -> Result<(), ApiError> {
        let host = server.host.as_ref().ok_or_else(|| not_ready(server.id))?;
        // A service that is disabled is not asked whether it is up.
        let unasked = self.services.switches.has(Bug::Bug1938326);
        if unasked && self.services.records.service_disabled(host) {
            return Ok(());
        }
        self.check_is_up(host)
    }

    fn check_is_up(&self, host: &HostName) -> Result<(), ApiError> {
        if self.is_up(host) {
            return Ok(());
        }
        let message = "Service is unavailable at this time.";
        Err(NovaError::new(ExceptionClass::ServiceUnavailable, message).into())
    }

    fn is_up(&self, host: &HostName) -> bool {
        let down_time = self.services.options.get().service_down_time;
        self.records.service_is_up(host, self.services.clock.now(), down_time)
    }

    fn request_spec(&self, server: &Server) -> Result<RequestSpec, ApiError> {
        self.records.request_spec(server.id).ok_or_else(|| NovaError::instance_not_found(server.id).into())
    }

    fn finished_migration(&self, server: ServerId) -> Option<Migration> {
        self.records
            .migrations_of(server)
            .into_iter()
            .rev()
            .find(|migration| migration.status == MigrationStatus::Finished)
    }

    async fn set_task(&self, server: &Server, task: TaskState) -> Result<(), ApiError> {
        let set = &mut |server: &mut Server| {
            server.task_state = Some(task);
            server.progress = 0;
        };
        self.services.records.update_server(server.id, ExpectedTask::Any, set).await?;
        Ok(())
    }

    async fn set_migration_status(
        &self,
        migration: &Migration,
        status: MigrationStatus,
    ) -> Result<(), ApiError> {
        let set = &mut |migration: &mut Migration| migration.status = status;
        self.services.records.update_migration(migration.id, set).await?;
        Ok(())
    }
}

/// A locked server is for administrators only.
fn check_lock(context: &RequestContext, server: &Server) -> Result<(), ApiError> {
    if !server.locked || context.is_admin {
        return Ok(());
    }
    let message = format!("Instance {} is locked", server.id);
    Err(NovaError::new(ExceptionClass::InstanceIsLocked, message).into())
}

/// A request for no server at all, which the check of its counts has refused before.
fn no_server() -> ApiError {
    ApiError { code: 500, message: "no server was made".to_owned() }
}

fn host_of(server: &Server) -> Result<HostName, ApiError> {
    server.host.clone().ok_or_else(|| not_ready(server.id))
}

fn not_ready(id: ServerId) -> ApiError {
    NovaError::new(ExceptionClass::InstanceNotReady, format!("Instance {id} is not ready")).into()
}

fn not_resized() -> ApiError {
    ApiError { code: 400, message: "Instance has not been resized.".to_owned() }
}

/// `zone`, `zone:host` or `zone:host:node`; with one node a host, the node adds nothing.
fn split_zone(text: Option<&str>) -> Result<(Option<String>, Option<HostName>), ApiError> {
    let Some(text) = text else { return Ok((None, None)) };
    let parts: Vec<_> = text.split(':').collect();
    if parts.len() > 3 {
        return Err(ApiError { code: 400, message: "Unable to parse availability_zone".to_owned() });
    }
    let given = |part: Option<&&str>| part.filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
    let zone = given(parts.first());
    let host = given(parts.get(1)).or_else(|| given(parts.get(2)));
    Ok((zone, host.map(HostName::from)))
}
