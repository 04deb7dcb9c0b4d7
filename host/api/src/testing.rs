//! A cloud for one test, asked as a client would but without a socket. Time is virtual.

use crate::dispatch;
use crate::rig::TimeMode;
use crate::world::{AuthMode, World, WorldConfig};
use axum::http::{Request, Response};
use bytes::Bytes;
use runtime::simulation::simulate;
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;
use virt::{Engine, Library};

/// What a test talks to, and as whom.
pub(crate) struct Rig {
    config: WorldConfig,
}

/// A client of the cloud under test.
#[derive(Clone)]
pub(crate) struct Client {
    world: Rc<World>,
    headers: Vec<(String, String)>,
}

impl Rig {
    /// A cloud that takes everybody at their word; the client is its administrator.
    pub(crate) fn open() -> Self {
        Self::with_auth(AuthMode::None)
    }

    /// A cloud whose identity service knows its users.
    pub(crate) fn keystone() -> Self {
        Self::with_auth(AuthMode::Keystone)
    }

    fn with_auth(auth: AuthMode) -> Self {
        Self { config: WorldConfig { auth, time: TimeMode::Virtual, ..WorldConfig::default() } }
    }

    /// Runs a test.
    pub(crate) fn run<F: Future<Output = ()>>(self, test: impl FnOnce(Client) -> F) {
        simulate(|| async move {
            let cache = Some(std::env::temp_dir().join("novarig-api-tests"));
            let engine = Engine::new(cache).expect("an engine");
            let mut library = Library::new();
            drivers::SHIPPED.iter().for_each(|shipped| library.add(shipped.name, shipped.wasm));
            let open = self.config.auth == AuthMode::None;
            let world = Rc::new(World::new(self.config, engine, library));
            let headers = [
                ("x-auth-user", "admin"),
                ("x-auth-project-id", "6f70656e737461636b20342065766572"),
                ("x-roles", "admin,member,reader"),
            ];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            test(Client { world, headers: if open { headers } else { Vec::new() } }).await;
        })
        .expect("a simulation");
    }
}

impl Client {
    /// The same with these headers, in the place of those of the same name.
    pub(crate) fn with(&self, headers: &[(&str, &str)]) -> Self {
        let mut client = self.clone();
        for (name, value) in headers {
            client.headers.retain(|(known, _)| known != name);
            client.headers.push(((*name).to_owned(), (*value).to_owned()));
        }
        client
    }

    /// At this microversion of the compute service.
    pub(crate) fn at(&self, version: &str) -> Self {
        self.with(&[("openstack-api-version", &format!("compute {version}"))])
    }

    /// A header that is sent; empty when it is not.
    pub(crate) fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) async fn sleep(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    /// Waits until nothing is under way in the cloud.
    pub(crate) async fn at_rest(&self) {
        self.world.cloud().at_rest().await;
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Bytes) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(path).header("host", "rig");
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), value.as_str());
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        dispatch::answer(&self.world, request.body(body).expect("a request")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response<Bytes> {
        self.send("GET", path, Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response<Bytes> {
        self.send("POST", path, Bytes::from(body.to_string())).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Response<Bytes> {
        self.send("PUT", path, Bytes::from(body.to_string())).await
    }

    pub(crate) async fn put_bytes(&self, path: &str, body: &'static [u8]) -> Response<Bytes> {
        self.send("PUT", path, Bytes::from_static(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Response<Bytes> {
        self.send("DELETE", path, Bytes::new()).await
    }

    pub(crate) async fn delete_with(&self, path: &str, body: Value) -> Response<Bytes> {
        self.send("DELETE", path, Bytes::from(body.to_string())).await
    }
}

/// The JSON an answer carries; null when it carries none.
pub(crate) fn body_of(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap_or_default()
}

/// A header of an answer; empty when it is not there.
pub(crate) fn header_of(answer: &Response<Bytes>, name: &str) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
}
