//! What users ask of servers (`nova/compute/api.py`, behind `nova/api/openstack/compute/servers.py`): checks, the first
//! state change, and the message that begins the work. Each call answers with the HTTP status Nova would.

mod creates;
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

pub use creates::{Count, CreateServer, Created};
pub use limits::Amounts;
pub use live_migrations::LiveMigrateServer;
pub use rebuilds::{EvacuateServer, RebuildServer};
pub use server_groups::CreateServerGroup;
pub use shelves::UnshelveServer;
pub use volumes::{AttachVolume, BootVolume};

use crate::preconditions::{self, Precondition};
use crate::records::StateOfRecord;
use compute::{ExpectedTask, Records, Services};
use model::rpc::{Address, Answer, Message, Method, RequestContext};
use model::{
    Bug, ExceptionClass, HostName, ImageId, ImageMeta, Migration, MigrationStatus, NotificationPriority,
    NovaError, ProjectId, RequestId, RequestSpec, Server, ServerId, TaskState, UserId,
};
use runtime::TraceEvent;
use serde_json::{Value, json};
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
        self.last_migration_in(server, MigrationStatus::Finished)
    }

    fn last_migration_in(&self, server: ServerId, status: MigrationStatus) -> Option<Migration> {
        self.records.migrations_of(server).into_iter().rev().find(|migration| migration.status == status)
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

fn host_of(server: &Server) -> Result<HostName, ApiError> {
    server.host.clone().ok_or_else(|| not_ready(server.id))
}

fn not_ready(id: ServerId) -> ApiError {
    NovaError::new(ExceptionClass::InstanceNotReady, format!("Instance {id} is not ready")).into()
}

fn not_resized() -> ApiError {
    ApiError { code: 400, message: "Instance has not been resized.".to_owned() }
}
