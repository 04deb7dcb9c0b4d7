//! The state of record: servers, migrations, actions, nodes and services of one cloud, in memory (`nova/objects/`,
//! `nova/db/`). It has one writer, the control plane's thread.

mod migrations;
mod retention;
mod server_groups;

pub use retention::Retention;

use crate::accelerators::DeviceProfiles;
use crate::aggregates::Aggregates;
use crate::labels::{Asker, FlavorLabels, ServerLabels};
use crate::limits::Limits;
use async_trait::async_trait;
use compute::{ExpectedTask, MigrationChange, Records, ServerChange};
use model::rpc::RequestContext;
use model::{
    Action, ActionEvent, ComputeNode, EventResult, ExceptionClass, Fault, Fix, Flavor, FlavorId, HostName,
    ImageId, ImageMeta, Migration, MigrationId, MigrationStatus, MigrationType, NovaError, RequestId,
    RequestSpec, Server, ServerGroup, ServerId, Service, Switches, TaskState, Timestamp,
};
use retention::{Askers, Forgets, trim_faults};
use runtime::trace::changes;
use runtime::{Clock, Trace, TraceEvent};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;

/// The records of one cloud.
pub struct StateOfRecord {
    clock: Clock,
    trace: Trace,
    switches: Rc<Switches>,
    tables: RefCell<Tables>,
    aggregates: Aggregates,
    device_profiles: DeviceProfiles,
    limits: RefCell<Limits>,
    retention: Retention,
    forgets: RefCell<Option<Rc<Forgets>>>,
    news: Rc<Notify>,
}

#[derive(Default)]
struct Tables {
    flavors: BTreeMap<FlavorId, Flavor>,
    /// Oldest first.
    images: Vec<ImageMeta>,
    servers: BTreeMap<ServerId, Server>,
    /// How many servers were ever made.
    servers_made: u64,
    /// Those of the servers that are deleted, oldest deletion first.
    deleted: VecDeque<ServerId>,
    /// The servers whose record names a host and that are not deleted, by their numbers.
    by_host: BTreeMap<HostName, BTreeMap<u64, ServerId>>,
    request_specs: BTreeMap<ServerId, RequestSpec>,
    migrations: BTreeMap<MigrationId, Migration>,
    /// By their numbers.
    migration_order: BTreeMap<u64, MigrationId>,
    /// How many migrations were ever made.
    migrations_made: u64,
    migration_askers: BTreeMap<MigrationId, Asker>,
    actions: BTreeMap<ServerId, Vec<Started>>,
    nodes: BTreeMap<HostName, ComputeNode>,
    services: BTreeMap<HostName, Service>,
    /// Oldest first.
    server_groups: Vec<ServerGroup>,
    /// Hosts that are in a cell of their own choosing; the others share one.
    cells: BTreeMap<HostName, String>,
    server_labels: BTreeMap<ServerId, ServerLabels>,
    flavor_labels: BTreeMap<FlavorId, FlavorLabels>,
    askers: Askers,
}

/// An action, and who asked for it; none of what nobody asked for, such as what a periodic task does.
struct Started {
    action: Action,
    asker: Option<Asker>,
}

impl Tables {
    /// Follows a change of a server's host, or the end of the server.
    fn moved(&mut self, server: &Server, from: Option<HostName>) {
        let to = server.host.as_ref().filter(|_| !server.deleted());
        if from.as_ref() == to {
            return;
        }
        if let Some(servers) = from.and_then(|from| self.by_host.get_mut(&from)) {
            servers.remove(&server.number);
        }
        if let Some(to) = to {
            self.by_host.entry(to.clone()).or_default().insert(server.number, server.id);
        }
    }
}

impl StateOfRecord {
    /// Empty records, which keep this much of what is over.
    pub fn new(clock: Clock, trace: Trace, switches: Rc<Switches>, retention: Retention) -> Self {
        Self {
            clock,
            trace,
            switches,
            tables: RefCell::default(),
            aggregates: Aggregates::default(),
            device_profiles: DeviceProfiles::default(),
            limits: RefCell::default(),
            retention,
            forgets: RefCell::default(),
            news: Rc::default(),
        }
    }

    /// Whether they can be read: nobody is just changing them.
    pub(crate) fn are_free(&self) -> bool {
        self.tables.try_borrow().is_ok() && self.limits.try_borrow().is_ok()
    }

    /// Waits for the next change.
    pub async fn changed(&self) {
        self.news.notified().await;
    }

