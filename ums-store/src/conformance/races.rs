//! Rule 4 and rule 5 under contention: many tasks, and nothing lost, torn or twice.

use super::Case;
use super::subject::{Subject, Tries};
use super::verdict::Verdict;
use crate::{Entry, Key, Op, Outcome, Scan};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = cases![Atomicity:
        increments_lose_nothing,
        one_insert_of_many_wins,
        transfers_conserve_the_sum,
        overlapping_commits_never_mix,
        write_skew_never_happens,
        a_name_never_has_two_owners,
        one_task_at_a_time_holds_a_lease,
    ];
    cases.extend(cases![Refusal: contention_is_an_answer_and_no_error]);
    cases
}

async fn increments_lose_nothing(subject: Subject) -> Verdict {
    const TASKS: usize = 8;
    const EACH: usize = 12;
    let key = subject.key("p", "counter");
    subject.apply([Op::put(key.clone(), "0")]).await?;
    let counter = key.clone();
    subject
        .race(TASKS, move |_, subject| {
            let counter = counter.clone();
            async move {
                for _ in 0..EACH {
                    let mut tries = Tries::default();
                    loop {
                        tries.next().await?;
                        let (count, version) = subject.number(&counter).await?;
                        let op = Op::put(counter.clone(), (count + 1).to_string()).expect_version(version);
                        if subject.commit([op]).await? == Outcome::Applied {
                            break;
                        }
                    }
                }
                Ok(())
            }
        })
        .await?;
    let (count, _) = subject.number(&key).await?;
    ensure_eq!(usize::try_from(count).ok(), Some(TASKS * EACH), "the counter after all increments");
    Ok(())
}

async fn one_insert_of_many_wins(subject: Subject) -> Verdict {
    for round in 0..8 {
        let key = subject.key("p", &round.to_string());
        let wins = subject.partition(&format!("wins {round}"));
        let (contended, winners) = (key.clone(), wins.clone());
        subject
            .race(12, move |index, subject| {
                let (key, win) = (contended.clone(), Key::new(winners.as_str(), index.to_string()));
                async move {
                    let insert = Op::put(key, index.to_string()).expect_absent();
                    if subject.commit([insert]).await? == Outcome::Applied {
                        subject.apply([Op::put(win, "1")]).await?;
                    }
                    Ok(())
                }
            })
            .await?;
        let winners: Vec<String> =
            subject.all(&Scan::partition(wins)).await?.into_iter().map(|item| item.sort).collect();
        let standing = subject.value(&key).await?;
        ensure_eq!(winners, Vec::from_iter(standing), "who was told to have won, against who stands there");
    }
    Ok(())
}

async fn transfers_conserve_the_sum(subject: Subject) -> Verdict {
    const START: i64 = 100;
    let accounts = subject.keys("p", 4);
    subject.apply(accounts.iter().map(|key| Op::put(key.clone(), START.to_string()))).await?;
    let sum = START * 4;
    let shared = accounts.clone();
    subject
        .race(6, move |index, subject| {
            let accounts = shared.clone();
            async move {
                for round in 0..8 {
                    let mut pairs = accounts.iter().cycle().skip(index);
                    if let (true, Some(from), Some(to)) = (index < 4, pairs.next(), pairs.nth(round % 3)) {
                        let mut tries = Tries::default();
                        while transfer(&subject, from, to).await? != Outcome::Applied {
                            tries.next().await?;
                        }
                    } else if let Some(numbers) = subject.numbers_at_once(&accounts).await? {
                        ensure_eq!(
                            numbers.iter().sum::<i64>(),
                            sum,
                            "the sum of {numbers:?} beside transfers"
                        );
                    }
                }
                Ok(())
            }
        })
        .await?;
    let numbers = subject.numbers_at_once(&accounts).await?;
    ensure_eq!(numbers.map(|numbers| numbers.iter().sum()), Some(sum), "the sum after all transfers");
    Ok(())
}

async fn transfer(subject: &Subject, from: &Key, to: &Key) -> Verdict<Outcome> {
    let (less, less_version) = subject.number(from).await?;
    let (more, more_version) = subject.number(to).await?;
    let ops = [
        Op::put(from.clone(), (less - 1).to_string()).expect_version(less_version),
        Op::put(to.clone(), (more + 1).to_string()).expect_version(more_version),
    ];
    Ok(subject.commit(ops).await?)
}

/// Commits that expect nothing are serialisable too: the last one wins at every key.
async fn overlapping_commits_never_mix(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 6);
    let shared = keys.clone();
    subject
        .race(8, move |index, subject| {
            let mut keys = shared.clone();
            keys.rotate_left(index % 6);
            async move {
                for round in 0..6 {
                    subject.apply(keys.iter().map(|key| Op::put(key.clone(), index.to_string()))).await?;
                    if round % 2 == 0 {
                        one_commit(&subject.at_once(&keys).await?)?;
                    }
                }
                Ok(())
            }
        })
        .await?;
    let last = subject.at_once(&keys).await?;
    ensure!(last.is_some(), "refused, though nobody else was there");
    one_commit(&last)
}

