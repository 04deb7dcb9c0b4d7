//! The text of a query as Nova sends it: parameters sorted by name, percent-encoded.

use super::{GroupPolicy, RequestGroup, ResourceRequest};
use std::collections::BTreeSet;
use std::fmt::Write;

impl ResourceRequest {
    /// The query string of `GET /allocation_candidates`.
    pub fn query(&self) -> String {
        let mut parameters: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: String| parameters.push((name.to_owned(), value));
        if let Some(limit) = self.limit {
            add("limit", limit.to_string());
        }
        match self.group_policy {
            Some(GroupPolicy::None) => add("group_policy", "none".to_owned()),
            Some(GroupPolicy::Isolate) => add("group_policy", "isolate".to_owned()),
            None => {}
        }
        if !self.root_required.is_empty() || !self.root_forbidden.is_empty() {
            add("root_required", traits(&self.root_required, &self.root_forbidden));
        }
        for group in &self.same_subtree {
            add("same_subtree", group.iter().map(String::as_str).collect::<Vec<_>>().join(","));
        }
        group_parameters("", &self.unsuffixed, &mut parameters);
        for (suffix, group) in &self.granular {
            group_parameters(suffix, group, &mut parameters);
        }
        parameters.sort();
        let encoded: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        encoded.join("&")
    }
}

fn group_parameters(suffix: &str, group: &RequestGroup, parameters: &mut Vec<(String, String)>) {
    let mut add = |name: &str, value: String| parameters.push((format!("{name}{suffix}"), value));
    if !group.resources.is_empty() {
        let amounts: Vec<String> =
            group.resources.iter().map(|(class, amount)| format!("{class}:{amount}")).collect();
        add("resources", amounts.join(","));
    }
    if !group.required.is_empty() || !group.forbidden.is_empty() {
        add("required", traits(&group.required, &group.forbidden));
    }
    for any in &group.member_of {
        let ids: Vec<String> = any.iter().map(ToString::to_string).collect();
        add("member_of", format!("in:{}", ids.join(",")));
    }
    if !group.forbidden_aggregates.is_empty() {
        let ids: Vec<String> = group.forbidden_aggregates.iter().map(ToString::to_string).collect();
        add("member_of", format!("!in:{}", ids.join(",")));
    }
    if let Some(tree) = group.in_tree {
        add("in_tree", tree.to_string());
    }
}

/// Required traits, then forbidden ones, each sorted.
fn traits(required: &BTreeSet<String>, forbidden: &BTreeSet<String>) -> String {
    let all: Vec<String> =
        required.iter().cloned().chain(forbidden.iter().map(|name| format!("!{name}"))).collect();
    all.join(",")
}

/// Percent-encodes everything but letters, digits and `_ . - ~`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
