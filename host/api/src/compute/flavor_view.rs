//! How flavors are shown (`nova/api/openstack/compute/views/flavors.py`).

use super::call::Call;
use conductor::FlavorLabels;
use model::Flavor;
use serde_json::{Value, json};

/// Name and id.
pub(super) fn short(call: &Call<'_>, flavor: &Flavor, labels: &FlavorLabels) -> Value {
    let mut shown = json!({
        "id": flavor.id, "name": flavor.name, "links": call.links(&format!("/flavors/{}", flavor.id)),
    });
    if call.version.since(55) {
        shown["description"] = json!(labels.description);
    }
    shown
}

/// Everything.
pub(super) fn full(call: &Call<'_>, flavor: &Flavor, labels: &FlavorLabels) -> Value {
    let mut shown = short(call, flavor, labels);
    shown["ram"] = json!(flavor.memory_mb);
    shown["disk"] = json!(flavor.root_gb);
    shown["vcpus"] = json!(flavor.vcpus);
    shown["swap"] =
        if flavor.swap_mb == 0 && !call.version.since(75) { json!("") } else { json!(flavor.swap_mb) };
    shown["OS-FLV-EXT-DATA:ephemeral"] = json!(flavor.ephemeral_gb);
    shown["os-flavor-access:is_public"] = json!(!labels.private);
    if !call.version.since(102) {
        shown["rxtx_factor"] = json!(1.0);
        shown["OS-FLV-DISABLED:disabled"] = json!(false);
    }
    if call.version.since(61) {
        shown["extra_specs"] = json!(flavor.extra_specs);
    }
    shown
}
