//! What the scheduler answers: the order of the hosts, and for each host the reason of its place.

use crate::host_state::HostState;
use model::HostName;
use serde::Serialize;

/// The answer to one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// The hosts that passed, best first.
    pub ordered: Vec<Weighed>,
    /// The hosts that did not, in the order in which they were refused.
    pub refused: Vec<Refused>,
    /// Why there is no answer at all; then no host is in `ordered`.
    pub failure: Option<Failure>,
}

/// A host that passed all filters, with its weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// The host.
    pub host: HostState,
    /// The sum over the weighers of multiplier times normalised value.
    pub weight: f64,
    /// What each weigher gave; empty when there was nothing to compare, that is with a single host.
    pub weights: Vec<WeigherValue>,
}

/// What one weigher gave to one host.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WeigherValue {
    /// The weigher's class.
    pub weigher: &'static str,
    /// What it computed.
    pub raw: f64,
    /// That value on a scale from 0 to 1 over all hosts.
    pub normalised: f64,
    /// What the normalised value counts.
    pub multiplier: f64,
}

/// A host that will not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The host.
    pub host: HostName,
    /// The node.
    pub node: HostName,
    /// The filter's class, or the part of the request that excluded the host by its name.
    pub filter: &'static str,
}

/// Why a request failed before hosts could be ordered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A metric that weighs is missing, and metrics are required (Nova: ComputeHostMetricNotFound).
    #[error("Metric {name} could not be found on the compute host node {host}.{node}.")]
    MetricNotFound {
        /// The metric.
        name: String,
        /// The host without it.
        host: HostName,
        /// The node without it.
        node: HostName,
    },
}