    /// The host aggregates.
    pub fn aggregates(&self) -> &Aggregates {
        &self.aggregates
    }

    /// The device profiles.
    pub fn device_profiles(&self) -> &DeviceProfiles {
        &self.device_profiles
    }

    /// The limits that operators set.
    pub fn limits(&self) -> &RefCell<Limits> {
        &self.limits
    }

    /// Adds or replaces a flavor.
    pub fn put_flavor(&self, flavor: Flavor) {
        self.tables.borrow_mut().flavors.insert(flavor.id.clone(), flavor);
    }

    /// A flavor by its id or, failing that, its name.
    pub fn flavor(&self, id_or_name: &str) -> Option<Flavor> {
        let tables = self.tables.borrow();
        let by_name = || tables.flavors.values().find(|flavor| flavor.name == id_or_name);
        tables.flavors.get(id_or_name).or_else(by_name).cloned()
    }

    /// All flavors, by id.
    pub fn flavors(&self) -> Vec<Flavor> {
        self.tables.borrow().flavors.values().cloned().collect()
    }

    /// Removes a flavor and its labels. Servers made from it keep what they were given. Answers whether it was there.
    pub fn remove_flavor(&self, id: &FlavorId) -> bool {
        let tables = &mut *self.tables.borrow_mut();
        tables.flavor_labels.remove(id);
        tables.flavors.remove(id).is_some()
    }

    /// The labels of a flavor.
    pub fn flavor_labels(&self, id: &FlavorId) -> FlavorLabels {
        self.tables.borrow().flavor_labels.get(id).cloned().unwrap_or_default()
    }

    /// Changes the labels of a flavor.
    pub fn label_flavor(&self, id: &FlavorId, change: impl FnOnce(&mut FlavorLabels)) {
        change(self.tables.borrow_mut().flavor_labels.entry(id.clone()).or_default());
    }

    /// The labels of a server, also of a deleted one.
    pub fn server_labels(&self, id: ServerId) -> ServerLabels {
        self.tables.borrow().server_labels.get(&id).cloned().unwrap_or_default()
    }

    /// Changes the labels of a server.
    pub fn label_server(&self, id: ServerId, change: impl FnOnce(&mut ServerLabels)) {
        change(self.tables.borrow_mut().server_labels.entry(id).or_default());
    }

    /// Adds or replaces an image.
    pub fn put_image(&self, image: ImageMeta) {
        let images = &mut self.tables.borrow_mut().images;
        match images.iter_mut().find(|known| known.id == image.id) {
            Some(known) => *known = image,
            None => images.push(image),
        }
    }

    /// An image.
    pub fn image(&self, id: ImageId) -> Option<ImageMeta> {
        self.tables.borrow().images.iter().find(|image| image.id == id).cloned()
    }

    /// All images, oldest first.
    pub fn images(&self) -> Vec<ImageMeta> {
        self.tables.borrow().images.clone()
    }

    /// Deletes an image; one that is not there counts as deleted.
    pub fn delete_image(&self, id: ImageId) {
        self.tables.borrow_mut().images.retain(|image| image.id != id);
    }

    /// Adds a server. Its number is the next one.
    pub fn create_server(&self, mut server: Server, request_spec: RequestSpec) -> Server {
        {
            let mut tables = self.tables.borrow_mut();
            tables.servers_made += 1;
            server.number = tables.servers_made;
            tables.request_specs.insert(server.id, request_spec);
            tables.servers.insert(server.id, server.clone());
            tables.moved(&server, None);
        }
        self.saved_server(None, &server);
        server
    }

    /// All servers that are not deleted, in the order of their creation.
    pub fn servers(&self) -> Vec<Server> {
        self.select_servers(|server| !server.deleted())
    }

    /// All servers, also deleted ones, in the order of their creation.
    pub fn servers_even_deleted(&self) -> Vec<Server> {
        self.select_servers(|_| true)
    }

    /// Looks at every server that is not deleted, in no particular order.
    pub(crate) fn for_each_server(&self, look: impl FnMut(&Server)) {
        self.tables.borrow().servers.values().filter(|server| !server.deleted()).for_each(look);
    }

    fn select_servers(&self, wanted: impl Fn(&Server) -> bool) -> Vec<Server> {
        let tables = self.tables.borrow();
        let mut servers: Vec<_> = tables.servers.values().filter(|server| wanted(server)).cloned().collect();
        servers.sort_by_key(|server| server.number);
        servers
    }

