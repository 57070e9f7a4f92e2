//! A user management as the configuration says: its store, its secret, its log.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ums_core::import::WorkbookDirectory;
use ums_core::log::{FileSink, LogError, LogQueue};
use ums_core::{
    Builder, Clock, SecretKey, SecretTooShort, SystemClock, SystemRandom, TokenOptions, UserManagement,
};

use crate::config::{Config, DatabaseUrl, PreviousKeys};
use crate::notifier::{OpenNotifierError, open_notifier};
use crate::secret_file::{self, SecretFileError};
use crate::store::{OpenStoreError, open_store};

/// How long the log may take to write what it still holds when the system closes.
const FLUSH: Duration = Duration::from_secs(5);

/// How often old log files are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// Why a system could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenSystemError {
    /// The store can't be opened.
    #[error("the store can't be opened")]
    Store(#[from] OpenStoreError),
    /// The secret can't be read or made.
    #[error("there is no secret to run with")]
    Secret(#[from] SecretFileError),
    /// A secret of this process can't be made.
    #[error("there is no secret to run with")]
    ProcessSecret(#[from] SecretTooShort),
    /// The log can't be written.
    #[error("the log can't be written in {}", path.display())]
    Log {
        /// Where it should be written.
        path: PathBuf,
        /// Why not.
        #[source]
        source: LogError,
    },
    /// The workbooks of imports can't be kept.
    #[error("workbooks can't be kept in {} (IMPORT_DIR)", path.display())]
    Imports {
        /// Where they should be kept.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Messages can't be sent.
    #[error("messages can't be sent")]
    Notifier(#[from] OpenNotifierError),
    /// What is in the store can't be used.
    #[error("the user management can't be opened")]
    UserManagement(#[source] ums_core::Error),
    /// The first administrator can't be made.
    #[error("the first administrator (ADMIN_EMAIL, ADMIN_PASSWORD) can't be made")]
    Administrator(#[source] ums_core::Error),
}

/// The log of a system: the queue that takes events, and the files that they go to.
#[derive(Clone, Debug)]
pub struct Log {
    queue: LogQueue,
    files: FileSink,
}

impl Log {
    /// The log in the configuration's directory.
    ///
    /// # Errors
    ///
    /// [`OpenSystemError::Log`] where it can't be written.
    pub fn open(config: &Config) -> Result<Self, OpenSystemError> {
        let path = &config.log_directory;
        let files =
            FileSink::open(path).map_err(|source| OpenSystemError::Log { path: path.clone(), source })?;
        let queue = LogQueue::new(Arc::new(files.clone()), Arc::new(SystemClock), Arc::new(SystemRandom));
        Ok(Self { queue, files })
    }

    /// Where events are recorded.
    #[must_use]
    pub fn queue(&self) -> &LogQueue {
        &self.queue
    }

    /// Removes log files that are older than the configuration keeps them, now and from time to time. Never ends.
    pub async fn sweep(self, config: &Config) {
        loop {
            match self.files.sweep(SystemClock.now(), config.log_retention_days.into()).await {
                Ok(0) => {}
                Ok(days) => tracing::info!(days, "old log files removed"),
                Err(error) => tracing::warn!(%error, "old log files could not be removed"),
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }
}

/// Where the secret came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretOrigin {
    /// The environment.
    Environment,
    /// A file beside the data.
    File(PathBuf),
    /// This process, which takes it along when it ends.
    Process,
}

/// A user management over its store.
#[derive(Debug)]
pub struct System {
    user_management: UserManagement,
    secret_origin: SecretOrigin,
}

impl System {
    /// Opens the store, finds the secret, makes the first administrator where one is configured and the store has none,
    /// and goes on with imports that were interrupted, in the background.
    ///
    /// # Errors
    ///
    /// [`OpenSystemError`], by what stood in the way.
    pub async fn open(config: &Config, log: &Log) -> Result<Self, OpenSystemError> {
        Self::open_for(config, log, true).await
    }

    /// The same for somebody who only looks at what is there: imports that were interrupted stay so.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub async fn open_to_look(config: &Config, log: &Log) -> Result<Self, OpenSystemError> {
        Self::open_for(config, log, false).await
    }

    async fn open_for(config: &Config, log: &Log, resumes: bool) -> Result<Self, OpenSystemError> {
        let (builder, secret_origin) = choose(config, log)?;
        let user_management =
            builder.resume_imports(resumes).open().await.map_err(OpenSystemError::UserManagement)?;
        if let Some(administrator) = &config.administrator {
            user_management
                .ensure_admin(&administrator.email, &administrator.password)
                .await
                .map_err(OpenSystemError::Administrator)?;
        }
        Ok(Self { user_management, secret_origin })
    }

    /// Opens the store, which is made where there is none, and finds the secret, but changes nothing in the store, makes no
    /// administrator and sends no message: for who looks whether [`open`](Self::open) would do.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub async fn inspect(config: &Config, log: &Log) -> Result<Self, OpenSystemError> {
        let (builder, secret_origin) = choose(config, log)?;
        let user_management = builder.inspect().await.map_err(OpenSystemError::UserManagement)?;
        Ok(Self { user_management, secret_origin })
    }

    /// The user management.
    #[must_use]
    pub fn user_management(&self) -> &UserManagement {
        &self.user_management
    }

    /// Where its secret came from.
    #[must_use]
    pub fn secret_origin(&self) -> &SecretOrigin {
        &self.secret_origin
    }

    /// Has imports stop for the next process to go on with, writes what the log still holds, and lets go of the store, which closes with its last handle.
    pub async fn close(self) {
        if tokio::time::timeout(FLUSH, self.user_management.stop_imports()).await.is_err() {
            tracing::warn!("imports did not stop in time; they go on at the next start");
        }
        self.user_management.close().await;
        let flushed = tokio::time::timeout(FLUSH, self.user_management.log().flush()).await;
        match flushed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the last events of the log are lost"),
            Err(_) => tracing::error!("the last events of the log are lost: writing them took too long"),
        }
    }
}

/// What the configuration chooses.
fn choose(config: &Config, log: &Log) -> Result<(Builder, SecretOrigin), OpenSystemError> {
    // The store first: while it is open no other process makes a secret beside it.
    let store = open_store(&config.database_url)?;
    let (secret, secret_origin) = find_secret(config)?;
    let tokens = TokenOptions::new()
        .access_lifetime(config.access_token_lifetime)
        .refresh_lifetime(config.refresh_token_lifetime)
        .session_lifetime(config.session_lifetime);
    let notifier = open_notifier(&config.messages.notifier)?;
    let mut builder = with_keys(UserManagement::builder(store, secret), config);
    // What is in memory only is gone with the process, and imports into it with that.
    if config.database_url != DatabaseUrl::Memory {
        let path = &config.import_directory;
        let files = WorkbookDirectory::open(path)
            .map_err(|source| OpenSystemError::Imports { path: path.clone(), source })?;
        builder = builder.import_files(Arc::new(files));
        // One file, which this process holds locked.
        builder = builder.only_instance(matches!(config.database_url, DatabaseUrl::Redb(_)));
    }
    let builder = builder
        .log(log.queue.clone())
        .password_policy(config.password_policy)
        .hashing(config.hashing.clone())
        .registration(config.registration)
        .tokens(tokens)
        .notifier(notifier, config.messages.options.clone())
        .session_cache(config.session_cache)
        .first_account_becomes_admin(config.first_account_becomes_admin());
    Ok((builder, secret_origin))
}

/// The keys that the configuration names besides the secret.
fn with_keys(mut builder: Builder, config: &Config) -> Builder {
    if let Some(key) = &config.signing_key {
        builder = builder.signing_key(key.clone());
    }
    let Some(PreviousKeys { secret_key, signing_key, until }) = &config.previous_keys else { return builder };
    if let Some(secret) = secret_key {
        builder = builder.retired_secret(secret.clone(), *until);
    }
    if let Some(key) = signing_key {
        builder = builder.retired_key(key.clone(), *until);
    }
    if *until <= SystemClock.now() {
        tracing::warn!(%until, "the overlap of the previous key is over: PREVIOUS_… can be removed");
    }
    builder
}

fn find_secret(config: &Config) -> Result<(SecretKey, SecretOrigin), OpenSystemError> {
    if let Some(secret) = &config.secret_key {
        return Ok((secret.clone(), SecretOrigin::Environment));
    }
    match &config.database_url {
        DatabaseUrl::Memory => {
            Ok((secret_file::make_for_this_process(&SystemRandom)?, SecretOrigin::Process))
        }
        DatabaseUrl::Redb(path) => {
            let path = path.with_extension("secret");
            Ok((secret_file::read_or_make(&path, &SystemRandom)?, SecretOrigin::File(path)))
        }
    }
}
