//! The versioned notifications.

use super::Broken;
use crate::cloud_state::CloudState;

/// Every notification `….start` is followed by its `….end` or `….error`, or by the `compute.exception` with which a service
/// tells of failures that have no notification of their own.
pub(super) fn every_start_has_its_end(cloud: &CloudState) -> Vec<Broken> {
    let unended = cloud.unended.iter().map(|begun| {
        let server = cloud.server(begun.server);
        let server = server.map_or_else(|| begun.server.to_string(), |state| state.server.name.clone());
        let message = format!(
            "{} notified {}.start of server {server}, and nobody notified that it ended or failed",
            begun.publisher, begun.event
        );
        Broken::new(format!("server {server}, {}", begun.event), message)
    });
    unended.collect()
}
