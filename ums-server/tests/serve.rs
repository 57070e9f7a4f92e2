//! A router on a real socket, spoken to in bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};
use ums_server::{ServeOptions, Served, serve};

/// What is well formed for the library that reads HTTP, and not for us.
#[tokio::test]
async fn malformed_requests_get_400_and_the_connection_closes() {
    let server = Server::start(ServeOptions::default()).await;
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024));
    for request in [
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1",
        "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n1",
        "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n",
        "GET\r\n\r\n",
        "nonsense\r\n\r\n",
        &long,
    ] {
        let shown = request.get(..120).unwrap_or(request).escape_debug().to_string();
        let answers = server.say(request.as_bytes()).await;
        assert!(answers.starts_with("HTTP/1.1 400 "), "{shown}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{shown}: {answers}");
    }
}

#[tokio::test]
async fn requests_that_follow_a_bad_one_are_never_seen() {
    let server = Server::start(ServeOptions::default()).await;
    let answers = server
        .say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert_eq!(statuses(&answers), ["200", "400"]);
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_turn() {
    let server = Server::start(ServeOptions::default()).await;
    let answers = server
        .say(
            b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na\nb\
              GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        )
        .await;
    assert_eq!(statuses(&answers), ["200", "200"]);
    assert!(answers.ends_with("127.0.0.1"), "the peer's address is known: {answers}");
}

#[tokio::test]
async fn after_a_chunked_body_the_connection_closes() {
    let server = Server::start(ServeOptions::default()).await;
    let answers = server
        .say(
            b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
              GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .await;
    assert_eq!(statuses(&answers), ["200"]);
    assert!(answers.ends_with("3 bytes"), "{answers}");
    assert!(answers.contains("connection: close"), "{answers}");
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
    let moment = Duration::from_millis(50);
    let server =
        Server::start(ServeOptions::default().with_head_patience(moment).with_body_patience(moment)).await;
    for (request, answered) in [
        ("", 0),
        ("GET / HTTP/1.1\r\nHost: a\r\n", 0),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", 1),
    ] {
        let answers = server.say(request.as_bytes()).await;
        assert_eq!(statuses(&answers).len(), answered, "{request:?}: {answers}");
    }
    for request in [
        "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123",
        "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let answers = server.say(request.as_bytes()).await;
        assert!(!answers.contains("HTTP/1.1 200"), "{request:?}: {answers}");
    }
}

/// An answer that comes before the client has sent everything reaches it all the same.
#[tokio::test]
async fn an_early_answer_is_not_lost() {
    let server = Server::start(ServeOptions::default()).await;
    for length in ["Content-Length: 3000000", "Transfer-Encoding: chunked"] {
        let mut request = format!("POST /unread HTTP/1.1\r\nHost: a\r\n{length}\r\n\r\n").into_bytes();
        for _ in 0..3_000 {
            request.extend_from_slice(b"3e2\r\n");
            request.resize(request.len() + 0x3e2, b'x');
            request.extend_from_slice(b"\r\n");
        }
        let mut stream = server.connect();
        let answers = spawn_blocking(move || {
            stream.write_all(&request)?;
            let mut answers = String::new();
            stream.read_to_string(&mut answers).map(|_| answers)
        });
        let answers = answers.await.unwrap().expect("the connection is not reset");
        assert_eq!(statuses(&answers), ["200"], "{length}: {answers}");
        // Or the client sends its next request here, where it is not read.
        assert!(answers.contains("connection: close"), "{length}: {answers}");
    }
}

#[tokio::test]
async fn connections_past_the_limit_wait_for_their_turn() {
    let server = Server::start(ServeOptions::default().with_connections(NonZeroU32::MIN)).await;
    let first = server.connect();
    let second = server.say(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let mut second = std::pin::pin!(second);
    let early = tokio::time::timeout(Duration::from_millis(50), second.as_mut()).await;
    assert!(early.is_err(), "answered beside the first: {early:?}");
    drop(first);
    assert_eq!(statuses(&second.await), ["200"]);
}

#[tokio::test]
async fn stopping_lets_requests_in_flight_finish() {
    let mut server = Server::start(ServeOptions::default()).await;
    let idle = server.connect();
    let asked = server.spawn_say(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    server.entered().await;
    server.stop();
    server.until_refusing().await;
    server.release.add_permits(1);
    let answers = asked.await.unwrap();
    assert_eq!(statuses(&answers), ["200"]);
    assert_eq!(server.served().await.cut_off, 0);
    drop(idle);
}

#[tokio::test]
async fn stopping_cuts_off_what_does_not_finish() {
    let mut server = Server::start(ServeOptions::default().with_grace(Duration::from_millis(50))).await;
    let asked = server.spawn_say(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    server.entered().await;
    server.stop();
    assert_eq!(server.served().await.cut_off, 1);
    assert_eq!(asked.await.unwrap(), "");
}

/// `/` says who asks, `/length` how long the body is, `/unread` does not look, `/held` waits to be released.
struct Server {
    address: SocketAddr,
    entered: Arc<Semaphore>,
    release: Arc<Semaphore>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Served>,
}

impl Server {
    async fn start(options: ServeOptions) -> Self {
        let (entered, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let held = {
            let (entered, release) = (Arc::clone(&entered), Arc::clone(&release));
            async move || {
                entered.add_permits(1);
                release.acquire().await.unwrap().forget();
            }
        };
        let router = Router::new()
            .route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()))
            .route("/length", post(async |body: Bytes| format!("{} bytes", body.len())))
            .route("/unread", post(async || "not interested"))
            .route("/held", get(held));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, router, options, async {
            let _ = stopped.await;
        }));
        Self { address, entered, release, stop: Some(stop), task }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    /// What is answered until the connection closes.
    async fn say(&self, request: &[u8]) -> String {
        self.spawn_say(request).await.unwrap()
    }

    fn spawn_say(&self, request: &[u8]) -> JoinHandle<String> {
        let (mut stream, request) = (self.connect(), request.to_owned());
        spawn_blocking(move || {
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            // The server may have closed already; what it said before is the result.
            let _ = stream.write_all(&request);
            let mut answers = Vec::new();
            if let Err(error) = stream.read_to_end(&mut answers) {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "still open: {error}");
            }
            String::from_utf8(answers).unwrap()
        })
    }

    async fn entered(&self) {
        self.entered.acquire().await.unwrap().forget();
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    async fn until_refusing(&self) {
        for _ in 0..100_000 {
            if tokio::net::TcpStream::connect(self.address).await.is_err() {
                return;
            }
        }
        panic!("new connections are still taken");
    }

    async fn served(self) -> Served {
        self.task.await.unwrap()
    }
}

fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}
