//! A server on a socket over a store on redb, with a clock that a case moves.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use ums_core::log::FileSink;
use ums_core::notify::{MemoryNotifier, MessageKind, MessageOptions};
use ums_core::{Builder, HashOptions, SecretKey, UserManagement};
use ums_http::HttpOptions;
use ums_server::{ServeOptions, serve};
use ums_store_redb::RedbStore;
use ums_testkit::FixedClock;

use super::canary;
use super::client::{Client, Tokens};

/// The secret that signs here.
pub(crate) const SECRET: &str = "canary-secret-of-this-server-0123456789";

/// A running server.
pub(crate) struct World {
    pub(crate) ums: UserManagement,
    pub(crate) clock: FixedClock,
    /// The messages that were sent.
    messages: MemoryNotifier,
    /// Nobody who has logged in.
    pub(crate) anyone: Client,
    directory: TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// Somebody with an account, logged in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) tokens: Tokens,
    /// Calls the server with their token.
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// A server with other choices.
    pub(crate) async fn with(choose: impl FnOnce(Builder) -> Builder) -> Self {
        Self::start(tempfile::tempdir().unwrap(), FixedClock::new(), SECRET, choose).await
    }

    /// The same server, stopped and started again with another secret and other choices.
    pub(crate) async fn restart(self, secret: &str, choose: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = self.clock.clone();
        let directory = self.stop().await;
        Self::start(directory, clock, secret, choose).await
    }

    async fn start(
        directory: TempDir,
        clock: FixedClock,
        secret: &str,
        choose: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        canary::secret(secret);
        let messages = MemoryNotifier::new();
        let sent = MessageOptions::at(([127, 0, 0, 1], 80).into()).background(false);
        let choose = |builder: Builder| choose(builder.notifier(Arc::new(messages.clone()), sent));
        let ums = open(directory.path(), &clock, secret, choose).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let router = ums_http::router(ums.clone(), HttpOptions::default());
        let served = tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap_or_default() };
            serve(listener, router, ServeOptions::default(), stopped).await;
        });
        Self { ums, clock, messages, anyone: Client::new(&url), directory, stop, served }
    }

    /// Registers somebody and logs them in. The first is the administrator.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let (email, password) = (format!("{name}@example.com"), password_of(name));
        let fields =
            json!({"full_name": format!("{name} of the tests"), "email": email, "password": password});
        let made = self.anyone.post("/auth/register", fields).await.expect(201);
        self.enter(made["id"].as_u64().unwrap(), &email, &password).await
    }

    /// Logs somebody in.
    pub(crate) async fn enter(&self, id: u64, email: &str, password: &str) -> Person {
        let tokens = self.anyone.login(email, password).await;
        let client = self.anyone.bearing(&tokens.access);
        Person { id, email: email.to_owned(), password: password.to_owned(), tokens, client }
    }

    /// The token that was last sent to an address in a message of this kind.
    pub(crate) async fn token(&self, kind: MessageKind, email: &str) -> String {
        self.ums.deliver_messages().await.unwrap();
        let messages = self.messages.take();
        let sent = messages.iter().rfind(|message| message.kind == kind && message.recipient.email == email);
        let token = sent.unwrap().token.as_ref().unwrap().reveal().to_owned();
        canary::secret(&token);
        token
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Stops the server, looks that the store holds every invariant, and leaves its files to be searched.
    pub(crate) async fn end(self) {
        let findings = self.ums.verify().await.unwrap();
        let listed: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(listed.is_empty(), "the store breaks its invariants:\n{}", listed.join("\n"));
        canary::keep(self.stop().await);
    }

    async fn stop(self) -> TempDir {
        let Self { ums, anyone, directory, stop, served, .. } = self;
        ums.log().flush().await.unwrap();
        // Its connections are idle, and end with the client.
        drop(anyone);
        stop.send(()).unwrap();
        served.await.unwrap();
        directory
    }
}

async fn open(
    directory: &Path,
    clock: &FixedClock,
    secret: &str,
    choose: impl FnOnce(Builder) -> Builder,
) -> UserManagement {
    let store = RedbStore::open(directory.join("ums.redb")).unwrap();
    let sink = FileSink::open(directory.join("logs")).unwrap();
    let builder = UserManagement::builder(Arc::new(store), SecretKey::new(secret).unwrap())
        .clock(Arc::new(clock.clone()))
        .hashing(HashOptions::new().memory_kibibytes(64).iterations(1))
        .log_sink(Arc::new(sink));
    choose(builder).open().await.unwrap()
}

/// A password that is nobody else's.
pub(crate) fn password_of(name: &str) -> String {
    format!("canary-{name}-Wp7xQ2vLk9")
}

impl Person {
    /// One more session of theirs.
    pub(crate) async fn again(&self, world: &World) -> Self {
        world.enter(self.id, &self.email, &self.password).await
    }

    pub(crate) async fn makes(&self, path: &str, fields: Value) -> u64 {
        self.client.post(path, fields).await.expect(201)["id"].as_u64().unwrap()
    }

    /// Makes an account with a password, and logs it in.
    pub(crate) async fn makes_user(&self, world: &World, name: &str, fields: Value) -> Self {
        let (email, password) = (format!("{name}@example.com"), password_of(name));
        let mut all =
            json!({"full_name": format!("{name} of the tests"), "email": email, "password": password});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let id = self.makes("/user/", all).await;
        world.enter(id, &email, &password).await
    }
}
