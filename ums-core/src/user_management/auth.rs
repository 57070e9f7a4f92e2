//! Accounts and sessions.

use super::Acting;
use super::audit::{Audited, Subject};
use crate::auth::{Credentials, MePatch, PasswordChange, Registration};
use crate::directory::Versioned;
use crate::model::{Session, SessionId, User};
use crate::page::{Page, PageRequest};
use crate::sessions::TokenPair;
use crate::throttle::Tally;
use crate::tokens::RefreshClaims;
use crate::{Error, Result, store::Version};

impl Audited for (User, TokenPair) {
    fn subject(&self) -> Subject {
        Subject::oneself(&self.0)
    }
}

impl Acting {
    /// Makes an account. The first one of an empty store becomes its administrator, where the deployment allows that.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every faulty field; [`Conflict::EmailTaken`](crate::Conflict::EmailTaken);
    /// [`Error::Forbidden`] where registration is closed; [`Error::TooManyRequests`] where too many come from the
    /// caller's address; [`Error::Overloaded`].
    pub async fn register(&self, registration: &Registration) -> Result<Versioned<User>> {
        let work = self.waking(self.parts().auth.register(registration, &self.origin));
        self.audited("auth.register", Subject::default(), work).await
    }

    /// Begins a session. Attempts that fail are counted by the e-mail address and delay the next ones; see
    /// [`ThrottleOptions`](crate::ThrottleOptions).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredentials`], whatever is wrong with them; [`Error::TooManyRequests`] while attempts are delayed,
    /// whether the credentials are right or not; [`Error::Overloaded`].
    pub async fn login(&self, credentials: &Credentials) -> Result<TokenPair> {
        let auth = &self.parts().auth;
        let account = auth.account(&credentials.email).await?;
        // Whose log-in fails is told to the log, and to nobody else.
        let subject = account.as_ref().map(|account| Subject::user(account.user())).unwrap_or_default();
        let tally = Tally::default();
        let work = auth.login(account, credentials, &self.origin, &tally);
        Ok(self.audited_attempt("auth.login", subject, Some(&tally), work).await?.1)
    }

    /// Renews a session's tokens; the refresh token shown is spent. Shown again within 10 seconds it gets the same answer
    /// once more; later, the whole session ends.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRefreshToken`], [`Error::RefreshTokenReused`].
    pub async fn refresh(&self, refresh_token: &str) -> Result<TokenPair> {
        let auth = &self.parts().auth;
        let claims = auth.tokens.parse_refresh(refresh_token, self.parts().database.now());
        let target = |claims: &RefreshClaims| Subject::new(format!("user/{}", claims.user));
        let subject = claims.as_ref().map(target).unwrap_or_default();
        let work = async { auth.sessions.rotate(claims?).await };
        Ok(self.audited("auth.refresh", subject, work).await?.1)
    }

    /// Ends the session that acts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`] where it has ended already.
    pub async fn logout(&self) -> Result<()> {
        let work = async {
            let principal = self.principal()?;
            let ended = self.parts().auth.sessions.end(principal.user_id(), principal.session_id()).await;
            ended.map_err(|error| match error {
                Error::NotFound(_) => Error::InvalidAccessToken,
                error => error,
            })
        };
        self.audited("auth.logout", self.oneself(), work).await
    }

    /// Ends every session of the account that acts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`] for who has no account.
    pub async fn logout_all(&self) -> Result<()> {
        let work = async { self.parts().auth.sessions.end_all(self.principal()?.user_id()).await };
        self.audited("auth.logout_all", self.oneself(), work).await
    }

    /// The account that acts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`] for who has no account.
    pub async fn me(&self) -> Result<Versioned<User>> {
        self.parts().directory.own_account(self.principal()?.user_id()).await
    }

    /// Changes the account that acts.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every faulty field; [`Error::PreconditionFailed`] where the account no longer has the
    /// version that was expected.
    pub async fn change_me(&self, patch: &MePatch, expected: Option<Version>) -> Result<Versioned<User>> {
        let work = async {
            let id = self.principal()?.user_id();
            self.parts().directory.change_own_account(id, &patch.full_name, expected).await
        };
        Ok(self.audited("user.update", self.oneself(), work).await?.after)
    }

    /// Sets a new password for the account that acts; its other sessions end.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPassword`], which counts like a log-in that fails; [`Error::TooManyRequests`]; [`Error::Invalid`] where the new one does not meet the policy; [`Error::Overloaded`].
    pub async fn change_password(&self, change: &PasswordChange) -> Result<()> {
        let tally = Tally::default();
        let work = async {
            self.parts().auth.change_password(self.principal()?, change, &self.origin, &tally).await
        };
        self.audited_attempt("auth.password", self.oneself(), Some(&tally), self.waking(work)).await
    }

    /// The sessions of the account that acts.
    ///
    /// A page may hold fewer than asked for, or none, and still have a next one: how much is read for one is bounded.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`] for who has no account; [`Error::InvalidCursor`].
    pub async fn sessions(&self, request: &PageRequest) -> Result<Page<Session>> {
        let principal = self.principal()?;
        let sessions = &self.parts().auth.sessions;
        sessions.list(principal.user_id(), Some(principal.session_id()), request).await
    }

    /// Ends one session of the account that acts.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the account has no such session.
    pub async fn end_session(&self, id: SessionId) -> Result<()> {
        let work = async { self.parts().auth.sessions.end(self.principal()?.user_id(), id).await };
        self.audited("auth.session_end", Subject::new(format!("session/{id}")), work).await
    }

    pub(super) fn oneself(&self) -> Subject {
        self.actor.user_id().map(|id| Subject::new(format!("user/{id}"))).unwrap_or_default()
    }
}
