//! Rule 6: what fits is taken, one more is invalid, and an invalid commit writes nothing.

use super::Case;
use super::subject::Subject;
use super::verdict::{Seen, Verdict};
use crate::{Error, InvalidReason, Key, Limits, Op, Scan};

pub(super) fn cases() -> Vec<Case> {
    cases![Limits:
        limits_are_at_least_the_floor,
        as_many_operations_as_granted_fit,
        one_operation_more_is_invalid,
        a_commit_as_large_as_granted_fits,
        a_commit_one_byte_larger_is_invalid,
        a_value_as_large_as_granted_fits,
        a_value_one_byte_larger_is_invalid,
        a_key_as_long_as_granted_fits,
        a_key_one_byte_longer_is_invalid,
        a_key_is_measured_in_bytes,
        a_commit_without_operations_is_invalid,
        two_operations_on_one_key_are_invalid,
        an_operation_that_does_nothing_is_invalid,
        an_empty_partition_is_invalid,
        a_scan_for_nothing_is_invalid,
        a_scan_that_begins_outside_its_prefix_is_invalid,
        invalid_comes_before_refused,
    ]
}

async fn limits_are_at_least_the_floor(subject: Subject) -> Verdict {
    let (limits, floor) = (subject.store.limits(), Limits::FLOOR);
    ensure!(
        limits.operations >= floor.operations
            && limits.commit_bytes >= floor.commit_bytes
            && limits.value_bytes >= floor.value_bytes
            && limits.key_bytes >= floor.key_bytes,
        "{limits:?}, below the floor"
    );
    subject.apply([Op::put(subject.key("p", "k"), "1")]).await?;
    ensure_eq!(subject.store.limits(), limits, "the limits after a commit");
    ensure_eq!(subject.twin.limits(), limits, "the limits of a clone");
    Ok(())
}

async fn as_many_operations_as_granted_fit(subject: Subject) -> Verdict {
    let keys = many(&subject, subject.store.limits().operations);
    subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    let found = subject.entries(&keys).await?.into_iter().flatten().count();
    ensure_eq!(found, keys.len(), "entries found");
    Ok(())
}

async fn one_operation_more_is_invalid(subject: Subject) -> Verdict {
    let keys = many(&subject, subject.store.limits().operations + 1);
    let reason = invalid(&subject, keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    ensure!(matches!(reason, InvalidReason::Operations { .. }), "invalid because {reason}");
    nothing_at(&subject, &keys).await
}

async fn a_commit_as_large_as_granted_fits(subject: Subject) -> Verdict {
    let ops = filling(&subject, subject.store.limits().commit_bytes);
    subject.apply(ops.clone()).await?;
    let keys: Vec<Key> = ops.into_iter().map(|op| op.key).collect();
    let found = subject.entries(&keys).await?.into_iter().flatten().count();
    ensure_eq!(found, keys.len(), "entries found");
    // So that a run does not leave megabytes behind.
    subject.apply(keys.into_iter().map(Op::delete)).await?;
    Ok(())
}

async fn a_commit_one_byte_larger_is_invalid(subject: Subject) -> Verdict {
    let ops = filling(&subject, subject.store.limits().commit_bytes + 1);
    let keys: Vec<Key> = ops.iter().map(|op| op.key.clone()).collect();
    let reason = invalid(&subject, ops).await?;
    ensure!(matches!(reason, InvalidReason::CommitBytes { .. }), "invalid because {reason}");
    nothing_at(&subject, &keys).await
}

async fn a_value_as_large_as_granted_fits(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let bytes = subject.store.limits().value_bytes;
    subject.apply([Op::put(key.clone(), "x".repeat(bytes))]).await?;
    ensure_eq!(subject.value(&key).await?.map(|value| value.len()), Some(bytes), "the bytes that came back");
    Ok(())
}

async fn a_value_one_byte_larger_is_invalid(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 2);
    let values = ["x".to_owned(), "x".repeat(subject.store.limits().value_bytes + 1)];
    let ops = keys.iter().zip(values).map(|(key, value)| Op::put(key.clone(), value));
    let reason = invalid(&subject, ops).await?;
    ensure!(matches!(reason, InvalidReason::ValueBytes { .. }), "invalid because {reason}");
    nothing_at(&subject, &keys).await
}

