//! Rule 10: a dropped future tears nothing, and clones are one store.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::Case;
use super::subject::{Subject, Tries};
use super::verdict::Verdict;
use crate::{Commit, Key, Op, Outcome, Scan};

pub(super) fn cases() -> Vec<Case> {
    cases![Cancellation:
        a_commit_that_is_never_polled_is_never_torn,
        a_commit_dropped_after_its_first_poll_is_whole,
        commits_dropped_at_any_poll_are_whole,
        commits_of_aborted_tasks_are_whole,
        a_counter_keeps_step_with_its_journal,
        dropped_commits_hold_nothing_up,
        dropped_reads_harm_nothing,
        clones_share_the_data,
        clones_share_versions,
        a_dropped_clone_takes_nothing_along,
    ]
}

async fn a_commit_that_is_never_polled_is_never_torn(subject: Subject) -> Verdict {
    dropped_after(&subject, 0).await
}

async fn a_commit_dropped_after_its_first_poll_is_whole(subject: Subject) -> Verdict {
    for _ in 0..10 {
        dropped_after(&subject, 1).await?;
    }
    Ok(())
}

async fn commits_dropped_at_any_poll_are_whole(subject: Subject) -> Verdict {
    for polls in 0..12 {
        dropped_after(&subject, polls).await?;
    }
    Ok(())
}

async fn commits_of_aborted_tasks_are_whole(subject: Subject) -> Verdict {
    for round in 0..10 {
        let keys = subject.keys(&format!("p{round}"), 6);
        let tasks: Vec<_> = (0..8)
            .map(|index| {
                let (subject, keys) = (subject.clone(), keys.clone());
                tokio::spawn(async move {
                    let put = |key: &Key| Op::put(key.clone(), index.to_string());
                    subject.commit(keys.iter().map(put)).await.map(|_| ())
                })
            })
            .collect();
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        for task in &tasks {
            task.abort();
        }
        for task in tasks {
            match task.await {
                Ok(result) => result?,
                Err(error) if error.is_cancelled() => {}
                Err(error) => return Err(super::case::panicked(error)),
            }
        }
        whole(&subject, &keys).await?;
    }
    Ok(())
}

/// Each commit counts and writes an entry of its own; whatever is dropped, both or neither happened.
async fn a_counter_keeps_step_with_its_journal(subject: Subject) -> Verdict {
    let counter = subject.key("counter", "k");
    subject.apply([Op::put(counter.clone(), "0")]).await?;
    let shared = counter.clone();
    subject
        .race(6, move |index, subject| {
            let counter = shared.clone();
            async move {
                for round in 0..8 {
                    let (count, version) = subject.number(&counter).await?;
                    let journal = subject.key("journal", &format!("{index} {round}"));
                    let commit = subject.prepare([
                        Op::put(counter.clone(), (count + 1).to_string()).expect_version(version),
                        Op::put(journal, "1").expect_absent(),
                    ]);
                    polled(&subject, &commit, index + round).await?;
                }
                Ok(())
            }
        })
        .await?;
    let mut tries = Tries::default();
    loop {
        tries.next().await?;
        let (count, version) = subject.number(&counter).await?;
        let journal = subject.all(&Scan::partition(subject.partition("journal"))).await?.len();
        // A dropped commit may still be under way; this one tells whether any came between.
        if subject.commit([Op::check(counter.clone()).expect_version(version)]).await? == Outcome::Applied {
            ensure_eq!(i64::try_from(journal).ok(), Some(count), "entries in the journal, against the count");
            return Ok(());
        }
    }
}

async fn dropped_commits_hold_nothing_up(subject: Subject) -> Verdict {
    for index in 0..50 {
        let commit = subject.prepare([Op::put(subject.key("p", &index.to_string()), "1")]);
        polled(&subject, &commit, 1).await?;
    }
    let key = subject.key("q", "k");
    subject.apply([Op::put(key.clone(), "1").expect_absent()]).await?;
    ensure_eq!(subject.value(&key).await?.as_deref(), Some("1"), "what was put after 50 dropped commits");
    Ok(())
}

