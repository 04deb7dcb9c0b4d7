//! What a handler answers when it does not refuse.

use super::version::Version;
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::Value;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// A body of JSON.
    pub(crate) body: Option<Bytes>,
    /// The path of what was created.
    pub(crate) location: Option<String>,
    /// Whether the answer says when what it shows was last modified, and that it is not to be cached.
    pub(crate) dated: bool,
}

impl Reply {
    /// JSON, dated from 1.15 on.
    pub(crate) fn json(version: Version, body: &Value) -> Self {
        Self::bytes(version, body.to_string().into())
    }

    /// JSON that is written already, dated from 1.15 on.
    pub(crate) fn bytes(version: Version, body: Bytes) -> Self {
        Self { status: StatusCode::OK, body: Some(body), location: None, dated: version.since(15) }
    }

    /// Nothing but a status.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, body: None, location: None, dated: false }
    }

    pub(crate) fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }
}
