//! The facade: thin, each method a line of delegation. It tells the log how what an auditor would ask about ended.

mod acting;
mod audit;
mod auth;
mod builder;
mod directory;
mod exports;
mod imports;
mod logs;

use std::sync::Arc;

pub use acting::Acting;
pub use builder::Builder;

use crate::access::Actor;
use crate::auth::{Auth, Principal};
use crate::directory::Directory;
use crate::import::ImportLimits;
use crate::log::{Level, LogQueue, Outcome};
use crate::model::User;
use crate::page::Cursors;
use crate::throttle::Throttle;
use crate::transaction::Database;
use crate::verify::{Finding, Verifier};
use crate::{Password, Result, SecretKey, keyspace, store};

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
    import_limits: ImportLimits,
    throttle: Throttle,
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
        self.0.auth.authenticate(access_token).await
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
            let target = format!("user/{}", user.id);
            self.0.log.record(event.with_target(target).with_outcome(Outcome::Success));
        }
        Ok(made)
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

    /// Finishes every deletion that a crash left half done. [`Builder::open`] does so, too.
    ///
    /// # Errors
    ///
    /// [`Error::Store`](crate::Error::Store) where the store does not answer; [`Error::Internal`](crate::Error::Internal)
    /// where one can't be finished, after all the others were: [`verify`](Self::verify) says what is wrong there.
    pub async fn finish_deletions(&self) -> Result<usize> {
        self.0.directory.finish_closing().await
    }

    /// Where events are recorded.
    #[must_use]
    pub fn log(&self) -> &LogQueue {
        &self.0.log
    }
}
