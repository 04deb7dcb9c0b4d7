//! Which handler answers which path and method.

use super::call::Call;
use super::refusal::Refusal;
use super::{
    actions, flavors, hypervisors, instance_actions, migrations, server_create, server_list, server_metadata,
    servers, services,
};
use crate::answer::Answer;

pub(super) async fn answer(call: &Call<'_>, path: &[&str]) -> Result<Answer, Refusal> {
    match (call.ask.method.as_str(), path) {
        ("GET", ["servers"]) => server_list::list(call, false),
        ("GET", ["servers", "detail"]) => server_list::list(call, true),
        ("POST", ["servers"]) => server_create::create(call).await,
        ("GET", ["servers", id]) => servers::show(call, id),
        ("PUT", ["servers", id]) => servers::update(call, id).await,
        ("DELETE", ["servers", id]) => servers::delete(call, id).await,
        ("POST", ["servers", id, "action"]) => actions::act(call, id).await,
        ("GET", ["servers", id, "metadata"]) => server_metadata::list(call, id),
        ("POST", ["servers", id, "metadata"]) => server_metadata::write(call, id, false),
        ("PUT", ["servers", id, "metadata"]) => server_metadata::write(call, id, true),
        ("GET", ["servers", id, "metadata", key]) => server_metadata::show(call, id, key),
        ("PUT", ["servers", id, "metadata", key]) => server_metadata::set(call, id, key),
        ("DELETE", ["servers", id, "metadata", key]) => server_metadata::delete(call, id, key),
        ("GET", ["servers", id, "os-instance-actions"]) => instance_actions::list(call, id),
        ("GET", ["servers", id, "os-instance-actions", request]) => instance_actions::show(call, id, request),
        ("GET", ["flavors"]) => flavors::list(call, false),
        ("GET", ["flavors", "detail"]) => flavors::list(call, true),
        ("POST", ["flavors"]) => flavors::create(call),
        ("GET", ["flavors", id]) => flavors::show(call, id),
        ("PUT", ["flavors", id]) if call.version.since(55) => flavors::update(call, id),
        ("DELETE", ["flavors", id]) => flavors::delete(call, id),
        ("GET", ["flavors", id, "os-extra_specs"]) => flavors::extra_specs(call, id),
        ("POST", ["flavors", id, "os-extra_specs"]) => flavors::add_extra_specs(call, id),
        ("GET", ["flavors", id, "os-extra_specs", key]) => flavors::extra_spec(call, id, key),
        ("DELETE", ["flavors", id, "os-extra_specs", key]) => flavors::delete_extra_spec(call, id, key),
        ("GET", ["os-migrations"]) => migrations::list(call),
        ("GET", ["os-hypervisors"]) => hypervisors::list(call, false),
        ("GET", ["os-hypervisors", "detail"]) => hypervisors::list(call, true),
        ("GET", ["os-hypervisors", id]) => hypervisors::show(call, id),
        ("GET", ["os-services"]) => services::list(call),
        ("PUT", ["os-services", id]) if call.version.since(53) => services::update(call, id).await,
        _ => Err(Refusal::no_resource()),
    }
}
