//! Messages on their way, and the single-use tokens that they carry.
//!
//! That a message is meant is committed together with what causes it. Its token is made when it is sent: whoever sends
//! it claims the entry, and puts the token's hash, in one commit. So a message goes out at least once, two instances
//! do not both send it, and its token never waits in the store.

mod background;
mod claim;
mod deliver;
mod redeem;

use std::sync::Arc;

use tokio::sync::Notify;
use ums_store::Key;

pub(crate) use background::Background;
pub(crate) use redeem::live_token;

use crate::keyspace;
use crate::log::LogQueue;
use crate::model::{MessageKind, UserId};
use crate::notify::{Delivery, MessageOptions, Notifier};
use crate::parse::{Email, fold_email};
use crate::record::{Epochs, Found, OutboxRecord, UserRecord};
use crate::tokens::Tokens;
use crate::transaction::{Database, Transaction};
use crate::{Conflict, Error, Result, Timestamp};

/// Takes messages that are to be sent. Without a notifier none are, and nothing is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    database: Database,
    tokens: Arc<Tokens>,
    notifier: Arc<dyn Notifier>,
    options: MessageOptions,
    log: LogQueue,
    /// Told when there is something to send.
    wake: Arc<Notify>,
}

/// A message that is meant.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    kind: MessageKind,
    recipient: Option<String>,
    request_id: Option<String>,
}

impl Intent {
    /// A message to the address that the account has when it is sent.
    pub(crate) fn new(kind: MessageKind) -> Self {
        Self { kind, recipient: None, request_id: None }
    }

    /// A message to this address, whichever the account has when it is sent. One that brings no token needs it: whoever
    /// takes an account over must not get, or replace, what its owner is to be told.
    pub(crate) fn to(self, recipient: impl Into<String>) -> Self {
        Self { recipient: Some(recipient.into()), ..self }
    }

    /// A message that a request asked for.
    pub(crate) fn asked_by(self, request_id: Option<&str>) -> Self {
        Self { request_id: request_id.map(str::to_owned), ..self }
    }
}

impl Outbox {
    pub(crate) fn new(
        database: Database,
        tokens: Arc<Tokens>,
        notifier: Arc<dyn Notifier>,
        options: MessageOptions,
        log: LogQueue,
    ) -> Self {
        let wake = Arc::default();
        Self(Some(Arc::new(Shared { database, tokens, notifier, options, log, wake })))
    }

    /// Refuses what needs a message where none are sent.
    pub(crate) fn expect_notifier(&self) -> Result<()> {
        if self.0.is_some() { Ok(()) } else { Err(Conflict::NoNotifier.into()) }
    }

    /// Means a message to a user whose record the transaction has read. One that waits already is enough; notices to
    /// different addresses stand beside each other.
    pub(crate) async fn put(&self, transaction: &Transaction, user: UserId, intent: Intent) -> Result<()> {
        if self.0.is_none() {
            return Ok(());
        }
        let account = transaction.read::<UserRecord>(&keyspace::user_profile(user)).await?;
        let epochs = account.map(|found| found.data.epochs()).unwrap_or_default();
        let key = match (intent.kind.is_notice(), &intent.recipient) {
            (false, _) => keyspace::message(user, intent.kind),
            (true, Some(recipient)) => keyspace::notice(user, intent.kind, &fold_email(recipient)),
            (true, None) => return Err(Error::internal("a notice was meant for no address")),
        };
        self.put_at(transaction, key, intent, epochs).await
    }

    /// Means a message to a user that the transaction makes.
    pub(crate) fn put_first(&self, transaction: &Transaction, user: UserId, kind: MessageKind) -> Result<()> {
        let Some(shared) = &self.0 else { return Ok(()) };
        let entry = shared.entry(Intent::new(kind), Epochs::default());
        transaction.put_expiring(keyspace::message(user, kind), &entry, entry.kept_until())
    }

    /// Means a new password for whoever has an address. Who that is, if anybody, is looked up when the message is sent:
    /// so this costs the same whether there is an account or not.
    pub(crate) async fn put_forgotten(
        &self,
        transaction: &Transaction,
        email: &Email,
        request_id: Option<&str>,
    ) -> Result<()> {
        let intent = Intent::new(MessageKind::PasswordReset).asked_by(request_id);
        let key = keyspace::message_to_address(email.canonical());
        self.put_at(transaction, key, intent, Epochs::default()).await
    }

    async fn put_at(
        &self,
        transaction: &Transaction,
        key: Key,
        intent: Intent,
        epochs: Epochs,
    ) -> Result<()> {
        let Some(shared) = &self.0 else { return Ok(()) };
        let waiting = transaction.read::<OutboxRecord>(&key).await?;
        let mut entry = shared.entry(intent, epochs);
        let is_same = |found: &Found<OutboxRecord>| {
            let waiting = &found.data;
            (&waiting.recipient, waiting.epochs) == (&entry.recipient, entry.epochs)
                && entry.due_at < waiting.expires_at
        };
        if let Some(found) = waiting.filter(is_same) {
            // It has still to be sent, or is being sent: once is enough, and it is no more urgent than it was. Written
            // again nevertheless, so that asking costs the same.
            entry = OutboxRecord { expires_at: entry.expires_at, ..found.data };
        }
        transaction.put_expiring(key, &entry, entry.kept_until())
    }

    /// Says that something was put, once that is committed.
    pub(crate) fn wake(&self) {
        if let Some(shared) = &self.0 {
            shared.wake.notify_one();
        }
    }

    /// Sends everything that is due.
    pub(crate) async fn deliver(&self) -> Result<Delivery> {
        match &self.0 {
            Some(shared) => Ok(shared.pass().await?.delivery),
            None => Ok(Delivery::default()),
        }
    }
}

impl Shared {
    fn entry(&self, intent: Intent, epochs: Epochs) -> OutboxRecord {
        let now = self.database.now();
        OutboxRecord {
            kind: intent.kind,
            recipient: intent.recipient,
            epochs,
            request_id: intent.request_id,
            attempts: 0,
            due_at: now,
            expires_at: now.plus(self.options.lifetime(intent.kind)),
        }
    }
}

impl OutboxRecord {
    /// The store keeps it for a day more, so that its end is seen and told.
    fn kept_until(&self) -> Timestamp {
        self.expires_at.plus(std::time::Duration::from_secs(24 * 60 * 60))
    }
}
