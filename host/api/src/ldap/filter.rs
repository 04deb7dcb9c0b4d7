//! Filters of searches (RFC 4511, 4.5.1.7). Values compare whatever the case of their letters, as names and descriptions do.

use super::ber;
use super::message::Entry;
use lber::common::TagClass;
use lber::structure::StructureTag;

/// Which entries are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// The attribute has this value; also what is asked of approximate matches.
    Equal(String, String),
    /// The attribute has a value with this beginning, these parts in this order, and this end.
    Parts(String, Option<String>, Vec<String>, Option<String>),
    /// The attribute has a value that does not come before this one.
    AtLeast(String, String),
    /// The attribute has a value that does not come after this one.
    AtMost(String, String),
    Present(String),
    /// What is not known here, and so true of nothing, nor false.
    Undefined,
}

impl Filter {
    /// Reads one. None when it is none.
    pub(super) fn read(tag: StructureTag) -> Option<Self> {
        if tag.class != TagClass::Context {
            return None;
        }
        let all = |tag| ber::parts(tag)?.into_iter().map(Self::read).collect::<Option<Vec<_>>>();
        match tag.id {
            0 => Some(Self::And(all(tag)?)),
            1 => Some(Self::Or(all(tag)?)),
            2 => {
                let [inner] = <[StructureTag; 1]>::try_from(ber::parts(tag)?).ok()?;
                Some(Self::Not(Box::new(Self::read(inner)?)))
            }
            3 | 8 => pair(tag).map(|(attribute, value)| Self::Equal(attribute, value)),
            4 => parts(tag),
            5 => pair(tag).map(|(attribute, value)| Self::AtLeast(attribute, value)),
            6 => pair(tag).map(|(attribute, value)| Self::AtMost(attribute, value)),
            7 => Some(Self::Present(ber::text(tag)?.to_lowercase())),
            9 => Some(Self::Undefined),
            _ => None,
        }
    }

    /// Whether an entry is wanted.
    pub(crate) fn matches(&self, entry: &Entry) -> bool {
        self.truth(entry) == Some(true)
    }

    /// None for what cannot be told.
    fn truth(&self, entry: &Entry) -> Option<bool> {
        let any = |attribute: &str, fits: &dyn Fn(&str) -> bool| {
            // Nothing is known of an attribute that the entry does not have, but that no value of it fits.
            Some(entry.values(attribute).iter().any(|value| fits(&value.to_lowercase())))
        };
        match self {
            Self::And(all) => {
                let truths: Vec<_> = all.iter().map(|one| one.truth(entry)).collect();
                if truths.contains(&Some(false)) {
                    Some(false)
                } else {
                    truths.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
                }
            }
            Self::Or(all) => {
                let truths: Vec<_> = all.iter().map(|one| one.truth(entry)).collect();
                if truths.contains(&Some(true)) {
                    Some(true)
                } else {
                    truths.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
                }
            }
            Self::Not(inner) => inner.truth(entry).map(|truth| !truth),
            Self::Equal(attribute, value) => any(attribute, &|known| known == value.to_lowercase()),
            Self::AtLeast(attribute, value) => {
                any(attribute, &|known| known >= value.to_lowercase().as_str())
            }
            Self::AtMost(attribute, value) => any(attribute, &|known| known <= value.to_lowercase().as_str()),
            Self::Present(attribute) => Some(!entry.values(attribute).is_empty()),
            Self::Parts(attribute, first, middle, last) => {
                any(attribute, &|known| has_parts(known, first.as_deref(), middle, last.as_deref()))
            }
            Self::Undefined => None,
        }
    }
}

fn has_parts(known: &str, first: Option<&str>, middle: &[String], last: Option<&str>) -> bool {
    let lower = |text: &str| text.to_lowercase();
    let Some(mut rest) = known.strip_prefix(lower(first.unwrap_or("")).as_str()) else { return false };
    for part in middle {
        let part = lower(part);
        let Some(at) = rest.find(&part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or("");
    }
    rest.ends_with(lower(last.unwrap_or("")).as_str())
}

/// An attribute and a value.
fn pair(tag: StructureTag) -> Option<(String, String)> {
    let [attribute, value] = <[StructureTag; 2]>::try_from(ber::parts(tag)?).ok()?;
    Some((ber::text(attribute)?.to_lowercase(), ber::text(value)?))
}

fn parts(tag: StructureTag) -> Option<Filter> {
    let [attribute, parts] = <[StructureTag; 2]>::try_from(ber::parts(tag)?).ok()?;
    let (mut first, mut middle, mut last) = (None, Vec::new(), None);
    for part in ber::parts(parts)? {
        let (id, text) = (part.id, ber::text(part)?);
        match id {
            0 if first.is_none() && middle.is_empty() => first = Some(text),
            1 if last.is_none() => middle.push(text),
            2 if last.is_none() => last = Some(text),
            _ => return None,
        }
    }
    Some(Filter::Parts(ber::text(attribute)?.to_lowercase(), first, middle, last))
}

#[cfg(test)]
mod tests {
    use super::Filter as F;
    use crate::ldap::message::Entry;

    fn demo() -> Entry {
        let dn = "uid=demo,ou=users,dc=novarig".parse().expect("a name");
        Entry::new(dn).with("uid", ["Demo"]).with("mail", ["a@example.org", "b@example.org"])
    }

    fn parts(first: Option<&str>, middle: &[&str], last: Option<&str>) -> F {
        let own = |text: Option<&str>| text.map(str::to_owned);
        F::Parts("mail".into(), own(first), middle.iter().map(|part| (*part).to_owned()).collect(), own(last))
    }

    #[test]
    fn values_compare_whatever_their_case_and_by_their_parts() {
        let fits = |filter: F| filter.matches(&demo());
        assert!(fits(F::Equal("uid".into(), "dEMO".into())) && !fits(F::Equal("uid".into(), "dem".into())));
        assert!(fits(F::Equal("mail".into(), "b@example.org".into())));
        assert!(fits(F::Present("mail".into())) && !fits(F::Present("sn".into())));
        assert!(fits(parts(Some("A@"), &["amp"], Some(".org"))) && fits(parts(None, &["exam", "le"], None)));
        assert!(!fits(parts(None, &["le", "exam"], None)) && !fits(parts(Some("c"), &[], None)));
        assert!(!fits(parts(Some("a@example.org"), &[], Some("org"))), "the parts must not overlap");
        assert!(fits(F::AtLeast("uid".into(), "demo".into())) && !fits(F::AtLeast("uid".into(), "e".into())));
        assert!(fits(F::AtMost("uid".into(), "e".into())) && !fits(F::AtMost("uid".into(), "d".into())));
    }

    #[test]
    fn filters_combine_and_what_is_unknown_is_neither_true_nor_false() {
        let (yes, no) = (F::Present("uid".into()), F::Present("sn".into()));
        let fits = |filter: F| filter.matches(&demo());
        assert!(fits(F::And(vec![])) && !fits(F::Or(vec![])));
        assert!(fits(F::And(vec![yes.clone(), F::Not(Box::new(no.clone()))])));
        assert!(!fits(F::And(vec![yes.clone(), no.clone()])) && fits(F::Or(vec![no.clone(), yes.clone()])));
        assert!(!fits(F::Undefined) && !fits(F::Not(Box::new(F::Undefined))));
        assert!(fits(F::Or(vec![F::Undefined, yes.clone()])) && !fits(F::And(vec![F::Undefined, yes])));
        assert!(fits(F::Not(Box::new(F::And(vec![F::Undefined, no])))));
    }
}
