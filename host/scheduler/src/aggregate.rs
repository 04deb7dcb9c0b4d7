//! Host aggregates as filters and weighers see them (`nova/objects/aggregate.py`).

use model::{AggregateId, HostName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A named set of hosts with metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Its uuid, by which placement knows it too.
    pub id: AggregateId,
    /// Its name.
    pub name: String,
    /// The hosts in it.
    pub hosts: BTreeSet<HostName>,
    /// Keys and values an operator gave it, `availability_zone` among them.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}
