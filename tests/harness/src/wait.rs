//! Waiting, on simulated time.
//!
//! A wait looks again whenever a record changed or a notification was sent, and besides every half simulated second for
//! what announces itself in no other way. After the limit (`Simulation::wait_limit`) the test fails.

use crate::cloud::TestCloud;
use crate::expectation::{ServerExpectation, describe};
use model::{
    ActionEvent, ConsumerId, EventResult, Migration, MigrationStatus, Notification, Server, ServerId,
    ServerStatus, Service,
};
use std::time::Duration;

/// How often a wait looks when nothing announces a change, in simulated time.
const TICK: Duration = Duration::from_millis(500);

/// A place in the stream of notifications: a wait that starts from it does not see what was sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationMark(usize);

impl TestCloud {
    /// Waits until `look` finds something. `found` describes what there is instead, for the message.
    pub async fn wait_until<T>(
        &self,
        server: Option<ServerId>,
        awaited: &str,
        mut look: impl FnMut() -> Option<T>,
        found: impl FnOnce() -> String,
    ) -> T {
        let clock = self.services().clock;
        let limit = self.wait_limit();
        let begin = clock.now();
        loop {
            if let Some(seen) = look() {
                return seen;
            }
            if clock.now().since(begin) >= limit {
                let waited = limit.as_secs_f64();
                self.fail(
                    server,
                    format_args!("waited {waited} s of simulated time for {awaited}; found {}", found()),
                );
            }
            tokio::select! {
                biased;
                () = self.records().changed() => {}
                () = self.services().notifier.next() => {}
                () = clock.sleep(TICK) => {}
            }
        }
    }

    /// Waits until a server is as expected.
    pub async fn wait_for_server_parameter(&self, server: ServerId, expected: ServerExpectation) -> Server {
        let _step = self.step(|| format!("wait for {server}: {expected}"));
        let look = || self.show_server(server).filter(|record| expected.is_met_by(record));
        let found =
            || self.show_server(server).map_or("no such server".to_owned(), |record| describe(&record));
        self.wait_until(Some(server), &format!("server {server} to have {expected}"), look, found).await
    }

    /// Waits until a server has this status; with ERROR, also until its fault is stored.
    pub async fn wait_for_state_change(&self, server: ServerId, status: ServerStatus) -> Server {
        self.wait_for_server_parameter(server, status.into()).await
    }

    /// Waits until the service of a host is as `wanted` says; `what` says that in words.
    pub async fn wait_for_service_parameter(
        &self,
        host: &str,
        what: &str,
        mut wanted: impl FnMut(&Service) -> bool,
    ) -> Service {
        let service = || self.records().services().into_iter().find(|service| service.host == *host);
        let awaited = format!("the service of {host} to be {what}");
        self.wait_until(None, &awaited, || service().filter(&mut wanted), || format!("{:?}", service())).await
    }

    /// Waits until a server is deleted. It must not turn to ERROR meanwhile, unless it began so.
    pub async fn wait_until_deleted(&self, server: ServerId) {
        let _step = self.step(|| format!("wait until {server} is deleted"));
        let status =
            || self.show_server(server).filter(|record| !record.deleted()).map(|record| record.status());
        let began_in_error = status() == Some(ServerStatus::Error);
        let look = || match status() {
            None => Some(true),
            Some(ServerStatus::Error) if !began_in_error => Some(false),
            Some(_) => None,
        };
        let found = || self.show_server(server).map_or_else(String::new, |record| describe(&record));
        let awaited = format!("server {server} to be deleted");
        let deleted = self.wait_until(Some(server), &awaited, look, found).await;
        self.check(Some(server), deleted, || {
            format!("server {server} is in ERROR instead of deleted: {}", found())
        });
    }

    /// Waits until an event of the newest action of this name ended so.
    pub async fn wait_for_instance_action_event(
        &self,
        server: ServerId,
        action: &str,
        event: &str,
        result: EventResult,
    ) -> ActionEvent {
        let _step = self.step(|| format!("wait for event {event} of {action} of {server}: {result:?}"));
        let newest = || self.records().actions(server).into_iter().rev().find(|known| known.action == action);
        let look = || {
            let events = newest()?.events.into_iter();
            events.rev().find(|known| known.event == event && known.result == Some(result))
        };
        let found = || match newest() {
            Some(action) => {
                let events = action.events.iter().map(|event| (&event.event, event.result));
                format!("{:?}", events.collect::<Vec<_>>())
            }
            None => {
                let actions = self.records().actions(server).into_iter().map(|action| action.action);
                format!("only the actions {:?}", actions.collect::<Vec<_>>())
            }
        };
        let awaited = format!("event {event} of action {action} of server {server} to end with {result:?}");
        self.wait_until(Some(server), &awaited, look, found).await
    }

