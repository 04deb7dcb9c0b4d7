//! Fault points of the state of record: a service that dies right before or right after one of its writes, with everything
//! else that it was doing. What it has done so far stays done, what would have come next does not come.

use crate::records::{ExpectedTask, MigrationChange, Records, ServerChange};
use async_trait::async_trait;
use model::rpc::Address;
use model::{
    ComputeNode, Fault, HostName, ImageId, ImageMeta, Migration, MigrationId, NovaError, RequestId, Server,
    ServerGroup, ServerId,
};
use runtime::{Trace, TraceEvent};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::str::FromStr;
use virt::When;

/// Every write of a service to the state of record that has a name, in alphabetical order.
pub const RECORD_WRITES: &[&str] = &[
    "delete_server",
    "finish_event",
    "save_compute_node",
    "start_event",
    "store_fault",
    "update_migration",
    "update_server",
];

/// What stands before the name of a write in a text.
const PREFIX: &str = "records.";

/// One write of a service to the state of record: whose, which, the how-manieth of that service. Written
/// `compute.host2:records.update_server#3`, or `conductor:records.start_event#1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WritePoint {
    /// Who writes.
    pub writer: Address,
    /// One of [`RECORD_WRITES`].
    pub write: &'static str,
    /// Which write of that name by that service, from 1 since the run began.
    pub n: u64,
}

impl WritePoint {
    /// Whether a text means to name a write: `compute.host2:records.…`.
    pub fn is_meant(text: &str) -> bool {
        text.split_once(':').is_some_and(|(_, write)| write.starts_with(PREFIX))
    }
}

/// Text that names no write to the state of record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no write to the state of record; one is written `SERVICE:records.WRITE#N`, for instance \
     `compute.host2:records.update_server#3` or `conductor:records.start_event#1`, with one of {known}",
    known = RECORD_WRITES.join(", ")
)]
pub struct NoWritePoint(String);

impl fmt::Display for WritePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{PREFIX}{}#{}", self.writer, self.write, self.n)
    }
}

impl FromStr for WritePoint {
    type Err = NoWritePoint;

    /// Without a number it is the first.
    fn from_str(text: &str) -> Result<Self, NoWritePoint> {
        let parse = || {
            let (writer, write) = text.split_once(':')?;
            let writer = Address::service(writer)?;
            let (write, n) = write.split_once('#').unwrap_or((write, "1"));
            let write = write.strip_prefix(PREFIX)?;
            let write = RECORD_WRITES.iter().find(|known| **known == write)?;
            Some(Self { writer, write, n: n.parse().ok().filter(|n| *n > 0)? })
        };
        parse().ok_or_else(|| NoWritePoint(text.to_owned()))
    }
}

impl Serialize for WritePoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WritePoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The deaths that are planned, and how often each service wrote. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct WriteFaults(Rc<RefCell<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    deaths: BTreeMap<WritePoint, When>,
    counts: BTreeMap<Address, BTreeMap<&'static str, u64>>,
    struck: Vec<WritePoint>,
}

impl WriteFaults {
    /// Plans that the writer dies there. Where it is planned already the new time takes the place of the old.
    pub fn add(&self, point: WritePoint, when: When) {
        self.0.borrow_mut().deaths.insert(point, when);
    }

    /// The deaths that came about, in order.
    pub fn struck(&self) -> Vec<WritePoint> {
        self.0.borrow().struck.clone()
    }

    /// Counts a write. Answers when the writer dies, if it does.
    fn count(&self, writer: &Address, write: &'static str, trace: &Trace) -> Option<When> {
        let plan = &mut *self.0.borrow_mut();
        if !plan.counts.contains_key(writer) {
            plan.counts.insert(writer.clone(), BTreeMap::new());
        }
        let count = plan.counts.get_mut(writer)?.entry(write).or_default();
        *count += 1;
        let n = *count;
        trace.record(|| TraceEvent::RecordWrite { writer: writer.clone(), write, n });
        if plan.deaths.is_empty() {
            return None;
        }
        let point = WritePoint { writer: writer.clone(), write, n };
        let when = plan.deaths.remove(&point)?;
        trace.record(|| TraceEvent::FaultInjected {
            point: point.to_string(),
            fault: match when {
                When::Before => "the service dies".to_owned(),
                When::After => "the service dies after its effect".to_owned(),
            },
        });
        plan.struck.push(point);
        Some(when)
    }
}

/// The state of record as one service writes it, which may die of it.
pub struct ServiceRecords {
    /// The state of record.
    pub records: Rc<dyn Records>,
    /// The service.
    pub writer: Address,
    /// When it is to die.
    pub faults: WriteFaults,
    /// What happened.
    pub trace: Trace,
    /// Lets it die.
    pub dies: Box<dyn Fn()>,
}

