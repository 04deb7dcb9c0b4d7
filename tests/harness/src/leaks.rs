//! What a test leaves behind after everything was cleaned up. There should be nothing.

use crate::cloud::TestCloud;
use model::{ConsumerId, HostName, PortId, ServerId, VolumeId};
use std::fmt;
use std::time::Duration;

/// Simulated time the cloud gets to come to rest; more than any bounded wait within it.
const REST_LIMIT: Duration = Duration::from_secs(3600);

/// Something that is still there and belongs to nobody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leak {
    /// Work in the background that never ends.
    Tasks {
        /// How many tasks.
        running: usize,
    },
    /// A server that is not deleted.
    Server {
        /// Which.
        server: ServerId,
    },
    /// An allocation.
    Allocation {
        /// Who holds it: a server, or a migration, deleted or not.
        consumer: ConsumerId,
        /// The name of the provider it is on.
        provider: String,
    },
    /// A port.
    Port {
        /// Which.
        port: PortId,
        /// The server it is plugged into.
        device: Option<ServerId>,
    },
    /// An attachment of a volume.
    VolumeAttachment {
        /// The volume.
        volume: VolumeId,
        /// The server it is attached to.
        server: ServerId,
    },
    /// A guest that a hypervisor still has.
    Guest {
        /// Where.
        host: HostName,
        /// Its server's uuid, or its name where the driver tells no uuids.
        guest: String,
    },
    /// A hypervisor that does not even tell which guests it has.
    Hypervisor {
        /// Which.
        host: HostName,
        /// What it answers.
        error: String,
    },
}

impl Leak {
    /// An allocation of `consumer`, a server or a migration, on a host's root provider.
    pub fn allocation(host: &str, consumer: impl Into<ConsumerId>) -> Self {
        Self::Allocation { consumer: consumer.into(), provider: host.to_owned() }
    }

    /// The guest of a server on a host.
    pub fn guest(host: &str, server: ServerId) -> Self {
        Self::Guest { host: host.into(), guest: server.to_string() }
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tasks { running } => write!(f, "{running} tasks that never end"),
            Self::Server { server } => write!(f, "server {server}"),
            Self::Allocation { consumer, provider } => write!(f, "allocation of {consumer} on {provider}"),
            Self::Port { port, device: Some(server) } => write!(f, "port {port} of server {server}"),
            Self::Port { port, device: None } => write!(f, "port {port}"),
            Self::VolumeAttachment { volume, server } => {
                write!(f, "attachment of volume {volume} to server {server}")
            }
            Self::Guest { host, guest } => write!(f, "guest {guest} on {host}"),
            Self::Hypervisor { host, error } => write!(f, "whatever {host} has: its driver answers {error}"),
        }
    }
}

/// Everything that is still in the cloud once it has come to rest.
pub(crate) async fn leaks(cloud: &TestCloud) -> Vec<Leak> {
    let mut leaks = Vec::new();
    if tokio::time::timeout(REST_LIMIT, cloud.at_rest()).await.is_err() {
        leaks.push(Leak::Tasks { running: cloud.services().tasks.running() });
    }
    leaks.extend(cloud.records().servers().into_iter().map(|server| Leak::Server { server: server.id }));
    {
        let placement = cloud.placement().get();
        for consumer in placement.consumers() {
            leaks.extend(consumer.allocations().map(|(provider, _)| Leak::Allocation {
                consumer: consumer.id(),
                provider: provider.name().to_owned(),
            }));
        }
    }
    let ports = cloud.network().ports();
    leaks.extend(ports.into_iter().map(|port| Leak::Port { port: port.id, device: port.device }));
    let attachments = cloud.volumes().attachments();
    leaks.extend(
        attachments
            .into_iter()
            .map(|kept| Leak::VolumeAttachment { volume: kept.volume, server: kept.server }),
    );
    for host in cloud.host_names() {
        match cloud.guests_of(&host).await {
            Ok(guests) => {
                leaks.extend(guests.into_iter().map(|guest| Leak::Guest { host: host.clone(), guest }));
            }
            Err(error) => leaks.push(Leak::Hypervisor { host, error }),
        }
    }
    leaks
}
