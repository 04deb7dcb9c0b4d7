//! The server: one port for all services.

use crate::placement::{Config, Service, placement_routes};
use crate::rig::{Line, Rig};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Request as Whole, StatusCode};
use axum::response::Response;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// The largest body taken, in bytes, as Nova's own middleware has it. Images may be larger.
const MAX_BODY: usize = 114_688;
/// The largest image taken, in bytes: it is kept in memory.
const MAX_IMAGE: usize = 64 << 20;
/// Where Placement is mounted.
const PLACEMENT: &str = "/placement";

/// Serves a cloud at this address until the listener fails.
pub async fn serve(listener: TcpListener, rig: &Rig) -> std::io::Result<()> {
    // An answer goes out at once; a connection on which that cannot be had is served all the same.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    axum::serve(listener, routes(rig)).await
}

fn routes(rig: &Rig) -> Router {
    let config = Config { prefix: PLACEMENT.to_owned(), ..Config::default() };
    let others = Router::new().fallback(hand_over).with_state(rig.line());
    placement_routes(Service::new(rig.placement(), config)).fallback_service(others)
}

async fn hand_over(State(line): State<Line>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let most = if parts.uri.path().ends_with("/file") { MAX_IMAGE } else { MAX_BODY };
    let Ok(body) = to_bytes(body, most).await else {
        return plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("Request is too large: at most {most} bytes are taken.\n"),
        );
    };
    match line.ask(Whole::from_parts(parts, body)).await {
        Some(answer) => answer.map(Body::from),
        None => plain(StatusCode::SERVICE_UNAVAILABLE, "The cloud is not running.\n".to_owned()),
    }
}

fn plain(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}
