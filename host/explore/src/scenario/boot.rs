//! The step that makes servers, and the one that makes a group for them.

use conductor::{Count, CreateServerGroup};
use model::GroupPolicy;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Makes a server, or several that are alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootServer {
    /// What the scenario calls it; also the name its users see. Of several the first is called `NAME-1`.
    pub server: String,
    /// The flavor, by name or id.
    pub flavor: String,
    /// The zone, or `zone:host` to force a host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    /// The volume it boots from, by any name; without one it boots from an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// How many: a number, or `{min: A, max: B}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Counted>,
    /// The server group it is to belong to, made by an earlier step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Hints for the scheduler, each with a list of values; one that is the name of a server stands for its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hints: BTreeMap<String, Vec<String>>,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

impl BootServer {
    /// How many servers are asked for.
    pub fn counts(&self) -> Count {
        self.count.map_or(Count::ONE, |counted| counted.0)
    }

    /// What the scenario calls the servers it makes.
    pub fn names(&self) -> Vec<String> {
        match self.counts().max {
            0 | 1 => vec![self.server.clone()],
            several => (1..=several).map(|number| format!("{}-{number}", self.server)).collect(),
        }
    }
}

/// The step in words.
impl fmt::Display for BootServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("boot ")?;
        match self.counts() {
            Count::ONE => {}
            Count { min, max } if min == max => write!(f, "{max} times ")?,
            Count { min, max } => write!(f, "{min} to {max} times ")?,
        }
        write!(f, "{} with flavor {}", self.server, self.flavor)?;
        self.volume.as_ref().map_or(Ok(()), |volume| write!(f, " from volume {volume}"))?;
        self.availability_zone.as_ref().map_or(Ok(()), |zone| write!(f, " in {zone}"))?;
        self.group.as_ref().map_or(Ok(()), |group| write!(f, " in group {group}"))?;
        for (hint, values) in &self.hints {
            write!(f, ", {hint}: {}", values.join(", "))?;
        }
        Ok(())
    }
}

/// How many servers a step asks for. Written as a number, or `{min: A, max: B}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Counted(pub Count);

/// Servers in one request at most: enough for any scenario, and few enough to list.
const MOST: u32 = 10_000;

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;

        impl<'de> Visitor<'de> for CountVisitor {
            type Value = Counted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number of servers from 1 to {MOST}, or {{min: A, max: B}}")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Counted, E> {
                match u32::try_from(number) {
                    Ok(number @ 1..=MOST) => Ok(Counted(Count { min: number, max: number })),
                    _ => Err(E::custom(format!("{number} servers: expected 1 to {MOST}"))),
                }
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Counted, E> {
                match u64::try_from(number) {
                    Ok(number) => self.visit_u64(number),
                    Err(_) => Err(E::custom(format!("{number} servers: expected 1 to {MOST}"))),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Counted, A::Error> {
                let count = Count::deserialize(MapAccessDeserializer::new(map))?;
                if count.max > MOST {
                    return Err(A::Error::custom(format!("{} servers: expected 1 to {MOST}", count.max)));
                }
                Ok(Counted(count))
            }
        }

        deserializer.deserialize_any(CountVisitor)
    }
}

/// Makes a server group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewServerGroup {
    /// Its name.
    pub name: String,
    /// `affinity`, `anti-affinity`, `soft-affinity` or `soft-anti-affinity`.
    pub policy: GroupPolicy,
    /// How many members may share a host, for anti-affinity; 1 if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_server_per_host: Option<u32>,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

impl NewServerGroup {
    /// What is asked of the API.
    pub fn request(&self) -> CreateServerGroup {
        CreateServerGroup {
            name: self.name.clone(),
            policy: self.policy,
            max_server_per_host: self.max_server_per_host,
        }
    }
}
