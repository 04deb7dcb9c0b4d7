//! The versioned notifications sent so far (`nova/notifications/`, topic `versioned_notifications`).

use crate::clock::Clock;
use crate::trace::{Trace, TraceEvent};
use model::{Notification, NotificationPriority, NovaError, ServerId};
use std::cell::RefCell;
use std::rc::Rc;
use tokio::sync::Notify;

/// Sends notifications: keeps them for whoever asks, and wakes whoever waits for one.
#[derive(Clone, Debug)]
pub struct Notifier {
    clock: Clock,
    trace: Trace,
    sent: Rc<RefCell<Vec<Notification>>>,
    news: Rc<Notify>,
}

impl Notifier {
    /// A notifier with nothing sent.
    pub fn new(clock: Clock, trace: Trace) -> Self {
        Self { clock, trace, sent: Rc::default(), news: Rc::default() }
    }

    /// Sends one notification.
    pub fn emit(
        &self,
        publisher_id: &str,
        event_type: &str,
        priority: NotificationPriority,
        server: Option<ServerId>,
    ) {
        self.send(publisher_id, event_type, priority, server, None);
    }

    /// Sends one notification that tells of an error.
    pub fn emit_error(
        &self,
        publisher_id: &str,
        event_type: &str,
        server: Option<ServerId>,
        error: &NovaError,
    ) {
        self.send(publisher_id, event_type, NotificationPriority::Error, server, Some(error));
    }

    fn send(
        &self,
        publisher_id: &str,
        event_type: &str,
        priority: NotificationPriority,
        server: Option<ServerId>,
        error: Option<&NovaError>,
    ) {
        let notification = Notification {
            event_type: event_type.to_owned(),
            priority,
            publisher_id: publisher_id.to_owned(),
            timestamp: self.clock.now(),
            server,
            error: error.cloned(),
        };
        self.trace.record(|| TraceEvent::Notification {
            event_type: event_type.to_owned(),
            priority,
            publisher: publisher_id.to_owned(),
            server,
        });
        self.sent.borrow_mut().push(notification);
        self.news.notify_waiters();
    }

    /// Everything sent so far, oldest first.
    pub fn sent(&self) -> Vec<Notification> {
        self.sent.borrow().clone()
    }

    /// Whether a notification for which `wanted` is true was sent.
    pub fn any(&self, wanted: impl FnMut(&Notification) -> bool) -> bool {
        self.sent.borrow().iter().any(wanted)
    }

    /// Forgets what was sent.
    pub fn reset(&self) {
        self.sent.borrow_mut().clear();
    }

    /// Waits for the next notification.
    pub async fn next(&self) {
        self.news.notified().await;
    }
}
