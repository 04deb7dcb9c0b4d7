//! Connections, bounded: how many there are at once, how long a request may take to arrive, and how long a connection may be
//! open without one.

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Sleep;

/// How long things may take, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Connections at once; one more waits until another ends.
    pub(crate) connections: usize,
    /// From the opening of a connection, or the end of the answer before, to the end of a request's head.
    pub(crate) head: Duration,
    /// From then on to the end of its body.
    pub(crate) body: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: 512, head: Duration::from_secs(75), body: Duration::from_secs(60) }
    }
}

/// How long to wait before a connection is taken again when the system has no room for one.
const NO_ROOM: Duration = Duration::from_millis(200);

/// A request whose body did not arrive in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body of the request did not arrive within {} s", .0.as_secs())]
pub(crate) struct TooSlow(Duration);

impl TooSlow {
    /// Whether this is why a body could not be read.
    pub(crate) fn is_why(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(slow) = error.downcast_ref() {
                return Some(*slow);
            }
            cause = error.source();
        }
        None
    }
}

/// Serves the connections that come in, until the listener fails.
pub(crate) async fn serve_connections(
    listener: TcpListener,
    routes: Router,
    bounds: Bounds,
) -> Result<(), Error> {
    let places = Arc::new(Semaphore::new(bounds.connections));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        let (stream, client) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(_) => {
                // There are too many open files, for instance: some will be closed.
                tokio::time::sleep(NO_ROOM).await;
                continue;
            }
        };
        let routes = routes.clone();
        tokio::spawn(async move {
            serve_one(stream, client, routes, bounds).await;
            drop(place);
        });
    }
}

fn is_of_one_connection(error: &Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn serve_one(stream: TcpStream, client: SocketAddr, routes: Router, bounds: Bounds) {
    // An answer goes out at once; a connection on which that cannot be had is served all the same.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| axum::body::Body::new(Hurried::new(body, bounds.body)));
        request.extensions_mut().insert(ConnectInfo(client));
        let mut routes = routes.clone();
        async move { tower_service::Service::call(&mut routes, request).await }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .serve_connection(TokioIo::new(stream), service);
    // A client that went away, or that was too slow, is told nothing.
    drop(served.await);
}

/// A body that must arrive in time.
struct Hurried {
    body: Incoming,
    within: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Hurried {
    fn new(body: Incoming, within: Duration) -> Self {
        Self { body, within, deadline: None }
    }
}

impl Body for Hurried {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let within = self.within;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        deadline.as_mut().poll(context).map(|()| Some(Err(TooSlow(within).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, TooSlow, serve_connections};
    use axum::Router;
    use axum::body::to_bytes;
    use axum::extract::Request;
    use std::time::Duration;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::runtime::Builder;

    /// Serves what tells how much came, or that it was too slow, and lets a client speak to it. Time stands still, and jumps to
    /// the next deadline when nobody says anything.
    fn with_server<F: Future<Output = ()>>(bounds: Bounds, client: impl FnOnce(std::net::SocketAddr) -> F) {
        let runtime =
            Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let routes = Router::new().fallback(async |request: Request| {
                match to_bytes(request.into_body(), 1_000).await {
                    Ok(bytes) => format!("{} bytes", bytes.len()),
                    Err(error) => format!("slow: {}", TooSlow::is_why(&error).is_some()),
                }
            });
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            tokio::select! {
                ended = serve_connections(listener, routes, bounds) => panic!("it serves no more: {ended:?}"),
                () = client(address) => {}
            }
        });
    }

    async fn say(stream: &TcpStream, text: &str) {
        let mut left = text.as_bytes();
        while !left.is_empty() {
            stream.writable().await.expect("it takes requests");
            if let Ok(written) = stream.try_write(left) {
                left = &left[written..];
            }
        }
    }

    /// What is heard until the connection is closed.
    async fn heard(stream: TcpStream) -> String {
        let (mut text, mut some) = (Vec::new(), [0; 1_000]);
        loop {
            stream.readable().await.expect("it answers");
            match stream.try_read(&mut some) {
                Ok(0) => return String::from_utf8(text).expect("text"),
                Ok(read) => text.extend(&some[..read]),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}"),
            }
        }
    }

    fn bounds() -> Bounds {
        Bounds { connections: 1, head: Duration::from_secs(7), body: Duration::from_secs(5) }
    }

    const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n";

    #[test]
    fn a_body_that_does_not_arrive_is_not_waited_for_for_ever() {
        with_server(bounds(), async |address| {
            let whole = TcpStream::connect(address).await.expect("a connection");
            say(&whole, &format!("{POST}body")).await;
            assert!(heard(whole).await.ends_with("4 bytes"));
            let half = TcpStream::connect(address).await.expect("a connection");
            say(&half, &format!("{POST}bo")).await;
            assert!(heard(half).await.ends_with("slow: true"));
        });
    }

    #[test]
    fn a_connection_on_which_nothing_comes_is_closed_and_makes_room_for_one_that_waits() {
        with_server(bounds(), async |address| {
            let idle = TcpStream::connect(address).await.expect("a connection");
            say(&idle, "POST / HT").await;
            let next = TcpStream::connect(address).await.expect("a connection");
            say(&next, &format!("{POST}body")).await;
            assert!(heard(next).await.ends_with("4 bytes"), "the second waited for the end of the first");
            assert!(!heard(idle).await.contains("200"));
        });
    }
}