    /// What was asked for when the server was made, or last moved.
    pub fn request_spec(&self, id: ServerId) -> Option<RequestSpec> {
        self.tables.borrow().request_specs.get(&id).cloned()
    }

    /// Stores what was asked for, without what holds for one operation only.
    pub fn save_request_spec(&self, spec: &RequestSpec) {
        let mut stored = spec.clone();
        stored.requested_destination = None;
        stored.requested_node = None;
        stored.preferred_cell = None;
        stored.ignore_hosts.clear();
        self.tables.borrow_mut().request_specs.insert(spec.server, stored);
    }

    /// Changes what is remembered of a request, whatever holds for one request only included.
    pub(crate) fn change_request_spec(&self, server: ServerId, change: impl FnOnce(&mut RequestSpec)) {
        if let Some(spec) = self.tables.borrow_mut().request_specs.get_mut(&server) {
            change(spec);
        }
    }

    /// Who asked for the newest action of a request on a server; none of what nobody asked for, such as what a periodic task
    /// does.
    pub fn asker(&self, server: ServerId, request: &RequestId) -> Option<Asker> {
        let tables = self.tables.borrow();
        let mut started = tables.actions.get(&server)?.iter().rev();
        started.find(|started| &started.action.request == request)?.asker.clone()
    }

    /// The request of the newest action on a server, and who asked for it.
    pub fn newest_action(&self, server: ServerId) -> Option<(RequestId, Option<Asker>)> {
        let tables = self.tables.borrow();
        let newest = tables.actions.get(&server)?.last()?;
        Some((newest.action.request.clone(), newest.asker.clone()))
    }

    /// Remembers who sent a request.
    pub(crate) fn note_asker(&self, context: &RequestContext) {
        self.tables.borrow_mut().askers.note(context);
    }

    /// Records that a user asked for `action`.
    pub fn start_action(&self, server: ServerId, request: &RequestId, action: &str) {
        let start = self.clock.now();
        {
            let tables = &mut *self.tables.borrow_mut();
            let asker = tables.askers.get(request);
            let started = tables.actions.entry(server).or_default();
            let action = Action {
                server,
                request: request.clone(),
                action: action.to_owned(),
                start,
                message: None,
                events: Vec::new(),
            };
            started.push(Started { action, asker });
            Tables::trim_actions(started, self.retention.actions);
        }
        self.trace.record(|| TraceEvent::ActionStarted { server, action: action.to_owned() });
        self.news.notify_waiters();
    }

    /// The actions on a server, oldest first.
    pub fn actions(&self, server: ServerId) -> Vec<Action> {
        let tables = self.tables.borrow();
        let started = tables.actions.get(&server).into_iter().flatten();
        started.map(|started| started.action.clone()).collect()
    }

    /// The node records, by host.
    pub fn compute_nodes(&self) -> Vec<ComputeNode> {
        self.tables.borrow().nodes.values().cloned().collect()
    }

    /// The node records that are wanted, by host.
    pub(crate) fn select_nodes(&self, wanted: impl Fn(&ComputeNode) -> bool) -> Vec<ComputeNode> {
        self.tables.borrow().nodes.values().filter(|node| wanted(node)).cloned().collect()
    }

    /// Puts a host into a cell.
    pub fn set_cell(&self, host: &HostName, cell: &str) {
        self.tables.borrow_mut().cells.insert(host.clone(), cell.to_owned());
    }

    /// The cell of a host; none for one that was put into none.
    pub fn cell_of(&self, host: &HostName) -> Option<String> {
        self.tables.borrow().cells.get(host).cloned()
    }

    /// Forgets the service and the node of a host.
    pub fn remove_host(&self, host: &HostName) {
        let tables = &mut *self.tables.borrow_mut();
        tables.services.remove(host);
        tables.nodes.remove(host);
    }

    /// Changes the service record of a host, which is made if need be.
    pub fn update_service(&self, host: &HostName, change: impl FnOnce(&mut Service)) {
        let mut tables = self.tables.borrow_mut();
        change(tables.services.entry(host.clone()).or_insert_with(|| Service {
            host: host.clone(),
            disabled: false,
            disabled_reason: None,
            forced_down: false,
            running: false,
            last_seen_up: None,
        }));
    }

    /// The service records, by host.
    pub fn services(&self) -> Vec<Service> {
        self.tables.borrow().services.values().cloned().collect()
    }

