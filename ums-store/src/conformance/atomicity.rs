//! Rule 4: what one commit does. Commits against each other are in `races`.

use super::Case;
use super::subject::{FAR, Subject};
use super::verdict::Verdict;
use crate::{Entry, Key, Op, Outcome};

pub(super) fn cases() -> Vec<Case> {
    cases![Atomicity:
        a_commit_does_all_its_operations,
        every_entry_bears_the_version_of_its_commit,
        a_put_replaces_value_version_and_expiry,
        putting_the_same_value_again_gives_a_new_version,
        deletion_and_re_creation_gives_a_new_version,
        deleting_nothing_is_no_error,
        the_order_of_operations_does_not_matter,
        a_commit_spans_partitions,
        a_commit_takes_as_many_operations_as_the_floor,
        a_check_leaves_its_entry_alone,
        a_commit_that_only_checks_is_applied,
        write_skew_is_refused,
        a_chain_of_checks_is_refused_where_it_broke,
    ]
}

async fn a_commit_does_all_its_operations(subject: Subject) -> Verdict {
    let names = ["replaced", "deleted", "checked", "created", "absent"];
    let keys = names.map(|name| subject.key("p", name));
    let [replaced, deleted, checked, created, absent] = &keys;
    let old = subject.apply([replaced, deleted, checked].map(|key| Op::put(key.clone(), "old"))).await?;
    let new = subject
        .apply([
            Op::put(replaced.clone(), "new").expect_version(old),
            Op::delete(deleted.clone()).expect_version(old),
            Op::check(checked.clone()).expect_version(old),
            Op::put(created.clone(), "new").expect_absent(),
            Op::check(absent.clone()).expect_absent(),
        ])
        .await?;
    let entry = |value: &str, version| Some(Entry { value: value.into(), version, expires_at: None });
    let expected = [entry("new", new), None, entry("old", old), entry("new", new), None];
    ensure_eq!(subject.entries(&keys).await?, expected, "replaced, deleted, checked, created, absent");
    Ok(())
}

async fn every_entry_bears_the_version_of_its_commit(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 10);
    let commit = subject.prepare(keys.iter().map(|key| Op::put(key.clone(), "1")));
    ensure_eq!(subject.store.commit(&commit).await?, Outcome::Applied, "the commit");
    for (index, entry) in subject.entries(&keys).await?.into_iter().enumerate() {
        let version = entry.map(|entry| entry.version.as_u128());
        ensure_eq!(
            version,
            Some(commit.id().as_u128()),
            "the version of entry {index}, against the commit's id"
        );
    }
    Ok(())
}

async fn a_put_replaces_value_version_and_expiry(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let first = subject.apply([Op::put(key.clone(), "first").expires_at(FAR)]).await?;
    let entry = |value: &str, version, expires_at| Some(Entry { value: value.into(), version, expires_at });
    ensure_eq!(subject.entry(&key).await?, entry("first", first, Some(FAR)), "the first entry");
    let second = subject.apply([Op::put(key.clone(), "second").expires_at(FAR + 1)]).await?;
    ensure_eq!(subject.entry(&key).await?, entry("second", second, Some(FAR + 1)), "the second entry");
    let third = subject.apply([Op::put(key.clone(), "third")]).await?;
    ensure_eq!(subject.entry(&key).await?, entry("third", third, None), "the third entry");
    Ok(())
}

async fn putting_the_same_value_again_gives_a_new_version(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let old = subject.apply([Op::put(key.clone(), "same")]).await?;
    let new = subject.apply([Op::put(key.clone(), "same")]).await?;
    let seen = subject.entry(&key).await?.map(|entry| entry.version);
    ensure_eq!(seen, Some(new), "the version after the second put");
    subject.refused([Op::put(key, "other").expect_version(old)]).await?;
    Ok(())
}

async fn deletion_and_re_creation_gives_a_new_version(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let old = subject.apply([Op::put(key.clone(), "same").expect_absent()]).await?;
    subject.apply([Op::delete(key.clone()).expect_version(old)]).await?;
    let new = subject.apply([Op::put(key.clone(), "same").expect_absent()]).await?;
    ensure!(old != new, "two commits gave one version");
    subject.refused([Op::delete(key.clone()).expect_version(old)]).await?;
    ensure_eq!(subject.entry(&key).await?.map(|entry| entry.version), Some(new), "the version");
    Ok(())
}

