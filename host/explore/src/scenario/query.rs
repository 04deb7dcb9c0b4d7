//! Invariants of a scenario's own: queries in the language of `jq` over the state of the cloud at the end.
//!
//! ```yaml
//! invariants:
//!   - name: servers_are_spread
//!     says: no host has more than one server
//!     holds: '[.servers[].host] | length == (unique | length)'
//! ```
//!
//! A query gets what [`Document`](crate::judging::Document) has of the state, and must answer `true`, as often as it answers: so
//! `.servers[] | .status == "ACTIVE"` is about each server. A text in its answers is taken for what is wrong:
//! `.servers[] | select(.task_state) | "\(.name) is still \(.task_state)"`. No answer at all is no complaint.
//!
//! Queries are run by `jaq`, which has neither files nor clocks nor the network here.

use crate::invariants;
use crate::names;
use crate::run::{ALIKE, RECOVERY};
use crate::search::EXPECTATIONS;
use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader, lex, parse};
use jaq_core::native::{self, bome};
use jaq_core::{Bind, Ctx, Filter, Vars, compile, load, unwrap_valr};
use jaq_json::{Val, read};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Letters a query may have. It is read by recursion.
const MOST_LETTERS: usize = 4_000;

/// Answers of one query that are told; whoever wants to say more says it in fewer words.
const MOST_ANSWERS: usize = 20;

/// An invariant of a scenario's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryInvariant {
    /// Its name: lower case letters, digits and underscores.
    pub name: QueryName,
    /// What must be true, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// What must be answered with `true`.
    pub holds: Query,
}

/// The name of an invariant: lower case letters, digits and underscores, a letter first, and none that the project has itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct QueryName(pub &'static str);

/// A query that was understood.
#[derive(Clone)]
pub struct Query {
    text: String,
    filter: Arc<Filter<JustLut<Val>>>,
}

/// A query that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no query: {problem}")]
pub struct NoQuery {
    /// What was written.
    pub text: String,
    /// What is wrong, and what was expected.
    pub problem: String,
}

/// What the library defines in its own language.
fn definitions() -> impl Iterator<Item = parse::Def<&'static str>> {
    jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs())
}

/// What it has beside: nothing that needs a clock, files, or an environment.
fn functions() -> impl Iterator<Item = native::Fun<JustLut<Val>>> {
    jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs())
}

/// What its definitions call that is not among those, by name and number of arguments: to call it is an error.
static NOT_OFFERED: LazyLock<Vec<(&'static str, usize)>> = LazyLock::new(|| {
    let (loader, arena) = (Loader::new(definitions()), Arena::default());
    let Ok(modules) = loader.load(&arena, File { code: ".", path: () }) else { return Vec::new() };
    let compiled = jaq_core::Compiler::default().with_funs(functions()).compile(modules);
    let Err(errors) = compiled else { return Vec::new() };
    let missing = errors.iter().flat_map(|(_, errors)| errors).filter_map(|(name, what)| match what {
        compile::Undefined::Filter(arguments) => Some((names::constant(name), *arguments)),
        _ => None,
    });
    missing.collect::<BTreeSet<_>>().into_iter().collect()
});

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// [`NoQuery`].
    pub fn parse(text: &str) -> Result<Self, NoQuery> {
        let wrong = |problem: String| NoQuery { text: text.to_owned(), problem };
        if text.len() > MOST_LETTERS {
            return Err(wrong(format!("it has {} letters; it may have {MOST_LETTERS}", text.len())));
        }
        let (loader, arena) = (Loader::new(definitions()), Arena::default());
        let modules = loader.load(&arena, File { code: text, path: () });
        let modules = modules.map_err(|errors| wrong(not_read(text, &errors)))?;
        let functions = functions().chain(NOT_OFFERED.iter().map(|(name, arguments)| {
            let arguments = vec![Bind::Fun(()); *arguments].into_boxed_slice();
            native::run((*name, arguments, |_| {
                bome(Err(jaq_core::Error::str("it calls what is not offered here")))
            }))
        }));
        let compiled = jaq_core::Compiler::default().with_funs(functions).compile(modules);
        let filter = compiled.map_err(|errors| wrong(not_compiled(&errors)))?;
        Ok(Self { text: text.to_owned(), filter: Arc::new(filter) })
    }

    /// Asks it of a JSON document. What it answers that is not `true`, as sentences.
    pub(crate) fn complaints(&self, document: &str) -> Vec<String> {
        let document = match read::parse_single(document.as_bytes()) {
            Ok(document) => document,
            Err(error) => return vec![format!("the state of the cloud cannot be read: {error}")],
        };
        let context = Ctx::<JustLut<Val>>::new(&self.filter.lut, Vars::new([]));
        let mut complaints = Vec::new();
        for answer in self.filter.id.run((context, document)).map(unwrap_valr) {
            match answer {
                Ok(Val::Bool(true)) => continue,
                Ok(Val::TStr(text)) => complaints.push(String::from_utf8_lossy(&text).into_owned()),
                Ok(other) => {
                    complaints.push(format!("`{}` answers {other}; it should answer true", self.text))
                }
                // After an error there are no further answers.
                Err(error) => {
                    complaints.push(format!("`{}` cannot be answered: {error}", self.text));
                    break;
                }
            }
            if complaints.len() >= MOST_ANSWERS {
                break;
            }
        }
        complaints
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.text).finish()
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for QueryName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.chars().all(plain) {
            return Err(D::Error::custom(format!(
                "`{name}` cannot be an invariant's name: lower case letters, digits and `_` are expected, a letter first"
            )));
        }
        let taken = [EXPECTATIONS, RECOVERY, ALIKE].contains(&&*name);
        if taken || invariants::ALL.iter().any(|known| known.name == name) {
            return Err(D::Error::custom(format!(
                "`{name}` is an invariant that every cloud is held against; choose another name"
            )));
        }
        Ok(Self(names::constant(&name)))
    }
}

