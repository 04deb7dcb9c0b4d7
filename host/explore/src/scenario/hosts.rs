//! The compute hosts of a scenario: each with its stack, in the order in which they are started.

use model::HostName;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use virt::{Source, Stack};

/// Hosts and their stacks; no host twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hosts(Vec<(HostName, Stack)>);

impl Hosts {
    /// Each host with its stack, in the order in which they are started.
    pub fn iter(&self) -> impl Iterator<Item = (&HostName, &Stack)> {
        self.0.iter().map(|(host, stack)| (host, stack))
    }

    /// Whether there is such a host.
    pub fn contains(&self, host: &HostName) -> bool {
        self.iter().any(|(name, _)| name == host)
    }

    /// The names, as a person reads them.
    pub fn names(&self) -> String {
        self.iter().map(|(host, _)| host.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Gives a host this stack; a host that is not there yet is added as the last.
    pub fn set(&mut self, host: HostName, stack: Stack) {
        match self.0.iter_mut().find(|(name, _)| *name == host) {
            Some(entry) => entry.1 = stack,
            None => self.0.push((host, stack)),
        }
    }

    /// Gives every host this stack.
    pub fn set_all(&mut self, stack: &Stack) {
        self.0.iter_mut().for_each(|(_, each)| *each = stack.clone());
    }

    /// Leaves a host out.
    pub(crate) fn remove(&mut self, host: &HostName) {
        self.0.retain(|(each, _)| each != host);
    }

    /// The stacks, to be changed.
    pub(super) fn stacks_mut(&mut self) -> impl Iterator<Item = &mut Stack> {
        self.0.iter_mut().map(|(_, stack)| stack)
    }
}

/// Reads the relative paths in a stack as relative to `folder`.
pub(super) fn resolve_paths(stack: &mut Stack, folder: &Path) {
    for component in &mut stack.components {
        if let Source::Path(path) = &mut component.source {
            *path = folder.join(&*path);
        }
    }
}

/// Reads a stack; what is wrong with it is told on one line, for which the error's own form, which draws an arrow, has no room.
fn read_stack(text: &str) -> Result<Stack, String> {
    Stack::from_str(text).map_err(|error| {
        let before = error.text.get(..error.at).unwrap_or_default();
        format!("wrong after `{before}`: {}", error.problem)
    })
}

/// A stack as a value of its own.
pub(super) mod stack_text {
    use super::{Deserialize, Deserializer, Error, Serializer, Stack, read_stack};

    pub(crate) fn serialize<S: Serializer>(stack: &Stack, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(stack)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stack, D::Error> {
        let text = String::deserialize(deserializer)?;
        read_stack(&text).map_err(|problem| D::Error::custom(format!("the stack is {problem}")))
    }
}

/// A name a host can have: it stands in messages, fault points and stacks.
pub(crate) fn host_name(text: &str) -> Result<HostName, String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.is_empty() && text != "none" && text.chars().all(valid) {
        return Ok(HostName::from(text));
    }
    Err(format!("`{text}` is no host's name: letters, digits, `-`, `_` and `.` are expected"))
}

/// Text that is no host with its stack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{problem}; a host with its stack is written `NAME=STACK`, for instance `host2=fake+fail-finish-migration`"
)]
pub struct NoHostStack {
    /// What is wrong.
    pub problem: String,
}

impl Hosts {
    /// Reads `NAME=STACK`.
    pub fn parse_entry(text: &str) -> Result<(HostName, Stack), NoHostStack> {
        let no = |problem: String| NoHostStack { problem };
        let (name, stack) = text.split_once('=').ok_or_else(|| no(format!("`{text}` has no `=`")))?;
        let host = host_name(name).map_err(no)?;
        let stack = Stack::from_str(stack).map_err(|error| no(format!("the stack is wrong:\n{error}\n")))?;
        Ok((host, stack))
    }
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HostsVisitor;

        impl<'de> Visitor<'de> for HostsVisitor {
            type Value = Hosts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "hosts with their stacks, such as {host1: fake, host2: fake+fail-finish-migration}",
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hosts, A::Error> {
                let mut hosts = Vec::new();
                while let Some((name, stack)) = map.next_entry::<String, String>()? {
                    let stack = read_stack(&stack)
                        .map_err(|problem| A::Error::custom(format!("the stack of {name} is {problem}")))?;
                    hosts.push((host_name(&name).map_err(A::Error::custom)?, stack));
                }
                if hosts.is_empty() {
                    return Err(A::Error::custom(
                        "a cloud needs a host: expected at least one, such as {host1: fake}",
                    ));
                }
                Ok(Hosts(hosts))
            }
        }

        deserializer.deserialize_map(HostsVisitor)
    }
}

impl Serialize for Hosts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(host, stack)| (host, stack.to_string())))
    }
}
