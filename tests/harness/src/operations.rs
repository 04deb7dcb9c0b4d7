//! Building servers and doing things with them: the request, and the wait for its end (`integrated_helpers.py,
//! InstanceHelperMixin`).

use crate::cloud::TestCloud;
use crate::expectation::{ServerExpectation, describe};
use crate::leaks::Leak;
use compute::Records;
use conductor::{ApiError, CreateServer};
use model::rpc::RebootType;
use model::{
    ActionEvent, EventResult, Flavor, FlavorId, Migration, MigrationStatus, Server, ServerId, ServerStatus,
    VmState,
};
use std::collections::BTreeMap;

impl TestCloud {
    /// The record of a server, also of a deleted one.
    pub fn show_server(&self, server: ServerId) -> Option<Server> {
        self.records().server_even_deleted(server)
    }

    /// The record of a server that must exist.
    pub fn server(&self, server: ServerId) -> Server {
        self.show_server(server)
            .unwrap_or_else(|| self.fail(None, format_args!("there is no server {server}")))
    }

    /// A flavor by its id or name.
    pub fn flavor(&self, id_or_name: &str) -> Flavor {
        let flavor = self.records().flavor(id_or_name);
        flavor.unwrap_or_else(|| self.fail(None, format_args!("there is no flavor {id_or_name}")))
    }

    /// Makes a flavor: processors, MiB of memory, GiB of root disk. Its id is its name.
    pub fn create_flavor(&self, name: &str, vcpus: u32, memory_mb: u64, root_gb: u64) -> Flavor {
        let flavor = Flavor {
            id: FlavorId::from(name),
            name: name.to_owned(),
            vcpus,
            memory_mb,
            root_gb,
            ephemeral_gb: 0,
            swap_mb: 0,
            extra_specs: BTreeMap::new(),
        };
        self.records().put_flavor(flavor.clone());
        flavor
    }

    /// A request for a server of this flavor, forced to `host` if one is given.
    pub fn build_server(&self, flavor: &str, host: Option<&str>) -> CreateServer {
        CreateServer {
            name: format!("server-{}", self.records().servers_even_deleted().len() + 1),
            flavor: flavor.to_owned(),
            availability_zone: host.map(|host| format!("nova:{host}")),
            ..CreateServer::default()
        }
    }

    /// Asks for a server and waits until it has this status. It is deleted in tear-down.
    pub async fn create_server(&self, request: CreateServer, expected: ServerStatus) -> Server {
        let _step = self.step(|| format!("create {} of {}", request.name, request.flavor));
        let server = self.accepted(None, self.api().create(request).await);
        self.delete_in_tear_down(server);
        self.wait_for_server_parameter(server, ServerExpectation::from(expected).task_state(None)).await
    }

    /// Makes a server of this flavor, forced to `host` if one is given, and waits until it is ACTIVE.
    pub async fn boot(&self, flavor: &str, host: Option<&str>) -> ServerId {
        self.create_server(self.build_server(flavor, host), ServerStatus::Active).await.id
    }

    /// Asks for a server that no host can be found for.
    pub async fn assert_build_schedule_failure(&self, flavor: &str, host: Option<&str>) -> Server {
        let server = self.create_server(self.build_server(flavor, host), ServerStatus::Error).await;
        let fault = server.visible_fault().map(|fault| fault.message.as_str()).unwrap_or_default();
        let no_host = fault.starts_with("No valid host was found.") && server.host.is_none();
        self.check(Some(server.id), no_host, || format!("not a schedule failure: {}", describe(&server)));
        server
    }

    /// Has tear-down delete a server, if the test did not.
    pub fn delete_in_tear_down(&self, server: ServerId) {
        self.add_cleanup(format!("deleting server {server}"), async move |cloud: &TestCloud| {
            cloud.at_rest().await;
            if cloud.show_server(server).is_none_or(|record| record.deleted()) {
                return Ok(());
            }
            cloud.api().delete(server).await.map_err(|refused| refused.to_string())?;
            cloud.at_rest().await;
            let given_up = cloud.expected_leaks().contains(&Leak::Server { server });
            match cloud.show_server(server) {
                Some(record) if !record.deleted() && !given_up => {
                    Err(format!("it is still there: {}", describe(&record)))
                }
                _ => Ok(()),
            }
        });
    }

    /// Deletes a server and waits until it is gone.
    pub async fn delete_server(&self, server: ServerId) {
        let _step = self.step(|| format!("delete {server}"));
        self.accepted(Some(server), self.api().delete(server).await);
        self.wait_until_deleted(server).await;
    }

