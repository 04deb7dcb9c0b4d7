//! Nova's compute API, versions 2.0 and 2.1 with its microversions (`nova/api/openstack/`).
//!
//! A request passes, as in the real service, through the choice of the microversion (`version.rs`), authentication, and the
//! choice of the route (`routes.rs`); then one handler answers it. A resource that is not here answers as Nova does for a
//! path it does not have: 404, `The resource could not be found.`

mod actions;
mod aggregates;
mod block_devices;
mod body;
mod call;
mod discovery;
mod external_events;
mod extra_spec_rules;
mod flavor_access;
mod flavor_view;
mod flavors;
mod guest;
mod hypervisors;
mod image_fit;
mod images;
mod instance_actions;
mod interfaces;
mod keypairs;
mod migrations;
mod openapi;
mod quota_sets;
mod refusal;
mod requested_networks;
mod routes;
mod server_create;
mod server_filters;
mod server_groups;
mod server_list;
mod server_metadata;
mod server_migrations;
mod server_view;
mod servers;
mod services;
mod ssh_keys;
mod tags;
mod time;
mod usage;
mod version;
mod volume_attachments;
mod zones;

pub(crate) use keypairs::Keypairs;
pub(crate) use openapi::document as openapi_document;
pub(crate) use server_view::{hostname, seconds, updated_at};
pub(crate) use time::parse as parse_time;

use crate::answer::{Answer, Ask};
use crate::caller::Requester;
use crate::world::World;
use call::Call;
use model::RequestId;
use refusal::Refusal;
use uuid::Uuid;
use version::Version;

/// Answers a request.
pub(crate) async fn answer(world: &World, ask: &Ask) -> Answer {
    let parts = ask.parts();
    let Some((root, path)) = parts.split_first().filter(|(root, _)| matches!(**root, "v2" | "v2.1")) else {
        return discovery::at_root(ask);
    };
    if let Some(document) = discovery::below(ask, root, path) {
        return document;
    }
    let request_id = format!("req-{}", Uuid::new_v4());
    let legacy = *root == "v2";
    let asked = if legacy { Ok(Version::MIN) } else { Version::requested(&ask.headers) };
    let (version, answered) = match asked {
        Ok(version) => (version, answer_at(world, ask, root, path, version, &request_id).await),
        Err(refused) => (Version::MIN, Err(refused)),
    };
    let answer = answered.unwrap_or_else(Refusal::into_answer);
    let answer = answer.with("x-compute-request-id", &request_id).with("x-openstack-request-id", &request_id);
    if legacy {
        return answer;
    }
    answer
        .with("openstack-api-version", &format!("compute {version}"))
        .with("x-openstack-nova-api-version", &version.to_string())
        .with("vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version")
}

async fn answer_at(
    world: &World,
    ask: &Ask,
    root: &str,
    path: &[&str],
    version: Version,
    request_id: &str,
) -> Result<Answer, Refusal> {
    let requester = Requester::of(world, ask).ok_or_else(Refusal::unauthorized)?;
    let (project, path) = match path {
        // A project's id may stand before every resource; no resource has such a name.
        [project, rest @ ..]
            if !rest.is_empty()
                && project.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b) || b == b'-') =>
        {
            (Some(*project), rest)
        }
        _ => (None, path),
    };
    if let Some(project) = project.filter(|project| requester.project != **project) {
        return Err(Refusal::bad_request(format!(
            "Malformed request URL: URL's project_id '{project}' doesn't match Context's project_id '{}'",
            requester.project
        )));
    }
    let call = Call::new(world, ask, root, project, version, requester, request_id);
    let answered = routes::answer(&call, path).await;
    let heard = world.heard();
    if !heard.borrow().keeps_first() {
        return answered;
    }
    call.cloud.at_rest().await;
    let failed = heard.borrow_mut().take_first(&RequestId::from(request_id));
    match failed {
        Some(error) if answered.is_ok() => Err(Refusal::of_work(error)),
        _ => answered,
    }
}

#[cfg(test)]
mod tests;
