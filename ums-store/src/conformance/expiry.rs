//! Rule 9: an entry is dropped after its time, never before.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Case;
use super::subject::{FAR, Subject};
use super::verdict::Verdict;
use crate::{Key, Op, Outcome, Scan};

pub(super) fn cases() -> Vec<Case> {
    cases![Expiry:
        an_entry_is_kept_until_its_time,
        an_entry_that_expires_within_the_hour_is_kept,
        the_farthest_expiry_is_kept,
        an_entry_without_expiry_is_kept,
        the_expiry_comes_back_as_it_was_put,
        what_has_expired_reads_as_it_was_put_or_not_at_all,
        what_has_expired_takes_part_until_it_is_dropped,
        a_later_expiry_replaces_an_earlier_one,
        no_expiry_replaces_an_expiry,
        dropping_takes_nothing_else_along,
    ]
}

async fn an_entry_is_kept_until_its_time(subject: Subject) -> Verdict {
    kept(&subject, FAR).await
}

/// Not dropped early by a unit, a time zone or a margin.
async fn an_entry_that_expires_within_the_hour_is_kept(subject: Subject) -> Verdict {
    kept(&subject, now() + 3600).await
}

async fn the_farthest_expiry_is_kept(subject: Subject) -> Verdict {
    kept(&subject, u64::MAX).await
}

async fn an_entry_without_expiry_is_kept(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    subject.apply([Op::put(key.clone(), "1")]).await?;
    let before = subject.entry(&key).await?;
    activity(&subject).await?;
    ensure_eq!(subject.entry(&key).await?, before, "the entry after other commits");
    Ok(())
}

async fn the_expiry_comes_back_as_it_was_put(subject: Subject) -> Verdict {
    let times = [FAR, FAR + 1, 1 << 33, (1 << 53) + 1, now() + 3600];
    let keys = subject.keys("p", times.len());
    subject
        .apply(keys.iter().zip(times).map(|(key, time)| Op::put(key.clone(), "1").expires_at(time)))
        .await?;
    let got: Vec<_> =
        subject.entries(&keys).await?.into_iter().flatten().map(|entry| entry.expires_at).collect();
    ensure_eq!(got, times.map(Some), "the expiries that a get tells");
    let items = subject.all(&Scan::partition(subject.partition("p"))).await?;
    let scanned: Vec<_> = items.into_iter().map(|item| item.entry.expires_at).collect();
    ensure_eq!(scanned, times.map(Some), "the expiries that a scan tells");
    Ok(())
}

async fn what_has_expired_reads_as_it_was_put_or_not_at_all(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 4);
    let times = [0, 1, 1_000_000_000, now() - 1];
    let expiring = |(key, time): (&Key, u64)| Op::put(key.clone(), "1").expires_at(time);
    let version = subject.apply(keys.iter().zip(times).map(expiring)).await?;
    for _ in 0..3 {
        for (entry, time) in subject.entries(&keys).await?.into_iter().zip(times) {
            let Some(entry) = entry else { continue };
            let seen = (&*entry.value, entry.version, entry.expires_at);
            ensure_eq!(seen, ("1", version, Some(time)), "an entry that has expired and was not dropped yet");
        }
        activity(&subject).await?;
    }
    Ok(())
}

async fn what_has_expired_takes_part_until_it_is_dropped(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    for round in 0..10 {
        let version = subject.apply([Op::put(key.clone(), "old").expires_at(1)]).await?;
        // Either it still stands, or it was dropped; both at once is a lie.
        let stands = Op::put(key.clone(), "new").expect_version(version);
        match subject.commit([stands]).await? {
            Outcome::Applied => {}
            Outcome::Refused { .. } => {
                subject.apply([Op::put(key.clone(), "new").expect_absent()]).await?;
            }
        }
        let seen = subject.value(&key).await?;
        ensure_eq!(seen.as_deref(), Some("new"), "what replaced an expired entry, in round {round}");
    }
    Ok(())
}

async fn a_later_expiry_replaces_an_earlier_one(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 20);
    let put = |time| keys.iter().map(move |key| Op::put(key.clone(), "1").expires_at(time));
    subject.apply(put(1)).await?;
    let version = subject.apply(put(FAR)).await?;
    all_of(&subject, &keys, version, Some(FAR)).await
}

async fn no_expiry_replaces_an_expiry(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 20);
    subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1").expires_at(1))).await?;
    let version = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    all_of(&subject, &keys, version, None).await?;
    // Deleted and put again: what the first entry left behind must not drop the second.
    subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1").expires_at(1))).await?;
    subject.apply(keys.iter().map(|key| Op::delete(key.clone()))).await?;
    let version = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    all_of(&subject, &keys, version, None).await
}

async fn dropping_takes_nothing_else_along(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 40);
    let kept: Vec<Key> = keys.iter().step_by(2).cloned().collect();
    let ops = keys.iter().map(|key| {
        let op = Op::put(key.clone(), "1");
        if kept.contains(key) { op.expires_at(FAR) } else { op.expires_at(1) }
    });
    let version = subject.apply(ops).await?;
    all_of(&subject, &kept, version, Some(FAR)).await?;
    let items = subject.all(&Scan::partition(subject.partition("p"))).await?;
    let scanned = items.iter().filter(|item| item.entry.expires_at == Some(FAR)).count();
    ensure_eq!(scanned, kept.len(), "entries that a scan finds of those that have not expired");
    Ok(())
}

async fn kept(subject: &Subject, time: u64) -> Verdict {
    let keys = subject.keys("p", 10);
    let version = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1").expires_at(time))).await?;
    all_of(subject, &keys, version, Some(time)).await?;
    let found = subject.all(&Scan::partition(subject.partition("p"))).await?;
    ensure_eq!(found.len(), keys.len(), "entries that a scan finds, which expire at {time}");
    subject.apply(keys.iter().map(|key| Op::check(key.clone()).expect_version(version))).await?;
    Ok(())
}

/// Looks, after commits that give the store an opportunity to sweep, whether all of these still stand.
async fn all_of(
    subject: &Subject,
    keys: &[Key],
    version: crate::Version,
    expires_at: Option<u64>,
) -> Verdict {
    activity(subject).await?;
    for (key, entry) in keys.iter().zip(subject.entries(keys).await?) {
        let seen = entry.map(|entry| (entry.version, entry.expires_at));
        ensure_eq!(seen, Some((version, expires_at)), "version and expiry at {key:?}");
    }
    Ok(())
}

async fn activity(subject: &Subject) -> Verdict {
    for round in 0..5 {
        subject.apply([Op::put(subject.key("activity", "k"), round.to_string())]).await?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the backend under test lives by the wall clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