async fn a_key_as_long_as_granted_fits(subject: Subject) -> Verdict {
    let key = long_key(&subject, "p", 0);
    let partition = key.partition().to_owned();
    subject.apply([Op::put(key.clone(), "1")]).await?;
    ensure_eq!(subject.value(&key).await?.as_deref(), Some("1"), "the value at the longest key");
    let found = subject.all(&Scan::partition(&partition).prefix(key.sort())).await?;
    ensure_eq!(found.len(), 1, "entries that begin with the longest sort part");
    ensure_eq!(subject.all(&Scan::partition(&partition).after(key.sort())).await?, [], "what comes after it");
    let all_partition = Key::new(long_partition(&subject, 0), "");
    subject.apply([Op::put(all_partition.clone(), "1")]).await?;
    ensure_eq!(
        subject.value(&all_partition).await?.as_deref(),
        Some("1"),
        "the value in the longest partition"
    );
    Ok(())
}

async fn a_key_one_byte_longer_is_invalid(subject: Subject) -> Verdict {
    for key in [long_key(&subject, "p", 1), Key::new(long_partition(&subject, 1), "")] {
        let beside = subject.key("p", "beside");
        for op in [Op::put(key.clone(), "1"), Op::delete(key.clone()), Op::check(key.clone()).expect_absent()]
        {
            let reason = invalid(&subject, [Op::put(beside.clone(), "1"), op]).await?;
            ensure!(matches!(reason, InvalidReason::KeyBytes { .. }), "invalid because {reason}");
        }
        let reason = reason_of(subject.store.get(&[beside.clone(), key.clone()]).await)?;
        ensure!(matches!(reason, InvalidReason::KeyBytes { .. }), "a get invalid because {reason}");
        let scan = Scan::partition(key.partition());
        for scan in [scan.clone().prefix(key.sort()), scan.after(key.sort())] {
            let reason = reason_of(subject.store.scan(&scan).await)?;
            ensure!(matches!(reason, InvalidReason::KeyBytes { .. }), "a scan invalid because {reason}");
        }
        nothing_at(&subject, &[beside]).await?;
    }
    Ok(())
}

async fn a_key_is_measured_in_bytes(subject: Subject) -> Verdict {
    let room = subject.store.limits().key_bytes - subject.partition("p").len();
    let sort = |bytes: usize| format!("{}{}", "\u{1f600}".repeat(bytes / 4), "x".repeat(bytes % 4));
    let (fits, over) = (subject.key("p", &sort(room)), subject.key("p", &sort(room + 1)));
    subject.apply([Op::put(fits.clone(), "1")]).await?;
    ensure_eq!(subject.value(&fits).await?.as_deref(), Some("1"), "the value at the longest key");
    let reason = invalid(&subject, [Op::put(over, "1")]).await?;
    ensure!(matches!(reason, InvalidReason::KeyBytes { .. }), "invalid because {reason}");
    Ok(())
}

async fn a_commit_without_operations_is_invalid(subject: Subject) -> Verdict {
    let reason = invalid(&subject, []).await?;
    ensure!(matches!(reason, InvalidReason::EmptyCommit), "invalid because {reason}");
    Ok(())
}

async fn two_operations_on_one_key_are_invalid(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let beside = subject.key("p", "beside");
    let ops = || [Op::put(key.clone(), "1"), Op::delete(key.clone()), Op::check(key.clone()).expect_absent()];
    for first in ops() {
        for second in ops() {
            let ops = [first.clone(), Op::put(beside.clone(), "1"), second];
            let reason = invalid(&subject, ops).await?;
            ensure_eq!(reason, InvalidReason::DuplicateKey { first: 0, second: 2 }, "the reason");
        }
    }
    nothing_at(&subject, &[key, beside]).await
}

async fn an_operation_that_does_nothing_is_invalid(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 2);
    let [one, other] = [0, 1].map(|index| keys.get(index).cloned().unwrap_or_else(|| subject.key("p", "")));
    let reason = invalid(&subject, [Op::put(one, "1"), Op::check(other)]).await?;
    ensure_eq!(reason, InvalidReason::IdleOperation { index: 1 }, "the reason");
    nothing_at(&subject, &keys).await
}

