//! The facade: thin, each method a line of delegation. It tells the log how what an auditor would ask about ended.

mod acting;
mod audit;
mod auth;
mod builder;
mod denials;
mod directory;
mod exports;
mod figures;
mod imports;
mod key_rotation;
mod logs;
mod messages;
mod refusals;
mod refused_tokens;
mod resuming;
mod waiting;

use std::sync::{Arc, Mutex, PoisonError};

pub use acting::Acting;
pub use builder::Builder;
pub use figures::{Endings, Figures};
pub use imports::{ImportEvent, ImportEvents, ImportStarted};

use crate::access::Actor;
use crate::auth::{Auth, Principal};
use crate::directory::Directory;
use crate::import::Jobs;
use crate::log::{Level, LogQueue, Outcome};
use crate::model::User;
use crate::notify::Delivery;
use crate::outbox::{Background, Outbox};
use crate::page::Cursors;
use crate::throttle::Throttle;
use crate::tokens::JsonWebKeySet;
use crate::transaction::Database;
use crate::verify::{Finding, Verifier};
use crate::{Error, Origin, Password, Result, SecretKey, keyspace, store};
use figures::Counters;
use refusals::Refusals;

/// User management over a store. Clones are handles to the same.
///
/// ```
/// use std::sync::Arc;
///
/// use ums_core::{Credentials, Password, Registration, SecretKey, UserManagement};
/// use ums_store_memory::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = SecretKey::new(*b"thirty-two bytes from a vault...")?;
/// let ums = UserManagement::builder(Arc::new(MemoryStore::new()), secret).open().await?;
///
/// let (email, password) = ("ada@example.com", Password::new("StrongPassword123"));
/// let ada = Registration {
///     full_name: "Ada Lovelace".into(),
///     email: email.into(),
///     password: password.clone(),
///     department_id: None,
/// };
/// ums.anonymous().register(&ada).await?;
///
/// let tokens = ums.anonymous().login(&Credentials { email: email.into(), password }).await?;
/// let principal = ums.authenticate(&tokens.access_token).await?;
/// let me = ums.acting_as(&principal).me().await?.value;
/// assert_eq!((me.full_name.as_str(), me.role.as_str()), ("Ada Lovelace", "admin"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserManagement(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    database: Database,
    directory: Directory,
    auth: Auth,
    log: LogQueue,
    cursors: Arc<Cursors>,
    jobs: Jobs,
    throttle: Throttle,
    refused_tokens: Refusals,
    refused_calls: Refusals,
    counters: Counters,
    outbox: Outbox,
    /// Sends as long as there is a handle.
    background: Mutex<Option<Background>>,
}

impl UserManagement {
    /// User management over this store, under this secret: what else there is to choose, the builder takes.
    pub fn builder(store: Arc<dyn store::Store>, secret: SecretKey) -> Builder {
        Builder::new(store, secret)
    }

    /// Acts for the embedding program itself, which may do everything.
    #[must_use]
    pub fn system(&self) -> Acting {
        Acting::new(self.clone(), Actor::System, None)
    }

    /// Acts for somebody unknown, who may register, log in and refresh.
    #[must_use]
    pub fn anonymous(&self) -> Acting {
        Acting::new(self.clone(), Actor::Anonymous, None)
    }

    /// Acts for an account that has proved itself.
    #[must_use]
    pub fn acting_as(&self, principal: &Principal) -> Acting {
        Acting::new(self.clone(), principal.actor().clone(), Some(principal.clone()))
    }

    /// Who an access token stands for now. What ends a session or changes an account's rights holds from the next call
    /// on.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`](crate::Error::InvalidAccessToken), or [`Error::Store`](crate::Error::Store).
    pub async fn authenticate(&self, access_token: &str) -> Result<Principal> {
        self.authenticate_from(access_token, &Origin::default()).await
    }

    /// The same for a token that comes from somewhere: the log is told where it is refused, but for one that has merely
    /// expired. Of many it is told of a few, and of how many more there were.
    ///
    /// # Errors
    ///
    /// As for [`authenticate`](Self::authenticate).
    pub async fn authenticate_from(&self, access_token: &str, origin: &Origin) -> Result<Principal> {
        let answer = self.0.auth.authenticate(access_token).await;
        if matches!(answer, Err(Error::InvalidAccessToken)) {
            self.tell_refused_token(access_token, origin);
        }
        answer
    }

