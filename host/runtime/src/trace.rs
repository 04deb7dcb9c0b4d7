//! The trace: everything that happened, in order, with simulated time.
//!
//! Each record is one line of JSON. The same inputs give the same bytes, so a digest of the trace says whether two runs
//! were the same. When the trace is off nothing is built and nothing is kept.

use crate::clock::Clock;
use model::rpc::Address;
use model::{EventResult, HostName, MigrationId, NotificationPriority, ServerId};
use scheduler::Explanation;
use serde::Serialize;
use serde_json::Value;
use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum TraceEvent {
    /// A step of a scenario begins.
    Step {
        /// Its number, from 1.
        number: usize,
        /// What it does, in words.
        text: String,
    },
    /// A user asked the API for something.
    ApiCall {
        /// The action, by Nova's name.
        action: String,
        /// The server.
        server: Option<ServerId>,
        /// The body.
        body: Value,
    },
    /// The API answered.
    ApiAnswer {
        /// The action.
        action: String,
        /// The server.
        server: Option<ServerId>,
        /// HTTP status code.
        code: u16,
        /// The message, when it refused.
        error: Option<String>,
    },
    /// A message was put on the bus.
    MessageSent {
        /// Its number, by which delivery and answer refer to it.
        id: u64,
        /// From whom.
        from: Address,
        /// For whom.
        to: Address,
        /// The RPC method.
        method: &'static str,
        /// The server it is about.
        server: ServerId,
        /// Whether the sender waits for an answer.
        call: bool,
        /// Arguments.
        args: Value,
    },
    /// A message reached its handler.
    MessageDelivered {
        /// Its number.
        id: u64,
        /// For whom.
        to: Address,
        /// The RPC method.
        method: &'static str,
    },
    /// The handler of a message ended.
    MessageHandled {
        /// Its number.
        id: u64,
        /// The handler's host.
        to: Address,
        /// The RPC method.
        method: &'static str,
        /// The error it ended with.
        error: Option<String>,
    },
    /// The driver of a host was called.
    DriverCall {
        /// The host.
        host: HostName,
        /// The method.
        method: &'static str,
        /// Which call of this method on this host, from 1.
        n: u64,
        /// Arguments.
        args: Value,
    },
    /// A driver call ended.
    DriverResult {
        /// The host.
        host: HostName,
        /// The method.
        method: &'static str,
        /// Which call.
        n: u64,
        /// `{"ok": …}` or `{"error": …}`.
        outcome: Value,
    },
    /// A driver logged something, or the boundary did on its behalf.
    DriverLog {
        /// The host.
        host: HostName,
        /// The driver or layer.
        driver: String,
        /// `debug`, `info`, `warning`, `error`.
        level: &'static str,
        /// The text.
        message: String,
    },
    /// The stack of a host was exchanged while the host was in service.
    DriverSwapped {
        /// The host.
        host: HostName,
        /// The stack that was there.
        from: String,
        /// The stack that is there now.
        to: String,
        /// How many guests it took over; none when there were none and it took over nothing.
        guests: Option<usize>,
        /// Why it took over nothing.
        lost: Option<String>,
    },
    /// The image, network or volume service was asked for something.
    ServiceCall {
        /// The service and its function, as `volume.attachment_update`.
        call: &'static str,
        /// Which call of it, from 1.
        n: u64,
    },
    /// A service writes to the state of record.
    RecordWrite {
        /// Who writes.
        writer: Address,
        /// The write, as `update_server`.
        write: &'static str,
        /// Which write of that name by that service, from 1.
        n: u64,
    },
    /// A fault of the plan struck.
    FaultInjected {
        /// Where, as `host:method#n`.
        point: String,
        /// What was done.
        fault: String,
    },
    /// Something was written to placement, or the attempt was refused.
    PlacementWrite {
        /// Who wrote.
        writer: Address,
        /// The command.
        command: Value,
        /// Why it was refused.
        error: Option<String>,
    },
    /// The scheduler chose, or found nobody.
    Scheduled {
        /// The server.
        server: ServerId,
        /// The host that was chosen and claimed; none when nobody was found.
        chosen: Option<HostName>,
        /// The hosts to try when it fails, best first.
        alternates: Vec<HostName>,
        /// Why each host is where it is: which filter refused it, or what each weigher gave.
        #[serde(flatten)]
        explanation: Explanation,
    },
    /// The record of a server changed.
    ServerSaved {
        /// The server.
        server: ServerId,
        /// Field to `[before, after]`.
        changes: Value,
    },
    /// A migration record was made or changed.
    MigrationSaved {
        /// The migration.
        migration: MigrationId,
        /// Its server.
        server: ServerId,
        /// Field to `[before, after]`.
        changes: Value,
    },
    /// A user's action on a server was recorded.
    ActionStarted {
        /// The server.
        server: ServerId,
        /// The action.
        action: String,
    },
    /// A step of an action began.
    EventStarted {
        /// The server.
        server: ServerId,
        /// The step.
        event: String,
        /// Who runs it.
        host: HostName,
    },
    /// A step of an action ended.
    EventFinished {
        /// The server.
        server: ServerId,
        /// The step.
        event: String,
        /// How.
        result: EventResult,
    },
    /// A fault was stored with a server.
    FaultStored {
        /// The server.
        server: ServerId,
        /// Its code.
        code: u16,
        /// Its message.
        message: String,
        /// The compute that stored it.
        host: Option<HostName>,
    },
    /// The record of a compute node changed.
    NodeSaved {
        /// The host.
        host: HostName,
        /// Field to `[before, after]`.
        changes: Value,
    },
    /// A port changed.
    PortSaved {
        /// The port, its device and bindings.
        port: Value,
    },
    /// A notification was sent.
    Notification {
        /// `<object>.<action>[.<phase>]`.
        event_type: String,
        /// How urgent.
        priority: NotificationPriority,
        /// `<service>:<host>`.
        publisher: String,
        /// The server it is about.
        server: Option<ServerId>,
    },
    /// A service logged something.
    Log {
        /// Who.
        service: Address,
        /// `info`, `warning` or `error`.
        level: &'static str,
        /// The text.
        message: String,
    },
}

