//! What there is to choose.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::figures::Counters;
use super::refusals::Refusals;
use super::{Parts, UserManagement, key_rotation};
use crate::auth::{Auth, RegistrationMode};
use crate::directory::{Directory, FirstAccount};
use crate::hash::{HashOptions, Hasher, PasswordPolicy};
use crate::import::{ImportLimits, Jobs, WorkbookFiles};
use crate::log::{LogQueue, LogSink, MemorySink};
use crate::notify::{MessageOptions, Notifier};
use crate::outbox::{Background, Outbox};
use crate::page::Cursors;
use crate::record::Schema;
use crate::sessions::{SessionCache, Sessions};
use crate::throttle::{Throttle, ThrottleOptions};
use crate::tokens::{Keys, SigningKey, TokenOptions, Tokens, VerifyingKey};
use crate::transaction::Database;
use crate::{Clock, Error, Random, Result, SecretKey, SystemClock, SystemRandom, Timestamp, keyspace, store};

/// The layout of keys and records that this version reads and writes.
const LAYOUT: u32 = 1;

/// How many events the log holds where no sink is chosen.
const EVENTS_IN_MEMORY: usize = 10_000;

/// Choices for a [`UserManagement`]; each has a default that is safe.
#[derive(Clone, Debug)]
pub struct Builder {
    store: Arc<dyn store::Store>,
    keys: Keys,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    log: Option<LogQueue>,
    hashing: HashOptions,
    policy: PasswordPolicy,
    tokens: TokenOptions,
    registration: RegistrationMode,
    first_account: FirstAccount,
    import_limits: ImportLimits,
    import_files: Option<Arc<dyn WorkbookFiles>>,
    resumes_imports: bool,
    is_only_instance: bool,
    session_cache: Duration,
    throttle: ThrottleOptions,
    messages: Option<(Arc<dyn Notifier>, MessageOptions)>,
}

impl Builder {
    pub(super) fn new(store: Arc<dyn store::Store>, secret: SecretKey) -> Self {
        Self {
            store,
            keys: Keys::new(secret),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            log: None,
            hashing: HashOptions::default(),
            policy: PasswordPolicy::default(),
            tokens: TokenOptions::default(),
            registration: RegistrationMode::Open,
            first_account: FirstAccount::BecomesAdmin,
            import_limits: ImportLimits::default(),
            import_files: None,
            resumes_imports: true,
            is_only_instance: false,
            session_cache: Duration::ZERO,
            throttle: ThrottleOptions::default(),
            messages: None,
        }
    }

    /// Tells the time; the machine's clock by default.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Gives randomness; the operating system's by default. Everything secret rests on it.
    #[must_use]
    pub fn random(self, random: Arc<dyn Random>) -> Self {
        Self { random, ..self }
    }

    /// Keeps events; a ring of 10,000 in memory by default.
    #[must_use]
    pub fn log_sink(self, sink: Arc<dyn LogSink>) -> Self {
        let log = LogQueue::new(sink, self.clock.clone(), self.random.clone());
        self.log(log)
    }

    /// Takes events, on their way to a sink: for a program that shares the queue with a
    /// [`TracingLayer`](crate::log::TracingLayer).
    #[must_use]
    pub fn log(self, log: LogQueue) -> Self {
        Self { log: Some(log), ..self }
    }

    /// What hashing a password costs; OWASP's first recommendation for argon2id by default.
    #[must_use]
    pub fn hashing(self, hashing: HashOptions) -> Self {
        Self { hashing, ..self }
    }

    /// Which passwords may be set; 15 to 128 characters by default (NIST SP 800-63B-4).
    #[must_use]
    pub fn password_policy(self, policy: PasswordPolicy) -> Self {
        Self { policy, ..self }
    }

    /// How long tokens and sessions last, and for whom tokens are.
    #[must_use]
    pub fn tokens(self, tokens: TokenOptions) -> Self {
        Self { tokens, ..self }
    }