    /// Reboots a server and waits until it is ACTIVE again.
    pub async fn reboot_server(&self, server: ServerId, reboot_type: RebootType) -> Server {
        let _step = self.step(|| format!("reboot {server}"));
        let mark = self.notification_mark();
        self.accepted(Some(server), self.api().reboot(server, reboot_type).await);
        self.wait_for_notification(mark, server, "instance.reboot.end").await;
        let active = ServerExpectation::from(ServerStatus::Active).task_state(None);
        self.wait_for_server_parameter(server, active).await
    }

    /// Starts a server and waits until it is ACTIVE.
    pub async fn start_server(&self, server: ServerId) -> Server {
        let _step = self.step(|| format!("start {server}"));
        self.accepted(Some(server), self.api().start(server).await);
        self.wait_for_state_change(server, ServerStatus::Active).await
    }

    /// Stops a server and waits until it is SHUTOFF.
    pub async fn stop_server(&self, server: ServerId) -> Server {
        let _step = self.step(|| format!("stop {server}"));
        self.accepted(Some(server), self.api().stop(server).await);
        self.wait_for_state_change(server, ServerStatus::Shutoff).await
    }

    /// Resizes a server and waits for VERIFY_RESIZE.
    pub async fn resize_server(&self, server: ServerId, flavor: &str) -> Server {
        let _step = self.step(|| format!("resize {server} to {flavor}"));
        let mark = self.notification_mark();
        self.accepted(Some(server), self.api().resize(server, flavor).await);
        self.wait_for_notification(mark, server, "instance.resize.end").await;
        self.wait_for_state_change(server, ServerStatus::VerifyResize).await
    }

    /// Migrates a server cold, to a host if one is named, and waits for VERIFY_RESIZE.
    pub async fn migrate_server(&self, server: ServerId, host: Option<&str>) -> Server {
        let _step = self.step(|| format!("migrate {server}"));
        self.accepted(Some(server), self.api().migrate(server, host.map(Into::into)).await);
        self.wait_for_state_change(server, ServerStatus::VerifyResize).await
    }

    /// Confirms a resize or cold migration and waits until the source has cleaned up. The server is then ACTIVE, or
    /// SHUTOFF if it was before.
    pub async fn confirm_resize(&self, server: ServerId) -> Server {
        let _step = self.step(|| format!("confirm the resize of {server}"));
        let expected = status_after_move(&self.server(server));
        self.accepted(Some(server), self.api().confirm_resize(server).await);
        self.wait_for_state_change(server, expected).await;
        let event = "compute_confirm_resize";
        self.wait_for_instance_action_event(server, "confirmResize", event, EventResult::Success).await;
        self.server(server)
    }

    /// Reverts a resize or cold migration and waits until the allocations are final. The server is then ACTIVE, or
    /// SHUTOFF if it was before.
    pub async fn revert_resize(&self, server: ServerId) -> Server {
        let _step = self.step(|| format!("revert the resize of {server}"));
        let expected = status_after_move(&self.server(server));
        let mark = self.notification_mark();
        self.accepted(Some(server), self.api().revert_resize(server).await);
        self.wait_for_state_change(server, expected).await;
        self.wait_for_migration_status(server, &[MigrationStatus::Reverted]).await;
        self.wait_for_notification(mark, server, "instance.resize_revert.end").await;
        self.server(server)
    }

    /// The newest migration of a server.
    pub fn last_migration(&self, server: ServerId) -> Migration {
        let newest = self.records().migrations_of(server).pop();
        newest.unwrap_or_else(|| self.fail(Some(server), format_args!("server {server} never moved")))
    }

    /// Waits until the conductor gave up on the newest resize or migrate; the event's details contain `text`.
    pub async fn assert_resize_migrate_action_fail(
        &self,
        server: ServerId,
        action: &str,
        text: &str,
    ) -> ActionEvent {
        let event = self.wait_for_action_fail_completion(server, action, "conductor_migrate_server").await;
        let details = event.details.as_deref().unwrap_or_default();
        self.check(Some(server), details.contains(text), || format!("{details:?} does not contain {text:?}"));
        event
    }

    /// The value of a request that must not be refused.
    pub(crate) fn accepted<T>(&self, server: Option<ServerId>, answer: Result<T, ApiError>) -> T {
        answer.unwrap_or_else(|refused| self.fail(server, format_args!("the API refused: {refused}")))
    }
}

fn status_after_move(server: &Server) -> ServerStatus {
    match server.old_vm_state {
        Some(VmState::Stopped) => ServerStatus::Shutoff,
        _ => ServerStatus::Active,
    }
}
