//! Keys that change: nobody is logged out in the overlap, nothing of the old key is taken after it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Duration;

use ums_core::log::{LogEvent, LogQuery, LogSink, MemorySink};
use ums_core::store::Store;
use ums_core::{
    Builder, Clock, Error, PageRequest, SecretKey, SigningKey, Timestamp, TokenPair, UserFilter,
    UserManagement, VerifyingKey,
};
use ums_store_memory::MemoryStore;
use ums_testkit::{FixedClock, Fixture, keys};

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

/// A deployment that is restarted with other keys: the same store and clock.
struct Deployment {
    store: Arc<dyn Store>,
    clock: FixedClock,
}

/// One run of it.
struct Run {
    fixture: Fixture,
    ums: UserManagement,
    log: Arc<MemorySink>,
}

impl Deployment {
    /// Nothing is in the store, but what a first run with the fixture's secret has left.
    fn new() -> Self {
        Self { store: Arc::new(MemoryStore::new()), clock: FixedClock::new() }
    }

    async fn run(&self, secret: u8, choose: impl FnOnce(Builder) -> Builder) -> Run {
        let log = Arc::new(MemorySink::new(1000));
        let builder = UserManagement::builder(self.store.clone(), secret_key(secret))
            .clock(Arc::new(self.clock.clone()))
            .hashing(ums_core::HashOptions::new().memory_kibibytes(8).iterations(1))
            .log_sink(log.clone());
        let ums = choose(builder).open().await.unwrap();
        let fixture = Fixture {
            ums: ums.clone(),
            clock: self.clock.clone(),
            log: log.clone(),
            store: self.store.clone(),
        };
        Run { fixture, ums, log }
    }

    fn after(&self, duration: Duration) -> Timestamp {
        self.clock.now().plus(duration)
    }
}

impl Run {
    async fn takes(&self, tokens: &TokenPair) -> bool {
        match self.ums.authenticate(&tokens.access_token).await {
            Ok(_) => true,
            Err(Error::InvalidAccessToken) => false,
            Err(error) => panic!("{error}"),
        }
    }

    async fn refresh(&self, tokens: &TokenPair) -> Result<TokenPair, Error> {
        self.ums.anonymous().refresh(&tokens.refresh_token).await
    }

    async fn rotations(&self) -> Vec<LogEvent> {
        self.ums.log().flush().await.unwrap();
        let mut query = LogQuery::default();
        query.action = Some("key.rotate".to_owned());
        self.log.query(&query).await.unwrap().items
    }
}

fn secret_key(byte: u8) -> SecretKey {
    SecretKey::new([byte; 32]).unwrap()
}

fn signing(pem: keys::PemPair) -> SigningKey {
    SigningKey::from_pem(pem.private).unwrap()
}

#[tokio::test]
async fn a_secret_is_replaced_and_nobody_is_logged_out() {
    let deployment = Deployment::new();
    let old = deployment.run(1, |builder| builder).await;
    old.fixture.register("ada@example.com").await;
    let before = old.fixture.login("ada@example.com").await;

    let until = deployment.after(48 * HOUR);
    let new = deployment.run(2, |builder| builder.retired_secret(secret_key(1), until)).await;
    assert!(new.takes(&before).await);
    let renewed = new.refresh(&before).await.unwrap();
    assert!(new.takes(&renewed).await);
    assert!(!old.takes(&renewed).await, "signed with the new secret");
    assert!(matches!(old.refresh(&renewed).await, Err(Error::InvalidRefreshToken)));
    // The answer got lost: what is given again is the same to the letter, and of the new secret.
    assert_eq!(new.refresh(&before).await.unwrap(), renewed);

    let late = new.fixture.login("ada@example.com").await;
    let unrenewed = old.fixture.login("ada@example.com").await;
    deployment.clock.advance(47 * HOUR);
    assert!(matches!(new.refresh(&before).await, Err(Error::RefreshTokenReused)), "still known, and spent");
    deployment.clock.advance(HOUR - SECOND);
    let at_the_end = old.fixture.login("ada@example.com").await;
    assert!(new.takes(&at_the_end).await);
    new.refresh(&late).await.unwrap();
    deployment.clock.advance(SECOND);
    assert!(!new.takes(&at_the_end).await);
    assert!(matches!(new.refresh(&at_the_end).await, Err(Error::InvalidRefreshToken)));
    assert!(matches!(new.refresh(&unrenewed).await, Err(Error::InvalidRefreshToken)));
    new.fixture.verify().await;
}

#[tokio::test]
async fn without_an_overlap_everything_of_the_old_secret_is_refused_at_once() {
    let deployment = Deployment::new();
    let old = deployment.run(1, |builder| builder).await;
    old.fixture.register("ada@example.com").await;
    let before = old.fixture.login("ada@example.com").await;
    let new = deployment.run(2, |builder| builder).await;
    assert!(!new.takes(&before).await);
    assert!(matches!(new.refresh(&before).await, Err(Error::InvalidRefreshToken)));
    assert_eq!(new.rotations().await[0].fields()["until"], serde_json::Value::Null);
    assert!(new.takes(&new.fixture.login("ada@example.com").await).await, "passwords stay");
}