    /// Whether the service of a host is up.
    pub fn service_is_up(&self, host: &HostName, now: Timestamp, service_down_time: Duration) -> bool {
        let tables = self.tables.borrow();
        tables.services.get(host).is_some_and(|service| service.is_up(now, service_down_time))
    }

    fn saved_server(&self, before: Option<&Server>, after: &Server) {
        self.trace.record(|| TraceEvent::ServerSaved { server: after.id, changes: changes(before, after) });
        self.news.notify_waiters();
    }

    fn saved_migration(&self, before: Option<&Migration>, after: &Migration) {
        self.trace.record(|| TraceEvent::MigrationSaved {
            migration: after.id,
            server: after.server,
            changes: changes(before, after),
        });
        self.news.notify_waiters();
    }

    /// A copy of a record as it was before a change, if the trace wants to see the difference.
    fn before<T: Clone + Serialize>(&self, record: &T) -> Option<T> {
        self.trace.enabled().then(|| record.clone())
    }
}

/// The error of a save that found another task than expected.
fn unexpected_task(id: ServerId, actual: Option<TaskState>) -> NovaError {
    let shown = actual.map_or("None".to_owned(), |task| task.to_string());
    let class = match actual {
        Some(TaskState::Deleting | TaskState::SoftDeleting) => ExceptionClass::UnexpectedDeletingTaskState,
        _ => ExceptionClass::UnexpectedTaskState,
    };
    NovaError::new(class, format!("Conflict updating instance {id}. Actual: {{'task_state': {shown}}}"))
}

fn migration_not_found(id: MigrationId) -> NovaError {
    NovaError::new(ExceptionClass::MigrationNotFound, format!("Migration {id} could not be found."))
}

#[async_trait(?Send)]
impl Records for StateOfRecord {
    fn server(&self, id: ServerId) -> Result<Server, NovaError> {
        self.server_even_deleted(id)
            .filter(|server| !server.deleted())
            .ok_or_else(|| NovaError::instance_not_found(id))
    }

    fn server_even_deleted(&self, id: ServerId) -> Option<Server> {
        self.tables.borrow().servers.get(&id).cloned()
    }

    fn servers_on(&self, host: &HostName) -> Vec<Server> {
        let tables = self.tables.borrow();
        let ids = tables.by_host.get(host).into_iter().flat_map(BTreeMap::values);
        ids.filter_map(|id| tables.servers.get(id)).cloned().collect()
    }

    fn migration(&self, id: MigrationId) -> Result<Migration, NovaError> {
        self.tables.borrow().migrations.get(&id).cloned().ok_or_else(|| migration_not_found(id))
    }

    fn migrations_in_progress_or_error(&self, host: &HostName) -> Vec<Migration> {
        self.select_migrations(|migration| {
            migration.involves(host) && migration.status.in_progress_or_error()
        })
    }

    fn evacuations_from(&self, host: &HostName) -> Vec<Migration> {
        use MigrationStatus::{Accepted, Done, PreMigrating};
        self.select_migrations(|migration| {
            &migration.source_compute == host
                && migration.kind == MigrationType::Evacuation
                && matches!(migration.status, Accepted | PreMigrating | Done)
        })
    }

    fn compute_node(&self, host: &HostName) -> Option<ComputeNode> {
        self.tables.borrow().nodes.get(host).cloned()
    }

    fn image(&self, id: ImageId) -> Option<ImageMeta> {
        StateOfRecord::image(self, id)
    }

    fn server_group_of(&self, server: ServerId) -> Option<ServerGroup> {
        self.group_of(server)
    }

    fn hosts_of_group(&self, group: &ServerGroup, but: Option<ServerId>) -> BTreeSet<HostName> {
        self.hosts_of_members(group, but)
    }

    fn service_disabled(&self, host: &HostName) -> bool {
        self.tables.borrow().services.get(host).is_some_and(|service| service.disabled)
    }

    async fn update_server(
        &self,
        id: ServerId,
        expected: ExpectedTask,
        change: &mut ServerChange<'_>,
    ) -> Result<Server, NovaError> {
        let (before, after) = {
            let mut tables = self.tables.borrow_mut();
            let server = tables.servers.get_mut(&id).filter(|server| !server.deleted());
            let server = server.ok_or_else(|| NovaError::instance_not_found(id))?;
            if !expected.allows(server.task_state) {
                return Err(unexpected_task(id, server.task_state));
            }
            let (before, former) = (self.before(server), server.host.clone());
            change(server);
            let after = server.clone();
            tables.moved(&after, former);
            (before, after)
        };
        self.saved_server(before.as_ref(), &after);
        Ok(after)
    }

