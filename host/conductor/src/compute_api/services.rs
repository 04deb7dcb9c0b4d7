//! Compute services and their hosts: taking them into scheduling and out of it (`nova/compute/api.py,
//! HostAPI.service_update`), into aggregates and out of them, and deleting them.

use super::{ApiError, ComputeApi};
use crate::aggregates::AggregateRecord;
use compute::Records;
use model::rpc::{Address, Method};
use model::{HostName, NotificationPriority, ServerId};
use placement::Command;
use serde_json::json;
use std::collections::BTreeSet;

impl ComputeApi {
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

    /// Takes a service out of scheduling, for a reason, or back into it (200). When it is up, its host changes the status of
    /// its provider in placement at once; else it does so when it starts. What goes wrong there does not fail the request.
    pub async fn set_service_disabled(
        &self,
        host: &HostName,
        disabled: bool,
        reason: Option<String>,
    ) -> Result<(), ApiError> {
        let body = json!({"host": host, "disabled": disabled, "disabled_reason": reason});
        self.call("os-services", None, body, 200, async {
            let Some(service) = self.records.services().into_iter().find(|known| &known.host == host) else {
                let message = format!("Host '{host}' is not mapped to any cell");
                return Err(ApiError { code: 404, message });
            };
            self.records.update_service(host, |service| {
                service.disabled = disabled;
                service.disabled_reason = reason.filter(|_| disabled);
            });
            let publisher = format!("nova-compute:{host}");
            self.services.notifier.emit(&publisher, "service.update", NotificationPriority::Info, None);
            if service.disabled != disabled && !self.is_up(host) {
                self.services.trace.log(&Address::Api, "info", || {
                    format!(
                        "Compute service on host {host} is down. The COMPUTE_STATUS_DISABLED trait will be synchronized when \
                         the service is restarted."
                    )
                });
            }
            if service.disabled != disabled && self.is_up(host) {
                let (context, nobody) = (self.context(), ServerId(uuid::Uuid::nil()));
                let method = Method::SetHostEnabled { enabled: !disabled };
                // The service's own resource update sets right what fails here.
                let _ = self.ask(&context, nobody, host.clone(), method).await;
            }
            Ok(())
        })
        .await
    }
}
