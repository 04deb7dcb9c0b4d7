//! Host aggregates: sets of hosts with metadata, which schedulers read and operators change (`nova/objects/aggregate.py`,
//! `nova/compute/api.py, AggregateAPI`).
//!
//! An aggregate is known to placement too, by its uuid: the root provider of each host in it is in it. Both are changed
//! together here.

use crate::records::StateOfRecord;
use compute::{Records, Services};
use model::rpc::Address;
use model::{AggregateId, ComputeNode, HostName, Options, Timestamp};
use placement::Command;
use scheduler::Aggregate;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The metadata key that makes an aggregate an availability zone.
pub const ZONE_KEY: &str = "availability_zone";

/// An aggregate as operators know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateRecord {
    /// Counts up from 1; the id in the API.
    pub number: u64,
    /// What schedulers see of it.
    pub aggregate: Arc<Aggregate>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name, zone or metadata last changed.
    pub updated_at: Option<Timestamp>,
}

impl AggregateRecord {
    /// The availability zone that it is, if it is one.
    pub fn zone(&self) -> Option<&str> {
        self.aggregate.metadata.get(ZONE_KEY).map(String::as_str)
    }
}

/// All aggregates of a cloud.
#[derive(Debug, Default)]
pub struct Aggregates(RefCell<Table>);

#[derive(Debug, Default)]
struct Table {
    made: u64,
    records: BTreeMap<u64, AggregateRecord>,
    /// Zones that are said to be there although no host is in them.
    pretended: BTreeSet<String>,
}

impl Aggregates {
    /// All of them, oldest first.
    pub fn all(&self) -> Vec<AggregateRecord> {
        self.0.borrow().records.values().cloned().collect()
    }

    /// All of them as schedulers see them, oldest first.
    pub fn for_scheduler(&self) -> Vec<Arc<Aggregate>> {
        self.0.borrow().records.values().map(|record| Arc::clone(&record.aggregate)).collect()
    }

    /// One of them.
    pub fn get(&self, number: u64) -> Option<AggregateRecord> {
        self.0.borrow().records.get(&number).cloned()
    }

    /// Makes one without hosts.
    pub fn create(
        &self,
        id: AggregateId,
        name: String,
        metadata: BTreeMap<String, String>,
        now: Timestamp,
    ) -> AggregateRecord {
        let mut table = self.0.borrow_mut();
        table.made += 1;
        let aggregate = Arc::new(Aggregate { id, name, hosts: BTreeSet::new(), metadata });
        let record = AggregateRecord { number: table.made, aggregate, created_at: now, updated_at: None };
        table.records.insert(record.number, record.clone());
        record
    }

    /// Changes one; answers the new state, or none when there is no such aggregate.
    pub fn change(
        &self,
        number: u64,
        now: Timestamp,
        change: impl FnOnce(&mut Aggregate),
    ) -> Option<AggregateRecord> {
        self.edit(number, |record| {
            change(Arc::make_mut(&mut record.aggregate));
            record.updated_at = Some(now);
        })
    }

    fn edit(&self, number: u64, edit: impl FnOnce(&mut AggregateRecord)) -> Option<AggregateRecord> {
        let mut table = self.0.borrow_mut();
        let record = table.records.get_mut(&number)?;
        edit(record);
        Some(record.clone())
    }

    /// Deletes one. Answers whether it was there.
    pub fn delete(&self, number: u64) -> bool {
        self.0.borrow_mut().records.remove(&number).is_some()
    }

    /// From now on these zones count as available, as they would with hosts in them.
    pub fn pretend(&self, zones: impl IntoIterator<Item = String>) {
        self.0.borrow_mut().pretended.extend(zones);
    }

    /// Whether a zone counts as available although no host is in it.
    pub(crate) fn is_pretended(&self, zone: &str) -> bool {
        self.0.borrow().pretended.contains(zone)
    }

    /// The zone a host is in.
    pub fn zone_of(&self, host: &HostName, options: &Options) -> String {
        scheduler::availability_zone(host, &self.for_scheduler(), options).to_owned()
    }
}

/// Puts a host into an aggregate or takes it out, here and in placement. Answers the new state, or none when there is no
/// such aggregate.
pub(crate) fn set_member(
    services: &Services,
    records: &StateOfRecord,
    number: u64,
    host: &HostName,
    member: bool,
) -> Option<AggregateRecord> {
    let record = records.aggregates().edit(number, |record| {
        let hosts = &mut Arc::make_mut(&mut record.aggregate).hosts;
        if member {
            hosts.insert(host.clone());
        } else {
            hosts.remove(host);
        }
    })?;
    if let Some(node) = Records::compute_node(records, host) {
        tell_placement(services, &node, record.aggregate.id, member);
    }
    Some(record)
}

/// Takes a host out of all its aggregates. What placement knows of it is left alone.
pub(crate) fn leave_all(records: &StateOfRecord, host: &HostName) {
    for record in records.aggregates().all() {
        if record.aggregate.hosts.contains(host) {
            records.aggregates().edit(record.number, |record| {
                Arc::make_mut(&mut record.aggregate).hosts.remove(host);
            });
        }
    }
}

fn tell_placement(services: &Services, node: &ComputeNode, id: AggregateId, member: bool) {
    let known = services.report_client.read(|placement| {
        let provider = placement.provider(node.id).ok()?;
        Some((provider.generation(), provider.aggregates().collect::<BTreeSet<_>>()))
    });
    let Some((generation, mut aggregates)) = known else { return };
    if member {
        aggregates.insert(id);
    } else {
        aggregates.remove(&id);
    }
    let command = Command::SetAggregates { provider: node.id, generation: Some(generation), aggregates };
    // Nothing happens to placement between the read and this write.
    let _ = services.report_client.write(&Address::Api, command);
}