async fn an_empty_partition_is_invalid(subject: Subject) -> Verdict {
    let key = Key::new("", "k");
    let beside = subject.key("p", "beside");
    let reasons = [
        invalid(&subject, [Op::put(beside.clone(), "1"), Op::put(key.clone(), "1")]).await?,
        reason_of(subject.store.get(&[beside.clone(), key]).await)?,
        reason_of(subject.store.scan(&Scan::partition("")).await)?,
    ];
    for (reason, call) in reasons.into_iter().zip(["commit", "get", "scan"]) {
        ensure_eq!(reason, InvalidReason::EmptyPartition, "the reason of a {call}");
    }
    nothing_at(&subject, &[beside]).await
}

async fn a_scan_for_nothing_is_invalid(subject: Subject) -> Verdict {
    let reason = reason_of(subject.store.scan(&Scan::partition(subject.partition("p")).limit(0)).await)?;
    ensure_eq!(reason, InvalidReason::ScanLimit, "the reason");
    Ok(())
}

async fn a_scan_that_begins_outside_its_prefix_is_invalid(subject: Subject) -> Verdict {
    let scan = Scan::partition(subject.partition("p")).prefix("b");
    for after in ["", "a", "c", "\u{10ffff}"] {
        for scan in [scan.clone().after(after), scan.clone().after(after).descending()] {
            let reason = reason_of(subject.store.scan(&scan).await)?;
            ensure_eq!(reason, InvalidReason::ScanAfter, "the reason after {after:?}");
        }
    }
    Ok(())
}

async fn invalid_comes_before_refused(subject: Subject) -> Verdict {
    let (taken, twice) = (subject.key("p", "taken"), subject.key("p", "twice"));
    subject.apply([Op::put(taken.clone(), "1")]).await?;
    let ops =
        [Op::put(taken.clone(), "2").expect_absent(), Op::put(twice.clone(), "1"), Op::delete(twice.clone())];
    let reason = invalid(&subject, ops).await?;
    ensure_eq!(reason, InvalidReason::DuplicateKey { first: 1, second: 2 }, "the reason");
    ensure_eq!(subject.value(&taken).await?.as_deref(), Some("1"), "the value at the key that was taken");
    nothing_at(&subject, &[twice]).await
}

/// Commits what must be invalid, and says why it was.
async fn invalid(subject: &Subject, ops: impl IntoIterator<Item = Op>) -> Verdict<InvalidReason> {
    reason_of(subject.commit(ops).await)
}

fn reason_of<T: std::fmt::Debug>(result: Result<T, Error>) -> Verdict<InvalidReason> {
    match result {
        Err(Error::Invalid { reason }) => Ok(reason),
        Err(other) => Err(Seen::new(format!("{} where the request is invalid: {other}", other.code()))),
        Ok(answer) => Err(Seen::new(format!("{answer:?} where the request is invalid"))),
    }
}

async fn nothing_at(subject: &Subject, keys: &[Key]) -> Verdict {
    let found = subject.entries(keys).await?.into_iter().flatten().count();
    ensure_eq!(found, 0, "entries that an invalid commit left");
    Ok(())
}

fn many(subject: &Subject, count: usize) -> Vec<Key> {
    (0..count).map(|index| subject.key("p", &index.to_string())).collect()
}

/// Operations of exactly so many bytes together.
fn filling(subject: &Subject, bytes: usize) -> Vec<Op> {
    let most = subject.store.limits().value_bytes;
    let mut ops = Vec::new();
    let mut left = bytes;
    while left > 0 {
        let key = subject.key("p", &format!("{:05}", ops.len()));
        // Room for the next key is left, or nothing.
        let room = left - key.len_bytes();
        let length = if room > most { most.min(room - 2 * key.len_bytes()) } else { room };
        left -= key.len_bytes() + length;
        ops.push(Op::put(key, "x".repeat(length)));
    }
    ops
}

/// A key as long as granted, and so many bytes more.
fn long_key(subject: &Subject, name: &str, more: usize) -> Key {
    let room = subject.store.limits().key_bytes - subject.partition(name).len();
    subject.key(name, &"k".repeat(room + more))
}

fn long_partition(subject: &Subject, more: usize) -> String {
    let room = subject.store.limits().key_bytes - subject.partition("").len();
    subject.partition(&"p".repeat(room + more))
}
