//! A type for each kind of identifier, so that one cannot be passed for another.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

uuid_ids! {
    /// A server (Nova: instance uuid).
    ServerId,
    /// A migration record, by its uuid; it is also the consumer that holds the source's allocation during a move.
    MigrationId,
    /// A resource provider; a compute node's root provider has the node's uuid.
    ProviderId,
    /// Whoever holds an allocation in placement: a server or a migration.
    ConsumerId,
    /// An aggregate, as placement knows it.
    AggregateId,
    /// A port of the network service.
    PortId,
    /// A network of the network service.
    NetworkId,
    /// An image of the image service.
    ImageId,
    /// A volume of the volume service.
    VolumeId,
    /// The attachment of a volume to a server.
    AttachmentId,
    /// A server group.
    ServerGroupId,
}

impl From<ServerId> for ConsumerId {
    fn from(id: ServerId) -> Self {
        Self(id.0)
    }
}

impl From<MigrationId> for ConsumerId {
    fn from(id: MigrationId) -> Self {
        Self(id.0)
    }
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

text_ids! {
    /// The name of a compute host (`CONF.host` of its nova-compute); with one node a host, also the node's name.
    HostName,
    /// A flavor by the id users give it (Nova: flavorid), free text.
    FlavorId,
    /// A project.
    ProjectId,
    /// A user.
    UserId,
    /// The id of one API request (`req-<uuid>`), under which its action is recorded.
    RequestId,
}
