//! Rule 8: a refusal stays one, and conflicts inside the engine are none of the caller's.

use super::Case;
use super::subject::Subject;
use super::verdict::Verdict;
use crate::{Op, Outcome, Version};

pub(super) fn cases() -> Vec<Case> {
    cases![Retries:
        a_refusal_stays_refused,
        a_refused_commit_is_not_done_later,
        a_refusal_does_not_wait_for_its_expectation,
        commits_on_one_key_conflict_without_errors,
        commits_on_overlapping_keys_conflict_without_errors,
    ]
}

async fn a_refusal_stays_refused(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let version = subject.apply([Op::put(key.clone(), "1")]).await?;
    for _ in 0..10 {
        ensure_eq!(subject.refused([Op::put(key.clone(), "2").expect_absent()]).await?, [0], "the refusal");
    }
    let seen = subject.entry(&key).await?.map(|entry| entry.version);
    ensure_eq!(seen, Some(version), "the version after ten refusals");
    Ok(())
}

async fn a_refused_commit_is_not_done_later(subject: Subject) -> Verdict {
    let (key, beside) = (subject.key("p", "k"), subject.key("p", "beside"));
    subject.apply([Op::put(key.clone(), "1")]).await?;
    let late = subject.prepare([Op::put(key.clone(), "late").expect_absent()]);
    ensure_eq!(subject.store.commit(&late).await?, Outcome::Refused { failed: vec![0] }, "the commit");
    // Now its expectation holds, and the store gets every opportunity.
    subject.apply([Op::delete(key.clone())]).await?;
    for round in 0..10 {
        subject.apply([Op::put(beside.clone(), round.to_string())]).await?;
        tokio::task::yield_now().await;
        ensure_eq!(subject.entry(&key).await?, None, "where a refused commit would have put");
    }
    Ok(())
}

/// The first of two answers comes although only the second commit could make the expectation hold.
async fn a_refusal_does_not_wait_for_its_expectation(subject: Subject) -> Verdict {
    let (key, other) = (subject.key("p", "k"), subject.key("p", "other"));
    let version = subject.apply([Op::put(other.clone(), "1")]).await?;
    for op in [Op::check(key.clone()).expect_version(version), Op::check(other.clone()).expect_absent()] {
        ensure_eq!(subject.refused([op]).await?, [0], "the refusal");
    }
    subject.apply([Op::put(key, "1"), Op::delete(other)]).await?;
    Ok(())
}

async fn commits_on_one_key_conflict_without_errors(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let contended = key.clone();
    subject
        .race(16, move |index, subject| {
            let key = contended.clone();
            async move {
                for round in 0..4 {
                    subject.apply([Op::put(key.clone(), format!("{index} {round}"))]).await?;
                }
                Ok(())
            }
        })
        .await?;
    ensure!(subject.entry(&key).await?.is_some(), "nothing left of 64 puts");
    Ok(())
}

async fn commits_on_overlapping_keys_conflict_without_errors(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 8);
    let all = keys.clone();
    subject
        .race(16, move |index, subject| {
            // Each takes half of the keys, in an order of its own.
            let mut keys = all.clone();
            keys.rotate_left(index % 8);
            keys.truncate(4);
            async move {
                for _ in 0..3 {
                    subject.apply(keys.iter().map(|key| Op::put(key.clone(), index.to_string()))).await?;
                }
                Ok(())
            }
        })
        .await?;
    let versions: Vec<Option<Version>> =
        subject.entries(&keys).await?.into_iter().map(|entry| entry.map(|entry| entry.version)).collect();
    ensure!(versions.iter().all(Option::is_some), "nothing left at one of eight keys: {versions:?}");
    Ok(())
}
