//! What a query for allocation candidates asks for (`placement/lib.py`).

use crate::placement::query::{self, Query, aggregate_terms, in_tree, trait_term, trait_terms};
use crate::placement::refusal::Refusal;
use crate::placement::version::Version;
use placement::{CandidatesRequest, GroupPolicy, RequestGroup};
use std::collections::BTreeSet;

/// The first microversion in which a group may ask for no resources, if it is tied to others by `same_subtree`.
const SAME_SUBTREE: u32 = 36;

const BAD_VALUE: &str = "placement.query.bad_value";

/// The request that a query which has passed its schema makes.
pub(super) fn parse(query: &Query, version: Version) -> Result<CandidatesRequest, Refusal> {
    let mut request = CandidatesRequest {
        limit: query.first("limit").map(|text| text.parse().unwrap_or(usize::MAX)),
        nested_aware: version.since(29),
        same_subtree: query.all("same_subtree").map(subtree).collect::<Result<_, _>>()?,
        ..CandidatesRequest::default()
    };
    root_traits(query, &mut request)?;
    request.groups = groups(query, version)?;
    if version.since(SAME_SUBTREE) {
        check_resourceless(&request)?;
    } else {
        check_orphans(&request.groups)?;
    }
    if version.since(22) {
        check_conflicts(&request.groups)?;
    }
    request.group_policy = match query.first("group_policy") {
        Some("isolate") => GroupPolicy::Isolate,
        Some(_) => GroupPolicy::None,
        None if request.groups.iter().filter(|group| !group.suffix.is_empty()).count() > 1 => {
            return Err(Refusal::bad_request(
                "The \"group_policy\" parameter is required when specifying more than one \"resources{N}\" parameter.",
            ));
        }
        None => GroupPolicy::None,
    };
    Ok(request)
}

fn subtree(value: &str) -> Result<BTreeSet<String>, Refusal> {
    let suffixes: BTreeSet<String> = value.split(',').map(|suffix| suffix.trim().to_string()).collect();
    if suffixes.contains("") {
        let message = "Empty string (unsuffixed group) can not be specified in `same_subtree` ";
        return Err(Refusal::bad_request(message).with_code(BAD_VALUE));
    }
    Ok(suffixes)
}

fn root_traits(query: &Query, request: &mut CandidatesRequest) -> Result<(), Refusal> {
    let Some(value) = query.get("root_required") else { return Ok(()) };
    if query.all("root_required").count() > 1 {
        let message = "Query parameter 'root_required' may be specified only once.";
        return Err(Refusal::bad_request(message).with_code("placement.query.duplicate_key"));
    }
    let terms = trait_term(value, true, false)?;
    request.root_required = terms.required.into_iter().flatten().collect();
    request.root_forbidden = terms.forbidden;
    let both: Vec<&str> =
        request.root_required.intersection(&request.root_forbidden).map(|t| t.as_str()).collect();
    if both.is_empty() {
        return Ok(());
    }
    let message =
        format!("Conflicting required and forbidden traits found in root_required: {}", both.join(", "));
    Err(Refusal::bad_request(message).with_code(BAD_VALUE))
}

/// The groups in the order in which the query first names them.
fn groups(query: &Query, version: Version) -> Result<Vec<RequestGroup>, Refusal> {
    let mut groups: Vec<RequestGroup> = Vec::new();
    for (key, value) in query.pairs() {
        let kinds = ["resources", "required", "member_of", "in_tree"];
        let Some((kind, suffix)) = kinds.iter().find_map(|kind| Some((*kind, key.strip_prefix(kind)?)))
        else {
            continue;
        };
        let place = groups.iter().position(|group| group.suffix == suffix).unwrap_or_else(|| {
            groups.push(RequestGroup { suffix: suffix.to_string(), ..RequestGroup::default() });
            groups.len() - 1
        });
        let group = &mut groups[place];
        match kind {
            "resources" => group.resources = query::resources(value)?,
            "required" => {
                let terms = trait_terms(query, key, version)?;
                (group.required, group.forbidden) = (terms.required, terms.forbidden);
            }
            "member_of" => {
                let terms = aggregate_terms(query, suffix, version)?;
                (group.member_of, group.not_member_of) = (terms.member_of, terms.not_member_of);
            }
            _ => group.in_tree = Some(in_tree(value)?),
        }
    }
    Ok(groups)
}

