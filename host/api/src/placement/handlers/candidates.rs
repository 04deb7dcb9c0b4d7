//! Allocation candidates (`placement/handlers/allocation_candidate.py`).
//!
//! This answer is the largest and the most often asked for, so it is written straight into its bytes. Nothing in it
//! needs escaping: names are upper-case letters, digits and underscores, suffixes are no more than letters, digits,
//! underscores and dashes.

use super::candidates_request;
use crate::placement::call::Call;
use crate::placement::refusal::Refusal;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use crate::placement::version::Version;
use axum::http::StatusCode;
use model::ProviderId;
use placement::{Candidate, CandidateSet, CandidatesRequest, Placement, PlacementError, ProviderRef};
use uuid::fmt::Hyphenated;

pub(crate) fn list(call: &Call, state: &Placement) -> Answer {
    let request = candidates_request::parse(&call.query, call.version)?;
    let found = state.candidates(&request).map_err(|error| match error {
        PlacementError::ResourceClassNotFound(_) => Refusal::explained(
            StatusCode::BAD_REQUEST,
            "Invalid resource class in resources parameter",
            &error,
        ),
        PlacementError::TraitsNotFound(_) => Refusal::bad_request(error.to_string()),
        other => other.into(),
    })?;
    Ok(Reply::bytes(call.version, write(&request, &found, call.version).into()))
}

fn write(request: &CandidatesRequest, found: &CandidateSet<'_>, version: Version) -> Vec<u8> {
    let mut out = Writer { bytes: Vec::with_capacity(256 + found.len() * 512) };
    out.text("{\"allocation_requests\": [");
    let mut between = Separator::default();
    for candidate in found.iter() {
        between.put(&mut out);
        if version.since(12) {
            write_by_provider(&mut out, &candidate, version);
        } else {
            write_list(&mut out, &candidate);
        }
    }
    out.text("], \"provider_summaries\": {");
    let mut between = Separator::default();
    for provider in found.providers() {
        between.put(&mut out);
        write_summary(&mut out, request, &provider, version);
    }
    out.text("}}");
    out.bytes
}

/// From 1.12 on, the form in which allocations are written.
fn write_by_provider(out: &mut Writer, candidate: &Candidate<'_, '_>, version: Version) {
    out.text("{\"allocations\": {");
    let mut last = None;
    for (provider, class, amount) in candidate.resources() {
        if last == Some(provider.id()) {
            out.text(", ");
        } else {
            out.text(if last.is_some() { "}}, " } else { "" });
            out.id(provider.id());
            out.text(": {\"resources\": {");
            last = Some(provider.id());
        }
        out.amount(class.as_str(), amount);
    }
    out.text(if last.is_some() { "}}}" } else { "}" });
    if version.since(34) {
        write_mappings(out, candidate);
    }
    out.text("}");
}

fn write_mappings(out: &mut Writer, candidate: &Candidate<'_, '_>) {
    out.text(", \"mappings\": {");
    let mut last = None;
    for (suffix, provider) in candidate.mappings() {
        if last == Some(suffix) {
            out.text(", ");
        } else {
            out.text(if last.is_some() { "], " } else { "" });
            out.quoted(suffix);
            out.text(": [");
            last = Some(suffix);
        }
        out.id(provider.id());
    }
    out.text(if last.is_some() { "]}" } else { "}" });
}

/// Until 1.11, a list.
fn write_list(out: &mut Writer, candidate: &Candidate<'_, '_>) {
    out.text("{\"allocations\": [");
    let mut last = None;
    for (provider, class, amount) in candidate.resources() {
        if last == Some(provider.id()) {
            out.text(", ");
        } else {
            out.text(if last.is_some() { "}}, " } else { "" });
            out.text("{\"resource_provider\": {\"uuid\": ");
            out.id(provider.id());
            out.text("}, \"resources\": {");
            last = Some(provider.id());
        }
        out.amount(class.as_str(), amount);
    }
    out.text(if last.is_some() { "}}]}" } else { "]}" });
}

fn write_summary(
    out: &mut Writer,
    request: &CandidatesRequest,
    provider: &ProviderRef<'_>,
    version: Version,
) {
    out.id(provider.id());
    out.text(": {\"resources\": {");
    let mut between = Separator::default();
    for (class, inventory, used) in provider.inventories() {
        // Until 1.26 only what was asked for is shown.
        if !version.since(27) && !request.groups.iter().any(|group| group.resources.contains_key(class)) {
            continue;
        }
        between.put(out);
        out.quoted(class.as_str());
        out.text(": {\"capacity\": ");
        out.whole(inventory.capacity());
        out.text(", \"used\": ");
        out.number(used);
        out.text("}");
    }
    out.text("}");
    if version.since(17) {
        out.text(", \"traits\": [");
        let mut between = Separator::default();
        for name in provider.traits() {
            between.put(out);
            out.quoted(name.as_str());
        }
        out.text("]");
    }
    if version.since(29) {
        out.text(", \"parent_provider_uuid\": ");
        match provider.parent() {
            Some(parent) => out.id(parent),
            None => out.text("null"),
        }
        out.text(", \"root_provider_uuid\": ");
        out.id(provider.root());
    }
    out.text("}");
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn quoted(&mut self, text: &str) {
        self.bytes.push(b'"');
        self.text(text);
        self.bytes.push(b'"');
    }

    fn id(&mut self, id: ProviderId) {
        let mut quoted = [b'"'; Hyphenated::LENGTH + 2];
        id.0.as_hyphenated().encode_lower(&mut quoted[1..]);
        self.bytes.extend_from_slice(&quoted);
    }

    fn number(&mut self, number: u64) {
        self.text(itoa::Buffer::new().format(number));
    }

    /// A number without a fraction, of any size.
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    fn whole(&mut self, number: f64) {
        if number.abs() < 1e15 {
            self.text(itoa::Buffer::new().format(number as i64));
        } else {
            self.text(&format!("{number:.0}"));
        }
    }

    fn amount(&mut self, class: &str, amount: u64) {
        self.quoted(class);
        self.text(": ");
        self.number(amount);
    }
}

/// The comma between items.
#[derive(Default)]
struct Separator {
    begun: bool,
}

impl Separator {
    fn put(&mut self, out: &mut Writer) {
        if std::mem::replace(&mut self.begun, true) {
            out.text(", ");
        }
    }
}