async fn dropped_reads_harm_nothing(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &["a", "b", "c"]).await?;
    let keys = [Key::new(partition.as_str(), "a"), Key::new(partition.as_str(), "b")];
    let scan = Scan::partition(&partition);
    for _ in 0..20 {
        let _ = first_polls(subject.store.get(&keys), 1).await;
        let _ = first_polls(subject.store.scan(&scan), 1).await;
    }
    ensure_eq!(subject.sorts(&scan).await?, ["a", "b", "c"], "the partition after dropped reads");
    subject.fill(&partition, &["d"]).await?;
    ensure_eq!(subject.sorts(&scan).await?, ["a", "b", "c", "d"], "the partition after a put");
    Ok(())
}

async fn clones_share_the_data(subject: Subject) -> Verdict {
    let clone = subject.through_twin();
    for (here, there, name) in [(&subject, &clone, "clone"), (&clone, &subject, "original")] {
        let key = subject.key(name, "k");
        here.apply([Op::put(key.clone(), "1")]).await?;
        ensure_eq!(there.value(&key).await?.as_deref(), Some("1"), "what the {name} sees of a put");
        let scan = Scan::partition(subject.partition(name));
        ensure_eq!(there.all(&scan).await?.len(), 1, "what the {name} finds of a put");
        here.apply([Op::delete(key.clone())]).await?;
        ensure_eq!(there.value(&key).await?, None, "what the {name} sees of a deletion");
    }
    Ok(())
}

async fn clones_share_versions(subject: Subject) -> Verdict {
    let clone = subject.through_twin();
    let key = subject.key("p", "k");
    let first = subject.apply([Op::put(key.clone(), "1")]).await?;
    let second = clone.apply([Op::put(key.clone(), "2").expect_version(first)]).await?;
    ensure_eq!(subject.refused([Op::put(key.clone(), "3").expect_version(first)]).await?, [0], "the refusal");
    subject.apply([Op::put(key, "3").expect_version(second)]).await?;
    Ok(())
}

async fn a_dropped_clone_takes_nothing_along(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let Subject { store, twin, .. } = subject.clone();
    let commit = subject.prepare([Op::put(key.clone(), "1")]);
    ensure_eq!(twin.commit(&commit).await?, Outcome::Applied, "a commit through a clone");
    drop((store, twin));
    let Subject { twin, .. } = &subject;
    ensure!(
        twin.get(std::slice::from_ref(&key)).await?.iter().all(Option::is_some),
        "nothing there for a clone"
    );
    ensure_eq!(subject.value(&key).await?.as_deref(), Some("1"), "what is there for the original");
    Ok(())
}

/// Drops a commit of several puts after so many polls, and looks that no part of it shows.
async fn dropped_after(subject: &Subject, polls: usize) -> Verdict {
    let name = subject.prepare([]).id().as_u128().to_string();
    let keys = subject.keys(&name, 8);
    let commit = subject.prepare(keys.iter().map(|key| Op::put(key.clone(), "1").expect_absent()));
    let outcome = polled(subject, &commit, polls).await?;
    let there = whole(subject, &keys).await?;
    let expected = match outcome {
        Some(Outcome::Applied) => there,
        Some(Outcome::Refused { .. }) => false,
        None => true,
    };
    ensure!(expected, "dropped after {polls} polls with {outcome:?}, and the entries are there: {there}");
    Ok(())
}

/// Polls a commit so many times and drops it, unless it ends before.
async fn polled(subject: &Subject, commit: &Commit, polls: usize) -> Verdict<Option<Outcome>> {
    Ok(first_polls(subject.store.commit(commit), polls).await.transpose()?)
}

/// Polls a future so many times, once at each turn of the task, and drops it unless it ends before.
async fn first_polls<T>(future: impl Future<Output = T> + Send, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(value) = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
            return Some(value);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// Whether the keys are there, at a moment when all of them bear one version or none stands; anything else is torn.
async fn whole(subject: &Subject, keys: &[Key]) -> Verdict<bool> {
    let mut tries = Tries::default();
    loop {
        tries.next().await?;
        let Some(entries) = subject.at_once(keys).await? else {
            continue;
        };
        let versions: Vec<_> =
            entries.iter().map(|entry| entry.as_ref().map(|entry| entry.version)).collect();
        ensure!(
            versions.iter().all(|version| Some(version) == versions.first()),
            "a torn commit: {versions:?}"
        );
        return Ok(versions.iter().any(Option::is_some));
    }
}
