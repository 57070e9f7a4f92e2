//! Sending what is due.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use ums_store::Scan;

use super::Shared;
use super::claim::{Claim, Claimed, Subject};
use crate::keyspace;
use crate::log::{Level, Outcome};
use crate::notify::{Delivery, NotifyError};
use crate::record::{Found, OutboxRecord};
use crate::{Result, Timestamp};

/// How many messages are sent at a time.
const AT_A_TIME: usize = 4;
/// How long a notifier may take for one; shorter than a message stays in one hand.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long what comes in while others are sent waits at most before it is seen.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// The pause after a first failure; each later one is twice as long, up to an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const DOUBLINGS: u32 = 8;
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// What came of looking through the outbox.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pass {
    pub(super) delivery: Delivery,
    /// When the next message is due, of those that were seen.
    pub(super) next: Option<Timestamp>,
    /// It was broken off, since the notifier is down.
    pub(super) broken_off: bool,
}

/// What became of one message.
enum End {
    Nothing,
    Sent,
    Dropped,
    Failed {
        /// When it is tried again; it was given up where there is no such time.
        next: Option<Timestamp>,
        /// Any other would have fared alike.
        is_down: bool,
    },
}

/// A message that is due. Those that are of use for the shortest time come first, so that many of one kind, or many that
/// fail, don't outlast what is more urgent.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    expires_at: Timestamp,
    sort: String,
}

impl Shared {
    /// Looks through the outbox, and sends what is due.
    pub(super) async fn pass(&self) -> Result<Pass> {
        let mut pass = Pass::default();
        loop {
            pass.next = None;
            let looked_at = self.database.now();
            let due = self.due(&mut pass).await?;
            let mut left = due.chunks(AT_A_TIME);
            for some in left.by_ref() {
                let ends = join_all(some.iter().map(|due| self.deliver(&due.sort))).await;
                let ends = ends.into_iter().collect::<Result<Vec<_>>>()?;
                ends.iter().for_each(|end| pass.count(end));
                if is_down(&ends) {
                    return Ok(Pass { broken_off: true, ..pass });
                }
                if self.database.now().since(looked_at) >= LOOK_AGAIN {
                    break;
                }
            }
            if left.len() == 0 {
                return Ok(pass);
            }
        }
    }

    /// All that is due, the most urgent first.
    async fn due(&self, pass: &mut Pass) -> Result<Vec<Due>> {
        let mut scan = Scan::partition(keyspace::outbox().as_str());
        let mut due = Vec::new();
        loop {
            let page = self.database.scan(&scan).await?;
            let now = self.database.now();
            for item in page.items {
                match Found::<OutboxRecord>::read(&item.entry) {
                    Ok(found) if now < found.data.due_at => pass.note_due(found.data.due_at),
                    Ok(found) => due.push(Due { expires_at: found.data.expires_at, sort: item.sort }),
                    // `verify` tells, too; the others are sent nevertheless.
                    Err(error) => tracing::error!(cause = ?error, "a message in the outbox can't be read"),
                }
            }
            let Some(next) = page.next else { break };
            scan = scan.after(next);
        }
        due.sort_unstable();
        Ok(due)
    }

    async fn deliver(&self, sort: &str) -> Result<End> {
        let claim = match self.claim(sort).await? {
            Claimed::Nothing => return Ok(End::Nothing),
            Claimed::Moot => return Ok(End::Dropped),
            Claimed::Expired(subject) => {
                self.tell_failure(&subject, 0, "it could not be sent while it was of use", true);
                return Ok(End::Dropped);
            }
            Claimed::Ready(claim) => claim,
        };
        match self.send(&claim).await {
            Ok(()) => {
                self.tell_sent(&claim);
                self.settle(&claim, |_| None).await?;
                Ok(End::Sent)
            }
            Err(error) => self.failed(&claim, &error).await,
        }
    }

