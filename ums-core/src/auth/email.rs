//! Confirming an e-mail address, and changing one's own.

use super::password::Confirmed;
use super::{Auth, EmailChange, Principal};
use crate::model::{MessageKind, Status, User};
use crate::outbox::{Intent, live_token};
use crate::parse::{Checker, Email, fold_email};
use crate::record::{Credential, TokenPurpose, UserRecord};
use crate::throttle::{AddressLimit, Tally};
use crate::tokens::{SingleUseClaims, SingleUseToken};
use crate::transaction::Transaction;
use crate::{Conflict, Error, Origin, Result, keyspace};

impl Auth {
    /// What a token that confirms an address says: of the account's own, or of one that it is to have.
    pub(crate) fn parse_verification(&self, token: &SingleUseToken) -> Result<SingleUseClaims> {
        let own = self.parse_token(TokenPurpose::EmailVerification, token);
        own.or_else(|_| self.parse_token(TokenPurpose::EmailChange, token))
    }

    /// Confirms an address by a token that is good once; one that the account is to have becomes its own.
    pub(crate) async fn verify_email(&self, claims: &SingleUseClaims) -> Result<User> {
        self.directory
            .write(|transaction| async move {
                let (found, token) = live_token(&transaction, claims, self.database.now()).await?;
                let mut record = found.data.clone();
                record.user.email_verified = true;
                record.user.updated_at = self.database.now();
                if let Some(new_email) = token.new_email {
                    let email: Email = new_email.parse().map_err(|_| Error::InvalidToken)?;
                    self.directory.expect_address_free_for(&transaction, &email, &found.data.user).await?;
                    record.user.email = email.into_string();
                    record.token_epoch += 1;
                    let notice = Intent::new(MessageKind::EmailChanged).to(found.data.user.email.as_str());
                    self.outbox.put(&transaction, claims.user, notice).await?;
                }
                transaction.delete(keyspace::token(claims.user, claims.purpose));
                self.directory.write_account(&transaction, &found.data, &record, &None).await?;
                Ok(record.user)
            })
            .await
    }

    /// Sends what confirms the account's own address once more, unless something went there just now.
    pub(crate) async fn send_verification(&self, principal: &Principal, origin: &Origin) -> Result<()> {
        let request_id = origin.request_id.as_deref();
        self.database
            .transact(|transaction| async move {
                let record = self.own_record(&transaction, principal).await?;
                if record.user.email_verified {
                    return Err(Conflict::AlreadyVerified.into());
                }
                self.outbox.expect_notifier()?;
                if self.throttle.admit_account_message(&transaction, &record.user.email).await?.is_err() {
                    return Ok(());
                }
                let intent = Intent::new(MessageKind::EmailVerification).asked_by(request_id);
                self.outbox.put(&transaction, record.user.id, intent).await
            })
            .await
    }

    /// Sends a token to an address that the account is to have, and a notice to the one it has. Nothing changes before
    /// the token comes back. Whether another account has the address, only who reads what is sent there learns.
    pub(crate) async fn change_email(
        &self,
        principal: &Principal,
        change: &EmailChange,
        origin: &Origin,
        tally: &Tally,
    ) -> Result<()> {
        self.throttle.admit_address(AddressLimit::Messages, origin.ip).await?;
        let confirmed = self.confirm_password(principal, &change.current_password, origin, tally).await?;
        let meant = self.mean_change(principal, change, origin, &confirmed).await;
        confirmed.attempt.or_take_back(meant).await
    }

    /// Takes the attempt back with the commit of the messages.
    async fn mean_change(
        &self,
        principal: &Principal,
        change: &EmailChange,
        origin: &Origin,
        confirmed: &Confirmed,
    ) -> Result<()> {
        let Confirmed { user, credential: verified, attempt } = confirmed;
        let mut checker = Checker::default();
        let email = checker.required::<Email>("email", &change.email);
        if email.as_ref().is_some_and(|email| email.canonical() == fold_email(&user.email)) {
            checker.add("email", "unchanged", "is the address that the account has");
        }
        checker.finish()?;
        let email = &email.ok_or_else(|| Error::internal("an address without a fault was not read"))?;
        let request_id = origin.request_id.as_deref();
        self.database
            .transact(|transaction| async move {
                let record = self.own_record(&transaction, principal).await?;
                let credential =
                    transaction.read::<Credential>(&keyspace::credential(record.user.id)).await?;
                if credential.is_none_or(|found| found.version != verified.version) {
                    return Err(Error::WrongPassword);
                }
                self.outbox.expect_notifier()?;
                attempt.take_back(&transaction).await?;
                if self.throttle.admit_account_message(&transaction, email.as_given()).await?.is_err() {
                    return Ok(());
                }
                let intent = |kind| Intent::new(kind).asked_by(request_id);
                let (id, asking) = (record.user.id, intent(MessageKind::EmailChange).to(email.as_given()));
                self.outbox.put(&transaction, id, asking).await?;
                let notice = intent(MessageKind::EmailChangeRequested).to(record.user.email.as_str());
                self.outbox.put(&transaction, id, notice).await
            })
            .await
    }

    /// The record of the account that acts, while it stands.
    async fn own_record(&self, transaction: &Transaction, principal: &Principal) -> Result<UserRecord> {
        let key = keyspace::user_profile(principal.user_id());
        let found = transaction.read::<UserRecord>(&key).await?;
        let found = found.filter(|found| !found.closing && found.data.user.status == Status::Active);
        found.map(|found| found.data).ok_or(Error::InvalidAccessToken)
    }
}
