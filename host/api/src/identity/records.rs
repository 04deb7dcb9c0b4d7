//! What the identity service keeps.

use model::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The one domain.
pub(crate) const DOMAIN_ID: &str = "default";
/// Its name.
pub(crate) const DOMAIN_NAME: &str = "Default";

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) enabled: bool,
}

/// A user.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) enabled: bool,
    pub(crate) default_project: Option<String>,
    pub(super) password: Option<Password>,
    /// What a directory says of them beside that, by attribute.
    pub(super) personal: BTreeMap<String, Vec<String>>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A password, of which only a salted hash is kept.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Password {
    salt: [u8; blake3::KEY_LEN],
    hash: blake3::Hash,
}

impl Password {
    /// Keeps a password.
    pub(super) fn new(text: &str) -> Self {
        let salt = *blake3::hash(uuid::Uuid::new_v4().as_bytes()).as_bytes();
        Self { salt, hash: blake3::keyed_hash(&salt, text.as_bytes()) }
    }

    /// Whether this is it. The comparison takes the same time for every text of a length.
    pub(super) fn is(&self, text: &str) -> bool {
        blake3::keyed_hash(&self.salt, text.as_bytes()) == self.hash
    }
}

/// A token: who logged in, for what, until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) user: String,
    /// None for a token that is for no project.
    pub(crate) project: Option<String>,
    /// Names of the roles held in the project, those that they imply included.
    pub(crate) roles: BTreeSet<String>,
    pub(crate) methods: Vec<String>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) audit_id: String,
    /// The application credential it was bought with, itself or the token that it was bought with.
    pub(crate) credential: Option<String>,
}

/// An application credential.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) user: String,
    pub(crate) project: String,
    /// Ids of roles.
    pub(crate) roles: BTreeSet<String>,
    pub(super) secret: Password,
    pub(crate) expires_at: Option<Timestamp>,
    /// Whether it may make and delete credentials.
    pub(crate) unrestricted: bool,
}
