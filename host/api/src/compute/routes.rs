//! Which handler answers which path and method.

use super::call::Call;
use super::refusal::Refusal;
use super::{
    actions, aggregates, external_events, flavor_access, flavors, guest, hypervisors, images,
    instance_actions, interfaces, keypairs, migrations, quota_sets, server_create, server_groups,
    server_list, server_metadata, server_migrations, servers, services, tags, usage, volume_attachments,
    zones,
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
        ("GET", ["servers", id, "tags"]) if call.version.since(26) => tags::list(call, id),
        ("PUT", ["servers", id, "tags"]) if call.version.since(26) => tags::replace(call, id),
        ("DELETE", ["servers", id, "tags"]) if call.version.since(26) => tags::delete_all(call, id),
        ("GET", ["servers", id, "tags", tag]) if call.version.since(26) => tags::show(call, id, tag),
        ("PUT", ["servers", id, "tags", tag]) if call.version.since(26) => tags::add(call, id, tag),
        ("DELETE", ["servers", id, "tags", tag]) if call.version.since(26) => tags::delete(call, id, tag),
        ("GET", ["servers", id, "ips"]) => guest::ips(call, id, None),
        ("GET", ["servers", id, "ips", network]) => guest::ips(call, id, Some(network)),
        ("GET", ["servers", id, "diagnostics"]) => guest::diagnostics(call, id).await,
        ("GET", ["servers", id, "topology"]) if call.version.since(78) => guest::topology(call, id),
        ("GET", ["servers", id, "os-server-password"]) => guest::password(call, id),
        ("DELETE", ["servers", id, "os-server-password"]) => guest::clear_password(call, id),
        ("GET", ["servers", id, "os-security-groups"]) => guest::security_groups(call, id),
        ("POST", ["servers", id, "remote-consoles"]) if call.version.since(6) => {
            guest::remote_console(call, id)
        }
        ("GET", ["servers", id, "os-interface"]) => interfaces::list(call, id),
        ("POST", ["servers", id, "os-interface"]) => interfaces::attach(call, id).await,
        ("GET", ["servers", id, "os-interface", port]) => interfaces::show(call, id, port),
        ("DELETE", ["servers", id, "os-interface", port]) => interfaces::detach(call, id, port).await,
        ("GET", ["servers", id, "os-volume_attachments"]) => volume_attachments::list(call, id),
        ("POST", ["servers", id, "os-volume_attachments"]) => volume_attachments::attach(call, id).await,
        ("GET", ["servers", id, "os-volume_attachments", volume]) => {
            volume_attachments::show(call, id, volume)
        }
        ("PUT", ["servers", id, "os-volume_attachments", volume]) => {
            volume_attachments::update(call, id, volume).await
        }
        ("DELETE", ["servers", id, "os-volume_attachments", volume]) => {
            volume_attachments::detach(call, id, volume).await
        }
        ("GET", ["servers", id, "migrations"]) if call.version.since(23) => server_migrations::list(call, id),
        ("GET", ["servers", id, "migrations", number]) if call.version.since(23) => {
            server_migrations::show(call, id, number)
        }
        ("DELETE", ["servers", id, "migrations", number]) if call.version.since(24) => {
            server_migrations::abort(call, id, number).await
        }
        ("POST", ["servers", id, "migrations", number, "action"]) if call.version.since(22) => {
            server_migrations::force_complete(call, id, number).await
        }
        ("POST", ["os-server-external-events"]) => external_events::create(call).await,
        _ => of_others(call, path).await,
    }
}

