//! Sessions: what a log-in begins, what renews its tokens, and what ends it.

mod cache;
mod list;
mod token_pair;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use cache::SessionCache;
pub use token_pair::TokenPair;

use crate::model::{SessionId, Status, User, UserId};
use crate::page::Cursors;
use crate::record::{Found, SessionRecord, UserRecord};
use crate::tokens::{AccessGrant, RefreshClaims, Tokens};
use crate::transaction::{Database, Transaction};
use crate::{Error, Kind, Origin, Result, Timestamp, keyspace};

/// How long a spent refresh token gets its successor again: a reply may get lost, two tabs may refresh at once.
const GRACE: Duration = Duration::from_secs(10);

/// Sessions over a store.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    database: Database,
    tokens: Arc<Tokens>,
    cursors: Arc<Cursors>,
    cache: Option<Arc<SessionCache>>,
}

/// A session and its account, as they stand.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) session: SessionRecord,
    pub(crate) account: UserRecord,
}

impl Sessions {
    pub(crate) fn new(database: Database, tokens: Arc<Tokens>, cursors: Arc<Cursors>) -> Self {
        Self { database, tokens, cursors, cache: None }
    }

    /// The same, but that what requests ask for is kept for a while.
    pub(crate) fn cached(self, cache: Option<SessionCache>) -> Self {
        Self { cache: cache.map(Arc::new), ..self }
    }

    /// Begins a session of an account that the transaction has read, so that it begins only while the account stands.
    pub(crate) fn begin(
        &self,
        transaction: &Transaction,
        account: &UserRecord,
        id: SessionId,
        origin: &Origin,
    ) -> Result<TokenPair> {
        let now = self.database.now();
        let session = SessionRecord {
            generation: 1,
            epoch: account.session_epoch,
            created_at: now,
            rotated_at: now,
            expires_at: self.expiry(now, now),
            user_agent: origin.user_agent.clone(),
            ip: origin.ip,
        };
        let key = keyspace::session(account.user.id, id);
        transaction.put_expiring(key, &session, session.expires_at)?;
        self.tokens_of(id, &session, account)
    }

    /// A new id for a session.
    pub(crate) fn new_id(&self) -> SessionId {
        SessionId::from_u128(self.database.random().u128())
    }

    /// Renews a session's tokens: one commit, which expects the session as it was read.
    pub(crate) async fn rotate(&self, claims: RefreshClaims) -> Result<(User, TokenPair)> {
        let RefreshClaims { user, session: id, generation } = claims;
        let key = &keyspace::session(user, id);
        let rotated = self
            .database
            .transact(|transaction| async move {
                let standing = self.read(&transaction, user, id).await?;
                let Standing { session, account } = standing.ok_or(Error::InvalidRefreshToken)?;
                let now = self.database.now();
                if generation == session.generation {
                    let expires_at = self.expiry(session.created_at, now);
                    let session = SessionRecord {
                        generation: session.generation.saturating_add(1),
                        rotated_at: now,
                        expires_at,
                        ..session
                    };
                    transaction.put_expiring(key.clone(), &session, expires_at)?;
                    let pair = self.tokens_of(id, &session, &account)?;
                    return Ok(Some((account.user, pair)));
                }
                if generation.checked_add(1) == Some(session.generation)
                    && now.since(session.rotated_at) <= GRACE
                {
                    let pair = self.tokens_of(id, &session, &account)?;
                    return Ok(Some((account.user, pair)));
                }
                if generation > session.generation {
                    return Err(Error::InvalidRefreshToken);
                }
                transaction.delete(key.clone());
                Ok(None)
            })
            .await?;
        // None where a spent token was shown again.
        rotated.ok_or(Error::RefreshTokenReused)
    }

    /// The session and its account where both stand; as they stood a moment ago, where they are cached.
    pub(crate) async fn standing(&self, user: UserId, id: SessionId) -> Result<Option<Standing>> {
        let found = match &self.cache {
            Some(cache) => cache.get_or_read(user, id, self.look_up(user, id)).await?,
            None => self.look_up(user, id).await?,
        };
        Ok(found.filter(|standing| self.is_live(&standing.session)))
    }

