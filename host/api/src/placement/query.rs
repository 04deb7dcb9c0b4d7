//! Query strings, and the little languages inside their values (`placement/util.py`).

use super::call::lenient_uuid;
use super::refusal::Refusal;
use super::version::Version;
use model::{AggregateId, ProviderId, ResourceAmounts, ResourceClass};
use percent_encoding::percent_decode_str;
use placement::TraitName;
use serde_json::Value;
use std::collections::BTreeSet;

/// The keys and values of a query string, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string; what is not UTF-8 is refused.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let decode = |part: &str| {
            let spaced = part.replace('+', " ");
            percent_decode_str(&spaced).decode_utf8().map(|text| text.into_owned()).map_err(|_| {
                Refusal::bad_request("Invalid query string parameters: a parameter is not encoded as UTF-8")
            })
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(key)?, decode(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// All values of a key, in order.
    pub(crate) fn all<'q>(&'q self, key: &str) -> impl DoubleEndedIterator<Item = &'q str> {
        self.0.iter().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// The last value of a key, which is the one that counts for most keys.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.all(key).next_back()
    }

    /// The first value of a key.
    pub(crate) fn first(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// As an object, to be checked against a schema.
    pub(crate) fn as_object(&self) -> Value {
        self.0.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect()
    }
}

/// Amounts by class: `VCPU:2,MEMORY_MB:1024`.
pub(crate) fn resources(text: &str) -> Result<ResourceAmounts, Refusal> {
    let form = "Badly formed resources parameter. Expected resources query string parameter in form: \
                ?resources=VCPU:2,MEMORY_MB:1024.";
    if text.trim().is_empty() {
        return Err(Refusal::bad_request(format!("{form} Got: empty string.")));
    }
    let mut amounts = ResourceAmounts::new();
    for pair in text.split(',') {
        let Some((class, amount)) = pair.split_once(':').filter(|(_, amount)| !amount.contains(':')) else {
            return Err(Refusal::bad_request(format!("{form} Got: {pair}.")));
        };
        let Some(number) = whole_number(amount) else {
            return Err(Refusal::bad_request(format!(
                "Requested resource {class} expected positive integer amount. Got: {amount}."
            )));
        };
        if number < 1 {
            return Err(Refusal::bad_request(format!(
                "Requested resource {class} requires amount >= 1. Got: {number}."
            )));
        }
        amounts.insert(ResourceClass::new(class), u64::try_from(number).unwrap_or(u64::MAX));
    }
    Ok(amounts)
}

/// A whole number of any size; what is beyond the range becomes its end.
fn whole_number(text: &str) -> Option<i128> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i128::MIN } else { i128::MAX }))
}

/// Which traits are wanted and which are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TraitTerms {
    /// At least one of each of these sets.
    pub(crate) required: Vec<BTreeSet<TraitName>>,
    /// None of these.
    pub(crate) forbidden: BTreeSet<TraitName>,
}

/// All `required` values of one group. Until 1.38 only the last counts.
pub(crate) fn trait_terms(query: &Query, key: &str, version: Version) -> Result<TraitTerms, Refusal> {
    let skipped = if version.since(39) { 0 } else { query.all(key).count().saturating_sub(1) };
    let mut terms = TraitTerms::default();
    for value in query.all(key).skip(skipped) {
        let more = trait_term(value, version.since(22), version.since(39))?;
        terms.required.extend(more.required);
        terms.forbidden.extend(more.forbidden);
    }
    Ok(terms)
}

/// One `required` value: `A,!B`, or `in:A,B`.
pub(crate) fn trait_term(value: &str, may_forbid: bool, may_choose: bool) -> Result<TraitTerms, Refusal> {
    let refuse = |what: String| Err(Refusal::bad_request(format!("Invalid query string parameters: {what}")));
    let choice_form = "in:HW_CPU_X86_VMX,CUSTOM_MAGIC";
    if let Some(choices) = value.strip_prefix("in:") {
        if !may_choose {
            return refuse(format!(
                "The format '{choice_form}' only supported since microversion 1.39. Got: {value}"
            ));
        }
        let choices: BTreeSet<&str> = choices.split(',').map(str::trim).collect();
        if choices.contains("") {
            return refuse(format!(
                "Expected 'required' parameter value of the form: {choice_form}. Got an empty trait in: {value}"
            ));
        }
        if choices.iter().any(|name| name.starts_with('!')) {
            return refuse(format!(
                "The format '{choice_form}' does not support forbidden traits. Got: {value}"
            ));
        }
        let choices = choices.into_iter().map(TraitName::from).collect();
        return Ok(TraitTerms { required: vec![choices], forbidden: BTreeSet::new() });
    }
    let form = if may_forbid { "HW_CPU_X86_VMX,!CUSTOM_MAGIC" } else { "HW_CPU_X86_VMX,CUSTOM_MAGIC" };
    let mut terms = TraitTerms::default();
    for name in value.split(',').map(str::trim) {
        // Any number of exclamation marks is one.
        let bare = name.trim_start_matches('!');
        if bare.is_empty() {
            return refuse(format!(
                "Expected 'required' parameter value of the form: {form}. Got an empty trait in: {value}"
            ));
        }
        if bare.len() == name.len() {
            terms.required.push([TraitName::from(name)].into());
        } else {
            terms.forbidden.insert(TraitName::from(bare));
        }
    }
    if !terms.forbidden.is_empty() && !may_forbid {
        return refuse(format!("Expected 'required' parameter value of the form: {form}. Got: {value}"));
    }
    Ok(terms)
}