/// What is not about one server.
async fn of_others(call: &Call<'_>, path: &[&str]) -> Result<Answer, Refusal> {
    match (call.ask.method.as_str(), path) {
        ("GET", ["flavors"]) => flavors::list(call, false),
        ("GET", ["flavors", "detail"]) => flavors::list(call, true),
        ("POST", ["flavors"]) => flavors::create(call),
        ("GET", ["flavors", id]) => flavors::show(call, id),
        ("PUT", ["flavors", id]) if call.version.since(55) => flavors::update(call, id),
        ("DELETE", ["flavors", id]) => flavors::delete(call, id),
        ("GET", ["flavors", id, "os-extra_specs"]) => flavors::extra_specs(call, id),
        ("POST", ["flavors", id, "os-extra_specs"]) => flavors::add_extra_specs(call, id),
        ("GET", ["flavors", id, "os-extra_specs", key]) => flavors::extra_spec(call, id, key),
        ("PUT", ["flavors", id, "os-extra_specs", key]) => flavors::set_extra_spec(call, id, key),
        ("DELETE", ["flavors", id, "os-extra_specs", key]) => flavors::delete_extra_spec(call, id, key),
        ("GET", ["flavors", id, "os-flavor-access"]) => flavor_access::list(call, id),
        ("POST", ["flavors", id, "action"]) => flavor_access::act(call, id),
        ("GET", ["images"]) if !call.version.since(36) => images::list(call, false),
        ("GET", ["images", "detail"]) if !call.version.since(36) => images::list(call, true),
        ("GET", ["images", id]) if !call.version.since(36) => images::show(call, id),
        ("DELETE", ["images", id]) if !call.version.since(36) => images::delete(call, id),
        ("GET", ["images", id, "metadata"]) if !call.version.since(39) => images::metadata(call, id),
        ("POST", ["images", id, "metadata"]) if !call.version.since(39) => {
            images::write_metadata(call, id, false)
        }
        ("PUT", ["images", id, "metadata"]) if !call.version.since(39) => {
            images::write_metadata(call, id, true)
        }
        ("DELETE", ["images", id, "metadata", key]) if !call.version.since(39) => {
            images::delete_metadata_item(call, id, key)
        }
        ("GET", ["images", id, "metadata", key]) if !call.version.since(39) => {
            images::metadata_item(call, id, key)
        }
        ("PUT", ["images", id, "metadata", key]) if !call.version.since(39) => {
            images::set_metadata_item(call, id, key)
        }
        ("GET", ["limits"]) => quota_sets::absolute(call),
        ("GET", ["os-quota-sets", project]) => quota_sets::show(call, project),
        ("GET", ["os-quota-sets", project, "detail"]) => quota_sets::detail(call, project),
        ("GET", ["os-quota-sets", project, "defaults"]) => quota_sets::defaults(call, project),
        ("PUT", ["os-quota-sets", project]) => quota_sets::update(call, project),
        ("DELETE", ["os-quota-sets", project]) => quota_sets::delete(call, project),
        ("GET", ["os-quota-class-sets", class]) => quota_sets::show_class(call, class),
        ("PUT", ["os-quota-class-sets", class]) => quota_sets::update_class(call, class),
        ("GET", ["os-simple-tenant-usage"]) => usage::list(call),
        ("GET", ["os-simple-tenant-usage", project]) => usage::show(call, project),
        ("GET", ["os-keypairs"]) => keypairs::list(call),
        ("POST", ["os-keypairs"]) => keypairs::create(call),
        ("GET", ["os-keypairs", name]) => keypairs::show(call, name),
        ("DELETE", ["os-keypairs", name]) => keypairs::delete(call, name),
        ("GET", ["os-aggregates"]) => aggregates::list(call),
        ("POST", ["os-aggregates"]) => aggregates::create(call),
        ("GET", ["os-aggregates", id]) => aggregates::show(call, id),
        ("PUT", ["os-aggregates", id]) => aggregates::update(call, id),
        ("DELETE", ["os-aggregates", id]) => aggregates::delete(call, id),
        ("POST", ["os-aggregates", id, "action"]) => aggregates::act(call, id),
        ("POST", ["os-aggregates", id, "images"]) if call.version.since(81) => {
            aggregates::cache_images(call, id)
        }
        ("GET", ["os-availability-zone"]) => zones::list(call),
        ("GET", ["os-availability-zone", "detail"]) => zones::detail(call),
        ("GET", ["os-migrations"]) => migrations::list(call),
        ("GET", ["os-hypervisors"]) => hypervisors::list(call, false),
        ("GET", ["os-hypervisors", "detail"]) => hypervisors::list(call, true),
        ("GET", ["os-hypervisors", "statistics"]) if !call.version.since(88) => hypervisors::statistics(call),
        ("GET", ["os-hypervisors", "statistics"]) => Err(Refusal::no_resource()),
        ("GET", ["os-hypervisors", id, "uptime"]) if !call.version.since(88) => hypervisors::uptime(call, id),
        ("GET", ["os-hypervisors", id]) => hypervisors::show(call, id),
        ("GET", ["os-hypervisors", id, "servers"]) if !call.version.since(53) => {
            hypervisors::servers(call, id)
        }
        ("GET", ["os-hypervisors", pattern, "search"]) if !call.version.since(53) => {
            hypervisors::search(call, pattern)
        }
        ("GET", ["os-server-groups"]) => server_groups::list(call),
        ("POST", ["os-server-groups"]) => server_groups::create(call).await,
        ("GET", ["os-server-groups", id]) => server_groups::show(call, id),
        ("DELETE", ["os-server-groups", id]) => server_groups::delete(call, id).await,
        ("GET", ["os-services"]) => services::list(call),
        ("PUT", ["os-services", id]) if call.version.since(53) => services::update(call, id).await,
        ("PUT", ["os-services", action]) => services::act(call, action).await,
        ("DELETE", ["os-services", id]) => services::delete(call, id),
        _ => Err(Refusal::no_resource()),
    }
}
