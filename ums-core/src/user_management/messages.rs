//! What people do by tokens that are sent to them, and what sends these.

use super::Acting;
use super::audit::Subject;
use super::directory::user;
use crate::Result;
use crate::auth::{EmailChange, ForgottenPassword, InvitationAcceptance, PasswordReset};
use crate::model::{User, UserId};
use crate::record::TokenPurpose;
use crate::sessions::TokenPair;
use crate::throttle::Tally;
use crate::tokens::{SingleUseClaims, SingleUseToken};

/// A user whose own doing it was.
struct Oneself(User);

impl super::audit::Audited for Oneself {
    fn subject(&self) -> Subject {
        Subject::oneself(&self.0)
    }
}

impl Acting {
    /// Sends a token that sets a new password to whoever has an address; an invited account gets its invitation once more.
    /// The answer, and how long it takes, is the same whether anybody has the address.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRequests`](crate::Error::TooManyRequests) where too many come from the caller's address;
    /// [`Error::Store`](crate::Error::Store) where the store does not answer.
    pub async fn forgot_password(&self, forgotten: &ForgottenPassword) -> Result<()> {
        let work = self.parts().auth.forgot_password(forgotten, &self.origin);
        self.audited("auth.forgot", Subject::default(), self.waking(work)).await
    }

    /// Sets a new password by the token that was sent. Every session of the account ends, and its address counts as
    /// verified. A password that is refused does not use the token up.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidToken`](crate::Error::InvalidToken); [`Error::Invalid`](crate::Error::Invalid) where the password
    /// does not meet the policy; [`Error::Overloaded`](crate::Error::Overloaded).
    pub async fn reset_password(&self, reset: &PasswordReset) -> Result<()> {
        let auth = &self.parts().auth;
        let claims = auth.parse_token(TokenPurpose::PasswordReset, &reset.token);
        let subject = holder(&claims);
        let work = async { auth.reset_password(&claims?, reset, &self.origin).await.map(Oneself) };
        self.audited("auth.reset", subject, self.waking(work)).await.map(drop)
    }

    /// Confirms an e-mail address by the token that was sent to it: the account's own, or the one that it is to have,
    /// which becomes its own. Sessions stay.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidToken`](crate::Error::InvalidToken); [`Conflict::EmailTaken`](crate::Conflict::EmailTaken) where
    /// another account has the new address.
    pub async fn verify_email(&self, token: &SingleUseToken) -> Result<()> {
        let auth = &self.parts().auth;
        let claims = auth.parse_verification(token);
        let subject = holder(&claims);
        let work = async { auth.verify_email(&claims?).await.map(Oneself) };
        self.audited("auth.verify_email", subject, self.waking(work)).await.map(drop)
    }

    /// Sends what confirms the address of the account that acts once more.
    ///
    /// # Errors
    ///
    /// [`Conflict::AlreadyVerified`](crate::Conflict::AlreadyVerified),
    /// [`Conflict::NoNotifier`](crate::Conflict::NoNotifier),
    /// [`Error::InvalidAccessToken`](crate::Error::InvalidAccessToken) for who has no account.
    pub async fn send_verification(&self) -> Result<()> {
        let work = async { self.parts().auth.send_verification(self.principal()?, &self.origin).await };
        self.audited("auth.verify_email_send", self.oneself(), self.waking(work)).await
    }

    /// Sends a token to the address that the account that acts is to have, and a notice to the one it has.
    /// [`verify_email`](Self::verify_email) with that token makes the change.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPassword`](crate::Error::WrongPassword), which counts like a log-in that fails;
    /// [`Error::TooManyRequests`](crate::Error::TooManyRequests); [`Error::Invalid`](crate::Error::Invalid) for what is no
    /// address, or the one that it has; [`Conflict::NoNotifier`](crate::Conflict::NoNotifier);
    /// [`Error::Overloaded`](crate::Error::Overloaded).
    pub async fn change_email(&self, change: &EmailChange) -> Result<()> {
        let tally = Tally::default();
        let work =
            async { self.parts().auth.change_email(self.principal()?, change, &self.origin, &tally).await };
        self.audited_attempt("auth.email_change", self.oneself(), Some(&tally), self.waking(work)).await
    }

    /// Gives an invited account its first password by the token that was sent, and begins a session. The account becomes
    /// active, and its address counts as verified. A password that is refused does not use the token up.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidToken`](crate::Error::InvalidToken); [`Error::Invalid`](crate::Error::Invalid) with every faulty
    /// field; [`Error::Overloaded`](crate::Error::Overloaded).
    pub async fn accept_invitation(&self, acceptance: &InvitationAcceptance) -> Result<TokenPair> {
        let auth = &self.parts().auth;
        let claims = auth.parse_token(TokenPurpose::Invitation, &acceptance.token);
        let subject = holder(&claims);
        let work = async { auth.accept_invitation(&claims?, acceptance, &self.origin).await };
        Ok(self.audited("auth.invitation_accept", subject, work).await?.1)
    }

    /// Sends an invited account its invitation once more.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) for what is not there or out of sight,
    /// [`Error::Forbidden`](crate::Error::Forbidden), [`Conflict::NotInvited`](crate::Conflict::NotInvited),
    /// [`Conflict::NoNotifier`](crate::Conflict::NoNotifier);
    /// [`Error::TooManyRequests`](crate::Error::TooManyRequests) where one was asked for within the last minute, or five
    /// were within the last hour.
    pub async fn invite(&self, id: UserId) -> Result<()> {
        let work = self.parts().directory.invite(&self.actor, id);
        self.audited("user.invite", user(id), self.waking(work)).await.map(drop)
    }

    /// Does something that may mean a message, and then says so to who sends them.
    pub(super) async fn waking<T>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let result = work.await;
        if result.is_ok() {
            self.parts().outbox.wake();
        }
        result
    }
}

/// Whose a token is said to be.
fn holder(claims: &Result<SingleUseClaims>) -> Subject {
    claims.as_ref().map(|claims| user(claims.user)).unwrap_or_default()
}
