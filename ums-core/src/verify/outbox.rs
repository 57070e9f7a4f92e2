//! From each message that is to be sent to whom it is for.

use ums_store::{Entry, Key};

use super::{Pages, Standing, Verifier};
use crate::Result;
use crate::keyspace::{self, ADDRESS};
use crate::model::{MessageKind, UserId};
use crate::parse::{Email, fold_email};
use crate::record::{Found, OutboxRecord, UserRecord};

impl Verifier<'_> {
    pub(super) async fn outbox(&mut self) -> Result<()> {
        let mut pages = Pages::of(keyspace::outbox());
        while let Some(entries) = self.page(&mut pages).await? {
            for (key, entry) in &entries {
                self.message(key, entry).await?;
            }
        }
        Ok(())
    }

    async fn message(&mut self, key: &Key, entry: &Entry) -> Result<()> {
        let Ok(found) = Found::<OutboxRecord>::read(entry) else {
            self.find(key, "unreadable", "the record can't be read");
            return Ok(());
        };
        if let Some(email) = key.sort().strip_prefix(ADDRESS) {
            let is_address = email.parse::<Email>().is_ok_and(|parsed| parsed.canonical() == email);
            if !is_address || found.data.kind != MessageKind::PasswordReset {
                self.find(key, "unknown", "nothing is kept under such a key");
            }
            return Ok(());
        }
        let Some(user) = addressee(key.sort()) else {
            self.find(key, "unknown", "nothing is kept under such a key");
            return Ok(());
        };
        if *key != place(user, &found.data) {
            let message = "the message is of another kind, or to another address, than its key";
            self.find(key, "misplaced", message);
        }
        if matches!(self.standing::<UserRecord>(&keyspace::user_profile(user)).await?, Standing::Nothing) {
            self.find(key, "orphan", "the user that it is for is not there");
        }
        Ok(())
    }
}

/// Where a message to a user belongs.
fn place(user: UserId, message: &OutboxRecord) -> Key {
    match &message.recipient {
        Some(recipient) if message.kind.is_notice() => {
            keyspace::notice(user, message.kind, &fold_email(recipient))
        }
        _ => keyspace::message(user, message.kind),
    }
}

fn addressee(sort: &str) -> Option<UserId> {
    let (id, _) = sort.split_once('/')?;
    UserId::try_from(id.parse::<u64>().ok()?).ok()
}