#[tokio::test]
async fn a_signing_key_is_replaced_under_the_same_secret() {
    for (first, second) in [(keys::ED25519, keys::ED25519_NEXT), (keys::P256, keys::ED25519)] {
        let deployment = Deployment::new();
        let old = deployment.run(1, |builder| builder.signing_key(signing(first))).await;
        old.fixture.register("ada@example.com").await;
        let before = old.fixture.login("ada@example.com").await;
        let until = deployment.after(HOUR);
        let public = VerifyingKey::from_pem(first.public).unwrap();
        let new = deployment
            .run(1, |builder| builder.signing_key(signing(second)).retired_key(public, until))
            .await;
        assert!(new.takes(&before).await);
        assert_eq!(new.ums.public_keys().len(), 2);
        deployment.clock.advance(HOUR);
        assert!(!new.takes(&before).await);
        assert_eq!(new.ums.public_keys().len(), 1);
        let renewed = new.refresh(&before).await.unwrap();
        assert!(new.takes(&renewed).await, "refresh tokens are made from the secret, which stayed");
        new.fixture.verify().await;
    }
}

#[tokio::test]
async fn from_a_secret_to_a_key_pair_and_back() {
    let deployment = Deployment::new();
    let hs256 = deployment.run(1, |builder| builder).await;
    hs256.fixture.register("ada@example.com").await;
    let first = hs256.fixture.login("ada@example.com").await;
    let until = deployment.after(HOUR);
    let asymmetric = deployment
        .run(1, |builder| builder.signing_key(signing(keys::P256)).retired_secret(secret_key(1), until))
        .await;
    assert!(asymmetric.takes(&first).await);
    let second = asymmetric.fixture.login("ada@example.com").await;
    let strict = deployment.run(1, |builder| builder.signing_key(signing(keys::P256))).await;
    assert!(!strict.takes(&first).await, "the secret alone signs no access token here");
    let back = deployment.run(1, |builder| builder.retired_key(signing(keys::P256), until)).await;
    assert!(back.takes(&first).await && back.takes(&second).await);
}

#[tokio::test]
async fn every_answer_to_a_repeated_refresh_is_the_same_under_every_algorithm() {
    for pem in [keys::ED25519, keys::P256] {
        let deployment = Deployment::new();
        let run = deployment.run(1, |builder| builder.signing_key(signing(pem))).await;
        run.fixture.register("ada@example.com").await;
        let before = run.fixture.login("ada@example.com").await;
        let renewed = run.refresh(&before).await.unwrap();
        deployment.clock.advance(9 * SECOND);
        let restarted = deployment.run(1, |builder| builder.signing_key(signing(pem))).await;
        assert_eq!(restarted.refresh(&before).await.unwrap(), renewed);
    }
}

#[tokio::test]
async fn a_cursor_outlives_its_secret() {
    let deployment = Deployment::new();
    let old = deployment.run(1, |builder| builder).await;
    for email in ["ada@example.com", "bob@example.com"] {
        old.fixture.register(email).await;
    }
    let list = async |run: &Run, cursor: Option<String>| {
        let request = PageRequest::new(1.try_into().unwrap(), cursor);
        run.ums.system().users(&UserFilter::default(), &request).await
    };
    let cursor = list(&old, None).await.unwrap().next_cursor;
    let until = deployment.after(HOUR);
    let new = deployment.run(2, |builder| builder.retired_secret(secret_key(1), until)).await;
    assert_eq!(list(&new, cursor.clone()).await.unwrap().items[0].email, "bob@example.com");
    deployment.clock.advance(HOUR);
    assert!(matches!(list(&new, cursor).await, Err(Error::InvalidCursor)));
}

#[tokio::test]
async fn a_rotation_is_told_once_by_whoever_notices_it_first() {
    let deployment = Deployment::new();
    let first = deployment.run(1, |builder| builder).await;
    assert_eq!(first.rotations().await.len(), 0, "the first keys replace none");
    assert_eq!(deployment.run(1, |builder| builder).await.rotations().await.len(), 0);

    let until = deployment.after(HOUR);
    let start = |_| deployment.run(2, |builder| builder.retired_secret(secret_key(1), until));
    let runs = futures_util::future::join_all((0..8).map(start)).await;
    let mut told = Vec::new();
    for run in &runs {
        told.extend(run.rotations().await);
    }
    assert_eq!(told.len(), 1, "{told:?}");
    let event = &told[0];
    let id = |secret| VerifyingKey::hs256(&secret_key(secret)).id().to_owned();
    assert_eq!((event.actor_id(), &event.fields()["old_key"]), (None, &id(1).into()));
    assert_eq!(
        (&event.fields()["new_key"], &event.fields()["secret_changed"], &event.fields()["until"]),
        (&id(2).into(), &true.into(), &until.to_string().into())
    );

    let pair = deployment.run(2, |builder| builder.signing_key(signing(keys::ED25519))).await;
    let event = &pair.rotations().await[0];
    assert_eq!(event.fields()["secret_changed"], false);
    assert_eq!(event.fields()["new_key"], signing(keys::ED25519).id());
    pair.fixture.verify().await;
}
