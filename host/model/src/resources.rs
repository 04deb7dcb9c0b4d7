//! Resource classes and amounts, as placement counts them.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The name of a resource class, standard (`VCPU`) or custom (`CUSTOM_MAGIC`). Cheap to clone for the standard ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceClass(Cow<'static, str>);

impl ResourceClass {
    /// Virtual processors, in units of one.
    pub const VCPU: ResourceClass = ResourceClass(Cow::Borrowed("VCPU"));
    /// Memory in MiB.
    pub const MEMORY_MB: ResourceClass = ResourceClass(Cow::Borrowed("MEMORY_MB"));
    /// Disk in GiB.
    pub const DISK_GB: ResourceClass = ResourceClass(Cow::Borrowed("DISK_GB"));

    /// The class of this name; whether it exists is placement's to say.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// A standard class, whose name is known at compile time.
    pub const fn from_static(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Amounts by resource class. A class with amount 0 is not in the map.
pub type ResourceAmounts = BTreeMap<ResourceClass, u64>;

/// How many times over a resource may be handed out; a finite number greater than zero, so it can be compared.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Ratio(f64);

impl Eq for Ratio {}

impl Ratio {
    /// Every unit once.
    pub const ONE: Ratio = Ratio(1.0);

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// A number that is no allocation ratio.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0} is no allocation ratio: it must be a finite number greater than 0")]
pub struct InvalidRatio(pub f64);

impl TryFrom<f64> for Ratio {
    type Error = InvalidRatio;
    fn try_from(number: f64) -> Result<Self, InvalidRatio> {
        if number.is_finite() && number > 0.0 { Ok(Self(number)) } else { Err(InvalidRatio(number)) }
    }
}

impl From<Ratio> for f64 {
    fn from(ratio: Ratio) -> f64 {
        ratio.0
    }
}