fn check_resourceless(request: &CandidatesRequest) -> Result<(), Refusal> {
    let without: Vec<&str> = request
        .groups
        .iter()
        .filter(|group| group.resources.is_empty())
        .map(|group| group.suffix.as_str())
        .collect();
    if without.len() == request.groups.len() {
        let message = "There must be at least one resources or resources[$S] parameter.";
        return Err(Refusal::bad_request(message).with_code("placement.query.missing_value"));
    }
    let tied: BTreeSet<&str> = request.same_subtree.iter().flatten().map(String::as_str).collect();
    let loose: Vec<&str> = without.into_iter().filter(|suffix| !tied.contains(suffix)).collect();
    if !loose.is_empty() {
        let message = format!(
            "Resourceless suffixed group request should be specified in `same_subtree` query param: bad group(s) - {loose:?}."
        );
        return Err(Refusal::bad_request(message).with_code(BAD_VALUE));
    }
    let known: Vec<&str> = request.groups.iter().map(|group| group.suffix.as_str()).collect();
    let unknown: Vec<&str> = tied.into_iter().filter(|suffix| !known.contains(suffix)).collect();
    if !unknown.is_empty() {
        let message = format!(
            "Real suffixes should be specified in `same_subtree`: {unknown:?} not found in {known:?}."
        );
        return Err(Refusal::bad_request(message).with_code(BAD_VALUE));
    }
    Ok(())
}

/// Until 1.35 every group asks for resources.
fn check_orphans(groups: &[RequestGroup]) -> Result<(), Refusal> {
    let orphans = |kind: &str, has: fn(&RequestGroup) -> bool| {
        let without = groups.iter().filter(|group| group.resources.is_empty() && has(group));
        without.map(|group| format!("{kind}{}", group.suffix)).collect::<Vec<_>>().join(", ")
    };
    let traits = orphans("required", |group| !group.required.is_empty());
    if !traits.is_empty() {
        return Err(Refusal::bad_request(format!(
            "All traits parameters must be associated with resources.  Found the following orphaned traits keys: {traits}"
        )));
    }
    let aggregates =
        orphans("member_of", |group| !group.member_of.is_empty() || !group.not_member_of.is_empty());
    if !aggregates.is_empty() {
        return Err(Refusal::bad_request(format!(
            "All member_of parameters must be associated with resources. Found the following orphaned member_of keys: {aggregates}"
        )));
    }
    if groups.iter().any(|group| group.resources.is_empty()) {
        return Err(Refusal::bad_request("All request groups must specify resources."));
    }
    if groups.is_empty() {
        return Err(Refusal::bad_request(
            "At least one request group (`resources` or `resources{$S}`) is required.",
        ));
    }
    Ok(())
}

/// No group may both want and not want a trait.
fn check_conflicts(groups: &[RequestGroup]) -> Result<(), Refusal> {
    let mut conflicts = Vec::new();
    for group in groups {
        for any in group.required.iter().filter(|any| any.is_subset(&group.forbidden)) {
            let names: Vec<&str> = any.iter().map(|name| name.as_str()).collect();
            conflicts.push(format!("required{}: ({})", group.suffix, names.join(", ")));
        }
    }
    if conflicts.is_empty() {
        return Ok(());
    }
    conflicts.sort();
    Err(Refusal::bad_request(format!(
        "Conflicting required and forbidden traits found in the following traits keys: {}",
        conflicts.join(", ")
    )))
}
