//! SameHostFilter, DifferentHostFilter and SimpleCIDRAffinityFilter: what users ask for by scheduler hints
//! (`nova/scheduler/filters/affinity_filter.py`).

use super::Filter;
use model::{RequestSpec, ServerId};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The servers a hint names; none when the hint is not given or empty.
fn named_servers(request: &RequestSpec, hint: &str) -> Option<BTreeSet<ServerId>> {
    let names = request.scheduler_hints.get(hint).filter(|names| !names.is_empty())?;
    Some(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// One of the servers named is on the host.
pub(super) fn same_host<'a>(request: &'a RequestSpec) -> Filter<'a> {
    let named = named_servers(request, "same_host");
    Filter::new(move |state| {
        named.as_ref().is_none_or(|named| named.iter().any(|server| state.instances.contains_key(server)))
    })
    .once()
}

/// None of the servers named is on the host.
pub(super) fn different_host<'a>(request: &'a RequestSpec) -> Filter<'a> {
    let named = named_servers(request, "different_host");
    Filter::new(move |state| {
        named.as_ref().is_none_or(|named| !named.iter().any(|server| state.instances.contains_key(server)))
    })
    .once()
}

/// The host's address is in the network that the hints `build_near_host_ip` and `cidr` describe. When they describe
/// none, no host passes.
pub(super) fn near_address<'a>(request: &'a RequestSpec) -> Filter<'a> {
    let first = |hint: &str| request.scheduler_hints.get(hint).and_then(|values| values.first());
    let near = first("build_near_host_ip");
    let prefix = first("cidr").map_or("/24", String::as_str);
    let network = near.and_then(|near| Some((near.parse().ok()?, prefix.strip_prefix('/')?.parse().ok()?)));
    Filter::new(move |state| {
        near.is_none()
            || network.is_some_and(|(near, prefix)| {
                let address = state.host_ip.as_ref().and_then(|text| text.parse().ok());
                address.is_some_and(|address| same_network(near, address, prefix))
            })
    })
    .once()
}

/// Whether the first `prefix` bits of two addresses of one family are the same.
fn same_network(a: IpAddr, b: IpAddr, prefix: u32) -> bool {
    let (width, difference) = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (32, u128::from(a.to_bits() ^ b.to_bits())),
        (IpAddr::V6(a), IpAddr::V6(b)) => (128, a.to_bits() ^ b.to_bits()),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    prefix <= width && difference.checked_shr(width - prefix).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{Case, host, host_with, passes, request, server};
    use model::RequestSpec;
    use model::options::FilterName::{DifferentHostFilter, SameHostFilter, SimpleCIDRAffinityFilter};

    fn hinted(hints: &[(&str, &str)]) -> RequestSpec {
        let mut asked = request();
        for (hint, value) in hints {
            asked.scheduler_hints.entry((*hint).into()).or_default().push((*value).into());
        }
        asked
    }

    #[test]
    fn same_and_different_host_look_at_the_servers_on_the_host() {
        let state = host_with("host1", &[server(1)]);
        let here = server(1).to_string();
        let away = server(2).to_string();
        for (names, same, different) in [
            (vec![], true, true),
            (vec![&here], true, false),
            (vec![&away], false, true),
            (vec![&away, &here], true, false),
            (vec![&"nonsense".to_owned()], false, true),
        ] {
            let hints = |hint| names.iter().map(|name| (hint, name.as_str())).collect::<Vec<_>>();
            assert_eq!(passes(SameHostFilter, &hinted(&hints("same_host")), &state), same, "{names:?}");
            assert_eq!(
                passes(DifferentHostFilter, &hinted(&hints("different_host")), &state),
                different,
                "{names:?}"
            );
        }
    }

    #[test]
    fn the_hosts_address_must_be_in_the_network_that_is_hinted_at() {
        let cases: &[Case<&[(&str, &str)]>] = &[
            ("no hint", &[], true),
            ("a prefix alone", &[("cidr", "/8")], true),
            ("the network by default", &[("build_near_host_ip", "192.168.1.77")], true),
            ("a neighbouring one", &[("build_near_host_ip", "192.168.2.77")], false),
            ("a wider one", &[("build_near_host_ip", "192.168.2.77"), ("cidr", "/16")], true),
            ("everywhere", &[("build_near_host_ip", "10.0.0.1"), ("cidr", "/0")], true),
            ("one address", &[("build_near_host_ip", "192.168.1.2"), ("cidr", "/32")], false),
            ("another family", &[("build_near_host_ip", "fe80::1"), ("cidr", "/0")], false),
            ("no address", &[("build_near_host_ip", "near")], false),
            ("no prefix", &[("build_near_host_ip", "192.168.1.1"), ("cidr", "/99")], false),
        ];
        let mut state = host("host1");
        state.host_ip = Some("192.168.1.1".into());
        for (what, hints, expected) in cases {
            assert_eq!(passes(SimpleCIDRAffinityFilter, &hinted(hints), &state), *expected, "{what}");
        }
        state.host_ip = None;
        assert!(!passes(SimpleCIDRAffinityFilter, &hinted(&[("build_near_host_ip", "192.168.1.1")]), &state));
    }
}
