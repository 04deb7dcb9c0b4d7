//! Who may use a flavor that is not for everybody (`nova/api/openstack/compute/flavor_access.py`).

use super::body;
use super::call::Call;
use super::flavors;
use super::refusal::Refusal;
use crate::answer::Answer;
use crate::caller::Access;
use conductor::FlavorLabels;
use model::{Flavor, ProjectId};
use serde_json::{Value, json};

fn view(flavor: &Flavor, labels: &FlavorLabels) -> Value {
    let entry = |project| json!({"flavor_id": flavor.id, "tenant_id": project});
    json!({"flavor_access": labels.access.iter().map(entry).collect::<Vec<_>>()})
}

pub(super) fn list(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    call.require(Access::Admin, "os_compute_api:os-flavor-access")?;
    let (flavor, labels) = flavors::find(call, id)?;
    if !labels.private {
        return Err(Refusal::not_found("Access list not available for public flavors."));
    }
    Ok(Answer::json(200, view(&flavor, &labels)))
}

/// `addTenantAccess` and `removeTenantAccess`.
pub(super) fn act(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    let given = body::read(call)?;
    let mut keys = given.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let (Some(action), None) = (keys.next(), keys.next()) else {
        return Err(Refusal::bad_request("Malformed request body"));
    };
    let (add, rule) = match action {
        "addTenantAccess" => (true, "os_compute_api:os-flavor-access:add_tenant_access"),
        "removeTenantAccess" => (false, "os_compute_api:os-flavor-access:remove_tenant_access"),
        _ => return Err(Refusal::bad_request(format!("There is no such action: {action}"))),
    };
    let tenant = json!({"type": "string", "minLength": 1, "maxLength": 255});
    let args = body::object(json!({"tenant": tenant}), &["tenant"]);
    body::checked(call, body::object(json!({action: args}), &[action]))?;
    call.require(Access::Admin, rule)?;
    let text = given[action]["tenant"].as_str().unwrap_or_default();
    let (flavor, mut labels) = flavors::find(call, id)?;
    if add && !labels.private && call.version.since(7) {
        return Err(Refusal::new(409, "Can not add access to a public flavor."));
    }
    if !call.world.knows_project(text) {
        return Err(Refusal::bad_request(format!("Project ID {text} is not a valid project.")));
    }
    let project = ProjectId::from(text);
    if add && !labels.access.insert(project.clone()) {
        let message = format!("Flavor access already exists for flavor {id} and project {text} combination.");
        return Err(Refusal::new(409, message));
    }
    if !add && !labels.access.remove(&project) {
        let message = format!("Flavor access not found for {id} / {text} combination.");
        return Err(Refusal::not_found(message));
    }
    call.cloud.records().label_flavor(&flavor.id, |kept| kept.clone_from(&labels));
    Ok(Answer::json(200, view(&flavor, &labels)))
}
