//! Cross-origin requests (`oslo_middleware/cors.py`): off unless an origin is allowed.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// How long a browser may remember what it was allowed, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

/// Headers that a browser may always send.
const SIMPLE_HEADERS: [&str; 5] =
    ["accept", "accept-language", "content-type", "cache-control", "content-language"];

/// What scripts of another origin may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// The one origin that is allowed.
    pub allowed_origin: String,
    /// The headers its requests may have besides the simple ones.
    pub allow_headers: Vec<String>,
}

impl Cors {
    fn allowed<'h>(&self, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
        headers.get(ORIGIN).filter(|origin| origin.as_bytes() == self.allowed_origin.as_bytes())
    }

    /// The headers of the answer to a question whether a request would be allowed; none if it would not.
    pub(super) fn preflight(&self, headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
        let Some((origin, method)) = self.allowed(headers).zip(headers.get(ACCESS_CONTROL_REQUEST_METHOD))
        else {
            return Vec::new();
        };
        let mut answer = vec![
            (VARY, HeaderValue::from_static("Origin")),
            (ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
            (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
            (ACCESS_CONTROL_ALLOW_METHODS, method.clone()),
        ];
        if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            let names = wanted.to_str().unwrap_or_default().split(',').map(str::trim);
            let permitted = |name: &str| {
                let listed = self.allow_headers.iter().any(|allowed| allowed.eq_ignore_ascii_case(name));
                listed || SIMPLE_HEADERS.iter().any(|simple| simple.eq_ignore_ascii_case(name))
            };
            if !names.into_iter().all(permitted) {
                return Vec::new();
            }
            answer.push((ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone()));
        }
        answer
    }

    /// The headers that let a script of an allowed origin read an answer.
    pub(super) fn on_answer(&self, headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
        let Some(origin) = self.allowed(headers) else { return Vec::new() };
        vec![(VARY, HeaderValue::from_static("Origin")), (ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone())]
    }
}
