//! A decision told to people and machines: per host the filter that refused it, or what each weigher gave and the sum.

use crate::decision::{Decision, Refused, WeigherValue};
use model::HostName;
use serde::Serialize;
use std::fmt;

/// What [`Decision::explain`] tells. As text it is a table; serialised it is for machines.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Explanation {
    /// The hosts that passed, best first.
    pub ordered: Vec<WeighedHost>,
    /// The hosts that did not, in the order in which they were refused.
    pub refused: Vec<Refused>,
    /// The hosts that the filters never saw, because placement does not offer them.
    pub not_offered: Vec<NotOffered>,
    /// Why there is no answer at all.
    pub failure: Option<String>,
}

/// A host that placement does not offer for a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotOffered {
    /// The host.
    pub host: HostName,
    /// The node.
    pub node: HostName,
    /// Why, as a clause.
    pub reason: String,
}

/// A host that passed, with how its weight came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeighedHost {
    /// The host.
    pub host: HostName,
    /// The node.
    pub node: HostName,
    /// The sum of multiplier times normalised value.
    pub weight: f64,
    /// What each weigher gave; empty when there was nothing to compare.
    pub weights: Vec<WeigherValue>,
}

impl Decision {
    /// The decision without the states of the hosts. What placement did not offer is for the caller to add.
    pub fn explain(&self) -> Explanation {
        let weighed = |one: &crate::Weighed| WeighedHost {
            host: one.host.host.clone(),
            node: one.host.node.clone(),
            weight: one.weight,
            weights: one.weights.clone(),
        };
        Explanation {
            ordered: self.ordered.iter().map(weighed).collect(),
            refused: self.refused.clone(),
            not_offered: Vec::new(),
            failure: self.failure.as_ref().map(ToString::to_string),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ordered.is_empty() && self.refused.is_empty() {
            writeln!(f, "no host was offered by placement")?;
        }
        for (index, one) in self.ordered.iter().enumerate() {
            write!(f, "{:>3}. {}  weight {:.6}", index + 1, Place(&one.host, &one.node), one.weight)?;
            if one.weights.is_empty() {
                write!(f, "  (the only host, not weighed)")?;
            }
            writeln!(f)?;
            for value in &one.weights {
                let share = value.multiplier * value.normalised;
                writeln!(
                    f,
                    "     {:<34} raw {:>14}  normalised {:.6}  x {:>8} = {:>13.6}",
                    value.weigher, value.raw, value.normalised, value.multiplier, share
                )?;
            }
        }
        for one in &self.refused {
            writeln!(f, "  -  {}  refused by {}", Place(&one.host, &one.node), one.filter)?;
        }
        for one in &self.not_offered {
            writeln!(f, "  -  {}  not offered by placement: {}", Place(&one.host, &one.node), one.reason)?;
        }
        match &self.failure {
            Some(failure) => writeln!(f, "failed: {failure}"),
            None => Ok(()),
        }
    }
}

/// A host, and its node where that has another name.
struct Place<'a>(&'a HostName, &'a HostName);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place(host, node) = self;
        if host == node { write!(f, "{host}") } else { write!(f, "{host} (node {node})") }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{host, request};
    use crate::{HostState, schedule};
    use model::Options;

    #[test]
    fn each_host_is_told_with_its_weights_or_the_filter_that_refused_it() {
        let hosts = vec![
            host("host2"),
            HostState { service_up: false, ..host("down") },
            HostState { node: "node9".into(), ..host("host1") },
        ];
        let mut options = Options::default();
        options.set_by_name("weight_classes", "HostNameWeigher").unwrap();
        let decision = schedule(&request(), hosts, &options, &mut |_| 0);
        assert_eq!(
            decision.explain().to_string(),
            "  1. host1 (node node9)  weight 1.000000\n     \
             HostNameWeigher                    raw            100  normalised 1.000000  x        1 =      1.000000\n\
             \x20 2. host2  weight 0.000000\n     \
             HostNameWeigher                    raw             50  normalised 0.000000  x        1 =      0.000000\n\
             \x20 -  down  refused by ComputeFilter\n"
        );
    }

    #[test]
    fn a_single_host_and_none_at_all_are_told_apart() {
        let told = |hosts| schedule(&request(), hosts, &Options::default(), &mut |_| 0).explain().to_string();
        assert_eq!(told(vec![host("a")]), "  1. a  weight 0.000000  (the only host, not weighed)\n");
        assert_eq!(told(vec![]), "no host was offered by placement\n");
    }

    #[test]
    fn machines_read_the_same() {
        let decision = schedule(&request(), vec![host("a"), host("b")], &Options::default(), &mut |_| 0);
        let json = serde_json::to_value(decision.explain()).unwrap();
        assert_eq!(json["ordered"][0]["host"], "a");
        assert_eq!(json["ordered"][1]["weights"][3]["weigher"], "CPUWeigher");
        assert_eq!(json["ordered"][1]["weights"][3]["normalised"], 1.0);
    }
}
