//! From a request to its answer: what the middlewares of the real service do, in their order
//! (`placement/deploy.py`, `placement/requestlog.py`, `placement/auth.py`, `placement/handler.py`).

use super::access::{Policy, Requester};
use super::call::Call;
use super::cors::Cors;
use super::engine::Engine;
use super::query::Query;
use super::refusal::Refusal;
use super::reply::Reply;
use super::routes::{self, Handler, Operation};
use super::version::{VERSION_HEADER, Version, VersionError};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HOST, LAST_MODIFIED, LOCATION, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use std::sync::Arc;
use std::time::SystemTime;
use uuid::Uuid;

/// The largest body taken, in bytes.
const MAX_BODY: usize = 64 << 20;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");

/// How the API behaves where deployments differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Where it is mounted: empty for the root, else a path without a slash at its end, such as `/placement`.
    pub prefix: String,
    /// Who may do what.
    pub policy: Policy,
    /// Which other origin's scripts are answered, if any.
    pub cors: Option<Cors>,
}

impl Config {
    /// The configuration that a fixture of Placement's own test suite wants of the server, by the fixture's name;
    /// that of most is the default.
    pub fn for_fixture(name: &str) -> Self {
        let mut config = Self::default();
        match name {
            "CORSFixture" => {
                config.cors = Some(Cors {
                    allowed_origin: "http://valid.example.com".to_string(),
                    allow_headers: vec![VERSION_HEADER.to_string()],
                });
            }
            "OpenPolicyFixture" => config.policy = Policy::Open,
            "SecureRBACPolicyFixture" => config.policy = Policy::NewDefaults,
            _ => {}
        }
        config
    }
}

/// The API over an engine.
#[derive(Clone, Debug)]
pub struct Service<E> {
    engine: E,
    config: Arc<Config>,
}

/// What is known of a request when its answer is put together.
struct Context {
    request_id: String,
    version: Option<Version>,
    method: Method,
    accept: String,
    content_type: String,
    base: String,
}

impl<E: Engine> Service<E> {
    /// The API over this engine.
    pub fn new(engine: E, config: Config) -> Self {
        Self { engine, config: Arc::new(config) }
    }

    /// Where the API is mounted.
    pub(super) fn prefix(&self) -> &str {
        &self.config.prefix
    }

