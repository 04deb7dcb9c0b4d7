//! What users write on servers and flavors for themselves and for clients, and who asked for what: no service but the
//! API reads it.

use model::rpc::RequestContext;
use model::{ProjectId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// What is written on a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerLabels {
    /// Free text.
    pub description: Option<String>,
    /// Keys and values.
    pub metadata: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// The name the guest is told; none for one that follows from the server's name.
    pub hostname: Option<String>,
    /// The keypair it was made with.
    pub key_name: Option<String>,
    /// The IPv4 address to reach it at, as its user says; empty when none was said.
    pub access_ip_v4: String,
    /// The same for IPv6.
    pub access_ip_v6: String,
    /// Whether it was asked for with a config drive.
    pub config_drive: bool,
    /// Data for the guest, in base64.
    pub user_data: Option<String>,
    /// Why it was locked.
    pub locked_reason: Option<String>,
    /// When a user last changed one of these.
    pub updated_at: Option<Timestamp>,
}

/// What is written on a flavor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlavorLabels {
    /// Free text.
    pub description: Option<String>,
    /// Whether only the projects with access see it.
    pub private: bool,
    /// Those projects.
    pub access: BTreeSet<ProjectId>,
}

/// Who sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The user.
    pub user: UserId,
    /// The project the request was made in.
    pub project: ProjectId,
}

impl Asker {
    pub(crate) fn of(context: &RequestContext) -> Self {
        Self { user: context.user_id.clone(), project: context.project_id.clone() }
    }
}
