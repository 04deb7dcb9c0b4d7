//! A run event by event: where one is, how the cloud stands there, and what the event changed.

use crate::history::{Moment, moments};
use explore::report::{call_failed, line, place, seconds};
use explore::{CloudState, Run};
use runtime::{TraceEvent, TraceRecord};
use serde_json::Value;
use std::fmt::Write;

/// A run, and a place in it.
#[derive(Clone, Debug)]
pub struct Walk {
    events: Vec<Event>,
    moments: Vec<Moment>,
    at: usize,
}

/// An event as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number in the trace.
    pub n: u64,
    /// When, as seconds of simulated time.
    pub time: String,
    /// Who does it; empty for the state of records.
    pub place: String,
    /// What happens.
    pub what: String,
    /// Whether a fault strikes or a driver call fails.
    pub fault: bool,
}

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// To the next event.
    Next,
    /// To the event before.
    Back,
    /// To the next fault or failed driver call.
    Fault,
    /// To the event of this number.
    To(u64),
    /// Away.
    Quit,
}

/// What can be said to a walk, in a line.
pub const COMMANDS: &str = "n next, p back, f next fault, g N event N, q quit";

impl Go {
    /// Reads a command: `n` (or nothing), `p`, `f`, `g 12`, `q`.
    ///
    /// # Errors
    /// What can be said instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (word, number) = (words.next(), words.next());
        match (word, number.map(str::parse), words.next()) {
            (None | Some("n"), None, _) => Ok(Go::Next),
            (Some("p"), None, _) => Ok(Go::Back),
            (Some("f"), None, _) => Ok(Go::Fault),
            (Some("q"), None, _) => Ok(Go::Quit),
            (Some("g"), Some(Ok(number)), None) => Ok(Go::To(number)),
            _ => Err(format!("`{}` is no command: {COMMANDS}", text.trim())),
        }
    }
}

impl Walk {
    /// Begins with the first step of a run that was traced.
    pub fn new(run: &Run) -> Self {
        let events: Vec<_> = run.trace.iter().map(|record| Event::of(record, &run.state)).collect();
        let first = |record: &TraceRecord| matches!(record.event, TraceEvent::Step { .. });
        let at = run.trace.iter().position(first).unwrap_or_default();
        Self { events, moments: moments(&run.trace), at }
    }

    /// Goes there.
    ///
    /// # Errors
    /// Why that is not possible; then nothing changes.
    pub fn go(&mut self, go: Go) -> Result<(), String> {
        let last = self.events.len().saturating_sub(1);
        self.at = match go {
            Go::Next if self.at < last => self.at + 1,
            Go::Next => return Err("this is the last event".to_owned()),
            Go::Back => self.at.checked_sub(1).ok_or("this is the first event")?,
            Go::Fault => {
                let next = self.events.iter().skip(self.at + 1).position(|event| event.fault);
                self.at + 1 + next.ok_or("no fault strikes from here on")?
            }
            Go::To(number) => {
                let there = self.events.iter().position(|event| event.n == number);
                there.ok_or_else(|| format!("there is no event {number}; the last one is {last}"))?
            }
            Go::Quit => self.at,
        };
        Ok(())
    }

    /// Every event.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The place in [`events`](Self::events).
    pub fn at(&self) -> usize {
        self.at
    }

    /// The state after the event, line by line, each with whether the event changed it.
    pub fn state(&self) -> Vec<(String, bool)> {
        let before = self.before().lines();
        self.now()
            .lines()
            .into_iter()
            .map(|(label, what)| {
                let same = before.iter().any(|(known, was)| *known == label && *was == what);
                (format!("{label:<12} {what}"), !same)
            })
            .collect()
    }

    /// What the event changed.
    pub fn changed(&self) -> Vec<String> {
        let (before, now) = (self.before().lines(), self.now().lines());
        let mut changed = Vec::new();
        for (label, what) in &now {
            match before.iter().find(|(known, _)| known == label) {
                Some((_, was)) if was == what => {}
                Some((_, was)) => changed.push(format!("{label}: {was} → {what}")),
                None => changed.push(format!("{label}: {what}")),
            }
        }
        let gone = before.iter().filter(|(label, _)| now.iter().all(|(known, _)| known != label));
        changed.extend(gone.map(|(label, was)| format!("{label}: {was} → nothing")));
        changed
    }

