//! A request as the services see it, and what they answer.

use crate::placement::query::Query;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// One request, read. Its path is that below where the service is mounted.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The method.
    pub(crate) method: Method,
    /// The path below the mount, with a slash at its beginning.
    pub(crate) path: String,
    /// Where the service is mounted, such as `/compute`; empty at the root.
    pub(crate) mount: &'static str,
    /// The query string.
    pub(crate) query: Query,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body, whole.
    pub(crate) body: Bytes,
}

impl Ask {
    /// Reads a request for the service mounted here. None when its query string is not UTF-8.
    pub(crate) fn read(request: Request<Bytes>, mount: &'static str) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().strip_prefix(mount).unwrap_or(parts.uri.path());
        // As a gateway of Python's does it: before anybody looks for slashes.
        let path = percent_decode_str(path).decode_utf8_lossy();
        Some(Self {
            method: parts.method,
            path: if path.is_empty() { "/".to_owned() } else { path.into_owned() },
            mount,
            query: Query::parse(parts.uri.query().unwrap_or("")).ok()?,
            headers: parts.headers,
            body,
        })
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The server as its client addresses it: `http://127.0.0.1:8774`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.header(HOST.as_str()).unwrap_or("127.0.0.1"))
    }

    /// The URL of the service, without a slash at its end.
    pub(crate) fn base(&self) -> String {
        format!("{}{}", self.origin(), self.mount)
    }

    /// The parts of the path, those that are empty left out.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// The body as JSON; an absent one is null.
    pub(crate) fn json(&self) -> Result<Value, serde_json::Error> {
        if self.body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&self.body) }
    }
}

/// What a service answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// Headers; that of the content's type is made from the body.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Content,
}

/// A body.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// None.
    Empty,
    /// A JSON document.
    Json(Value),
    /// Bytes of this type.
    Bytes(Bytes, &'static str),
}

impl Answer {
    /// An answer with a JSON body.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status: status_of(status), headers: HeaderMap::new(), body: Content::Json(body) }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status: status_of(status), headers: HeaderMap::new(), body: Content::Empty }
    }

    /// With this header; one that cannot be written is left out.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// As it goes over the wire.
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let (body, kind) = match self.body {
            Content::Empty => (Bytes::new(), None),
            Content::Json(value) => (Bytes::from(value.to_string()), Some(JSON)),
            Content::Bytes(bytes, kind) => (bytes, Some(HeaderValue::from_static(kind))),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if let Some(kind) = kind {
            response.headers_mut().insert(CONTENT_TYPE, kind);
        }
        response
    }
}

/// The status of this number, of which only real ones are asked for.
fn status_of(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
