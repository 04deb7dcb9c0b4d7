//! How many requests a client may send in a time: more are refused with 429 and told when to come back, as Nova's own limiter
//! did while it had one (`overLimit`, `Retry-After`).
//!
//! A client is a user in a project, or, for whoever has not proved to be one, the address the connection comes from: making up
//! tokens does not make anybody other clients. Each may save up as many requests as the limit says, and has new ones at an even
//! pace (a token bucket, kept as the time at which it will be full again).

use crate::rig::Line;
use crate::world::AuthMode;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tower::{Layer, Service};

/// How many clients are told apart; further ones count as one.
const MAX_CLIENTS: usize = 10_000;

/// A number of requests in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    requests: u32,
    per: Duration,
    unit: &'static str,
}

/// A text is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no rate: say how many requests in which time, such as 100/s, 600/m or 5000/h")]
pub struct RateError(String);

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let wrong = || RateError(text.to_owned());
        let (requests, unit) = text.split_once('/').ok_or_else(wrong)?;
        let requests = requests.parse().ok().filter(|requests| *requests > 0).ok_or_else(wrong)?;
        let (seconds, unit) = match unit {
            "s" => (1, "second"),
            "m" => (60, "minute"),
            "h" => (3_600, "hour"),
            _ => return Err(wrong()),
        };
        Ok(Self { requests, per: Duration::from_secs(seconds), unit })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} request(s) every {}", self.requests, self.unit)
    }
}

/// Who sends a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Client {
    /// A user in a project.
    Known(String, String),
    /// Somebody at this address.
    At(Option<IpAddr>),
    /// Anybody beyond those that are told apart.
    Other,
}

/// The buckets of all clients.
#[derive(Debug)]
struct Buckets {
    rate: Rate,
    /// When each will be full again; one that is not here is full.
    full_at: Mutex<BTreeMap<Client, Instant>>,
}

impl Buckets {
    /// Takes a request out of a client's bucket. The error is how long it takes until there is one again.
    fn take(&self, client: Client, now: Instant) -> Result<(), Duration> {
        let Rate { requests, per, .. } = self.rate;
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MAX_CLIENTS && !full_at.contains_key(&client) {
            full_at.retain(|_, full| *full > now);
        }
        let room = full_at.len() < MAX_CLIENTS || full_at.contains_key(&client);
        let client = if room { client } else { Client::Other };
        let full = full_at.get(&client).map_or(now, |full| (*full).max(now)) + per / requests;
        match (full - now).checked_sub(per) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                full_at.insert(client, full);
                Ok(())
            }
        }
    }
}

/// Puts a service behind a limit.
#[derive(Clone, Debug)]
pub(crate) struct RateLimitLayer {
    buckets: Arc<Buckets>,
    auth: AuthMode,
    line: Line,
}

impl RateLimitLayer {
    /// A limit for each client of a cloud, who are known by what it says of their tokens.
    pub(crate) fn new(rate: Rate, auth: AuthMode, line: Line) -> Self {
        Self { buckets: Arc::new(Buckets { rate, full_at: Mutex::default() }), auth, line }
    }

    /// Who sends a request, once its token was looked at.
    fn client(&self, request: &Request) -> impl Future<Output = Client> + Send + use<> {
        let header = |name: &str| {
            let value = request.headers().get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let (token, user) = (header("x-auth-token"), header("x-auth-user"));
        let (project, auth, line) = (header("x-auth-project-id"), self.auth, self.line.clone());
        async move {
            match auth {
                AuthMode::Keystone => {
                    let who = match token {
                        Some(token) => line.who(token).await,
                        None => None,
                    };
                    who.map_or(Client::At(peer), |who| {
                        Client::Known(who.user.to_string(), who.project.to_string())
                    })
                }
                // They are taken at their word here too.
                AuthMode::None => match user.or(token) {
                    Some(user) => Client::Known(user, project.unwrap_or_default()),
                    None => Client::At(peer),
                },
            }
        }
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimited<S>;

    fn layer(&self, inner: S) -> RateLimited<S> {
        RateLimited { inner, limit: self.clone() }
    }
}

/// A service behind a limit.
#[derive(Clone, Debug)]
pub(crate) struct RateLimited<S> {
    inner: S,
    limit: RateLimitLayer,
}

impl<S> Service<Request> for RateLimited<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that said that it is ready is the one to call; another takes its place.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let limit = self.limit.clone();
        let client = limit.client(&request);
        Box::pin(async move {
            let client = client.await;
            match limit.buckets.take(client, Instant::now()) {
                Ok(()) => inner.call(request).await,
                Err(wait) => Ok(over_limit(limit.buckets.rate, wait)),
            }
        })
    }
}