    /// The public keys that verify access tokens now, for programs that check tokens themselves. None where tokens are
    /// signed with the secret.
    ///
    /// Who checks a token with them learns nothing of what has ended its session since: only
    /// [`authenticate`](Self::authenticate) does.
    #[must_use]
    pub fn public_keys(&self) -> JsonWebKeySet {
        self.0.auth.tokens.public_keys(self.0.database.now())
    }

    /// Makes an administrator where the store has none; `None` where it has one. Safe to call at each start,
    /// and by several at once.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) for what is no e-mail address or no acceptable password.
    pub async fn ensure_admin(&self, email: &str, password: &Password) -> Result<Option<User>> {
        let made = self.0.auth.ensure_admin(email, password).await?;
        if let Some(user) = &made {
            let event = self.0.log.event(Level::Info, "user.create", "the first administrator was made");
            let event =
                event.with_field("role", user.role.as_str()).with_field("status", user.status.as_str());
            let target = format!("user/{}", user.id);
            self.0.log.record(event.with_target(target).with_outcome(Outcome::Success));
        }
        Ok(made)
    }

    /// Ends what works in the background, and waits until that has let go of the store, which closes with its last
    /// handle. Everything else goes on.
    pub async fn close(&self) {
        let background = self.0.background.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(background) = background {
            background.end().await;
        }
    }

    /// Asks the store whether it answers.
    ///
    /// # Errors
    ///
    /// [`Error::Store`](crate::Error::Store) where it does not.
    pub async fn ready(&self) -> Result<()> {
        self.0.database.read::<crate::record::Schema>(&keyspace::schema()).await.map(drop)
    }

    /// Looks through the whole store for broken invariants, and lists every one. Reads everything: for an operator and
    /// for tests, on a store that nobody writes to meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Store`](crate::Error::Store) where the store does not answer.
    pub async fn verify(&self) -> Result<Vec<Finding>> {
        Verifier::new(&self.0.database, &self.0.throttle).run().await
    }

    /// Sends every message that is due, and says what became of them. The background does so by itself where there is one
    /// ([`MessageOptions::background`](crate::notify::MessageOptions::background)); several may do so at once, and no
    /// message is sent by two of them.
    ///
    /// # Errors
    ///
    /// [`Error::Store`](crate::Error::Store) where the store does not answer. What a notifier fails at is no error here:
    /// the message waits, and the log is told.
    pub async fn deliver_messages(&self) -> Result<Delivery> {
        self.0.outbox.deliver().await
    }

    /// Finishes every deletion that a crash left half done. [`Builder::open`] does so, too.
    ///
    /// # Errors
    ///
    /// [`Error::Store`](crate::Error::Store) where the store does not answer; [`Error::Internal`](crate::Error::Internal)
    /// where one can't be finished, after all the others were: [`verify`](Self::verify) says what is wrong there.
    pub async fn finish_deletions(&self) -> Result<usize> {
        self.0.directory.finish_closing().await
    }

    /// Goes on with every import that was left unfinished and whose lease has run out, to its end. [`Builder::open`] has
    /// it done in the background, and so does every instance from time to time.
    ///
    /// Gives how many there were.
    ///
    /// # Errors
    ///
    /// [`Error::Store`](crate::Error::Store) where the store does not answer.
    pub async fn resume_imports(&self) -> Result<usize> {
        resuming::resume(self).await
    }

    /// Removes the workbooks that are kept and that nobody asks for any more. Every instance does so from time to time.
    ///
    /// # Errors
    ///
    /// [`Error::Store`](crate::Error::Store) where the store does not answer.
    pub async fn sweep_imports(&self) -> Result<()> {
        self.0.jobs.sweep().await
    }

    /// Has the imports of this instance stop before their next batch, and waits for that and until the log was told: the next
    /// instance goes on with them at once. For a program that ends; this instance takes no more.
    pub async fn stop_imports(&self) {
        self.0.jobs.stop().await;
        self.0.counters.no_imports().await;
    }

    /// What tests of its parts look at.
    #[cfg(test)]
    pub(crate) fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// Where events are recorded.
    #[must_use]
    pub fn log(&self) -> &LogQueue {
        &self.0.log
    }
}
