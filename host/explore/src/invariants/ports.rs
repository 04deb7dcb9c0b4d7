//! The ports of the network service, and the interfaces of servers.

use super::Broken;
use crate::cloud_state::{CloudState, ServerState};
use conductor::Port;
use model::{HostName, MigrationStatus, MigrationType, Server};

/// A port that is plugged in belongs to a server that is there and has it among its interfaces, and its active binding is to that
/// server's host. Inactive bindings stay behind where a server has been (observed on 34.0.0). What
/// the ports of a server on no host are bound to is not looked at: an unshelving that fails leaves them bound to where it was
/// tried, and the next one binds them anew (`nova/compute/manager.py, _unshelve_instance`).
pub(super) fn ports_are_bound_where_their_servers_are(cloud: &CloudState) -> Vec<Broken> {
    let plugged = cloud.ports.iter().filter_map(|port| Some((port, port.device?)));
    let wrong = plugged.filter_map(|(port, device)| {
        let about = format!("port {}", port.id);
        let broken =
            |message: String| Some(Broken::new(about.clone(), format!("port {} {message}", port.id)));
        let Some(state) = cloud.server(device) else {
            return broken(format!("is plugged into {device}, and there is no such server"));
        };
        let server = &state.server;
        if server.deleted() {
            return broken(format!("is plugged into server {}, which is deleted", server.name));
        }
        if !server.network_info.iter().any(|vif| vif.port == port.id) {
            let has = show_interfaces(server);
            return broken(format!("is plugged into server {}, which {has}", server.name));
        }
        let host = server.host.as_ref()?;
        let active = port.bindings.iter().filter(|(_, active)| **active).map(|(host, _)| host);
        let active: Vec<&HostName> = active.collect();
        if active == [host] || tried_on(state).is_some_and(|tried| active == [tried]) {
            return None;
        }
        broken(format!(
            "is bound to {}; its server {} is {} on {host}",
            show_bindings(port),
            server.name,
            server.status()
        ))
    });
    wrong.collect()
}

/// Where an evacuation failed that left the server on its host: it binds the ports first, and nobody binds them back (observed on
/// 34.0.0; `nova/compute/manager.py, _do_rebuild_instance_with_claim`).
fn tried_on(state: &ServerState) -> Option<&HostName> {
    let last = state.last_migration().filter(|last| last.kind == MigrationType::Evacuation)?;
    let failed = matches!(last.status, MigrationStatus::Failed | MigrationStatus::Error);
    last.dest_compute.as_ref().filter(|_| failed)
}

/// Every interface of a server is a port that is plugged into it.
pub(super) fn every_interface_has_its_port(cloud: &CloudState) -> Vec<Broken> {
    let mut broken = Vec::new();
    for state in cloud.servers.iter().filter(|state| !state.server.deleted()) {
        let server = &state.server;
        for vif in &server.network_info {
            let port = cloud.ports.iter().find(|port| port.id == vif.port);
            let problem = match port.map(|port| port.device) {
                Some(Some(device)) if device == server.id => continue,
                Some(Some(device)) => format!("is plugged into {device}"),
                Some(None) => "is plugged into nothing".to_owned(),
                None => "is not there".to_owned(),
            };
            let message = format!(
                "server {} is {} and has an interface on port {}, which {problem}",
                server.name,
                server.status(),
                vif.port
            );
            broken.push(Broken::new(format!("server {}, port {}", server.name, vif.port), message));
        }
    }
    broken
}

fn show_interfaces(server: &Server) -> String {
    let ports: Vec<String> = server.network_info.iter().map(|vif| vif.port.to_string()).collect();
    if ports.is_empty() {
        "has no interface".to_owned()
    } else {
        format!("has interfaces on {} only", ports.join(", "))
    }
}

fn show_bindings(port: &Port) -> String {
    let each = port
        .bindings
        .iter()
        .map(|(host, active)| if *active { host.to_string() } else { format!("{host} (inactive)") });
    let each: Vec<String> = each.collect();
    if each.is_empty() { "no host".to_owned() } else { each.join(", ") }
}