    fn now(&self) -> Moment {
        self.moments.get(self.at).cloned().unwrap_or_default()
    }

    fn before(&self) -> Moment {
        self.at.checked_sub(1).and_then(|at| self.moments.get(at)).cloned().unwrap_or_default()
    }

    /// The place as text: the event, what it changed, and the state after it. Writing into a text cannot fail.
    pub fn text(&self) -> String {
        let Some(event) = self.events.get(self.at) else { return "nothing happened\n".to_owned() };
        let last = self.events.last().map_or(0, |event| event.n);
        let mut text = format!("event {} of {last}, {}\n", event.n, event.time);
        let _ = writeln!(text, "  {event}");
        let changed = self.changed();
        if !changed.is_empty() {
            text.push_str("changed\n");
            changed.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
        text.push_str("state\n");
        for (line, new) in self.state() {
            let _ = writeln!(text, "{} {line}", if new { " *" } else { "  " });
        }
        text
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.what)
        } else {
            write!(f, "{}: {}", self.place, self.what)
        }
    }
}

impl Event {
    fn of(record: &TraceRecord, state: &CloudState) -> Self {
        let (place, what) = match line(record, state) {
            Some(line) => (line.place, line.what.trim_start().to_owned()),
            None => quiet(record),
        };
        let fault = match &record.event {
            TraceEvent::FaultInjected { .. } => true,
            TraceEvent::DriverResult { method, outcome, .. } => call_failed(method, outcome),
            _ => false,
        };
        Self { n: record.n, time: seconds(record.t), place, what, fault }
    }
}

/// Who and what, of an event that is not worth a line of the timeline.
fn quiet(record: &TraceRecord) -> (String, String) {
    match &record.event {
        TraceEvent::ApiCall { action, .. } => ("user".to_owned(), format!("asks for {action}")),
        TraceEvent::MessageSent { from, to, method, .. } => {
            (place(from), format!("sends {method} to {}", place(to)))
        }
        TraceEvent::MessageHandled { to, method, .. } => (place(to), format!("{method} is done")),
        TraceEvent::DriverCall { host, method, n, .. } => {
            (host.to_string(), format!("calls the driver: {method}#{n}"))
        }
        TraceEvent::DriverResult { host, method, n, .. } => {
            (host.to_string(), format!("the driver answers: {method}#{n}"))
        }
        TraceEvent::EventStarted { event, host, .. } => (host.to_string(), format!("{event} starts")),
        TraceEvent::EventFinished { event, result, .. } => {
            (String::new(), format!("{event} ends: {result:?}"))
        }
        TraceEvent::ActionStarted { action, .. } => (String::new(), format!("action {action} is recorded")),
        TraceEvent::Notification { event_type, publisher, .. } => {
            (publisher.clone(), format!("notifies {event_type}"))
        }
        TraceEvent::DriverLog { host, message, .. } => (host.to_string(), message.clone()),
        TraceEvent::ServiceCall { call, n } => (String::new(), format!("a service is called: {call}#{n}")),
        TraceEvent::RecordWrite { writer, write, n } => (place(writer), format!("writes: {write}#{n}")),
        TraceEvent::ServerSaved { changes, .. } => (String::new(), saved("server", changes)),
        TraceEvent::MigrationSaved { changes, .. } => (String::new(), saved("migration", changes)),
        TraceEvent::NodeSaved { host, changes } => (host.to_string(), saved("node", changes)),
        TraceEvent::PortSaved { .. } => (String::new(), "a port is saved".to_owned()),
        TraceEvent::PlacementWrite { writer, command, .. } => {
            let command = command.as_object().and_then(|command| command.keys().next());
            (place(writer), format!("placement: {}", command.map_or("", String::as_str)))
        }
        // All others are worth a line.
        _ => (String::new(), String::new()),
    }
}

fn saved(what: &str, changes: &Value) -> String {
    let fields: Vec<&str> =
        changes.as_object().into_iter().flatten().map(|(field, _)| field.as_str()).collect();
    if fields.is_empty() {
        return format!("the {what} is saved as it was");
    }
    format!("the {what} is saved: {}", fields.join(", "))
}