impl ServiceRecords {
    async fn write<T>(&self, write: &'static str, work: impl Future<Output = T>) -> T {
        let dies = self.faults.count(&self.writer, write, &self.trace);
        if dies == Some(When::Before) {
            self.die().await;
        }
        let done = work.await;
        if dies == Some(When::After) {
            self.die().await;
        }
        done
    }

    /// The service dies. Whoever waits for this is dropped with it, unless another service goes on with what it did.
    async fn die(&self) {
        (self.dies)();
        tokio::task::yield_now().await;
    }
}

#[async_trait(?Send)]
impl Records for ServiceRecords {
    fn server(&self, id: ServerId) -> Result<Server, NovaError> {
        self.records.server(id)
    }

    fn server_even_deleted(&self, id: ServerId) -> Option<Server> {
        self.records.server_even_deleted(id)
    }

    fn servers_on(&self, host: &HostName) -> Vec<Server> {
        self.records.servers_on(host)
    }

    fn migration(&self, id: MigrationId) -> Result<Migration, NovaError> {
        self.records.migration(id)
    }

    fn migrations_in_progress_or_error(&self, host: &HostName) -> Vec<Migration> {
        self.records.migrations_in_progress_or_error(host)
    }

    fn evacuations_from(&self, host: &HostName) -> Vec<Migration> {
        self.records.evacuations_from(host)
    }

    fn compute_node(&self, host: &HostName) -> Option<ComputeNode> {
        self.records.compute_node(host)
    }

    fn image(&self, id: ImageId) -> Option<ImageMeta> {
        self.records.image(id)
    }

    fn server_group_of(&self, server: ServerId) -> Option<ServerGroup> {
        self.records.server_group_of(server)
    }

    fn hosts_of_group(&self, group: &ServerGroup, but: Option<ServerId>) -> BTreeSet<HostName> {
        self.records.hosts_of_group(group, but)
    }

    fn service_disabled(&self, host: &HostName) -> bool {
        self.records.service_disabled(host)
    }

    async fn update_server(
        &self,
        id: ServerId,
        expected: ExpectedTask,
        change: &mut ServerChange<'_>,
    ) -> Result<Server, NovaError> {
        self.write("update_server", self.records.update_server(id, expected, change)).await
    }

    async fn delete_server(&self, id: ServerId) -> Result<(), NovaError> {
        self.write("delete_server", self.records.delete_server(id)).await
    }

    async fn store_fault(&self, id: ServerId, fault: Fault) {
        self.write("store_fault", self.records.store_fault(id, fault)).await;
    }

    async fn update_migration(
        &self,
        id: MigrationId,
        change: &mut MigrationChange<'_>,
    ) -> Result<Migration, NovaError> {
        self.write("update_migration", self.records.update_migration(id, change)).await
    }

    fn service_ended(&self, host: &HostName) {
        self.records.service_ended(host);
    }

    async fn save_compute_node(&self, node: ComputeNode) {
        self.write("save_compute_node", self.records.save_compute_node(node)).await;
    }

    fn start_action(&self, server: ServerId, request: &RequestId, action: &str) {
        self.records.start_action(server, request, action);
    }

    async fn start_event(&self, id: ServerId, request: &RequestId, event: &str, host: &HostName) {
        self.write("start_event", self.records.start_event(id, request, event, host)).await;
    }

    async fn finish_event(&self, id: ServerId, request: &RequestId, event: &str, error: Option<&NovaError>) {
        self.write("finish_event", self.records.finish_event(id, request, event, error)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_read_and_written_and_what_is_none_says_which_there_are() {
        for text in ["compute.host2:records.update_server#3", "conductor:records.start_event#1"] {
            assert!(WritePoint::is_meant(text));
            let point: WritePoint = serde_json::from_value(text.into()).unwrap();
            assert_eq!(point, text.parse().unwrap());
            assert_eq!(serde_json::to_value(&point).unwrap(), text);
        }
        let first: WritePoint = "conductor:records.store_fault".parse().unwrap();
        assert_eq!(first.n, 1);
        for text in [
            "host2:records.update_server#1",
            "compute.:records.update_server#1",
            "conductor:records.drop_table#1",
            "conductor:records.update_server#0",
            "conductor:update_server#1",
        ] {
            let said = text.parse::<WritePoint>().unwrap_err().to_string();
            assert!(said.starts_with(&format!("`{text}` is no write")), "{said}");
            assert!(said.contains("update_migration"), "{said}");
        }
        assert!(!WritePoint::is_meant("conductor:migrate_server#1"));
    }
}