    /// The key that signs access tokens; the secret itself, with HS256, by default. Refresh tokens and cursors are made
    /// from the secret in any case.
    ///
    /// A key that signed before goes on verifying only where it is named as a [`retired_key`](Self::retired_key) or,
    /// being a secret, as a [`retired_secret`](Self::retired_secret).
    #[must_use]
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.keys.sign_with(key);
        self
    }

    /// A key whose access tokens are taken until this moment, and refused from then on: the one that signed before, so
    /// that nobody is logged out, or the one that will sign next, so that an instance that has it already is
    /// understood. May be called for several keys.
    ///
    /// An overlap as long as an access token is valid is enough. Where the key may be known to others, name none.
    #[must_use]
    pub fn retired_key(mut self, key: impl Into<VerifyingKey>, until: Timestamp) -> Self {
        self.keys.retire(key.into(), until);
        self
    }

    /// An earlier secret: its refresh tokens, its cursors, and access tokens that it signed with HS256 are taken until
    /// this moment. What they are renewed to is made with the secret of now. May be called for several.
    ///
    /// An overlap as long as a refresh token is valid logs nobody out. Where the secret may be known to others, name
    /// none: whoever has it can make tokens for anybody.
    #[must_use]
    pub fn retired_secret(mut self, secret: SecretKey, until: Timestamp) -> Self {
        self.keys.retire_secret(secret, until);
        self
    }

    /// How long what was read of a session may be kept in memory: none of it by default, a minute at most (more is held
    /// to that). For stores where a read costs a trip over a network.
    ///
    /// What is changed through this instance (log-out, suspension, deletion, a new password, role or organisation) holds
    /// from the next request on all the same, as without a cache. What is changed through *another* instance over the same
    /// store, or by a caller of this one who went away before the answer, holds here after this time at the latest. Only
    /// [`UserManagement::authenticate`] looks into the cache: refreshing, listing and whatever changes something read the
    /// store.
    #[must_use]
    pub fn session_cache(self, lifetime: Duration) -> Self {
        Self { session_cache: lifetime, ..self }
    }

    /// Who may register; anyone by default.
    #[must_use]
    pub fn registration(self, registration: RegistrationMode) -> Self {
        Self { registration, ..self }
    }

    /// Whether the first account of an empty store becomes its administrator; it does by default. A deployment that
    /// strangers can reach names its first administrator instead ([`UserManagement::ensure_admin`]).
    #[must_use]
    pub fn first_account_becomes_admin(self, becomes: bool) -> Self {
        let first_account = if becomes { FirstAccount::BecomesAdmin } else { FirstAccount::IsLikeAnyOther };
        Self { first_account, ..self }
    }

    /// How large a workbook may be.
    #[must_use]
    pub fn import_limits(self, import_limits: ImportLimits) -> Self {
        Self { import_limits, ..self }
    }

    /// Where workbooks are kept while they are imported, so that an import that was interrupted goes on by itself, and so
    /// that their faults can be marked in them afterwards. Nowhere by default: then an import that was interrupted ends
    /// as failed when the store is next opened.
    #[must_use]
    pub fn import_files(self, files: Arc<dyn WorkbookFiles>) -> Self {
        Self { import_files: Some(files), ..self }
    }

    /// Whether imports that were interrupted go on by themselves, from the start on and whenever one is found; they do by
    /// default. A program that only looks at a store leaves them alone.
    #[must_use]
    pub fn resume_imports(self, resumes: bool) -> Self {
        Self { resumes_imports: resumes, ..self }
    }

    /// Whether no other instance has the store open, nor can: so with a store that is one file, which its process holds
    /// locked. Then whoever was at an import that was left is gone, and it goes on at once and not only when that one's
    /// lease has run out, a minute after its last sign. Several by default.
    #[must_use]
    pub fn only_instance(self, is_only: bool) -> Self {
        Self { is_only_instance: is_only, ..self }
    }

    /// How attempts at passwords are slowed down, and what one client's address may do in an hour.
    #[must_use]
    pub fn throttle(self, throttle: ThrottleOptions) -> Self {
        Self { throttle, ..self }
    }

    /// Brings messages: without a notifier, which is the default, no message is meant and none is kept.
    #[must_use]
    pub fn notifier(self, notifier: Arc<dyn Notifier>, options: MessageOptions) -> Self {
        Self { messages: Some((notifier, options)), ..self }
    }

    /// Opens the store: notes its layout in a new one, checks that of an old one, notes which keys are in use (and tells
    /// the log where they are others than before: `key.rotate`), finishes deletions that a crash left half
    /// done, and goes on with imports that one interrupted, in the background.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] where a later version laid the store out; [`Error::Invalid`] with every option of
    /// hashing or of throttling that is out of its bounds; [`Error::Store`] where the store does not answer.
    pub async fn open(self) -> Result<UserManagement> {
        self.start(Purpose::Use).await
    }

    /// Opens the store to look at it, and changes nothing in it: notes neither a layout nor keys, finishes no deletion, and
    /// starts nothing that sends messages. For a program that looks whether it could start.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub async fn inspect(self) -> Result<UserManagement> {
        self.start(Purpose::Look).await
    }

    async fn start(self, purpose: Purpose) -> Result<UserManagement> {
        let Self {
            store,
            keys,
            clock,
            random,
            log,
            hashing,
            policy,
            tokens,
            registration,
            first_account,
            import_limits,
            import_files,
            resumes_imports,
            is_only_instance,
            throttle,
            messages,
            session_cache,
        } = self;
        let database = Database::new(store, clock.clone(), random.clone());
        check_layout(&database, purpose).await?;
        let log = log.unwrap_or_else(|| {
            LogQueue::new(Arc::new(MemorySink::new(EVENTS_IN_MEMORY)), clock.clone(), random.clone())
        });
        if purpose == Purpose::Use
            && let Some(rotation) = key_rotation::note(&database, &keys).await?
        {
            log.record(rotation.event(&log));
        }
        let retired = keys.retired_secrets();
        let cursors = Arc::new(Cursors::new(keys.secret(), retired, random.clone(), clock.clone()));
        let throttle = Throttle::new(database.clone(), keys.secret(), &throttle)?;
        let jobs = Jobs::new(database.clone(), import_files, import_limits, keys.secret())
            .only_instance(is_only_instance);
        let tokens = Arc::new(Tokens::new(&keys, tokens));
        let outbox = messages.map_or_else(Outbox::default, |(notifier, options)| {
            Outbox::new(database.clone(), tokens.clone(), notifier, options, log.clone())
        });
        let directory = Directory::new(database.clone(), cursors.clone(), throttle.clone(), outbox.clone());
        let auth = Auth {
            database: database.clone(),
            directory: directory.clone(),
            sessions: Sessions::new(database.clone(), tokens.clone(), cursors.clone())
                .cached(SessionCache::new(database.clone(), session_cache)),
            outbox: outbox.clone(),
            tokens,
            hasher: Arc::new(Hasher::new(&hashing, random.clone())?),
            policy,
            registration,
            first_account,
            throttle: throttle.clone(),
        };
        let background = match purpose {
            Purpose::Use => {
                finish_deletions(&directory).await?;
                Background::start(&outbox)
            }
            Purpose::Look => None,
        };
        let ums = UserManagement(Arc::new(Parts {
            database,
            directory,
            auth,
            log,
            cursors,
            jobs,
            throttle,
            refused_tokens: Refusals::default(),
            refused_calls: Refusals::default(),
            counters: Counters::default(),
            outbox,
            background: Mutex::new(background),
        }));
        if purpose == Purpose::Use && resumes_imports {
            super::resuming::watch(&ums).await?;
        }
        Ok(ums)
    }
}

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Use,
    Look,
}

async fn finish_deletions(directory: &Directory) -> Result<()> {
    match directory.finish_closing().await {
        Ok(0) => Ok(()),
        Ok(finished) => {
            tracing::info!(finished, "finished deletions that had been interrupted");
            Ok(())
        }
        // What is broken there is broken for those who meet it, not for everybody else.
        Err(Error::Internal(cause)) => {
            tracing::error!(%cause, "a deletion can't be finished; `verify` says what is wrong");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

async fn check_layout(database: &Database, purpose: Purpose) -> Result<()> {
    let key = &keyspace::schema();
    let found = database
        .transact(|transaction| async move {
            match transaction.read::<Schema>(key).await? {
                Some(found) => Ok(found.data),
                None => {
                    let schema = Schema { layout: LAYOUT, user_shards: 1 };
                    if purpose == Purpose::Use {
                        transaction.put(key.clone(), &schema)?;
                    }
                    Ok(schema)
                }
            }
        })
        .await?;
    if found.layout == LAYOUT && found.user_shards == 1 {
        Ok(())
    } else {
        Err(Error::internal(format!(
            "the store has layout {} with {} shards of users; this version reads layout {LAYOUT} with 1",
            found.layout, found.user_shards
        )))
    }
}