    async fn look_up(&self, user: UserId, id: SessionId) -> Result<Option<Standing>> {
        let (session_key, account_key) = (keyspace::session(user, id), keyspace::user_profile(user));
        let session = self.database.read::<SessionRecord>(&session_key).await?;
        let Some(session) = session else { return Ok(None) };
        let account = self.database.read::<UserRecord>(&account_key).await?;
        Ok(self.stands(session, account))
    }

    async fn read(&self, transaction: &Transaction, user: UserId, id: SessionId) -> Result<Option<Standing>> {
        let session = transaction.read::<SessionRecord>(&keyspace::session(user, id)).await?;
        let account = transaction.read::<UserRecord>(&keyspace::user_profile(user)).await?;
        Ok(session.and_then(|session| self.stands(session, account)))
    }

    fn stands(&self, session: Found<SessionRecord>, account: Option<Found<UserRecord>>) -> Option<Standing> {
        let account = account.filter(|found| !found.closing)?.data;
        let session = session.data;
        let stands = account.user.status == Status::Active
            && self.is_live(&session)
            && session.epoch == account.session_epoch;
        stands.then_some(Standing { session, account })
    }

    fn is_live(&self, session: &SessionRecord) -> bool {
        self.database.now() < session.expires_at
    }

    /// Ends one session of a user.
    pub(crate) async fn end(&self, user: UserId, id: SessionId) -> Result<()> {
        let key = &keyspace::session(user, id);
        self.database
            .transact(|transaction| async move {
                let standing = self.read(&transaction, user, id).await?;
                standing.ok_or(Error::NotFound(Kind::Session))?;
                transaction.delete(key.clone());
                Ok(())
            })
            .await
    }

    /// Ends every session of a user, those that begin at the same time too.
    pub(crate) async fn end_all(&self, user: UserId) -> Result<()> {
        self.database
            .transact(|transaction| async move {
                let key = keyspace::user_profile(user);
                let found = transaction.read::<UserRecord>(&key).await?;
                let found = found.ok_or(Error::InvalidAccessToken)?;
                let session_epoch = found.data.session_epoch + 1;
                let account = UserRecord { session_epoch, ..found.data };
                transaction.put_closing(key, &account, found.closing)
            })
            .await
    }

    /// Ends every session of a user but one, which has to stand: it is taken over into a new epoch.
    pub(crate) async fn keep_alone(
        &self,
        transaction: &Transaction,
        user: UserId,
        id: SessionId,
    ) -> Result<()> {
        let standing = self.read(transaction, user, id).await?;
        let Standing { session, account } = standing.ok_or(Error::InvalidAccessToken)?;
        let epoch = account.session_epoch + 1;
        transaction.put(keyspace::user_profile(user), &UserRecord { session_epoch: epoch, ..account })?;
        let session = SessionRecord { epoch, ..session };
        transaction.put_expiring(keyspace::session(user, id), &session, session.expires_at)
    }

    /// The tokens of a session's newest generation: the same ones whenever they are made.
    fn tokens_of(&self, id: SessionId, session: &SessionRecord, account: &UserRecord) -> Result<TokenPair> {
        let user = &account.user;
        let grant =
            AccessGrant { user: user.id, session: id, role: user.role, organisation: user.organisation_id };
        Ok(TokenPair {
            access_token: self.tokens.issue_access(&grant, session.generation, session.rotated_at)?,
            refresh_token: self.tokens.refresh_token(user.id, id, session.generation),
            token_type: "Bearer",
            expires_in: self.tokens.access_lifetime().as_secs(),
            refresh_expires_in: session.expires_at.since(session.rotated_at).as_secs(),
        })
    }

    /// When a refresh token given out now expires: never later than the session may last.
    fn expiry(&self, created_at: Timestamp, now: Timestamp) -> Timestamp {
        now.plus(self.tokens.refresh_lifetime()).min(created_at.plus(self.tokens.session_lifetime()))
    }
}
