//! ImagePropertiesWeigher: servers of like images together, or apart (`nova/scheduler/weights/image_props.py`).

use super::Weigher;
use crate::host_state::HostState;
use model::{Options, RequestSpec};
use std::collections::BTreeMap;

pub(super) fn weigher<'a>(request: &'a RequestSpec, options: &'a Options) -> Weigher<'a> {
    let multiplier = options.image_props_weight_multiplier;
    // The option alone decides whether the servers on the hosts are looked at: it costs much.
    let wanted = request.image_meta.as_ref().filter(|_| multiplier != 0.0).map(|image| &image.properties);
    Weigher::new("ImagePropertiesWeigher", "image_props_weight_multiplier", multiplier, move |state| {
        wanted.map_or(0.0, |wanted| likeness(state, wanted, options))
    })
}

/// The properties that the servers on the host have in common with the wanted ones, each by its weight.
fn likeness(state: &HostState, wanted: &BTreeMap<String, String>, options: &Options) -> f64 {
    let count = |name: &String, value: &String| {
        state.instances.values().filter(|server| server.image_properties.get(name) == Some(value)).count()
            as f64
    };
    wanted.iter().map(|(name, value)| weight_of(name, options) * count(name, value)).sum()
}

/// What a property counts: all the same unless some are listed.
fn weight_of(name: &str, options: &Options) -> f64 {
    let setting = &options.image_props_weight_setting;
    if setting.is_empty() {
        return 1.0;
    }
    setting.iter().rev().find(|listed| listed.name == name).map_or(0.0, |listed| listed.number)
}
