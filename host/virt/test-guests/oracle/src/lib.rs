//! An oracle that wants every server on a host of its own, and misbehaves when a server is called `panic`, `loop` or `hoard`.

mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit/oracle-v1.0",
        world: "oracle",
    });
}

use bindings::{Guest, Violation};
use serde_json::Value;
use std::collections::BTreeMap;
use std::hint::black_box;

#[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "only the component exports it"))]
struct Crowding;

impl Guest for Crowding {
    fn statement() -> String {
        "no host has more than one server".to_owned()
    }

    fn check(state: String) -> Vec<Violation> {
        let state: Value = serde_json::from_str(&state).unwrap_or_default();
        let mut on: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for server in state["servers"].as_array().into_iter().flatten() {
            let name = server["name"].as_str().unwrap_or_default();
            match name {
                "panic" => panic!("no oracle speaks of it"),
                "loop" => while black_box(true) {},
                "hoard" => drop(black_box(vec![1_u8; 1 << 30])),
                _ => {}
            }
            if let Some(host) = server["host"].as_str() {
                on.entry(host).or_default().push(name);
            }
        }
        let crowded = on.into_iter().filter(|(_, servers)| servers.len() > 1);
        let violation = |(host, servers): (&str, Vec<&str>)| Violation {
            about: host.to_owned(),
            message: format!("{host} has {}; it should have one at most", servers.join(" and ")),
        };
        crowded.map(violation).collect()
    }
}

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the generated exports are unsafe functions")]
mod component {
    use super::Crowding;

    crate::bindings::export!(Crowding with_types_in crate::bindings);
}
