//! Noticing that keys were changed.

use crate::log::{Level, LogEvent, LogQueue, Outcome};
use crate::record::KeysInUse;
use crate::tokens::{KeyIds, Keys};
use crate::transaction::Database;
use crate::{Result, Timestamp, keyspace};

/// A change of keys, from what the store had noted to what is configured now.
#[derive(Debug)]
pub(super) struct Rotation {
    from: KeyIds,
    to: KeyIds,
    until: Option<Timestamp>,
}

/// Notes in the store which keys are in use. The rotation where others were before: of several that open the store with
/// the same new keys, one is told so.
pub(super) async fn note(database: &Database, keys: &Keys) -> Result<Option<Rotation>> {
    let (key, ids, now) = (&keyspace::keys_in_use(), &keys.ids(), database.now());
    let before = database
        .transact(|transaction| async move {
            let found = transaction.read::<KeysInUse>(key).await?.map(|found| found.data);
            let before = found.map(|found| KeyIds { signing: found.signing_key, secret: found.secret });
            if before.as_ref() == Some(ids) {
                return Ok(None);
            }
            let (signing_key, secret) = (ids.signing.clone(), ids.secret.clone());
            transaction.put(key.clone(), &KeysInUse { signing_key, secret, since: now })?;
            Ok(before)
        })
        .await?;
    let until = keys.overlap_end().filter(|until| now < *until);
    Ok(before.map(|from| Rotation { from, to: ids.clone(), until }))
}

impl Rotation {
    pub(super) fn event(self, log: &LogQueue) -> LogEvent {
        let Self { from, to, until } = self;
        let message = match until {
            Some(until) => format!("the keys were changed; tokens of the old ones are taken until {until}"),
            None => "the keys were changed; tokens of the old ones are refused from now on".to_owned(),
        };
        log.event(Level::Info, "key.rotate", message)
            .with_outcome(Outcome::Success)
            .with_field("old_key", from.signing)
            .with_field("new_key", to.signing)
            .with_field("secret_changed", from.secret != to.secret)
            .with_field("until", until.map(|until| until.to_string()))
    }
}