/// What is wrong with a text that cannot be read, at the first place where something is.
fn not_read(text: &str, errors: &load::Errors<&str, ()>) -> String {
    let first = errors.first().map(|(_, error)| error);
    let (expected, at) = match first {
        Some(load::Error::Lex(errors)) => match errors.first() {
            Some((expected, at)) => (expected_letters(expected), *at),
            None => ("a query".to_owned(), ""),
        },
        Some(load::Error::Parse(errors)) => match errors.first() {
            Some((expected, at)) => (expected_word(expected), *at),
            None => ("a query".to_owned(), ""),
        },
        Some(load::Error::Io(_)) => return "it names a module, and there are none".to_owned(),
        None => ("a query".to_owned(), ""),
    };
    format!("{expected} is expected {}", place(text, at))
}

fn expected_letters(expected: &lex::Expect<&str>) -> String {
    match expected {
        lex::Expect::Delim(open) => format!("what closes `{open}`"),
        other => format!("a {}", other.as_str()),
    }
}

fn expected_word(expected: &parse::Expect<&str>) -> String {
    match expected {
        parse::Expect::Just(word) => format!("`{word}`"),
        parse::Expect::Nothing => "the end".to_owned(),
        other => format!("a {}", other.as_str()),
    }
}

/// Where a part of a text stands.
fn place(text: &str, at: &str) -> String {
    if at.is_empty() {
        return "at its end".to_owned();
    }
    let shown: String = at.chars().take(20).collect();
    let before = text.get(..load::span(text, at).start).unwrap_or_default();
    format!("at letter {}, before `{shown}`", before.chars().count() + 1)
}

fn not_compiled(errors: &compile::Errors<&str, ()>) -> String {
    let undefined = errors.iter().flat_map(|(_, errors)| errors).map(|(name, what)| match what {
        compile::Undefined::Filter(arguments) => format!("no filter `{name}` with {arguments} arguments"),
        other => format!("no {} `{name}`", other.as_str()),
    });
    let undefined: Vec<String> = undefined.collect();
    format!("there is {}", undefined.join(", and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = r#"{"servers": [{"name": "a", "host": "host1"}, {"name": "b", "host": "host1"}]}"#;

    fn complaints(query: &str) -> Vec<String> {
        Query::parse(query).unwrap().complaints(STATE)
    }

    #[test]
    fn a_query_complains_unless_every_answer_is_true() {
        assert_eq!(complaints(".servers | length == 2"), [""; 0]);
        assert_eq!(complaints(".servers[] | .host == \"host1\""), [""; 0]);
        assert_eq!(complaints("empty"), [""; 0]);
        let query = "[.servers[].host] | length == (unique | length)";
        assert_eq!(complaints(query), [format!("`{query}` answers false; it should answer true")]);
        assert_eq!(
            complaints(".servers[].hots"),
            ["`.servers[].hots` answers null; it should answer true"; 2]
        );
        assert_eq!(
            complaints(".servers[] | \"\\(.name) is on \\(.host)\""),
            ["a is on host1", "b is on host1"]
        );
        let broken = complaints(".servers.name");
        assert!(broken[0].starts_with("`.servers.name` cannot be answered: "), "{broken:?}");
        assert_eq!(complaints("range(1000)").len(), MOST_ANSWERS);
    }

    #[test]
    fn what_is_no_query_is_told_with_its_place_and_what_was_expected() {
        let problem = |text: &str| Query::parse(text).unwrap_err().problem;
        assert_eq!(problem(".servers["), "what closes `[` is expected at its end");
        assert_eq!(problem("1 +"), "a term is expected at its end");
        assert_eq!(problem("lenght == 1"), "there is no filter `lenght` with 0 arguments");
        assert_eq!(problem("$x"), "there is no variable `$x`");
        assert!(problem(&"(".repeat(5_000)).starts_with("it has 5000 letters"));
    }
}
