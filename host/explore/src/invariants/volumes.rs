//! The attachments of the volume service, and the volumes of servers.

use super::Broken;
use crate::cloud_state::CloudState;

/// Every volume of a server has the attachment that the server's record names, of this volume and to this server. One that is
/// connected is connected from the server's host. A driver may call its host as no host of this cloud is called; of that
/// nothing can be said.
pub(super) fn volumes_are_attached_as_recorded(cloud: &CloudState) -> Vec<Broken> {
    let mut broken = Vec::new();
    for state in cloud.servers.iter().filter(|state| !state.server.deleted()) {
        let server = &state.server;
        for device in &server.block_devices {
            let Some(id) = device.attachment else { continue };
            let attachment = cloud.attachments.iter().find(|attachment| attachment.id == id);
            let named = cloud.attachments_of(server.id).find(|attachment| attachment.id == id);
            let problem = match (attachment, named) {
                (None, _) => format!("by attachment {id}, which is not there"),
                (Some(other), None) => format!("by attachment {id}, which is of server {}", other.server),
                (_, Some(one)) if one.volume != device.volume => {
                    format!("by attachment {id}, which is of volume {}", one.volume)
                }
                (_, Some(one)) => {
                    let from = one.connector.as_ref().map(|connector| connector.host.as_str());
                    let known = |host: &&str| cloud.nodes.keys().any(|known| known.as_str() == *host);
                    match (from.filter(known), &server.host) {
                        (Some(from), Some(host)) if from != host.as_str() => {
                            format!("by attachment {id}, which is connected from {from}")
                        }
                        (Some(from), None) => format!("by attachment {id}, which is connected from {from}"),
                        _ => continue,
                    }
                }
            };
            let host = server.host.as_ref().map_or("no host", |host| host.as_str());
            let message = format!(
                "server {} is {} on {host} and has volume {} {problem}",
                server.name,
                server.status(),
                device.volume
            );
            broken.push(Broken::new(format!("server {}, volume {}", server.name, device.volume), message));
        }
    }
    broken
}

/// Every attachment is to a server that is there and whose record names it.
pub(super) fn no_attachment_without_its_server(cloud: &CloudState) -> Vec<Broken> {
    let wrong = cloud.attachments.iter().filter_map(|attachment| {
        let problem = match cloud.server(attachment.server).map(|state| &state.server) {
            None => format!("to {}, and there is no such server", attachment.server),
            Some(server) if server.deleted() => format!("to server {}, which is deleted", server.name),
            Some(server)
                if !server.block_devices.iter().any(|device| device.attachment == Some(attachment.id)) =>
            {
                let named = server.block_device(attachment.volume).and_then(|device| device.attachment);
                match named {
                    Some(other) => {
                        format!("to server {}, whose record names attachment {other}", server.name)
                    }
                    None => format!("to server {}, whose record does not name it", server.name),
                }
            }
            Some(_) => return None,
        };
        let message = format!("volume {} has an attachment {} {problem}", attachment.volume, attachment.id);
        Some(Broken::new(format!("attachment {}", attachment.id), message))
    });
    wrong.collect()
}
