//! Serving the API, alone or as part of a larger one.

use super::engine::Engine;
use super::service::Service;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// The API's routes: everything at and below the prefix of its configuration, to be merged with other services'.
/// Without a prefix it answers everything that no other route does.
pub fn placement_routes<E: Engine>(service: Service<E>) -> Router {
    let prefix = service.prefix();
    let router = Router::new();
    let router = if prefix.is_empty() {
        router.fallback(answer::<E>)
    } else {
        router
            .route(prefix, any(answer::<E>))
            .route(&format!("{prefix}/{{*path}}"), any(answer::<E>))
            .route(&format!("{prefix}/"), any(answer::<E>))
    };
    router.with_state(service.clone())
}

/// Serves the API alone at this address until the listener fails.
pub async fn serve_placement<E: Engine>(listener: TcpListener, service: Service<E>) -> std::io::Result<()> {
    // An answer goes out at once; a connection on which that cannot be had is served all the same.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    axum::serve(listener, placement_routes(service)).await
}

async fn answer<E: Engine>(State(service): State<Service<E>>, request: Request) -> Response {
    service.answer(request).await
}