    async fn delete_server(&self, id: ServerId) -> Result<(), NovaError> {
        let now = self.clock.now();
        let deleted = &mut |server: &mut Server| {
            server.deleted_at = Some(now);
            server.block_devices.clear();
        };
        self.update_server(id, ExpectedTask::Any, deleted).await?;
        let gone = {
            let tables = &mut *self.tables.borrow_mut();
            for group in &mut tables.server_groups {
                group.members.retain(|member| *member != id);
            }
            tables.deleted.push_back(id);
            tables.archive(self.retention.deleted_servers)
        };
        let forgets = self.forgets.borrow().clone();
        if let Some(forgets) = forgets {
            gone.into_iter().for_each(|id| forgets(id));
        }
        Ok(())
    }

    async fn store_fault(&self, id: ServerId, fault: Fault) {
        self.trace.record(|| TraceEvent::FaultStored {
            server: id,
            code: fault.code,
            message: fault.message.clone(),
            host: fault.host.clone(),
        });
        if let Some(server) = self.tables.borrow_mut().servers.get_mut(&id) {
            server.faults.push(fault);
            trim_faults(server, self.retention.faults);
        }
        self.news.notify_waiters();
    }

    async fn update_migration(
        &self,
        id: MigrationId,
        change: &mut MigrationChange<'_>,
    ) -> Result<Migration, NovaError> {
        let now = self.clock.now();
        let (before, after) = {
            let mut tables = self.tables.borrow_mut();
            let migration = tables.migrations.get_mut(&id).ok_or_else(|| migration_not_found(id))?;
            let before = self.before(migration);
            change(migration);
            migration.updated_at = now;
            (before, migration.clone())
        };
        self.saved_migration(before.as_ref(), &after);
        Ok(after)
    }

    fn service_ended(&self, host: &HostName) {
        let now = self.clock.now();
        self.update_service(host, |service| {
            service.running = false;
            service.last_seen_up = Some(now);
        });
    }

    async fn save_compute_node(&self, node: ComputeNode) {
        let before = self.tables.borrow_mut().nodes.insert(node.host.clone(), node.clone());
        if before.as_ref() != Some(&node) {
            self.trace.record(|| TraceEvent::NodeSaved {
                host: node.host.clone(),
                changes: changes(before.as_ref(), &node),
            });
        }
    }

    fn start_action(&self, server: ServerId, request: &RequestId, action: &str) {
        StateOfRecord::start_action(self, server, request, action);
    }

    async fn start_event(&self, id: ServerId, request: &RequestId, event: &str, host: &HostName) {
        let start = self.clock.now();
        if let Some(action) = find_action(&mut self.tables.borrow_mut(), id, request) {
            action.events.push(ActionEvent {
                event: event.to_owned(),
                host: host.clone(),
                start,
                finish: None,
                result: None,
                details: None,
                error_class: None,
            });
        }
        self.trace.record(|| TraceEvent::EventStarted {
            server: id,
            event: event.to_owned(),
            host: host.clone(),
        });
    }

    async fn finish_event(&self, id: ServerId, request: &RequestId, event: &str, error: Option<&NovaError>) {
        let finish = Some(self.clock.now());
        let result = if error.is_some() { EventResult::Error } else { EventResult::Success };
        if let Some(action) = find_action(&mut self.tables.borrow_mut(), id, request) {
            if result == EventResult::Error {
                action.message = Some("Error".to_owned());
            }
            let each_once = self.switches.fixes(Fix::RescheduledEventsFinish);
            let mut named = action.events.iter_mut().filter(|step| step.event == event);
            // Nova finds the first event of that name, also when it has finished already.
            let step = if each_once { named.rfind(|step| step.finish.is_none()) } else { named.next() };
            if let Some(step) = step {
                step.finish = finish;
                step.result = Some(result);
                step.details = error.map(NovaError::fault_message);
                step.error_class = error.map(|error| error.class);
            }
        }
        self.trace.record(|| TraceEvent::EventFinished { server: id, event: event.to_owned(), result });
        self.news.notify_waiters();
    }
}

/// The newest action of a request on a server.
fn find_action<'t>(tables: &'t mut Tables, id: ServerId, request: &RequestId) -> Option<&'t mut Action> {
    let mut started = tables.actions.get_mut(&id)?.iter_mut().rev().map(|started| &mut started.action);
    started.find(|action| &action.request == request)
}
