//! Which guests the hypervisors have.

use super::Broken;
use crate::cloud_state::{CloudState, ServerState};
use model::{HostName, Server, VmState};

/// Every guest is on the host that its server's record names, or on one its last migration names. The guest of a server
/// that is deleted, or was never known, is astray anywhere.
pub(super) fn no_guest_astray(cloud: &CloudState) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (host, guests) in &cloud.guests {
        for guest in guests.iter().flatten() {
            let server = cloud.servers.iter().find(|state| guest.is_of(state.server.id));
            match server {
                None => {
                    let message = format!("{host} has a guest {} that is of no server", guest.uuid);
                    broken.push(Broken::new(format!("guest {} on {host}", guest.uuid), message));
                }
                Some(state) if state.server.deleted() => {
                    let message =
                        format!("{host} has a guest of server {}, which is deleted", state.server.name);
                    broken.push(of_guest(&state.server, host, message));
                }
                Some(state) if !named_hosts(state).any(|named| named == host) => {
                    let message = format!(
                        "{host} has a guest of server {}, whose record names {} and whose last migration does not name \
                         {host}",
                        state.server.name,
                        state.server.host.as_ref().map_or("no host", HostName::as_str),
                    );
                    broken.push(of_guest(&state.server, host, message));
                }
                Some(_) => {}
            }
        }
    }
    broken
}

fn of_guest(server: &Server, host: &HostName, message: String) -> Broken {
    Broken::new(format!("server {} on {host}", server.name), message)
}

/// The hosts that a server's record and its last migration name.
fn named_hosts(state: &ServerState) -> impl Iterator<Item = &HostName> {
    let migration = state.last_migration();
    let moved = migration
        .into_iter()
        .flat_map(|last| std::iter::once(&last.source_compute).chain(&last.dest_compute));
    state.server.host.iter().chain(moved)
}

/// A server that is not in ERROR has one guest, on its host. While it waits to be confirmed, the host it came from may
/// have what is needed to revert. Servers that are not on a host, or still being built, need none.
pub(super) fn one_guest_on_its_host(cloud: &CloudState) -> Vec<Broken> {
    let mut broken = Vec::new();
    for state in &cloud.servers {
        let server = &state.server;
        let Some(home) = server.host.as_ref().filter(|_| needs_guest(state)) else { continue };
        let may_keep = state.last_migration().filter(|_| server.vm_state == VmState::Resized);
        for (host, guests) in &cloud.guests {
            let Ok(guests) = guests else { continue };
            let found = guests.iter().filter(|guest| guest.is_of(server.id)).count();
            let allowed = match host {
                host if host == home => 1..=1,
                host if may_keep.is_some_and(|migration| migration.source_compute == *host) => 0..=1,
                _ => 0..=0,
            };
            if !allowed.contains(&found) {
                let message = format!(
                    "server {} is {} on {home}, and {host} has {}",
                    server.name,
                    server.status(),
                    match found {
                        0 => "no guest of it".to_owned(),
                        1 => "a guest of it".to_owned(),
                        found => format!("{found} guests of it"),
                    }
                );
                broken.push(of_guest(server, host, message));
            }
        }
    }
    broken
}

/// By its state and not by what the API shows, which can be REBUILD for a server in ERROR.
fn needs_guest(state: &ServerState) -> bool {
    match state.server.vm_state {
        VmState::Error | VmState::Building | VmState::Deleted | VmState::ShelvedOffloaded => false,
        VmState::Active
        | VmState::Paused
        | VmState::Rescued
        | VmState::Resized
        | VmState::Shelved
        | VmState::SoftDeleted
        | VmState::Stopped
        | VmState::Suspended => !state.server.deleted(),
    }
}
