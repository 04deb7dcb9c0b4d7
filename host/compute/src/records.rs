//! The state of record, as a compute sees it. The conductor owns it (`nova/objects/`, whose saves go through the
//! conductor).

use async_trait::async_trait;
use model::{
    ComputeNode, Fault, HostName, ImageId, ImageMeta, Migration, MigrationId, NovaError, RequestId, Server,
    ServerGroup, ServerId, TaskState,
};
use std::collections::BTreeSet;

/// The task states a save may find; anything else means that somebody else has taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedTask {
    /// Whatever it is.
    Any,
    /// One of these; `None` is no task.
    OneOf(&'static [Option<TaskState>]),
}

impl ExpectedTask {
    /// Whether `task` is expected.
    pub fn allows(self, task: Option<TaskState>) -> bool {
        match self {
            ExpectedTask::Any => true,
            ExpectedTask::OneOf(tasks) => tasks.contains(&task),
        }
    }
}

/// What a save does to a server.
pub type ServerChange<'a> = dyn FnMut(&mut Server) + 'a;

/// What a save does to a migration.
pub type MigrationChange<'a> = dyn FnMut(&mut Migration) + 'a;

/// Reads and writes of the state of record. Reads answer with copies as of now; a write changes only the fields it
/// touches and is durable when its future ends.
#[async_trait(?Send)]
pub trait Records {
    /// A server that is not deleted; else `InstanceNotFound`.
    fn server(&self, id: ServerId) -> Result<Server, NovaError>;

    /// A server, deleted or not; none if there never was one.
    fn server_even_deleted(&self, id: ServerId) -> Option<Server>;

    /// The servers whose record names this host, deleted ones excluded, in the order of their creation.
    fn servers_on(&self, host: &HostName) -> Vec<Server>;

    /// A migration; else `MigrationNotFound`.
    fn migration(&self, id: MigrationId) -> Result<Migration, NovaError>;

    /// The migrations from or to this host that are in progress or failed with `error`, oldest first.
    fn migrations_in_progress_or_error(&self, host: &HostName) -> Vec<Migration>;

    /// The evacuations from this host that it has not cleaned up after yet, oldest first: those accepted, under way or
    /// done.
    fn evacuations_from(&self, host: &HostName) -> Vec<Migration>;

    /// The node record of this host.
    fn compute_node(&self, host: &HostName) -> Option<ComputeNode>;

    /// What is kept of a server's image with its server; the image service is not asked. None if the image is gone.
    fn image(&self, id: ImageId) -> Option<ImageMeta>;

    /// The server group a server is in.
    fn server_group_of(&self, server: ServerId) -> Option<ServerGroup>;

    /// The hosts the members of a group are on, but for one member's.
    fn hosts_of_group(&self, group: &ServerGroup, but: Option<ServerId>) -> BTreeSet<HostName>;

    /// Whether an operator disabled this host's service.
    fn service_disabled(&self, host: &HostName) -> bool;

    /// Changes a server. Errors: `InstanceNotFound` when it is gone; `UnexpectedTaskStateError`, or
    /// `UnexpectedDeletingTaskStateError` when it is being deleted, when its task is not expected. Answers the new
    /// state.
    async fn update_server(
        &self,
        id: ServerId,
        expected: ExpectedTask,
        change: &mut ServerChange<'_>,
    ) -> Result<Server, NovaError>;

    /// Marks a server as deleted now.
    async fn delete_server(&self, id: ServerId) -> Result<(), NovaError>;

    /// Stores a fault with a server; nothing happens when the server is gone.
    async fn store_fault(&self, id: ServerId, fault: Fault);

    /// Changes a migration. Errors: `MigrationNotFound`. Answers the new state.
    async fn update_migration(
        &self,
        id: MigrationId,
        change: &mut MigrationChange<'_>,
    ) -> Result<Migration, NovaError>;

    /// The service of a host is heard of no more, from now on.
    fn service_ended(&self, host: &HostName);

    /// Makes or replaces a node record.
    async fn save_compute_node(&self, node: ComputeNode);

    /// Records that something is asked of a server, by a user or by a periodic task.
    fn start_action(&self, server: ServerId, request: &RequestId, action: &str);

    /// Records that a step of an action begins.
    async fn start_event(&self, id: ServerId, request: &RequestId, event: &str, host: &HostName);

    /// Records how a step of an action ended: with an error, or well. The step is found by action and name: of two that
    /// share both, the first is updated, as in Nova.
    async fn finish_event(&self, id: ServerId, request: &RequestId, event: &str, error: Option<&NovaError>);
}