    /// Waits until an event of the newest action of this name failed.
    pub async fn wait_for_action_fail_completion(
        &self,
        server: ServerId,
        action: &str,
        event: &str,
    ) -> ActionEvent {
        self.wait_for_instance_action_event(server, action, event, EventResult::Error).await
    }

    /// Waits until any migration of the server has one of these statuses.
    pub async fn wait_for_migration_status(
        &self,
        server: ServerId,
        statuses: &[MigrationStatus],
    ) -> Migration {
        let names: Vec<_> = statuses.iter().map(|status| status.as_str()).collect();
        let names = names.join(" or ");
        let _step = self.step(|| format!("wait for a migration of {server}: {names}"));
        let migrations = || self.records().migrations_of(server);
        let look = || migrations().into_iter().find(|migration| statuses.contains(&migration.status));
        let found = || {
            let statuses = migrations().into_iter().map(|migration| migration.status.as_str());
            format!("{:?}", statuses.collect::<Vec<_>>())
        };
        self.wait_until(Some(server), &format!("a migration of server {server} to be {names}"), look, found)
            .await
    }

    /// The place in the stream of notifications that comes next.
    pub fn notification_mark(&self) -> NotificationMark {
        NotificationMark(self.services().notifier.sent().len())
    }

    /// Waits for a notification of this type about the server, sent after `mark`.
    pub async fn wait_for_notification(
        &self,
        mark: NotificationMark,
        server: ServerId,
        event_type: &str,
    ) -> Notification {
        let _step = self.step(|| format!("wait for notification {event_type} of {server}"));
        let since = || self.services().notifier.sent().into_iter().skip(mark.0);
        let of_server = |notification: &Notification| notification.server == Some(server);
        let look = || since().find(|sent| sent.event_type == event_type && of_server(sent));
        let found =
            || format!("{:?}", since().filter(of_server).map(|sent| sent.event_type).collect::<Vec<_>>());
        let awaited = format!("notification {event_type} about server {server}");
        self.wait_until(Some(server), &awaited, look, found).await
    }

    /// Waits until so many notifications of this type were sent since the start or the last
    /// [`TestCloud::reset_notifications`]; answers all of them.
    pub async fn wait_for_versioned_notifications(
        &self,
        event_type: &str,
        count: usize,
    ) -> Vec<Notification> {
        let _step = self.step(|| format!("wait for {count} notifications {event_type}"));
        let sent = || self.services().notifier.sent();
        let look = || {
            let of_type: Vec<_> = sent().into_iter().filter(|sent| sent.event_type == event_type).collect();
            (of_type.len() >= count).then_some(of_type)
        };
        let found = || format!("{:?}", sent().into_iter().map(|sent| sent.event_type).collect::<Vec<_>>());
        self.wait_until(None, &format!("{count} notifications {event_type}"), look, found).await
    }

    /// Forgets the notifications sent so far.
    pub fn reset_notifications(&self) {
        self.services().notifier.reset();
    }

    /// Waits until a service or driver has logged a line that contains `text`.
    pub async fn wait_for_log(&self, text: &str) -> String {
        let _step = self.step(|| format!("wait for the log to say {text:?}"));
        let lines = || {
            let trace = self.services().trace.records();
            trace.iter().filter_map(|record| crate::excerpt::log_line(&record.event)).collect::<Vec<_>>()
        };
        let look = || lines().into_iter().find(|line| line.contains(text));
        self.wait_until(None, &format!("a log line with {text:?}"), look, || format!("{:?}", lines())).await
    }

    /// Waits until `assertion` holds; then the last failure is the test's.
    pub async fn wait_for_assert(&self, mut assertion: impl FnMut() -> Result<(), String>) {
        let mut last = String::new();
        let clock = self.services().clock;
        let begin = clock.now();
        while let Err(problem) = assertion() {
            last = problem;
            if clock.now().since(begin) >= self.wait_limit() {
                break;
            }
            clock.sleep(TICK).await;
            last.clear();
        }
        self.check(None, last.is_empty(), || last.clone());
    }

    /// Waits until the consumer, a server or a migration, holds something in placement.
    pub async fn wait_for_server_allocations(&self, consumer: impl Into<ConsumerId>) {
        let consumer = consumer.into();
        let _step = self.step(|| format!("wait for allocations of {consumer}"));
        let look = || (!self.get_allocations(consumer).is_empty()).then_some(());
        self.wait_until(None, &format!("allocations of {consumer}"), look, || "none".to_owned()).await;
    }
}