    /// Answers one request. Its path must begin with the prefix of the configuration.
    pub async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let headers = &parts.headers;
        let mut context = Context::new(&parts.method, headers);
        let cross_origin = |of: fn(&Cors, &HeaderMap) -> Vec<(HeaderName, HeaderValue)>| {
            self.config.cors.as_ref().map_or_else(Vec::new, |cors| of(cors, headers))
        };
        if self.config.cors.is_some() && parts.method == Method::OPTIONS {
            let reply = Reply::empty(StatusCode::OK);
            return with_headers(context.finish(Ok(reply)), cross_origin(Cors::preflight));
        }
        let answer = match self.prepare(&parts, &mut context) {
            Ok(mut call) => match to_bytes(body, MAX_BODY).await {
                Ok(body) => {
                    call.body = body;
                    self.run(call).await
                }
                Err(_) => Err(Refusal::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    format!("at most {MAX_BODY} bytes are taken"),
                )),
            },
            Err(refusal) => Err(refusal),
        };
        with_headers(context.finish(answer), cross_origin(Cors::on_answer))
    }

    /// Decides which operation is asked for, whether it may be, and whether its query string is in order.
    fn prepare(&self, parts: &axum::http::request::Parts, context: &mut Context) -> Result<Call, Refusal> {
        let headers = &parts.headers;
        let path = parts.uri.path().strip_prefix(self.config.prefix.as_str()).unwrap_or(parts.uri.path());
        let who = Requester::from_headers(headers);
        if who.is_none() && !routes::is_public(path) {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "").unvaried());
        }
        let version = Version::requested(headers).map_err(|error| {
            let status = match error {
                VersionError::Malformed(_) => StatusCode::BAD_REQUEST,
                VersionError::Unacceptable(_) => StatusCode::NOT_ACCEPTABLE,
            };
            Refusal::new(status, error.to_string()).unvaried()
        })?;
        context.version = Some(version);
        check_length(headers)?;

        let (route, open) = routes::find(path).ok_or_else(|| Refusal::not_found("").unvaried())?;
        let named: Vec<&Operation> =
            route.operations.iter().filter(|operation| operation.method == parts.method.as_str()).collect();
        let Some(first) = named.first() else {
            let allow = HeaderValue::try_from(route.methods()).ok().map(|methods| (ALLOW, methods));
            let message = "The method specified is not allowed for this resource.";
            return Err(Refusal { header: allow, ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message) });
        };
        let operation = named.iter().find(|operation| operation.exists_at(version));
        let operation = *operation.ok_or_else(|| Refusal::new(first.before, ""))?;
        if operation.body.is_some() && context.media_type() != "application/json" {
            let given = if context.content_type.is_empty() { "None" } else { context.media_type() };
            let message = format!("The media type {given} is not supported, use application/json");
            context.content_type = given.to_string();
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        if operation.gives_json && best_offer(&context.accept, &["application/json"]).is_none() {
            return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, "Only application/json is provided"));
        }
        let query = Query::parse(parts.uri.query().unwrap_or(""))?;
        let call = Call {
            operation,
            version,
            query,
            body: Bytes::new(),
            path: open,
            prefix: self.config.prefix.clone(),
            fresh_id: Uuid::new_v4(),
        };
        if let Some(who) = who
            && !self.config.policy.allows(operation.access, &who, call.query.get("project_id"))
        {
            let message = format!("Policy does not allow {} to be performed.", operation.rule);
            return Err(Refusal::new(StatusCode::FORBIDDEN, message).unvaried());
        }
        call.check_query()?;
        Ok(call)
    }

    async fn run(&self, call: Call) -> Result<Reply, Refusal> {
        let answer = match call.operation.handler {
            Handler::Read(handler) => self.engine.read(move |state| handler(&call, state)).await,
            Handler::Write(handler) => self.engine.write(move |store| handler(&call, store)).await,
        };
        answer.unwrap_or_else(|gone| Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, gone.to_string())))
    }
}

/// A body must say what it is.
fn check_length(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(length) = headers.get(CONTENT_LENGTH) else { return Ok(()) };
    let Some(length) = length.to_str().ok().and_then(|text| text.trim().parse::<u64>().ok()) else {
        return Err(Refusal::bad_request("content-length header must be an integer").unvaried());
    };
    if length > 0 && headers.get(CONTENT_TYPE).is_none_or(HeaderValue::is_empty) {
        return Err(Refusal::bad_request("content-type header required when content-length > 0").unvaried());
    }
    Ok(())
}

fn with_headers(mut response: Response, headers: Vec<(HeaderName, HeaderValue)>) -> Response {
    for (name, value) in headers {
        response.headers_mut().append(name, value);
    }
    response
}

impl Context {
    fn new(method: &Method, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        // Who accepts anything gets JSON, errors included.
        let accept = match text(ACCEPT).trim() {
            "" | "*/*" => "application/json",
            given => given,
        };
        Self {
            request_id: format!("req-{}", Uuid::new_v4()),
            version: None,
            method: method.clone(),
            accept: accept.to_string(),
            content_type: text(CONTENT_TYPE).to_string(),
            base: match text(HOST) {
                "" => String::new(),
                host => format!("http://{host}"),
            },
        }
    }

    /// The content type without its parameters.
    fn media_type(&self) -> &str {
        self.content_type.split(';').next().unwrap_or("").trim()
    }