    async fn send(&self, claim: &Claim) -> Result<(), NotifyError> {
        let sending = AssertUnwindSafe(self.notifier.send(&claim.message)).catch_unwind();
        match tokio::time::timeout(PATIENCE, sending).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(NotifyError::temporary("the notifier panicked")),
            Err(_) => Err(NotifyError::temporary("the notifier took more than a minute")),
        }
    }

    async fn failed(&self, claim: &Claim, error: &NotifyError) -> Result<End> {
        let attempts = claim.entry.attempts;
        let due_at = self.database.now().plus(pause(attempts));
        // Asked for again meanwhile, it is of use for longer than it was when it was claimed.
        let is_of_use = |found: &OutboxRecord| !error.is_permanent() && due_at < found.expires_at;
        let next = self.settle(claim, |found| is_of_use(found).then_some(due_at)).await?;
        tracing::warn!(cause = ?error, kind = %claim.subject.kind, "a message was not sent");
        self.tell_failure(&claim.subject, attempts, &error.to_string(), next.is_none());
        Ok(End::Failed { next, is_down: error.is_unavailable() })
    }

    /// Puts an entry off, or deletes it, as is decided by what it says now; unless it is in another hand by now, or stands
    /// for another message. Asked for again meanwhile, it stands for the same. Says when what stands there is due.
    async fn settle(
        &self,
        claim: &Claim,
        until: impl Fn(&OutboxRecord) -> Option<Timestamp> + Send + Sync,
    ) -> Result<Option<Timestamp>> {
        let (Claim { key, entry, .. }, until) = (claim, &until);
        self.database
            .transact(|transaction| async move {
                let found = transaction.read::<OutboxRecord>(key).await?;
                let is_ours = |found: &Found<OutboxRecord>| {
                    let data = &found.data;
                    (data.attempts, data.due_at, &data.recipient)
                        == (entry.attempts, entry.due_at, &entry.recipient)
                };
                let Some(found) = found else { return Ok(None) };
                if !is_ours(&found) {
                    return Ok(Some(found.data.due_at));
                }
                let Some(due_at) = until(&found.data) else {
                    transaction.delete(key.clone());
                    return Ok(None);
                };
                let later = OutboxRecord { due_at, ..found.data };
                transaction.put_expiring(key.clone(), &later, later.kept_until())?;
                Ok(Some(due_at))
            })
            .await
    }

    fn tell_sent(&self, claim: &Claim) {
        let message = format!("a message was sent: {}", claim.subject.kind);
        self.tell(Level::Info, "message.sent", message, &claim.subject, claim.entry.attempts, |event| {
            event.with_outcome(Outcome::Success)
        });
    }

    fn tell_failure(&self, subject: &Subject, attempts: u32, cause: &str, is_final: bool) {
        let message = format!("a message was not sent: {}: {cause}", subject.kind);
        self.tell(Level::Warn, "message.failed", message, subject, attempts, |event| {
            event.with_outcome(Outcome::Failed).with_field("final", is_final)
        });
    }

    fn tell(
        &self,
        level: Level,
        action: &str,
        message: String,
        subject: &Subject,
        attempts: u32,
        with: impl FnOnce(crate::log::LogEvent) -> crate::log::LogEvent,
    ) {
        let mut event = self
            .log
            .event(level, action, message)
            .with_organisation(subject.organisation)
            .with_field("kind", subject.kind.as_str())
            .with_field("attempts", attempts);
        if let Some(user) = subject.user {
            event = event.with_target(format!("user/{user}"));
        }
        if let Some(request_id) = &subject.request_id {
            event = event.with_request_id(request_id);
        }
        self.log.record(with(event));
    }
}

impl Pass {
    /// Counts what became of a message.
    fn count(&mut self, end: &End) {
        match end {
            End::Nothing => {}
            End::Sent => self.delivery.sent += 1,
            End::Dropped | End::Failed { next: None, .. } => self.delivery.dropped += 1,
            End::Failed { next: Some(due_at), .. } => {
                self.delivery.failed += 1;
                self.note_due(*due_at);
            }
        }
    }

    fn note_due(&mut self, due_at: Timestamp) {
        self.next = Some(self.next.map_or(due_at, |next| next.min(due_at)));
    }
}

/// Whether the notifier is down: of those that it was given, none got as far as a recipient.
fn is_down(ends: &[End]) -> bool {
    let mut tried = ends.iter().filter(|end| matches!(end, End::Sent | End::Failed { .. })).peekable();
    tried.peek().is_some() && tried.all(|end| matches!(end, End::Failed { is_down: true, .. }))
}

/// How long a message waits after so many attempts.
fn pause(attempts: u32) -> Duration {
    (FIRST_PAUSE * (1 << attempts.saturating_sub(1).min(DOUBLINGS))).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let seconds = [1, 2, 3, 8, 9, 10, 1000, u32::MAX].map(|attempts| pause(attempts).as_secs());
        assert_eq!(seconds, [15, 30, 60, 1920, 3600, 3600, 3600, 3600]);
    }
}
