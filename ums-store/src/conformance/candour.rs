//! Rule 7: what a store says of a commit is what became of it.

use super::Case;
use super::subject::Subject;
use super::verdict::Verdict;
use crate::{Error, Key, Op, Outcome, Version};

pub(super) fn cases() -> Vec<Case> {
    cases![Candour:
        a_commit_did_what_was_said_of_it,
        commits_beside_each_other_did_what_was_said_of_them,
        an_applied_commit_is_told_by_any_key_it_put,
        a_refused_commit_left_its_version_nowhere,
        an_invalid_commit_left_its_version_nowhere,
        a_commit_is_never_called_corrupt,
    ]
}

/// A store that fails now and then passes too, as long as it tells the truth.
async fn a_commit_did_what_was_said_of_it(subject: Subject) -> Verdict {
    for round in 0..40 {
        said_and_done(&subject, round).await?;
    }
    Ok(())
}

async fn commits_beside_each_other_did_what_was_said_of_them(subject: Subject) -> Verdict {
    subject
        .race(16, |index, subject| async move {
            for round in 0..5 {
                said_and_done(&subject, index * 100 + round).await?;
            }
            Ok(())
        })
        .await
}

/// That settles an answer that got lost.
async fn an_applied_commit_is_told_by_any_key_it_put(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 5);
    let commit = subject.prepare(keys.iter().map(|key| Op::put(key.clone(), "1")));
    ensure_eq!(subject.store.commit(&commit).await?, Outcome::Applied, "the commit");
    for key in &keys {
        let seen = subject.entry(key).await?.map(|entry| entry.version);
        ensure_eq!(seen, Some(Version::from(commit.id())), "the version at {key:?}");
    }
    Ok(())
}

async fn a_refused_commit_left_its_version_nowhere(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 5);
    subject.apply(keys.iter().take(1).map(|key| Op::put(key.clone(), "1"))).await?;
    let commit = subject.prepare(keys.iter().map(|key| Op::put(key.clone(), "2").expect_absent()));
    ensure_eq!(subject.store.commit(&commit).await?, Outcome::Refused { failed: vec![0] }, "the commit");
    ensure_eq!(bearing(&subject, &keys, commit.id().into()).await?, 0, "entries of the refused commit");
    Ok(())
}

async fn an_invalid_commit_left_its_version_nowhere(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 5);
    let twice = keys.iter().chain(keys.iter().take(1));
    let commit = subject.prepare(twice.map(|key| Op::put(key.clone(), "1")));
    let result = subject.store.commit(&commit).await;
    ensure!(matches!(result, Err(Error::Invalid { .. })), "{result:?} of two operations on one key");
    ensure_eq!(bearing(&subject, &keys, commit.id().into()).await?, 0, "entries of the invalid commit");
    Ok(())
}

async fn a_commit_is_never_called_corrupt(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let ops = [
        Op::put(key.clone(), "\0"),
        Op::put(key.clone(), "{"),
        Op::check(key.clone()).expect_absent(),
        Op::delete(key.clone()),
    ];
    for op in ops {
        let write = op.write.clone();
        let result = subject.commit([op]).await;
        ensure!(!matches!(result, Err(Error::Corrupt { .. })), "{result:?} of {write:?}");
    }
    Ok(())
}

/// Commits several puts, and looks whether as many are there as the answer says.
async fn said_and_done(subject: &Subject, round: usize) -> Verdict {
    let keys = subject.keys(&format!("p{round}"), 4);
    let commit = subject.prepare(keys.iter().map(|key| Op::put(key.clone(), "1").expect_absent()));
    let said = subject.store.commit(&commit).await;
    let there = bearing(subject, &keys, commit.id().into()).await?;
    let possible: &[usize] = match &said {
        Ok(Outcome::Applied) => &[4],
        Err(Error::Unknown { .. }) => &[0, 4],
        Err(Error::Unavailable { .. }) => &[0],
        _ => &[],
    };
    ensure!(possible.contains(&there), "{said:?} of 4 puts on new keys, of which {there} are there");
    Ok(())
}

/// How many of these keys bear this version.
async fn bearing(subject: &Subject, keys: &[Key], version: Version) -> Verdict<usize> {
    let mut bearing = 0;
    for key in keys {
        // A read that fails says nothing; it may be tried again.
        let mut read = subject.store.get(std::slice::from_ref(key)).await;
        for _ in 0..100 {
            if !matches!(read, Err(Error::Unavailable { .. })) {
                break;
            }
            read = subject.store.get(std::slice::from_ref(key)).await;
        }
        bearing += usize::from(read?.into_iter().flatten().any(|entry| entry.version == version));
    }
    Ok(bearing)
}