    fn finish(&self, answer: Result<Reply, Refusal>) -> Response {
        let (mut response, varies) = match answer {
            Ok(reply) => (self.success(reply), true),
            Err(refusal) => (self.failure(&refusal), refusal.varies),
        };
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(&self.request_id) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(version) = self.version {
            if let Ok(value) = HeaderValue::try_from(format!("placement {version}")) {
                headers.insert(VERSION_HEADER, value);
            }
            if varies {
                headers.append(VARY, HeaderValue::from_static(VERSION_HEADER));
            }
        }
        response
    }

    fn success(&self, reply: Reply) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = reply.status;
        let headers = response.headers_mut();
        if let Some(path) = reply.location
            && let Ok(url) = HeaderValue::try_from(format!("{}{path}", self.base))
        {
            headers.insert(LOCATION, url);
        }
        if reply.dated {
            let now = httpdate::fmt_http_date(SystemTime::now());
            if let Ok(now) = HeaderValue::try_from(now) {
                headers.insert(LAST_MODIFIED, now);
            }
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        if let Some(body) = reply.body {
            headers.insert(CONTENT_TYPE, JSON);
            *response.body_mut() = Body::from(body);
        }
        response
    }

    fn failure(&self, refusal: &Refusal) -> Response {
        let detail = refusal.detail(self.method.as_str(), &self.content_type, &self.accept);
        let title = format!("{} {}", refusal.status.as_u16(), refusal.title());
        let (content_type, body) = match best_offer(&self.accept, &["application/json", "text/html"]) {
            Some("application/json") => {
                (JSON, refusal.to_json(&detail, self.version, &self.request_id).to_string())
            }
            Some(_) => {
                let text = escape(&detail).replace("\n\n", "<br /><br />\n");
                let page = format!(
                    "<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n  {text}\n </body>\n</html>"
                );
                (HeaderValue::from_static("text/html; charset=UTF-8"), page)
            }
            None => (HeaderValue::from_static("text/plain; charset=UTF-8"), format!("{title}\n\n{detail}\n")),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = refusal.status;
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        if let Some((name, value)) = refusal.header.clone() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Which of the offers the `Accept` header likes best; of equals, the one it names first.
fn best_offer(accept: &str, offers: &[&'static str]) -> Option<&'static str> {
    let mut best: Option<(&'static str, f32, usize)> = None;
    for offer in offers {
        let kind = offer.split('/').next().unwrap_or("");
        // The most specific range that covers the offer decides.
        let mut match_: Option<(u8, f32, usize)> = None;
        for (place, range) in accept.split(',').enumerate() {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or("").to_ascii_lowercase();
            let quality =
                parts.find_map(|p| p.strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0);
            let rank = match name.as_str() {
                name if name == *offer => 2,
                name if name.strip_suffix("/*") == Some(kind) => 1,
                "*/*" => 0,
                _ => continue,
            };
            if match_.is_none_or(|(known, _, _)| rank > known) {
                match_ = Some((rank, quality, place));
            }
        }
        if let Some((_, quality, place)) = match_.filter(|(_, quality, _)| *quality > 0.0)
            && best.is_none_or(|(_, q, p)| quality > q || quality == q && place < p)
        {
            best = Some((offer, quality, place));
        }
    }
    best.map(|(offer, _, _)| offer)
}

#[cfg(test)]
mod tests {
    use super::best_offer;

    #[test]
    fn the_best_liked_offer_is_made() {
        let offers = ["application/json", "text/html"];
        assert_eq!(best_offer("application/json", &offers), Some("application/json"));
        assert_eq!(best_offer("text/html", &offers), Some("text/html"));
        assert_eq!(best_offer("text/plain", &offers), None);
        assert_eq!(best_offer("text/html,application/xml;q=0.9,*/*;q=0.8", &offers), Some("text/html"));
        assert_eq!(
            best_offer("text/html,application/xml;q=0.9,*/*;q=0.8", &["application/json"]),
            Some("application/json")
        );
        assert_eq!(best_offer("text/*;q=0.5,application/*", &offers), Some("application/json"));
        assert_eq!(best_offer("application/json;q=0", &["application/json"]), None);
    }
}
