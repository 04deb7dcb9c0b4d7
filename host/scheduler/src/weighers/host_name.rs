//! HostNameWeigher: a fixed order of known hosts, for tests that need one (`nova/tests/fixtures/nova.py`,
//! HostNameWeigherFixture).

use super::Weigher;

pub(super) fn weigher<'a>() -> Weigher<'a> {
    let raw = |state: &crate::HostState| match state.host.as_str() {
        "host1" => Ok(100.0),
        "host2" => Ok(50.0),
        "host3" => Ok(10.0),
        _ => Ok(0.0),
    };
    Weigher {
        name: "HostNameWeigher",
        option: None,
        multiplier: 1.0,
        negated: false,
        minval: None,
        maxval: None,
        raw: Box::new(raw),
    }
}
