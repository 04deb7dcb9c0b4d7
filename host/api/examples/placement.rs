//! Placement's API alone, over an engine in memory: `cargo run -p novarig-api --example placement -- --listen ADDR`.
//!
//! The environment variable `GABBI_FIXTURE` names the fixture of Placement's own test suite whose configuration to take.

use novarig_api::placement::{Config, LockedEngine, Service, serve_placement};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--listen"), Some(address)) => address,
        _ => "127.0.0.1:8778".to_string(),
    };
    let config = Config::for_fixture(&std::env::var("GABBI_FIXTURE").unwrap_or_default());
    serve_placement(TcpListener::bind(address).await?, Service::new(LockedEngine::default(), config)).await
}
