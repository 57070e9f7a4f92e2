//! A user management to test with: a clock that stands still, hashing that costs next to nothing, a log in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ums_core::log::MemorySink;
use ums_core::model::{Organisation, OrganisationFields, Role, User, UserFields};
use ums_core::notify::{MemoryNotifier, Message, MessageKind, MessageOptions, Notifier};
use ums_core::store::Store;
use ums_core::{
    Builder, Credentials, HashOptions, Password, Principal, Registration, SecretKey, SingleUseToken,
    TokenPair, UserManagement,
};

use crate::{FixedClock, SeededRandom};

/// The password of every account that a fixture makes.
pub const PASSWORD: &str = "StrongPassword123";

/// A user management over a store, with what a test looks at besides.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The user management.
    pub ums: UserManagement,
    /// Its clock.
    pub clock: FixedClock,
    /// Its log.
    pub log: Arc<MemorySink>,
    /// Its store.
    pub store: Arc<dyn Store>,
}

impl Fixture {
    /// A user management over this store.
    ///
    /// # Panics
    ///
    /// Where it does not open.
    pub async fn on(store: Arc<dyn Store>) -> Self {
        Self::with(store, |builder| builder).await
    }

    /// A user management over this store, with other choices.
    ///
    /// # Panics
    ///
    /// Where it does not open.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn with(store: Arc<dyn Store>, choose: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = FixedClock::new();
        let log = Arc::new(MemorySink::new(100_000));
        let secret = SecretKey::new(*b"a secret that is used in tests!!").expect("32 bytes");
        let builder = UserManagement::builder(store.clone(), secret)
            .clock(Arc::new(clock.clone()))
            .random(Arc::new(SeededRandom::new(next_seed())))
            .hashing(HashOptions::new().memory_kibibytes(8).iterations(1).queue(100_000))
            .log_sink(log.clone());
        let ums = choose(builder).open().await.expect("the store opens");
        Self { ums, clock, log, store }
    }

    /// A user management over this store that sends messages into memory, when it is told to.
    ///
    /// # Panics
    ///
    /// Where it does not open.
    pub async fn with_messages(store: Arc<dyn Store>) -> (Self, MemoryNotifier) {
        let notifier = MemoryNotifier::new();
        (Self::with_notifier(store, Arc::new(notifier.clone())).await, notifier)
    }

    /// A user management over this store that sends messages by this notifier, when it is told to.
    ///
    /// # Panics
    ///
    /// Where it does not open.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn with_notifier(store: Arc<dyn Store>, notifier: Arc<dyn Notifier>) -> Self {
        let options = MessageOptions::new("https://ums.example").expect("a URL").background(false);
        Self::with(store, |builder| builder.notifier(notifier, options)).await
    }

    /// Sends what is due, and returns the token of the one message of this kind to this address.
    ///
    /// # Panics
    ///
    /// Where there is not exactly one, or it has no token.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn delivered(
        &self,
        notifier: &MemoryNotifier,
        kind: MessageKind,
        email: &str,
    ) -> SingleUseToken {
        self.ums.deliver_messages().await.expect("the store answers");
        let messages = notifier.take();
        let is_it = |message: &&Message| message.kind == kind && message.recipient.email == email;
        let found: Vec<&Message> = messages.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "{kind} to {email} among {messages:?}");
        let token = found.first().and_then(|message| message.token.as_ref()).expect("a token");
        SingleUseToken::new(token.reveal())
    }

    /// Registers somebody and returns the account.
    ///
    /// # Panics
    ///
    /// Where that is refused.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn register(&self, email: &str) -> User {
        let registration = Registration {
            full_name: format!("Owner of {email}"),
            email: email.to_owned(),
            password: Password::new(PASSWORD),
            department_id: None,
        };
        self.ums.anonymous().register(&registration).await.expect("registered").value
    }

    /// Logs an account of the fixture in.
    ///
    /// # Panics
    ///
    /// Where that is refused.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn login(&self, email: &str) -> TokenPair {
        let credentials = Credentials { email: email.to_owned(), password: Password::new(PASSWORD) };
        self.ums.anonymous().login(&credentials).await.expect("logged in")
    }

    /// Logs an account of the fixture in and returns who it is.
    ///
    /// # Panics
    ///
    /// Where that is refused.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn principal(&self, email: &str) -> Principal {
        let tokens = self.login(email).await;
        self.ums.authenticate(&tokens.access_token).await.expect("authenticated")
    }

    /// Makes an organisation as the embedding program.
    ///
    /// # Panics
    ///
    /// Where that is refused.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn organisation(&self, name: &str) -> Organisation {
        let fields = OrganisationFields { name: name.to_owned(), ..OrganisationFields::default() };
        self.ums.system().create_organisation(&fields).await.expect("created").value
    }

    /// Makes an account of this role in an organisation, which can log in, as the embedding program.
    ///
    /// # Panics
    ///
    /// Where that is refused.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn account(&self, email: &str, role: Role, organisation: Option<&Organisation>) -> User {
        let fields = UserFields {
            full_name: format!("Owner of {email}"),
            email: email.to_owned(),
            role: Some(role),
            organisation_id: organisation.map(|organisation| organisation.id),
            password: Some(Password::new(PASSWORD)),
            ..UserFields::default()
        };
        self.ums.system().create_user(&fields).await.expect("created").value
    }

    /// Looks that the store holds every invariant: every test that writes ends with this.
    ///
    /// # Panics
    ///
    /// Where it does not, with all that is wrong.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn verify(&self) {
        let findings = self.ums.verify().await.expect("the store answers");
        let listed: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(listed.is_empty(), "the store breaks its invariants:\n{}", listed.join("\n"));
    }
}

/// Two fixtures over one store must not make the same commit ids, so each has chances of its own.
fn next_seed() -> u64 {
    static OPENED: AtomicU64 = AtomicU64::new(1);
    OPENED.fetch_add(1, Ordering::Relaxed)
}
