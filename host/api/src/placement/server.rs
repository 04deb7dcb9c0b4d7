//! Serving the API alone.

use super::engine::Engine;
use super::service::Service;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// Serves the API at the root of this address until the listener fails.
pub async fn serve_placement<E: Engine>(listener: TcpListener, service: Service<E>) -> std::io::Result<()> {
    let app = Router::new().fallback(answer::<E>).with_state(service);
    // An answer goes out at once; a connection on which that cannot be had is served all the same.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    axum::serve(listener, app).await
}

async fn answer<E: Engine>(State(service): State<Service<E>>, request: Request) -> Response {
    service.answer(request).await
}
