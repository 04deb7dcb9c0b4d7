//! What a driver says of itself: name, kind, one line, settings. It stands in a custom section of the file, so that it can be
//! read without running anything.
//!
//! The section is called `nova-virt-driver` and holds lines of UTF-8 whose fields are separated by tabs:
//!
//! ```text
//! name     fake
//! kind     driver                                                   or: layer
//! summary  An in-memory hypervisor
//! setting  vcpus     integer        1000   Processors of the host   name, kind, default, description
//! setting  quirks    one of none|nova  none   …
//! handles  spawn     destroy           …                            the methods a layer has itself, if it says so
//! intercepts                                                        it sees every call that goes through it
//! ```
//!
//! A setting's kind is `integer` (not negative), `text`, `boolean` (`true`, `false`) or `one of a|b|c`.

use crate::sections::custom_section;
use std::collections::BTreeMap;

/// The custom section.
const SECTION: &str = "nova-virt-driver";

/// What a driver says of itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// Driver or layer.
    pub kind: Kind,
    /// One line on what it is for.
    pub summary: String,
    /// What can stand in brackets after its name.
    pub settings: Vec<Setting>,
    /// The methods that it has itself, by Nova's names; it hands on all others. None if it does not say.
    pub handles: Option<Vec<String>>,
    /// Whether it sees every call that goes through it, and may fail each.
    pub intercepts: bool,
}

/// What a component is in a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Stands at the bottom and looks after guests.
    Driver,
    /// Stands over a driver.
    Layer,
}

/// A setting of a driver.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What its value can be.
    pub kind: SettingKind,
    /// What it is if it is not given; may be empty.
    pub default: String,
    /// One line on what it does.
    pub description: String,
}

/// What the value of a setting can be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    /// A number from 0 to 2^64 − 1.
    Integer,
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    OneOf(Vec<String>),
}

impl SettingKind {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "integer" => Some(Self::Integer),
            "text" => Some(Self::Text),
            "boolean" => Some(Self::Boolean),
            _ => Some(Self::OneOf(text.strip_prefix("one of ")?.split('|').map(str::to_owned).collect())),
        }
    }

    /// What is wrong with a value, if something is.
    fn problem_with(&self, value: &str) -> Option<String> {
        match self {
            Self::Integer => value.parse::<u64>().err().map(|_| "it has to be a whole number".to_owned()),
            Self::Text => None,
            Self::Boolean => {
                (!matches!(value, "true" | "false")).then(|| "it has to be true or false".to_owned())
            }
            Self::OneOf(words) => (!words.iter().any(|word| word == value))
                .then(|| format!("it has to be one of {}", words.join(", "))),
        }
    }
}

impl Metadata {
    /// What the driver in these bytes (a module or a component) says of itself; none if it says nothing that can be understood.
    pub fn of(wasm: &[u8]) -> Option<Self> {
        Self::parse(std::str::from_utf8(custom_section(wasm, SECTION)?).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut metadata = Metadata {
            name: String::new(),
            kind: Kind::Driver,
            summary: String::new(),
            settings: vec![],
            handles: None,
            intercepts: false,
        };
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            let mut fields = line.split('\t');
            match (fields.next()?, fields.next().unwrap_or_default()) {
                ("name", name) => metadata.name = name.to_owned(),
                ("kind", "driver") => metadata.kind = Kind::Driver,
                ("kind", "layer") => metadata.kind = Kind::Layer,
                ("summary", summary) => metadata.summary = summary.to_owned(),
                ("setting", name) => metadata.settings.push(Setting {
                    name: name.to_owned(),
                    kind: SettingKind::parse(fields.next()?)?,
                    default: fields.next()?.to_owned(),
                    description: fields.next()?.to_owned(),
                }),
                ("handles", first) => {
                    let methods = std::iter::once(first).chain(fields).filter(|method| !method.is_empty());
                    metadata.handles = Some(methods.map(str::to_owned).collect());
                }
                ("intercepts", _) => metadata.intercepts = true,
                // A later SDK may say more.
                _ => {}
            }
        }
        (!metadata.name.is_empty()).then_some(metadata)
    }

    /// The settings in force: what was given, checked, and the defaults of all else.
    pub(crate) fn settings_from(
        &self,
        given: &[(String, String)],
    ) -> Result<BTreeMap<String, String>, String> {
        let mut settings: BTreeMap<String, String> = self
            .settings
            .iter()
            .filter(|setting| !setting.default.is_empty())
            .map(|setting| (setting.name.clone(), setting.default.clone()))
            .collect();
        for (key, value) in given {
            let Some(setting) = self.settings.iter().find(|setting| setting.name == *key) else {
                let names: Vec<&str> = self.settings.iter().map(|setting| setting.name.as_str()).collect();
                return Err(if names.is_empty() {
                    format!("it has no setting `{key}`, and no others")
                } else {
                    format!("it has no setting `{key}`; it has {}", names.join(", "))
                });
            };
            if let Some(problem) = setting.kind.problem_with(value) {
                return Err(format!("setting `{key}` cannot be `{value}`: {problem}"));
            }
            settings.insert(key.clone(), value.clone());
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name\tfake\nkind\tlayer\nsummary\tOne line\nsetting\tvcpus\tinteger\t8\tProcessors\n\
                        setting\tquirks\tone of none|nova\tnone\tWhich\nfuture\tunknown\n\
                        handles\tspawn\tdestroy\nintercepts\n";

    fn module_with(section: &str) -> Vec<u8> {
        let mut content = vec![u8::try_from(SECTION.len()).unwrap()];
        content.extend_from_slice(SECTION.as_bytes());
        content.extend_from_slice(section.as_bytes());
        let mut module = b"\0asm\x01\0\0\0\0".to_vec();
        let size = content.len();
        module.extend_from_slice(&[
            u8::try_from(size & 0x7f).unwrap() | 0x80,
            u8::try_from(size >> 7).unwrap(),
        ]);
        module.extend_from_slice(&content);
        module
    }

    #[test]
    fn metadata_is_read_from_a_module() {
        let metadata = Metadata::of(&module_with(TEXT)).unwrap();
        assert_eq!((metadata.name.as_str(), metadata.kind), ("fake", Kind::Layer));
        assert_eq!(metadata.settings.len(), 2);
        assert_eq!(metadata.handles.as_deref(), Some(&["spawn".to_owned(), "destroy".to_owned()][..]));
        assert!(metadata.intercepts);
        assert_eq!(metadata.settings[1].kind, SettingKind::OneOf(vec!["none".into(), "nova".into()]));
    }

    #[test]
    fn settings_are_checked_and_defaults_filled_in() {
        let metadata = Metadata::parse(TEXT).unwrap();
        let given = |key: &str, value: &str| metadata.settings_from(&[(key.to_owned(), value.to_owned())]);
        assert_eq!(given("quirks", "nova").unwrap()["vcpus"], "8");
        assert_eq!(given("vcpu", "1").unwrap_err(), "it has no setting `vcpu`; it has vcpus, quirks");
        assert_eq!(
            given("vcpus", "many").unwrap_err(),
            "setting `vcpus` cannot be `many`: it has to be a whole number"
        );
        assert_eq!(
            given("quirks", "x").unwrap_err(),
            "setting `quirks` cannot be `x`: it has to be one of none, nova"
        );
    }

    #[test]
    fn damaged_files_have_no_metadata() {
        let module = module_with(TEXT);
        for length in 0..module.len() - 1 {
            assert_eq!(Metadata::of(&module[..length]), None, "cut at {length}");
        }
    }
}
