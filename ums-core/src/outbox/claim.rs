//! Taking a message in hand.

use std::time::Duration;

use ums_store::Key;
use zeroize::Zeroizing;

use super::Shared;
use crate::keyspace::{self, ADDRESS};
use crate::model::{MessageKind, OrganisationId, Status, UserId};
use crate::notify::{Message, MessageToken, Recipient};
use crate::parse::fold_email;
use crate::record::{Found, OutboxRecord, TokenPurpose, TokenRecord, UserRecord};
use crate::tokens::RANDOM_BYTES;
use crate::transaction::Transaction;
use crate::{Result, Timestamp};

/// How long nobody else takes a message that one has in hand: longer than sending it may take.
const LEASE: Duration = Duration::from_secs(120);

/// What came of taking one.
#[derive(Debug)]
pub(super) enum Claimed {
    /// It is gone, or not due.
    Nothing,
    /// It was of no use any more, and is gone.
    Moot,
    /// Its time had run out, and it is gone.
    Expired(Subject),
    /// It is in hand.
    Ready(Box<Claim>),
}

/// A message in hand.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) key: Key,
    /// As it is while it is in hand.
    pub(super) entry: OutboxRecord,
    pub(super) subject: Subject,
    pub(super) message: Message,
}

/// Whom a message concerns, for the log.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) kind: MessageKind,
    pub(super) user: Option<UserId>,
    pub(super) organisation: Option<OrganisationId>,
    pub(super) request_id: Option<String>,
}

impl Shared {
    /// Takes a message in hand, and puts its token, in one commit.
    pub(super) async fn claim(&self, sort: &str) -> Result<Claimed> {
        let key = &keyspace::outbox().key(sort);
        self.database
            .transact(|transaction| async move {
                let Some(found) = transaction.read::<OutboxRecord>(key).await? else {
                    return Ok(Claimed::Nothing);
                };
                let (entry, now) = (found.data, self.database.now());
                if now < entry.due_at {
                    return Ok(Claimed::Nothing);
                }
                let account = self.addressee(&transaction, sort).await?.filter(|found| !found.closing);
                let kind = account.as_ref().and_then(|found| wanted(&entry, sort, &found.data));
                let subject = Subject {
                    kind: kind.unwrap_or(entry.kind),
                    user: account.as_ref().map(|found| found.data.user.id),
                    organisation: account.as_ref().and_then(|found| found.data.user.organisation_id),
                    request_id: entry.request_id.clone(),
                };
                let (Some(account), Some(kind)) = (account, kind) else {
                    transaction.delete(key.clone());
                    return Ok(Claimed::Moot);
                };
                if entry.expires_at <= now {
                    transaction.delete(key.clone());
                    return Ok(Claimed::Expired(subject));
                }
                let message = self.compose(&transaction, &account.data, kind, &entry, now)?;
                let attempts = entry.attempts.saturating_add(1);
                let entry = OutboxRecord { attempts, due_at: now.plus(LEASE), ..entry };
                transaction.put_expiring(key.clone(), &entry, entry.kept_until())?;
                Ok(Claimed::Ready(Box::new(Claim { key: key.clone(), entry, subject, message })))
            })
            .await
    }

    /// The account that a message is for, if any.
    async fn addressee(&self, transaction: &Transaction, sort: &str) -> Result<Option<Found<UserRecord>>> {
        let id = match sort.strip_prefix(ADDRESS) {
            Some(email) => transaction.lookup(&keyspace::user_by_email(email)).await?,
            None => sort.split_once('/').and_then(|(id, _)| id.parse().ok()),
        };
        match id.and_then(|id| UserId::try_from(id).ok()) {
            Some(id) => transaction.read(&keyspace::user_profile(id)).await,
            None => Ok(None),
        }
    }

    fn compose(
        &self,
        transaction: &Transaction,
        account: &UserRecord,
        kind: MessageKind,
        entry: &OutboxRecord,
        now: Timestamp,
    ) -> Result<Message> {
        let user = &account.user;
        let token = purpose(kind)
            .map(|purpose| self.put_token(transaction, account, kind, purpose, entry.recipient.clone(), now))
            .transpose()?;
        let email = entry.recipient.clone().unwrap_or_else(|| user.email.clone());
        Ok(Message {
            id: format!("{:032x}", self.database.random().u128()),
            kind,
            recipient: Recipient { email, full_name: user.full_name.clone() },
            service: self.options.service_name().to_owned(),
            created_at: now,
            token,
        })
    }

    /// Makes the token, and puts what the store keeps of it in the place of an older one.
    fn put_token(
        &self,
        transaction: &Transaction,
        account: &UserRecord,
        kind: MessageKind,
        purpose: TokenPurpose,
        new_email: Option<String>,
        now: Timestamp,
    ) -> Result<MessageToken> {
        let mut random = Zeroizing::new([0; RANDOM_BYTES]);
        self.database.random().fill(random.as_mut_slice());
        let user = &account.user;
        let (text, hash) = self.tokens.single_use_token(purpose, user.id, &random);
        let expires_at = now.plus(self.options.lifetime(kind));
        let (email, epochs) = (fold_email(&user.email), account.epochs());
        let record = TokenRecord { hash, email, epochs, new_email, expires_at };
        transaction.put_replacing(keyspace::token(user.id, purpose), &record, expires_at)?;
        let link = self.options.link(kind, &text);
        Ok(MessageToken::new(text, link, expires_at))
    }
}

/// What an account gets for a message that was meant for it; `None` where that is of no more use.
fn wanted(entry: &OutboxRecord, sort: &str, account: &UserRecord) -> Option<MessageKind> {
    let (kind, user) = (entry.kind, &account.user);
    // What was meant for an address was meant for whoever has it when it is sent.
    let is_bound = !sort.starts_with(ADDRESS);
    let stands = |purpose| entry.epochs.stand_at(account.epochs(), purpose);
    if is_bound && !purpose(kind).is_none_or(stands) {
        return None;
    }
    let has_begun = matches!(user.status, Status::Active | Status::Pending);
    let is_wanted = match kind {
        // Who has no password yet gets what sets the first one.
        MessageKind::PasswordReset if user.status == Status::Invited => return Some(MessageKind::Invitation),
        MessageKind::PasswordReset => has_begun,
        MessageKind::EmailVerification => has_begun && !user.email_verified,
        MessageKind::EmailChange => user.status == Status::Active,
        MessageKind::Invitation => user.status == Status::Invited,
        // What has happened to an account its owner learns, whatever became of it.
        MessageKind::PasswordChanged | MessageKind::EmailChangeRequested | MessageKind::EmailChanged => true,
    };
    is_wanted.then_some(kind)
}

fn purpose(kind: MessageKind) -> Option<TokenPurpose> {
    match kind {
        MessageKind::PasswordReset => Some(TokenPurpose::PasswordReset),
        MessageKind::EmailVerification => Some(TokenPurpose::EmailVerification),
        MessageKind::EmailChange => Some(TokenPurpose::EmailChange),
        MessageKind::Invitation => Some(TokenPurpose::Invitation),
        MessageKind::PasswordChanged | MessageKind::EmailChangeRequested | MessageKind::EmailChanged => None,
    }
}
