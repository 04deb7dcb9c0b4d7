//! What is still under way in a cloud at rest: nothing.

use super::Broken;
use crate::cloud_state::CloudState;

/// No server has a task: nobody would ever end it, and most operations are refused while it lasts.
pub(super) fn no_task_left(cloud: &CloudState) -> Vec<Broken> {
    let servers = cloud.servers.iter().map(|state| &state.server).filter(|server| !server.deleted());
    let left = servers.filter_map(|server| Some((server, server.task_state?)));
    left.map(|(server, task)| {
        let message = format!("server {} is {} and has task {task}", server.name, server.status());
        Broken::of_server(server, message)
    })
    .collect()
}

/// Every event that was begun was finished, with success or error.
pub(super) fn every_event_finished(cloud: &CloudState) -> Vec<Broken> {
    let mut broken = Vec::new();
    for state in &cloud.servers {
        for action in &state.actions {
            for event in action.events.iter().filter(|event| event.result.is_none()) {
                let message = format!(
                    "event {} of action {} on server {}, begun by {}, was never finished",
                    event.event, action.action, state.server.name, event.host
                );
                broken.push(Broken::new(format!("server {}, {}", state.server.name, event.event), message));
            }
        }
    }
    broken
}
