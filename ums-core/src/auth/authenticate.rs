//! Who is behind a token.

use super::Auth;
use crate::access::Actor;
use crate::model::{SessionId, UserId};
use crate::record::UserRecord;
use crate::{Error, Result};

/// An account that has proved itself: it comes from a token check alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    actor: Actor,
    user_id: UserId,
    session_id: SessionId,
}

impl Principal {
    fn new(account: &UserRecord, session_id: SessionId) -> Self {
        Self { actor: account.actor(), user_id: account.user.id, session_id }
    }

    /// Which user.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// By which session.
    #[must_use]
    pub fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// The account as one who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl Auth {
    /// Who an access token stands for now: its session and account are read each time, so that what ends them, and
    /// what changes the account's rights, holds at once.
    pub(crate) async fn authenticate(&self, access_token: &str) -> Result<Principal> {
        let claims = self.tokens.verify_access(access_token, self.database.now())?;
        let (user, session) = (claims.grant.user, claims.grant.session);
        let standing = self.sessions.standing(user, session).await?;
        let standing = standing.ok_or(Error::InvalidAccessToken)?;
        Ok(Principal::new(&standing.account, session))
    }
}
