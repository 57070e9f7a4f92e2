//! Rule 5: a refusal names what did not hold, and nothing was written.

use super::Case;
use super::subject::{FAR, Subject};
use super::verdict::Verdict;
use crate::{CommitId, Key, Op, Version};

pub(super) fn cases() -> Vec<Case> {
    cases![Refusal:
        absence_is_refused_where_something_stands,
        a_version_is_refused_where_a_newer_one_stands,
        a_version_is_refused_where_nothing_stands,
        a_version_is_refused_after_deletion,
        a_version_that_never_was_is_refused,
        a_check_refuses_the_writes_beside_it,
        a_refused_deletion_deletes_nothing,
        a_refusal_names_the_one_that_failed,
        a_refusal_names_only_what_did_not_hold,
        a_refused_commit_writes_nothing,
        a_refusal_leaves_value_version_and_expiry,
        anything_holds_of_everything,
        a_version_holds_of_every_key_its_commit_put,
        a_refused_commit_applies_once_its_expectation_holds,
    ]
}

async fn absence_is_refused_where_something_stands(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    subject.apply([Op::put(key.clone(), "first").expect_absent()]).await?;
    for op in [Op::put(key.clone(), "second"), Op::check(key.clone()), Op::delete(key.clone())] {
        let write = op.write.clone();
        ensure_eq!(subject.refused([op.expect_absent()]).await?, [0], "the refusal of {write:?}");
        ensure_eq!(subject.value(&key).await?.as_deref(), Some("first"), "the value after {write:?}");
    }
    Ok(())
}

async fn a_version_is_refused_where_a_newer_one_stands(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let old = subject.apply([Op::put(key.clone(), "old")]).await?;
    subject.apply([Op::put(key.clone(), "new")]).await?;
    for op in [Op::put(key.clone(), "late"), Op::check(key.clone()), Op::delete(key.clone())] {
        let write = op.write.clone();
        ensure_eq!(subject.refused([op.expect_version(old)]).await?, [0], "the refusal of {write:?}");
        ensure_eq!(subject.value(&key).await?.as_deref(), Some("new"), "the value after {write:?}");
    }
    Ok(())
}

async fn a_version_is_refused_where_nothing_stands(subject: Subject) -> Verdict {
    let (there, nothing) = (subject.key("p", "there"), subject.key("p", "nothing"));
    let version = subject.apply([Op::put(there, "1")]).await?;
    for op in [Op::put(nothing.clone(), "1"), Op::check(nothing.clone()), Op::delete(nothing.clone())] {
        let write = op.write.clone();
        ensure_eq!(subject.refused([op.expect_version(version)]).await?, [0], "the refusal of {write:?}");
        ensure_eq!(subject.entry(&nothing).await?, None, "the entry after {write:?}");
    }
    Ok(())
}

async fn a_version_is_refused_after_deletion(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let version = subject.apply([Op::put(key.clone(), "1")]).await?;
    subject.apply([Op::delete(key.clone())]).await?;
    ensure_eq!(
        subject.refused([Op::put(key.clone(), "2").expect_version(version)]).await?,
        [0],
        "the refusal"
    );
    ensure_eq!(subject.entry(&key).await?, None, "the entry that was deleted");
    Ok(())
}

async fn a_version_that_never_was_is_refused(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    subject.apply([Op::put(key.clone(), "1")]).await?;
    for number in [0, 1, u128::MAX] {
        let op = Op::put(key.clone(), "2").expect_version(Version::from_u128(number));
        ensure_eq!(subject.refused([op]).await?, [0], "the refusal of version {number}");
    }
    Ok(())
}

async fn a_check_refuses_the_writes_beside_it(subject: Subject) -> Verdict {
    let keys = ["checked", "put", "deleted"].map(|name| subject.key("p", name));
    let [checked, put, deleted] = &keys;
    let old = subject.apply([Op::put(checked.clone(), "1"), Op::put(deleted.clone(), "1")]).await?;
    subject.apply([Op::put(checked.clone(), "2")]).await?;
    let before = subject.entries(&keys).await?;
    let ops = [
        Op::put(put.clone(), "1"),
        Op::check(checked.clone()).expect_version(old),
        Op::delete(deleted.clone()),
    ];
    ensure_eq!(subject.refused(ops).await?, [1], "the refusal");
    ensure_eq!(subject.entries(&keys).await?, before, "the entries after the refusal");
    Ok(())
}

async fn a_refused_deletion_deletes_nothing(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let old = subject.apply([Op::put(key.clone(), "1")]).await?;
    let new = subject.apply([Op::put(key.clone(), "2")]).await?;
    subject.refused([Op::delete(key.clone()).expect_version(old)]).await?;
    ensure_eq!(subject.value(&key).await?.as_deref(), Some("2"), "the entry after the refused deletion");
    subject.apply([Op::delete(key.clone()).expect_version(new)]).await?;
    ensure_eq!(subject.entry(&key).await?, None, "the entry after the deletion");
    Ok(())
}

