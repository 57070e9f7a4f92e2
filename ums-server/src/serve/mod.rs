//! A router on a socket: bounded in connections, heads, patience, and in the time it takes to stop.

mod files;
mod framing;
mod guard;
mod signal;
mod whole;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

use guard::Guard;
pub use signal::shutdown_signal;
use whole::Whole;

/// What a server grants its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServeOptions {
    /// How long a request's head may take to come, and how long a connection may be idle: 20 s.
    pub head_patience: Duration,
    /// How long 4 KiB of a body (or what is left of it) may take to come, and how long a client may take nothing of
    /// an answer: 20 s.
    pub body_patience: Duration,
    /// How many connections are served at a time, as far as the process may open files; more wait to be accepted:
    /// 4096.
    pub connections: NonZeroU32,
    /// How long requests in flight may take to finish once the server is to stop: 20 s.
    pub grace: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            head_patience: Duration::from_secs(20),
            body_patience: Duration::from_secs(20),
            connections: NonZeroU32::MIN.saturating_add(4095),
            grace: Duration::from_secs(20),
        }
    }
}

impl ServeOptions {
    /// With this much patience for heads and idle connections.
    #[must_use]
    pub fn with_head_patience(self, head_patience: Duration) -> Self {
        Self { head_patience, ..self }
    }

    /// With this much patience for bodies, and for answers to be taken.
    #[must_use]
    pub fn with_body_patience(self, body_patience: Duration) -> Self {
        Self { body_patience, ..self }
    }

    /// With this many connections at a time.
    #[must_use]
    pub fn with_connections(self, connections: NonZeroU32) -> Self {
        Self { connections, ..self }
    }

    /// With this much time to finish requests in flight.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }
}

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Served {
    /// How many connections were cut off because their requests did not finish within the grace.
    pub cut_off: usize,
}

/// Serves HTTP/1.1 until `shutdown` is there; then takes no more connections, lets the requests in flight finish
/// within the grace, and returns.
///
/// What is no well-formed request is answered with 400 and an empty body, and the connection closed: a bare line
/// feed, no or two `Host`s, two `Content-Length`s or one beside a `Transfer-Encoding`, a head of more than 16 KiB.
/// A request that comes too slowly is closed without an answer. After a chunked body the connection closes, and after one
/// that the router did not read to its end.
///
/// Every request carries [`ConnectInfo<SocketAddr>`], the peer's address.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()> + Send,
) -> Served {
    let slots = Arc::new(Semaphore::new(files::connections(options.connections)));
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, slot) = tokio::select! {
            accepted = accept(&listener, &slots) => match accepted {
                Some(accepted) => accepted,
                None => continue,
            },
            Some(ended) = connections.join_next() => {
                note_panic(ended);
                continue;
            }
            () = &mut shutdown => break,
        };
        connections.spawn(converse(stream, peer, router.clone(), options, stopping.clone(), slot));
    }
    drop(listener);
    tracing::info!(connections = connections.len(), "stopping: requests in flight may finish");
    stop.send_replace(true);
    let finish = async {
        while let Some(ended) = connections.join_next().await {
            note_panic(ended);
        }
    };
    // Those that are left when the time is over are cut off below.
    let _ = tokio::time::timeout(options.grace, finish).await;
    let cut_off = connections.len();
    if cut_off > 0 {
        tracing::warn!(cut_off, "requests did not finish in time");
    }
    connections.shutdown().await;
    Served { cut_off }
}

/// The next connection, once there is a slot for it; `None` where accepting failed and may be tried again.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, slot)),
        Err(error) => {
            if !is_of_the_connection(&error) {
                // Such as too many open files: it passes once connections close, and asking at once would spin.
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            None
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    options: ServeOptions,
    mut stopping: watch::Receiver<bool>,
    slot: OwnedSemaphorePermit,
) {
    // Without it, small answers wait for the client's acknowledgements; where it is refused they are merely late.
    let _ = stream.set_nodelay(true);
    let mut guard = Guard::new(stream, options.body_patience);
    let service = service_fn(|request: Request<Incoming>| answer(router.clone(), peer, request));
    let ended = {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(options.head_patience)
            .serve_connection(TokioIo::new(&mut guard), service);
        let mut connection = pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = until_set(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "the connection ended early");
    }
    guard.close().await;
    drop(slot);
}

async fn until_set(flag: &mut watch::Receiver<bool>) {
    // A sender that is gone means that the server is, too.
    let _ = flag.wait_for(|is_set| *is_set).await;
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response, std::convert::Infallible> {
    // Where a chunked body ends is not followed, so no request may come after it.
    let is_last = request.headers().contains_key(TRANSFER_ENCODING);
    request.extensions_mut().insert(ConnectInfo(peer));
    let request = request.map(Whole::new);
    let is_read = request.body().is_read();
    let mut response = router.oneshot(request.map(Body::new)).await?;
    if is_last || !is_read.load(Ordering::Acquire) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

fn note_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}
