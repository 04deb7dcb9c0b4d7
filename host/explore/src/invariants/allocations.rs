//! Who holds what in placement.

use super::{Broken, moves};
use crate::cloud_state::CloudState;
use model::{MigrationId, ServerId};

/// A server's allocation lies on the provider of the host it is on and is that of its flavor; while a move lasts, and
/// after one that failed, it is what [`moves`] says.
pub(super) fn server_holds_its_flavor_on_its_host(cloud: &CloudState) -> Vec<Broken> {
    cloud
        .servers
        .iter()
        .filter_map(|state| {
            let expected = moves::expected(cloud, state);
            let held = cloud.held_by(state.server.id.into());
            (held != expected.server).then(|| {
                let server = &state.server;
                let whereabouts = match (&server.host, server.deleted()) {
                    (_, true) => "is deleted".to_owned(),
                    (Some(host), false) => {
                        format!("is {} on {host} with flavor {}", server.status(), server.flavor.name)
                    }
                    (None, false) => format!("is {} on no host", server.status()),
                };
                let because = expected.because.map(|because| format!(" since {because}")).unwrap_or_default();
                let message = format!(
                    "server {} {whereabouts} and holds {}; it should hold {}{because}",
                    server.name,
                    cloud.show_holding(&held),
                    cloud.show_holding(&expected.server),
                );
                Broken::of_server(server, message)
            })
        })
        .collect()
}

/// Whoever holds an allocation is a server or a migration.
pub(super) fn every_consumer_exists(cloud: &CloudState) -> Vec<Broken> {
    cloud
        .allocations
        .iter()
        .filter(|(consumer, _)| {
            cloud.server(ServerId(consumer.0)).is_none() && cloud.migration(MigrationId(consumer.0)).is_none()
        })
        .map(|(consumer, held)| {
            let message = format!(
                "consumer {consumer} holds {} and is neither a server nor a migration",
                cloud.show_holding(held)
            );
            Broken::new(format!("consumer {consumer}"), message)
        })
        .collect()
}

/// A migration holds what its server had on the source until it is confirmed or reverted, and nothing after; but after
/// some failures Nova leaves it what it holds, see [`moves::AFTER_FAILURE`].
pub(super) fn migrations_hold_only_while_they_last(cloud: &CloudState) -> Vec<Broken> {
    let mut broken = Vec::new();
    for state in &cloud.servers {
        let last = state.last_migration().map(|migration| migration.id);
        for migration in &state.migrations {
            let expected = if Some(migration.id) == last {
                moves::expected(cloud, state).migration
            } else {
                moves::Expected::default().migration
            };
            let held = cloud.held_by(migration.id.into());
            // What an earlier failure leaked stays leaked; and nothing leaks where that defect is cured.
            let leaks = moves::leaks(migration, state);
            let leaked_before = Some(migration.id) != last && leaks;
            let cured = held.is_empty() && leaks;
            if held != expected && !leaked_before && !cured {
                let message = format!(
                    "migration {} of server {} is {} and holds {}; it should hold {}",
                    migration.number,
                    state.server.name,
                    migration.status,
                    cloud.show_holding(&held),
                    cloud.show_holding(&expected),
                );
                broken.push(Broken::new(format!("migration {}", migration.number), message));
            }
        }
    }
    broken
}
