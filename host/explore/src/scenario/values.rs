//! Small values of scenario files: spans of time, amounts of resources, options, and things that may be none.

use model::{HostName, Options, ResourceClass};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Something, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<T> {
    /// What it is.
    pub item: T,
    /// Its line in the scenario file, from 1; none if it was not read from one.
    pub line: Option<u64>,
}

impl<T> From<T> for Placed<T> {
    fn from(item: T) -> Self {
        Self { item, line: None }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_saphyr::Spanned::<T>::deserialize(deserializer)?;
        Ok(Self { line: Some(spanned.referenced.line()).filter(|line| *line > 0), item: spanned.value })
    }
}

impl<T: Serialize> Serialize for Placed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.item.serialize(serializer)
    }
}

/// A span of simulated time, written with its unit: `90s`, `5min`, `250ms`, `2h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// Units of time and their length in milliseconds, the longest first.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];

/// Text that is no span of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no span of time; one is written with its unit: 250ms, 90s, 5min, 2h")]
pub struct NoSpan(String);

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let no_span = || NoSpan(text.to_owned());
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(no_span)?;
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| no_span())?;
        let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(no_span)?;
        number.checked_mul(*milliseconds).map(|span| Span(Duration::from_millis(span))).ok_or_else(no_span)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let exact = UNITS.iter().find(|(_, length)| milliseconds.is_multiple_of(*length));
        let (unit, length) = exact.filter(|_| milliseconds > 0).unwrap_or(&UNITS[2]);
        write!(f, "{}{unit}", milliseconds / length)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a provider is to be used by, or a consumer is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amounts {
    /// The resources of a flavor.
    Flavor(String),
    /// So much of each class; of classes that are not named, nothing.
    Each(BTreeMap<ResourceClass, u64>),
}

impl fmt::Display for Amounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amounts::Flavor(name) => write!(f, "those of flavor {name}"),
            Amounts::Each(amounts) => f.write_str(&show_amounts(amounts)),
        }
    }
}

/// Amounts as a person reads them: `2 VCPU, 4096 MEMORY_MB, 40 DISK_GB`, or `nothing`.
pub(crate) fn show_amounts(amounts: &BTreeMap<ResourceClass, u64>) -> String {
    let order = |class: &ResourceClass| {
        let known = [ResourceClass::VCPU, ResourceClass::MEMORY_MB, ResourceClass::DISK_GB];
        known.iter().position(|one| one == class).unwrap_or(known.len())
    };
    let mut used: Vec<_> = amounts.iter().filter(|(_, amount)| **amount > 0).collect();
    used.sort_by_key(|(class, _)| order(class));
    if used.is_empty() {
        return "nothing".to_owned();
    }
    used.iter().map(|(class, amount)| format!("{amount} {class}")).collect::<Vec<_>>().join(", ")
}

impl<'de> Deserialize<'de> for Amounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AmountsVisitor;

        impl<'de> Visitor<'de> for AmountsVisitor {
            type Value = Amounts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a flavor's name, `nothing`, or amounts by resource class such as {VCPU: 2, MEMORY_MB: 4096}")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Amounts, E> {
                Ok(if name == "nothing" {
                    Amounts::Each(BTreeMap::new())
                } else {
                    Amounts::Flavor(name.to_owned())
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Amounts, A::Error> {
                let mut amounts = BTreeMap::new();
                while let Some((class, amount)) = map.next_entry::<String, u64>()? {
                    amounts.insert(ResourceClass::new(class), amount);
                }
                Ok(Amounts::Each(amounts))
            }
        }

        deserializer.deserialize_any(AmountsVisitor)
    }
}

impl Serialize for Amounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Amounts::Flavor(name) => serializer.serialize_str(name),
            Amounts::Each(amounts) => amounts.serialize(serializer),
        }
    }
}

/// Something that may be expected not to be there, which is written `none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrNone<T> {
    /// It is not there.
    None,
    /// It is this.
    Some(T),
}

impl<T> OrNone<T> {
    /// As an option.
    pub fn as_option(&self) -> Option<&T> {
        match self {
            OrNone::None => None,
            OrNone::Some(value) => Some(value),
        }
    }
}

impl<T: fmt::Display> fmt::Display for OrNone<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OrNone::None => f.write_str("none"),
            OrNone::Some(value) => value.fmt(f),
        }
    }
}

impl<'de, T: FromText> Deserialize<'de> for OrNone<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "none" {
            return Ok(OrNone::None);
        }
        T::from_text(&text).map(OrNone::Some).map_err(D::Error::custom)
    }
}

impl<T: fmt::Display> Serialize for OrNone<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a scenario file names by one word.
pub trait FromText: Sized {
    /// Reads it. The error says what was expected.
    fn from_text(text: &str) -> Result<Self, String>;
}

impl FromText for HostName {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(HostName::from(text))
    }
}

impl FromText for String {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

/// The states of which a scenario file names one.
macro_rules! states_from_text {
    ($($state:ty),*) => {$(
        impl FromText for $state {
            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| {
                    let known: Vec<&str> = Self::ALL.iter().map(|state| state.as_str()).collect();
                    format!("unknown state `{text}`, expected one of {}", known.join(", "))
                })
            }
        }
    )*};
}
states_from_text!(model::ServerStatus, model::MigrationStatus, model::TaskState);

/// For fields that hold a state: reads it by [`FromText`], whose error names the known ones.
pub(crate) mod state {
    use super::FromText;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer};

    pub(crate) fn deserialize<'de, T: FromText, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| T::from_text(&text)).transpose().map_err(D::Error::custom)
    }
}

/// Options in the order in which they are set. Each is known to exist and to accept its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionSettings(Vec<(String, String)>);

impl OptionSettings {
    /// Name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether all options have their defaults.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets one more, which overrides an earlier setting of it.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), model::options::OptionError> {
        Options::default().set_by_name(name, value)?;
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

impl<'de> Deserialize<'de> for OptionSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OptionsVisitor;

        impl<'de> Visitor<'de> for OptionsVisitor {
            type Value = OptionSettings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("options by Nova's names, such as {allow_resize_to_same_host: true}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OptionSettings, A::Error> {
                let mut settings = OptionSettings::default();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    settings.set(&name, &value).map_err(A::Error::custom)?;
                }
                Ok(settings)
            }
        }

        deserializer.deserialize_map(OptionsVisitor)
    }
}

impl Serialize for OptionSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_with_their_unit() {
        for (text, milliseconds) in
            [("250ms", 250), ("90s", 90_000), ("5min", 300_000), ("2h", 7_200_000), ("0s", 0)]
        {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.0, Duration::from_millis(milliseconds));
            assert_eq!(span.to_string(), text);
        }
        for text in ["", "90", "s", "1.5s", "90 parsecs", "99999999999999999999s", "18446744073709551615h"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