fn over_limit(rate: Rate, wait: Duration) -> Response {
    // Whole seconds, so that whoever waits as long as it says is not too early.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let body = json!({"overLimit": {
        "code": 429, "message": "This request was rate-limited.", "details": format!("Only {rate} can be made."),
        "retryAfter": seconds.to_string(),
    }});
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::{Buckets, Client, MAX_CLIENTS, Rate, RateLimitLayer};
    use crate::rig::{Job, Line};
    use crate::world::AuthMode;
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use axum::response::Response;
    use serde_json::Value;
    use std::convert::Infallible;
    use std::sync::Mutex;
    use std::time::Duration;
    use tokio::time::{Instant, advance};
    use tower::{Layer, Service, service_fn};

    fn rate(text: &str) -> Rate {
        text.parse().expect("a rate")
    }

    fn buckets(text: &str) -> Buckets {
        Buckets { rate: rate(text), full_at: Mutex::default() }
    }

    fn named(name: &str) -> Client {
        Client::Known(name.to_owned(), "demo".to_owned())
    }

    #[test]
    fn a_rate_is_requests_in_a_time() {
        assert_eq!(rate("10/m").to_string(), "10 request(s) every minute");
        for wrong in ["", "10", "0/s", "-1/s", "10/d", "x/s", "10/s/s"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_may_save_up_as_many_as_the_limit_and_then_has_them_at_its_pace() {
        let buckets = buckets("4/s");
        let take = || buckets.take(named("a"), Instant::now());
        for _ in 0..4 {
            assert_eq!(take(), Ok(()));
        }
        assert_eq!(take(), Err(Duration::from_millis(250)));
        assert_eq!(buckets.take(named("b"), Instant::now()), Ok(()), "another client");
        advance(Duration::from_millis(249)).await;
        assert_eq!(take(), Err(Duration::from_millis(1)));
        advance(Duration::from_millis(1)).await;
        assert_eq!(take(), Ok(()));
        assert!(take().is_err());
        advance(Duration::from_secs(3_600)).await;
        let fulfilled = (0..10).filter(|_| take().is_ok()).count();
        assert_eq!(fulfilled, 4, "no more is saved up in an hour");
    }

    #[tokio::test(start_paused = true)]
    async fn no_number_of_clients_fills_the_memory() {
        let buckets = buckets("1/s");
        for number in 0..MAX_CLIENTS {
            assert_eq!(buckets.take(named(&number.to_string()), Instant::now()), Ok(()));
        }
        assert_eq!(buckets.take(named("late"), Instant::now()), Ok(()), "all further ones have one bucket");
        assert!(buckets.take(named("later"), Instant::now()).is_err());
        advance(Duration::from_secs(2)).await;
        assert_eq!(
            buckets.take(named("later"), Instant::now()),
            Ok(()),
            "the others' are full, and forgotten"
        );
        assert_eq!(buckets.full_at.lock().expect("a map").len(), 1);
    }

    async fn send(
        service: &mut impl Service<Request, Response = Response, Error = Infallible>,
        user: &str,
    ) -> Response {
        let request = Request::builder().header("x-auth-user", user).body(Body::empty()).expect("a request");
        service.call(request).await.expect("an answer")
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_much_is_refused_as_nova_did_and_never_reaches_the_service() {
        let (jobs, _nobody) = tokio::sync::mpsc::channel::<Job>(1);
        let reached = std::sync::Arc::new(Mutex::new(0));
        let counter = reached.clone();
        let inner = service_fn(move |_: Request| {
            *counter.lock().expect("a number") += 1;
            async { Ok::<_, Infallible>(Response::new(Body::empty())) }
        });
        let mut service = RateLimitLayer::new(rate("2/m"), AuthMode::None, Line::to(jobs)).layer(inner);
        assert_eq!(send(&mut service, "a").await.status(), 200);
        assert_eq!(send(&mut service, "a").await.status(), 200);
        let refused = send(&mut service, "a").await;
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers().get("retry-after").and_then(|value| value.to_str().ok()), Some("30"));
        let body = to_bytes(refused.into_body(), 1_000).await.expect("a body");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["overLimit"]["code"], 429);
        assert_eq!(body["overLimit"]["details"], "Only 2 request(s) every minute can be made.");
        assert_eq!(*reached.lock().expect("a number"), 2);
        advance(Duration::from_secs(30)).await;
        assert_eq!(send(&mut service, "a").await.status(), 200, "it came back when it was told to");
    }
}