/// A trace event with its place and time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceRecord {
    /// Its place, from 0.
    pub n: u64,
    /// Microseconds of simulated time since the trace began.
    pub t: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: TraceEvent,
}

/// Where trace events go. Clones share the records.
#[derive(Clone, Debug)]
pub struct Trace {
    clock: Clock,
    enabled: bool,
    /// How many records are kept, more or less; the oldest go when there are twice as many.
    most: usize,
    count: Rc<Cell<u64>>,
    records: Rc<RefCell<Vec<TraceRecord>>>,
    reader: Rc<LogReader>,
    witness: Rc<Witness>,
}

/// Is told the number of each event.
type Tells = Rc<dyn Fn(u64)>;

/// Whoever looks on: it hears the number of each event.
#[derive(Default)]
struct Witness(RefCell<Option<Tells>>);

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").finish_non_exhaustive()
    }
}

/// Whoever reads the log: it hears of the service, the level and the line.
type ReadLog = dyn Fn(&Address, &'static str, &str);

#[derive(Default)]
struct LogReader(RefCell<Option<Rc<ReadLog>>>);

impl std::fmt::Debug for LogReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogReader").finish_non_exhaustive()
    }
}

impl Trace {
    /// A trace that keeps every record.
    pub fn on(clock: Clock) -> Self {
        Self::on_for(clock, usize::MAX)
    }

    /// A trace that keeps the newest `most` records, and never more than twice as many.
    pub fn on_for(clock: Clock, most: usize) -> Self {
        Self {
            clock,
            enabled: true,
            most,
            count: Rc::default(),
            records: Rc::default(),
            reader: Rc::default(),
            witness: Rc::default(),
        }
    }

    /// A trace that keeps nothing.
    pub fn off(clock: Clock) -> Self {
        Self { enabled: false, ..Self::on(clock) }
    }

    /// Whether records are kept; what is expensive to prepare should ask first.
    pub fn enabled(&self) -> bool {
        self.enabled
    }

    /// Records what `event` builds, if the trace is on.
    pub fn record(&self, event: impl FnOnce() -> TraceEvent) {
        if !self.enabled {
            return;
        }
        let n = self.count.replace(self.count.get() + 1);
        let t = u64::try_from(self.clock.elapsed().as_micros()).unwrap_or(u64::MAX);
        let event = event();
        {
            let mut records = self.records.borrow_mut();
            records.push(TraceRecord { n, t, event });
            if records.len() / 2 >= self.most {
                let surplus = records.len() - self.most;
                records.drain(..surplus);
            }
        }
        let witness = self.witness.0.borrow().clone();
        if let Some(look) = witness {
            look(n);
        }
    }

    /// From now on tells somebody of every event that is recorded, by its number, as soon as it is. It is told in the middle of
    /// things: what the event is about may be in use by whoever recorded it.
    pub fn on_record(&self, look: Rc<dyn Fn(u64)>) {
        self.witness.0.replace(Some(look));
    }

    /// From now on tells somebody of every line that is logged, also while the trace is off.
    pub fn on_log(&self, read: Rc<ReadLog>) {
        self.reader.0.replace(Some(read));
    }

    /// Logs a line, which is built if somebody reads it or the trace is on.
    pub fn log(&self, service: &Address, level: &'static str, message: impl FnOnce() -> String) {
        let reader = self.reader.0.borrow().clone();
        if reader.is_none() && !self.enabled {
            return;
        }
        let message = message();
        if let Some(read) = reader {
            read(service, level, &message);
        }
        self.record(|| TraceEvent::Log { service: service.clone(), level, message });
    }

    /// The records so far, as far as they are kept; each has its number. Must not be held while anything is recorded.
    pub fn records(&self) -> Ref<'_, Vec<TraceRecord>> {
        self.records.borrow()
    }

    /// The records so far, as lines of JSON.
    pub fn to_json_lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for record in self.records.borrow().iter() {
            // Writing to memory cannot fail, and the events hold nothing that JSON cannot express.
            if serde_json::to_writer(&mut lines, record).is_ok() {
                lines.push(b'\n');
            }
        }
        lines
    }

    /// A digest of the lines of JSON: equal for runs that were the same.
    pub fn digest(&self) -> String {
        blake3::hash(&self.to_json_lines()).to_hex().to_string()
    }
}

/// The differences of two records of one kind, field by field: `{"field": [before, after]}`. `before` is none for a new
/// record.
pub fn changes<T: Serialize>(before: Option<&T>, after: &T) -> Value {
    let as_map = |value: serde_json::Result<Value>| match value {
        Ok(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let old = before.map(|record| as_map(serde_json::to_value(record))).unwrap_or_default();
    let new = as_map(serde_json::to_value(after));
    new.into_iter()
        .filter_map(|(field, value)| {
            let former = old.get(&field).cloned().unwrap_or(Value::Null);
            (former != value).then(|| (field, Value::Array(vec![former, value])))
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}