async fn deleting_nothing_is_no_error(subject: Subject) -> Verdict {
    let (nothing, beside) = (subject.key("p", "nothing"), subject.key("p", "beside"));
    subject.apply([Op::delete(nothing.clone())]).await?;
    subject.apply([Op::delete(nothing.clone()).expect_absent(), Op::put(beside.clone(), "1")]).await?;
    ensure_eq!(subject.entry(&nothing).await?, None, "the key that was deleted");
    ensure_eq!(subject.value(&beside).await?.as_deref(), Some("1"), "the key beside it");
    Ok(())
}

/// Expectations are about what stood before the commit, for every operation.
async fn the_order_of_operations_does_not_matter(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 20);
    let put = |value: &'static str| keys.iter().map(move |key| Op::put(key.clone(), value));
    let first = subject.apply(put("1").rev()).await?;
    subject.apply(put("2").map(|op| op.expect_version(first))).await?;
    for entry in subject.entries(&keys).await? {
        ensure_eq!(entry.map(|entry| entry.value.to_string()).as_deref(), Some("2"), "a value");
    }
    Ok(())
}

async fn a_commit_spans_partitions(subject: Subject) -> Verdict {
    let keys: Vec<Key> = (0..30).map(|index| subject.key(&format!("p{index}"), "k")).collect();
    let version = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1").expect_absent())).await?;
    for (index, entry) in subject.entries(&keys).await?.into_iter().enumerate() {
        ensure_eq!(entry.map(|entry| entry.version), Some(version), "the version in partition {index}");
    }
    Ok(())
}

async fn a_commit_takes_as_many_operations_as_the_floor(subject: Subject) -> Verdict {
    let keys: Vec<Key> =
        (0..crate::Limits::FLOOR.operations).map(|index| subject.key("p", &index.to_string())).collect();
    let first = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1").expect_absent())).await?;
    subject.apply(keys.iter().map(|key| Op::delete(key.clone()).expect_version(first))).await?;
    let left = subject.entries(&keys).await?.into_iter().flatten().count();
    ensure_eq!(left, 0, "entries left after deleting all");
    Ok(())
}

async fn a_check_leaves_its_entry_alone(subject: Subject) -> Verdict {
    let (checked, written) = (subject.key("p", "checked"), subject.key("p", "written"));
    let version = subject.apply([Op::put(checked.clone(), "1").expires_at(FAR)]).await?;
    let before = subject.entry(&checked).await?;
    subject.apply([Op::check(checked.clone()).expect_version(version), Op::put(written, "1")]).await?;
    ensure_eq!(subject.entry(&checked).await?, before, "the entry that was checked");
    Ok(())
}

async fn a_commit_that_only_checks_is_applied(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 3);
    let version = subject.apply(keys.iter().take(2).map(|key| Op::put(key.clone(), "1"))).await?;
    let before = subject.entries(&keys).await?;
    let checks = keys.iter().enumerate().map(|(index, key)| match index {
        0 | 1 => Op::check(key.clone()).expect_version(version),
        _ => Op::check(key.clone()).expect_absent(),
    });
    subject.apply(checks).await?;
    ensure_eq!(subject.entries(&keys).await?, before, "the entries after a commit of checks");
    Ok(())
}

/// Two commits that each check what the other writes can't both be first.
async fn write_skew_is_refused(subject: Subject) -> Verdict {
    let (one, other) = (subject.key("p", "one"), subject.key("q", "other"));
    let version = subject.apply([Op::put(one.clone(), "on"), Op::put(other.clone(), "on")]).await?;
    let check = |key: &Key| Op::check(key.clone()).expect_version(version);
    let first = subject.prepare([check(&one), Op::put(other.clone(), "off").expect_version(version)]);
    let second = subject.prepare([check(&other), Op::put(one.clone(), "off").expect_version(version)]);
    ensure_eq!(subject.store.commit(&first).await?, Outcome::Applied, "the first commit");
    let refused = Outcome::Refused { failed: vec![0] };
    ensure_eq!(
        subject.store.commit(&second).await?,
        refused,
        "the second commit, which checks what the first wrote"
    );
    ensure_eq!(subject.value(&one).await?.as_deref(), Some("on"), "what the second would have written");
    Ok(())
}

async fn a_chain_of_checks_is_refused_where_it_broke(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 8);
    let version = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    for (index, key) in keys.iter().enumerate() {
        subject.apply([Op::put(key.clone(), "2")]).await?;
        let failed = subject
            .refused(keys.iter().skip(index).map(|key| Op::check(key.clone()).expect_version(version)))
            .await?;
        ensure_eq!(failed, [0], "the checks that did not hold, with the first key changed");
    }
    Ok(())
}
