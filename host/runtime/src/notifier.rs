//! The versioned notifications sent so far (`nova/notifications/`, topic `versioned_notifications`).
//!
//! A notification says which server it is about; who wants to know what that server was like when it was sent sets a describer.

use crate::clock::Clock;
use crate::trace::{Trace, TraceEvent};
use model::{Notification, NotificationPriority, NovaError, ServerId};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use tokio::sync::Notify;

/// Sends notifications: keeps them for whoever asks, and wakes whoever waits for one.
#[derive(Clone, Debug)]
pub struct Notifier {
    clock: Clock,
    trace: Trace,
    /// How many are kept; the oldest go when there are more.
    most: usize,
    sent: Rc<RefCell<VecDeque<Notification>>>,
    describer: Rc<Describer>,
    news: Rc<Notify>,
}

/// Writes down what a notification is about, as it is now: a JSON document.
pub type Describe = dyn Fn(&Notification) -> Option<Rc<str>>;

#[derive(Default)]
struct Describer(RefCell<Option<Rc<Describe>>>);

impl std::fmt::Debug for Describer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Describer").finish_non_exhaustive()
    }
}

impl Notifier {
    /// A notifier with nothing sent, which keeps the newest `most` notifications.
    pub fn new(clock: Clock, trace: Trace, most: usize) -> Self {
        Self { clock, trace, most, sent: Rc::default(), describer: Rc::default(), news: Rc::default() }
    }

    /// From now on every notification carries what `describe` says of it.
    pub fn describe_with(&self, describe: Rc<Describe>) {
        self.describer.0.replace(Some(describe));
    }

    /// Sends one notification.
    pub fn emit(
        &self,
        publisher_id: &str,
        event_type: &str,
        priority: NotificationPriority,
        server: Option<ServerId>,
    ) {
        self.send(publisher_id, event_type, priority, server, None, &[]);
    }

    /// Sends one notification that tells of an error.
    pub fn emit_error(
        &self,
        publisher_id: &str,
        event_type: &str,
        server: Option<ServerId>,
        error: &NovaError,
    ) {
        self.send(publisher_id, event_type, NotificationPriority::Error, server, Some(error), &[]);
    }

    /// Sends one notification, of an error or not, that is about more than a server: that has a name and a value each.
    pub fn send(
        &self,
        publisher_id: &str,
        event_type: &str,
        priority: NotificationPriority,
        server: Option<ServerId>,
        error: Option<&NovaError>,
        about: &[(&str, &dyn std::fmt::Display)],
    ) {
        let mut notification = Notification {
            event_type: event_type.to_owned(),
            priority,
            publisher_id: publisher_id.to_owned(),
            timestamp: self.clock.now(),
            server,
            error: error.cloned(),
            about: about.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect(),
            payload: None,
        };
        let describe = self.describer.0.borrow().clone();
        notification.payload = describe.and_then(|describe| describe(&notification));
        self.trace.record(|| TraceEvent::Notification {
            event_type: event_type.to_owned(),
            priority,
            publisher: publisher_id.to_owned(),
            server,
        });
        {
            let mut sent = self.sent.borrow_mut();
            sent.push_back(notification);
            if sent.len() > self.most {
                sent.pop_front();
            }
        }
        self.news.notify_waiters();
    }

    /// Everything sent so far, as far as it is kept, oldest first.
    pub fn sent(&self) -> Vec<Notification> {
        self.sent.borrow().iter().cloned().collect()
    }

    /// Looks at everything sent so far, as far as it is kept, oldest first.
    pub fn for_each(&self, look: impl FnMut(&Notification)) {
        self.sent.borrow().iter().for_each(look);
    }

    /// How many are kept.
    pub fn kept(&self) -> usize {
        self.sent.borrow().len()
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