/// Which aggregates a provider must be in, and which not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AggregateTerms {
    /// At least one of each of these sets.
    pub(crate) member_of: Vec<BTreeSet<AggregateId>>,
    /// None of these.
    pub(crate) not_member_of: BTreeSet<AggregateId>,
}

/// All `member_of` values of the group with this suffix.
pub(crate) fn aggregate_terms(
    query: &Query,
    suffix: &str,
    version: Version,
) -> Result<AggregateTerms, Refusal> {
    let key = format!("member_of{suffix}");
    if !version.since(24) && query.all(&key).count() > 1 {
        return Err(Refusal::bad_request(format!("Multiple {key} parameters are not supported")));
    }
    let mut terms = AggregateTerms::default();
    for value in query.all(&key) {
        let (wanted, ids) = aggregate_term(value)?;
        if wanted {
            terms.member_of.push(ids);
        } else if version.since(32) {
            terms.not_member_of.extend(ids);
        } else {
            return Err(Refusal::bad_request(format!(
                "Forbidden {key} parameters are not supported in the specified microversion"
            )));
        }
    }
    Ok(terms)
}

/// One `member_of` value: whether membership is wanted, and of which aggregates.
fn aggregate_term(value: &str) -> Result<(bool, BTreeSet<AggregateId>), Refusal> {
    let bare = value.strip_prefix('!').unwrap_or(value);
    if value.contains(',') && !bare.starts_with("in:") {
        return Err(Refusal::bad_request(format!(
            "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword using the valid \
             microversion. Got: {value}"
        )));
    }
    let listed = bare.strip_prefix("in:").unwrap_or(bare);
    let ids = listed.split(',').map(|text| {
        lenient_uuid(text).map(AggregateId).ok_or_else(|| {
            Refusal::bad_request(format!(
                "Invalid query string parameters: Expected 'member_of' parameter to contain valid UUID(s). Got: {text}"
            ))
        })
    });
    Ok((bare.len() == value.len(), ids.collect::<Result<_, _>>()?))
}

/// An `in_tree` value.
pub(crate) fn in_tree(value: &str) -> Result<ProviderId, Refusal> {
    lenient_uuid(value.trim()).map(ProviderId).ok_or_else(|| {
        Refusal::bad_request(format!(
            "Invalid query string parameters: Expected 'in_tree' parameter to be a format of uuid. Got: {value}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::{Query, aggregate_terms, resources, trait_term, whole_number};
    use crate::placement::version::Version;

    #[test]
    fn a_query_is_decoded_and_its_last_value_counts() {
        let query = Query::parse("a=1&b=x%2Cy+z&a=2&&c").expect("it is UTF-8");
        assert_eq!(
            (query.get("a"), query.get("b"), query.get("c"), query.get("d")),
            (Some("2"), Some("x,y z"), Some(""), None)
        );
        assert!(Query::parse("a=%ff").is_err());
    }

    #[test]
    fn amounts_are_whole_and_positive() {
        assert_eq!(resources("VCPU:2,DISK_GB:10").expect("well formed").len(), 2);
        assert_eq!(
            resources("VCPU:99999999999999999999999").expect("merely large").values().next(),
            Some(&u64::MAX)
        );
        for bad in ["", " ", "VCPU", "VCPU:", "VCPU:a", "VCPU:0", "VCPU:-1", "VCPU:1:2", "VCPU:1,"] {
            assert!(resources(bad).is_err(), "{bad:?}");
        }
        assert_eq!(whole_number("-3"), Some(-3));
    }

    #[test]
    fn trait_terms_are_required_forbidden_or_a_choice() {
        let terms = trait_term("A, !B,!!C", true, true).expect("well formed");
        assert_eq!((terms.required.len(), terms.forbidden.len()), (1, 2));
        assert_eq!(trait_term("in:A,B", true, true).expect("well formed").required[0].len(), 2);
        for (bad, forbid, choose) in [
            ("", true, true),
            ("A,,B", true, true),
            ("!", true, true),
            ("!A", false, false),
            ("in:A", true, false),
            ("in:A,!B", true, true),
            ("in:", true, true),
        ] {
            assert!(trait_term(bad, forbid, choose).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn aggregate_terms_depend_on_the_microversion() {
        let id = "d67370b5-4dc0-470d-a4fa-85e8e89abc6c";
        let query = Query::parse(&format!("member_of={id}&member_of=!in:{id},{id}")).expect("it is UTF-8");
        let terms = aggregate_terms(&query, "", Version::MAX).expect("well formed");
        assert_eq!((terms.member_of.len(), terms.not_member_of.len()), (1, 1));
        assert!(aggregate_terms(&query, "", Version::MIN).is_err());
        let bad = Query::parse(&format!("member_of={id},{id}")).expect("it is UTF-8");
        assert!(aggregate_terms(&bad, "", Version::MAX).is_err());
    }
}