async fn a_refusal_names_the_one_that_failed(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 7);
    let version = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    for wrong in 0..keys.len() {
        // Not in the order of the keys: a backend that sorts must count in the caller's order.
        let ops = keys.iter().rev().enumerate().map(|(index, key)| {
            let op = Op::put(key.clone(), "2");
            if index == wrong { op.expect_absent() } else { op.expect_version(version) }
        });
        ensure_eq!(subject.refused(ops).await?, [wrong], "the refusal where operation {wrong} fails");
    }
    Ok(())
}

async fn a_refusal_names_only_what_did_not_hold(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 12);
    let version = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    for pattern in [0b1u32, 0b1000_0000_0001, 0b0101_0101_0100, 0b1111_1111_1111, 0b0000_0110_0000] {
        let fails = |index: usize| pattern >> index & 1 == 1;
        let ops = keys.iter().enumerate().map(|(index, key)| {
            let op = match index % 3 {
                0 => Op::put(key.clone(), "2"),
                1 => Op::delete(key.clone()),
                _ => Op::check(key.clone()),
            };
            if fails(index) { op.expect_absent() } else { op.expect_version(version) }
        });
        let failed = subject.refused(ops).await?;
        ensure!(!failed.is_empty(), "a refusal that names nothing");
        ensure!(
            failed.iter().all(|index| *index < keys.len() && fails(*index)),
            "{failed:?} of {pattern:012b}"
        );
        ensure!(
            failed.is_sorted_by(|one, next| one < next),
            "{failed:?}: not in the commit's order, or twice"
        );
    }
    Ok(())
}

async fn a_refused_commit_writes_nothing(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 10);
    let taken = subject.key("q", "taken");
    subject.apply(keys.iter().take(5).chain([&taken]).map(|key| Op::put(key.clone(), "1"))).await?;
    let before = subject.entries(&keys).await?;
    for position in 0..=keys.len() {
        let mut ops: Vec<Op> = keys
            .iter()
            .enumerate()
            .map(
                |(index, key)| {
                    if index % 2 == 0 { Op::delete(key.clone()) } else { Op::put(key.clone(), "2") }
                },
            )
            .collect();
        ops.insert(position, Op::put(taken.clone(), "2").expect_absent());
        ensure_eq!(subject.refused(ops).await?, [position], "the refusal where operation {position} fails");
        ensure_eq!(subject.entries(&keys).await?, before, "the entries after refusal {position}");
    }
    Ok(())
}

async fn a_refusal_leaves_value_version_and_expiry(subject: Subject) -> Verdict {
    let (key, taken) = (subject.key("p", "k"), subject.key("p", "taken"));
    subject.apply([Op::put(key.clone(), "1").expires_at(FAR), Op::put(taken.clone(), "1")]).await?;
    let before = subject.entry(&key).await?;
    subject.refused([Op::put(key.clone(), "2"), Op::check(taken).expect_absent()]).await?;
    ensure_eq!(subject.entry(&key).await?, before, "the entry after the refusal");
    Ok(())
}

async fn anything_holds_of_everything(subject: Subject) -> Verdict {
    let (there, nothing): (Vec<Key>, Vec<Key>) = (subject.keys("there", 2), subject.keys("nothing", 2));
    subject.apply(there.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    let pairs = there.iter().zip(&nothing).zip([true, false]);
    let ops = pairs.flat_map(|((there, nothing), put)| {
        [there, nothing].map(|key| if put { Op::put(key.clone(), "2") } else { Op::delete(key.clone()) })
    });
    subject.apply(ops).await?;
    for keys in [there, nothing] {
        let found = subject.entries(&keys).await?;
        let values: Vec<_> = found.iter().map(|entry| entry.as_ref().map(|entry| &*entry.value)).collect();
        ensure_eq!(values, [Some("2"), None], "one key put, one deleted, in {keys:?}");
    }
    Ok(())
}

async fn a_version_holds_of_every_key_its_commit_put(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 6);
    let version = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    for key in &keys {
        subject.apply([Op::put(key.clone(), "2").expect_version(version)]).await?;
    }
    Ok(())
}

async fn a_refused_commit_applies_once_its_expectation_holds(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    subject.apply([Op::put(key.clone(), "first")]).await?;
    let second = || Op::put(key.clone(), "second").expect_absent();
    subject.refused([second()]).await?;
    subject.apply([Op::delete(key.clone())]).await?;
    let id: CommitId = subject.prepare([]).id();
    let commit = crate::Commit::new(id, [second()]);
    ensure_eq!(subject.store.commit(&commit).await?, crate::Outcome::Applied, "the second attempt");
    ensure_eq!(subject.entry(&key).await?.map(|entry| entry.version), Some(id.into()), "the version");
    Ok(())
}