fn one_commit(entries: &Option<Vec<Option<Entry>>>) -> Verdict {
    let Some(entries) = entries else {
        return Ok(());
    };
    let versions: Vec<_> = entries.iter().map(|entry| entry.as_ref().map(|entry| entry.version)).collect();
    ensure!(versions.iter().all(|version| Some(version) == versions.first()), "commits mixed: {versions:?}");
    Ok(())
}

/// Of two on duty, each may leave while the other stays. Checks of what is not written make that hold.
async fn write_skew_never_happens(subject: Subject) -> Verdict {
    for round in 0..10 {
        let pair = ["one", "other"].map(|name| subject.key(&format!("duty {round}"), name));
        subject.apply(pair.iter().map(|key| Op::put(key.clone(), "1"))).await?;
        let shared = pair.clone();
        subject
            .race(2, move |index, subject| {
                let mut pair = shared.clone();
                pair.rotate_left(index);
                async move {
                    let [me, other] = &pair;
                    let numbers = [subject.number(me).await?, subject.number(other).await?];
                    if let [(1, mine), (1, others)] = numbers {
                        let leave = Op::put(me.clone(), "0").expect_version(mine);
                        let stays = Op::check(other.clone()).expect_version(others);
                        subject.commit([leave, stays]).await?;
                    }
                    Ok(())
                }
            })
            .await?;
        let numbers = subject.numbers_at_once(&pair).await?;
        ensure!(numbers.is_some_and(|numbers| numbers.iter().sum::<i64>() > 0), "both left in round {round}");
    }
    Ok(())
}

/// A unique name: the index entry and the record are one commit, and renaming moves the one with the other.
async fn a_name_never_has_two_owners(subject: Subject) -> Verdict {
    const NAMES: usize = 3;
    subject
        .race(6, move |index, subject| {
            let owner = subject.key("owner", &index.to_string());
            async move {
                let mut held: Option<Key> = None;
                for round in 0..10 {
                    let name = subject.key("name", &((index + round) % NAMES).to_string());
                    let mut ops = vec![
                        Op::put(name.clone(), owner.sort()).expect_absent(),
                        Op::put(owner.clone(), name.sort()),
                    ];
                    match &held {
                        Some(held) if *held == name => continue,
                        Some(held) => ops.push(Op::delete(held.clone())),
                        None => {}
                    }
                    if subject.commit(ops).await? == Outcome::Applied {
                        held = Some(name);
                    }
                }
                Ok(())
            }
        })
        .await?;
    let names = subject.all(&Scan::partition(subject.partition("name"))).await?;
    let owned = subject.all(&Scan::partition(subject.partition("owner"))).await?;
    let mut by_name: Vec<(String, String)> =
        names.into_iter().map(|item| (item.sort, item.entry.value.to_string())).collect();
    let mut by_owner: Vec<(String, String)> =
        owned.into_iter().map(|item| (item.entry.value.to_string(), item.sort)).collect();
    by_name.sort();
    by_owner.sort();
    ensure_eq!(by_name, by_owner, "names with their owners, against owners with their names");
    Ok(())
}

async fn one_task_at_a_time_holds_a_lease(subject: Subject) -> Verdict {
    let (lease, work) = (subject.key("p", "lease"), subject.key("p", "work"));
    subject.apply([Op::put(work.clone(), "0")]).await?;
    let shared = work.clone();
    subject
        .race(5, move |index, subject| {
            let (lease, work) = (lease.clone(), shared.clone());
            async move {
                for _ in 0..4 {
                    let mut tries = Tries::default();
                    let held = loop {
                        tries.next().await?;
                        let take =
                            subject.prepare([Op::put(lease.clone(), index.to_string()).expect_absent()]);
                        if subject.store.commit(&take).await? == Outcome::Applied {
                            break take.id().into();
                        }
                    };
                    // Without expectations: the lease alone keeps others out.
                    let (count, _) = subject.number(&work).await?;
                    tokio::task::yield_now().await;
                    subject.apply([Op::put(work.clone(), (count + 1).to_string())]).await?;
                    subject.apply([Op::delete(lease.clone()).expect_version(held)]).await?;
                }
                Ok(())
            }
        })
        .await?;
    let (count, _) = subject.number(&work).await?;
    ensure_eq!(count, 20, "what 20 holders of the lease counted");
    Ok(())
}

async fn contention_is_an_answer_and_no_error(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let version = subject.apply([Op::put(key.clone(), "0")]).await?;
    let applied = subject.partition("applied");
    let winners = applied.clone();
    subject
        .race(24, move |index, subject| {
            let (key, applied) = (key.clone(), Key::new(applied.as_str(), index.to_string()));
            async move {
                match subject.commit([Op::put(key, index.to_string()).expect_version(version)]).await? {
                    Outcome::Applied => subject.apply([Op::put(applied, "1")]).await.map(|_| ()),
                    Outcome::Refused { failed } => {
                        ensure_eq!(failed, [0], "the refusal of task {index}");
                        Ok(())
                    }
                }
            }
        })
        .await?;
    ensure_eq!(
        subject.all(&Scan::partition(winners)).await?.len(),
        1,
        "how many of 24 were told to have won"
    );
    Ok(())
}
