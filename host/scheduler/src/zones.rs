//! Availability zones: which one a host is in, and the ways to name zone and host in a create request
//! (`nova/availability_zones.py`, `nova/compute/api.py, parse_availability_zone`).

use crate::aggregate::Aggregate;
use crate::host_state::HostState;
use model::{HostName, Options};
use std::sync::Arc;

/// The metadata key that makes an aggregate a zone.
const ZONE_KEY: &str = "availability_zone";

/// The zone of a host: that of the first aggregate it is in that has one, else the default.
pub fn availability_zone<'a>(
    host: &HostName,
    aggregates: &'a [Arc<Aggregate>],
    options: &'a Options,
) -> &'a str {
    let mut zones = aggregates
        .iter()
        .filter(|aggregate| aggregate.hosts.contains(host))
        .filter_map(|aggregate| aggregate.metadata.get(ZONE_KEY));
    zones.next().map_or(&options.default_availability_zone.0, String::as_str)
}

impl HostState {
    /// Puts the host in those of the cloud's aggregates that name it, and in the zone that follows from them.
    pub fn join_aggregates(&mut self, aggregates: &[Arc<Aggregate>], options: &Options) {
        availability_zone(&self.host, aggregates, options).clone_into(&mut self.availability_zone);
        self.aggregates = aggregates.iter().filter(|one| one.hosts.contains(&self.host)).cloned().collect();
    }
}

/// What `availability_zone` of a create request names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedPlace {
    /// The zone; none leaves the server free to go anywhere.
    pub zone: Option<String>,
    /// A host to be used whatever the filters say.
    pub force_host: Option<HostName>,
    /// A node to be used whatever the filters say.
    pub force_node: Option<HostName>,
}

/// A text with too many parts to name a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Unable to parse availability_zone")]
pub struct UnparsablePlace;

/// Reads `zone`, `zone:host`, `zone:host:node` or `zone::node`. What is not named is taken from the options, for the
/// zone, or is free.
pub fn parse_availability_zone(text: Option<&str>, options: &Options) -> Result<NamedPlace, UnparsablePlace> {
    let mut parts =
        text.unwrap_or_default().split(':').map(|part| Some(part).filter(|part| !part.is_empty()));
    let place = NamedPlace {
        zone: parts.next().flatten().map(str::to_owned).or_else(|| options.default_schedule_zone.clone()),
        force_host: parts.next().flatten().map(HostName::from),
        force_node: parts.next().flatten().map(HostName::from),
    };
    if parts.next().is_some() { Err(UnparsablePlace) } else { Ok(place) }
}

#[cfg(test)]
mod tests {
    use super::{NamedPlace, UnparsablePlace, parse_availability_zone};
    use crate::aggregate::Aggregate;
    use crate::testing::host;
    use model::{AggregateId, Options};
    use std::sync::Arc;
    use uuid::Uuid;

    #[test]
    fn a_host_is_in_the_zone_of_its_first_aggregate_that_is_one() {
        let aggregate = |number: u128, host: &str, metadata: &[(&str, &str)]| {
            Arc::new(Aggregate {
                id: AggregateId(Uuid::from_u128(number)),
                name: number.to_string(),
                hosts: [host.into()].into(),
                metadata: metadata.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            })
        };
        let aggregates = [
            aggregate(1, "host1", &[("ssd", "true")]),
            aggregate(2, "host1", &[("availability_zone", "az1")]),
            aggregate(3, "host2", &[("availability_zone", "az2")]),
        ];
        for (name, zone, count) in [("host1", "az1", 2), ("host2", "az2", 1), ("host3", "nova", 0)] {
            let mut state = host(name);
            state.join_aggregates(&aggregates, &Options::default());
            assert_eq!((state.availability_zone.as_str(), state.aggregates.len()), (zone, count), "{name}");
        }
    }

    #[test]
    fn zone_host_and_node_are_parted_by_colons() {
        let place = |zone: Option<&str>, host: Option<&str>, node: Option<&str>| NamedPlace {
            zone: zone.map(Into::into),
            force_host: host.map(Into::into),
            force_node: node.map(Into::into),
        };
        let options = Options::default();
        for (text, expected) in [
            (None, Ok(place(None, None, None))),
            (Some("az1"), Ok(place(Some("az1"), None, None))),
            (Some("az1:host1"), Ok(place(Some("az1"), Some("host1"), None))),
            (Some("az1:host1:node1"), Ok(place(Some("az1"), Some("host1"), Some("node1")))),
            (Some("az1::node1"), Ok(place(Some("az1"), None, Some("node1")))),
            (Some(":host1"), Ok(place(None, Some("host1"), None))),
            (Some("a:b:c:d"), Err(UnparsablePlace)),
        ] {
            assert_eq!(parse_availability_zone(text, &options), expected, "{text:?}");
        }
        let options = Options { default_schedule_zone: Some("az9".into()), ..options };
        assert_eq!(parse_availability_zone(None, &options), Ok(place(Some("az9"), None, None)));
    }
}
