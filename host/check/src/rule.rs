//! A rule, and how it is tried.

use crate::bench::Bench;
use crate::report::{Checked, Part, Verdict};
use crate::subject::Subject;
use runtime::simulation::{SimulationError, simulate};
use std::future::Future;
use std::pin::Pin;
use virt::types::{Capability, VirtError};
use virt::{Method, nova_error};

/// A sentence of the contract that can be broken.
pub(crate) struct Rule {
    /// What it is called, in words with `_` between them.
    pub(crate) name: &'static str,
    /// The sentence.
    pub(crate) says: &'static str,
    /// The methods it is about.
    pub(crate) methods: &'static [Method],
    /// What has to be so for the rule to apply.
    pub(crate) when: When,
    /// Tries it.
    pub(crate) attempt: Attempt,
}

/// What has to be so for a rule to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Nothing.
    Always,
    /// The driver has the capability.
    Can(Capability),
    /// It is not Nova's fake driver to the letter, which breaks this rule.
    NotNovasFake,
    /// There is a layer in the stack.
    Layered,
}

/// Tries a rule in a world of its own.
pub(crate) type Attempt = for<'a> fn(&'a Bench<'a>) -> Pin<Box<dyn Future<Output = Result<(), Stop>> + 'a>>;

/// Why an attempt ended before its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stop {
    /// The rule is broken.
    Broken {
        /// What was expected.
        expected: String,
        /// What came instead.
        found: String,
    },
    /// A call broke the driver, or was not answered.
    Fell {
        /// The method.
        method: &'static str,
        /// What came instead of an answer.
        found: String,
    },
    /// A call that the attempt needs raised an exception.
    Raised {
        /// The method.
        method: &'static str,
        /// The exception.
        error: VirtError,
    },
}

/// Without these a driver is none.
const INDISPENSABLE: &[&str] = &[
    "init_host",
    "get_available_nodes",
    "get_available_resource",
    "update_provider_tree",
    "get_info",
    "list_instances",
    "spawn",
    "destroy",
];

impl Rule {
    /// Tries it with a stack.
    pub(crate) fn apply(&self, subject: &Subject) -> Result<Checked, SimulationError> {
        let mut fell_in = None;
        let verdict = match self.applies_to(subject) {
            Err(reason) => Verdict::NotApplicable { reason },
            Ok(()) => {
                let outcome = simulate(|| async {
                    let bench = Bench::new(subject);
                    (self.attempt)(&bench).await
                })?;
                if let Err(Stop::Fell { method, .. }) = outcome {
                    fell_in = Some(method.to_owned());
                }
                verdict(outcome, subject)
            }
        };
        Ok(Checked {
            part: Part::Rule,
            name: self.name.to_owned(),
            says: self.says.trim().to_owned(),
            methods: self.methods.iter().map(|method| method.name().to_owned()).collect(),
            verdict,
            fell_in,
        })
    }

    /// The error is why it does not apply.
    fn applies_to(&self, subject: &Subject) -> Result<(), String> {
        if let Some(missing) = self.methods.iter().find(|method| !subject.prepared.offers(**method)) {
            return Err(format!("{missing} is optional and not offered"));
        }
        match self.when {
            When::Can(capability) if !subject.can(capability) => {
                Err(format!("it does not have the capability {}", capability_name(capability)))
            }
            When::NotNovasFake if subject.is_novas_fake() => {
                Err("quirks=nova: Nova's own fake driver does not do this".to_owned())
            }
            When::Layered if !subject.is_layered() => Err("there is no layer in the stack".to_owned()),
            _ => Ok(()),
        }
    }
}

/// A capability as Nova writes it, `supports_attach_interface`.
pub fn capability_name(capability: Capability) -> String {
    let mut text = String::new();
    for letter in format!("{capability:?}").rsplit("::").next().unwrap_or_default().chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn verdict(outcome: Result<(), Stop>, subject: &Subject) -> Verdict {
    match outcome {
        Ok(()) => Verdict::Ok,
        Err(Stop::Broken { expected, found }) => Verdict::Broken { expected, found },
        Err(Stop::Fell { method, found }) => Verdict::Broken { expected: format!("{method} answers"), found },
        Err(Stop::Raised { method, error }) => {
            let raised = show(method, &error);
            let missing = error == VirtError::NotImplemented;
            if missing && !INDISPENSABLE.contains(&method) {
                return Verdict::NotApplicable { reason: format!("{method} is not offered") };
            }
            if subject.is_layered() {
                return Verdict::NotApplicable {
                    reason: format!("{raised}, which a layer may be meant to do"),
                };
            }
            Verdict::Broken { expected: format!("{method} does its work"), found: raised }
        }
    }
}

/// `spawn raised BuildAbortException: …`
pub(crate) fn show(method: &str, error: &VirtError) -> String {
    let error = nova_error(error);
    match error.message.as_str() {
        "" => format!("{method} raised {}", error.class.name()),
        message => format!("{method} raised {}: {message}", error.class.name()),
    }
}

/// Writes rules: the documentation is what a rule says, then come its name, the methods it is about, and how it is tried.
///
/// ```text
/// rules! {
///     /// What must be true.
///     its_name(bench) for Spawn, GetInfo { … }
///     /// What must be true.
///     another(bench) for Pause if NotNovasFake { … }
/// }
/// ```
macro_rules! rules {
    ($(
        $(#[doc = $says:literal])+
        $name:ident($bench:ident) for $($method:ident),+ $(if $when:ident $(($can:ident))?)? { $($body:tt)* }
    )*) => {
        /// The rules of this subject.
        pub(crate) const RULES: &[$crate::rule::Rule] = &[$($crate::rule::Rule {
            name: stringify!($name),
            says: concat!($($says),+),
            methods: &[$(virt::Method::$method),+],
            when: rules!(@when $($when $($can)?)?),
            attempt: |$bench| Box::pin(async move { $($body)* Ok(()) }),
        },)*];
    };
    (@when) => { $crate::rule::When::Always };
    (@when Can $capability:ident) => { $crate::rule::When::Can(virt::types::Capability::$capability) };
    (@when $when:ident) => { $crate::rule::When::$when };
}
pub(crate) use rules;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_is_spelled_as_nova_does() {
        assert_eq!(capability_name(Capability::SupportsAttachInterface), "supports_attach_interface");
    }
}
