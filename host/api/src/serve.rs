//! The server: one port for all services.

use crate::connections::{Bounds, TooSlow, serve_connections};
use crate::placement::{Config, Service, placement_routes};
use crate::rate_limit::{Rate, RateLimitLayer};
use crate::rig::{Line, Rig};
use crate::world::AuthMode;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Request as Whole, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tokio::net::TcpListener;

/// The largest body taken, in bytes, as Nova's own middleware has it. Images may be larger.
const MAX_BODY: usize = 114_688;
/// The largest image taken, in bytes: it is kept in memory.
const MAX_IMAGE: usize = 64 << 20;
/// Who asks, by a token or by name.
const TOKEN: &str = "x-auth-token";
/// What roles they have.
const ROLES: &str = "x-roles";
/// Where Placement is mounted.
const PLACEMENT: &str = "/placement";

/// Serves a cloud at this address until the listener fails; with a rate, each client sends no more requests than that.
pub async fn serve(listener: TcpListener, rig: &Rig, rate: Option<Rate>) -> std::io::Result<()> {
    let routes = routes(rig);
    let routes = match rate {
        Some(rate) => routes.layer(RateLimitLayer::new(rate, rig.auth(), rig.line())),
        None => routes,
    };
    serve_connections(listener, routes, Bounds::default()).await
}

fn routes(rig: &Rig) -> Router {
    let config = Config { prefix: PLACEMENT.to_owned(), ..Config::default() };
    let others = Router::new().fallback(hand_over).with_state(rig.line());
    let placement = placement_routes(Service::new(rig.placement(), config));
    let placement = match rig.auth() {
        AuthMode::Keystone => placement.layer(from_fn_with_state(rig.line(), identified)),
        AuthMode::None => placement,
    };
    placement.fallback_service(others)
}

/// Has placement, which takes everybody at their word, hear what the identity service says of a token: that of whoever asks, in
/// the place of anything said otherwise. Which versions there are is told to anybody.
async fn identified(State(line): State<Line>, mut request: Request, next: Next) -> Response {
    let token = request.headers().get(TOKEN).and_then(|value| value.to_str().ok()).map(str::to_owned);
    for name in [TOKEN, ROLES, "x-project-id", "x-user-id", "openstack-system-scope"] {
        request.headers_mut().remove(name);
    }
    let who = match token {
        Some(token) => line.who(token).await,
        None => None,
    };
    if let Some(who) = who {
        let roles: Vec<&str> = who.roles.iter().map(String::as_str).collect();
        let said = [(TOKEN, format!("{}:{}", who.user, who.project)), (ROLES, roles.join(","))];
        for (name, value) in said {
            if let Ok(value) = HeaderValue::try_from(value) {
                request.headers_mut().insert(name, value);
            }
        }
    }
    next.run(request).await
}

async fn hand_over(State(line): State<Line>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let most = if parts.uri.path().ends_with("/file") { MAX_IMAGE } else { MAX_BODY };
    let body = match to_bytes(body, most).await {
        Ok(body) => body,
        Err(error) => {
            return match TooSlow::is_why(&error) {
                Some(slow) => plain(StatusCode::REQUEST_TIMEOUT, format!("{slow}\n")),
                None => plain(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    format!("Request is too large: at most {most} bytes are taken.\n"),
                ),
            };
        }
    };
    match line.ask(Whole::from_parts(parts, body)).await {
        Some(answer) => answer.map(Body::from),
        None => plain(StatusCode::SERVICE_UNAVAILABLE, "The cloud is not running.\n".to_owned()),
    }
}

fn plain(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    response
}
