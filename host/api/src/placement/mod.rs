//! Placement's HTTP API, microversions 1.0 to 1.39 (`placement/handler.py` and `placement/handlers/`).
//!
//! A request passes, as in the real service, through cross-origin handling, authentication, the choice of the
//! microversion and the choice of the route (`service.rs`); then one handler answers it from the engine
//! (`handlers/`), which it reaches through an [`Engine`]. Handlers are plain functions: what they are given decides
//! what they answer, but for the uuid of a provider that was created without one.

mod access;
mod call;
mod cors;
mod engine;
mod handlers;
mod openapi;
pub(crate) mod query;
mod refusal;
mod reply;
mod routes;
pub(crate) mod schema;
mod server;
mod service;
mod version;

pub use access::Policy;
pub use cors::Cors;
pub use engine::{ChannelEngine, Engine, EngineGone, EngineWork, LockedEngine, Store};
pub use server::{placement_routes, serve_placement};
pub use service::{Config, Service};
