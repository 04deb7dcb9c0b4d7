//! Migration records: one for each move of a server (`nova/objects/migration.py`).

use crate::flavor::Flavor;
use crate::ids::{HostName, MigrationId, ServerId};
use crate::server::Server;
use crate::states::{MigrationStatus, MigrationType};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// One move of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// Its uuid, under which placement holds the source's allocation while the move lasts.
    pub id: MigrationId,
    /// The number users of the API know it by; counts up from 1.
    pub number: u64,
    /// The server.
    pub server: ServerId,
    /// What kind of move.
    pub kind: MigrationType,
    /// How far it is.
    pub status: MigrationStatus,
    /// The host the server comes from.
    pub source_compute: HostName,
    /// The host it goes to, once chosen.
    pub dest_compute: Option<HostName>,
    /// The address of the destination, as its driver tells it.
    pub dest_host: Option<String>,
    /// The flavor before. In an evacuation, whose record names no flavors in Nova, both are the server's.
    pub old_flavor: Flavor,
    /// The flavor after; the same in a cold migration.
    pub new_flavor: Flavor,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Migration {
    /// A move of a server from `source` that begins at `now`, to no host yet and with the flavor it has. The number is given
    /// when the record is saved.
    pub fn new(
        id: MigrationId,
        kind: MigrationType,
        status: MigrationStatus,
        server: &Server,
        source: HostName,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            number: 0,
            server: server.id,
            kind,
            status,
            source_compute: source,
            dest_compute: None,
            dest_host: None,
            old_flavor: server.flavor.clone(),
            new_flavor: server.flavor.clone(),
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether source and destination are one host.
    pub fn same_host(&self) -> bool {
        self.dest_compute.as_ref() == Some(&self.source_compute)
    }

    /// Whether this host is source or destination.
    pub fn involves(&self, host: &HostName) -> bool {
        &self.source_compute == host || self.dest_compute.as_ref() == Some(host)
    }
}
