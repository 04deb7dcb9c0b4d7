//! Serving the API, alone or as part of a larger one.

use super::engine::Engine;
use super::service::Service;
use crate::connections::{Bounds, serve_connections};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
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
    serve_connections(listener, placement_routes(service), Bounds::default()).await
}

async fn answer<E: Engine>(State(service): State<Service<E>>, request: Request) -> Response {
    service.answer(request).await
}
