//! Placement's API alone, over an engine in memory: `cargo run -p novarig-api --example placement -- --listen ADDR`.
//!
//! The environment variable `GABBI_FIXTURE` chooses the configuration, as Placement's own test suite wants it.

use novarig_api::placement::{Config, Cors, LockedEngine, Policy, Service, serve_placement};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--listen"), Some(address)) => address,
        _ => "127.0.0.1:8778".to_string(),
    };
    let mut config = Config::default();
    match std::env::var("GABBI_FIXTURE").as_deref() {
        Ok("CORSFixture") => {
            config.cors = Some(Cors {
                allowed_origin: "http://valid.example.com".to_string(),
                allow_headers: vec!["openstack-api-version".to_string()],
            });
        }
        Ok("OpenPolicyFixture") => config.policy = Policy::Open,
        Ok("SecureRBACPolicyFixture") => config.policy = Policy::NewDefaults,
        Ok(_) | Err(_) => {}
    }
    serve_placement(TcpListener::bind(address).await?, Service::new(LockedEngine::default(), config)).await
}
