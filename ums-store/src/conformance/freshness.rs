//! Rule 2: reads see what was committed, in the order asked.

use super::Case;
use super::subject::{FAR, Subject};
use super::verdict::{Seen, Verdict};
use crate::{Entry, Item, Key, Op, Scan};

pub(super) fn cases() -> Vec<Case> {
    cases![Freshness:
        get_answers_in_the_order_asked,
        a_get_of_no_keys_is_empty,
        a_key_asked_twice_is_answered_twice,
        a_get_takes_any_number_of_keys,
        get_sees_every_put_at_once,
        get_sees_a_deletion_at_once,
        scan_sees_every_put_at_once,
        scan_sees_a_deletion_at_once,
        another_task_sees_a_finished_commit,
        get_and_scan_tell_the_same,
        values_come_back_as_they_were_put,
        a_value_as_large_as_granted_comes_back,
    ]
}

async fn get_answers_in_the_order_asked(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 6);
    let put = |key: &Key| Op::put(key.clone(), key.sort());
    subject.apply(keys.iter().step_by(2).map(put)).await?;
    let mut asked: Vec<Key> = keys.iter().rev().cloned().collect();
    asked.extend(keys.iter().skip(2).cloned());
    let found = subject.entries(&asked).await?;
    let seen: Vec<Option<&str>> =
        found.iter().map(|entry| entry.as_ref().map(|entry| &*entry.value)).collect();
    let stands = |key: &Key| ["00", "02", "04"].contains(&key.sort());
    let expected: Vec<Option<&str>> = asked.iter().map(|key| stands(key).then_some(key.sort())).collect();
    ensure_eq!(seen, expected, "what stands at {asked:?}");
    Ok(())
}

async fn a_get_of_no_keys_is_empty(subject: Subject) -> Verdict {
    ensure_eq!(subject.entries(&[]).await?, [], "a get of no keys");
    Ok(())
}

async fn a_key_asked_twice_is_answered_twice(subject: Subject) -> Verdict {
    let (here, nowhere) = (subject.key("p", "here"), subject.key("p", "nowhere"));
    subject.apply([Op::put(here.clone(), "1")]).await?;
    let entry = subject.entry(&here).await?;
    ensure!(entry.is_some(), "nothing at a key that was put");
    let found = subject.entries(&[here.clone(), nowhere.clone(), here, nowhere]).await?;
    ensure_eq!(found, [entry.clone(), None, entry, None], "two keys, each asked twice");
    Ok(())
}

/// More than a batch of any engine takes, over many partitions.
async fn a_get_takes_any_number_of_keys(subject: Subject) -> Verdict {
    let key = |index: usize| subject.key(&format!("p{}", index % 7), &format!("{index:03}"));
    let keys: Vec<Key> = (0..330).map(key).collect();
    for keys in keys.chunks(100) {
        subject.apply(keys.iter().step_by(3).map(|key| Op::put(key.clone(), key.sort()))).await?;
    }
    let stands = |index: usize| (index % 100).is_multiple_of(3);
    let found = subject.entries(&keys).await?;
    for (index, (key, entry)) in keys.iter().zip(found).enumerate() {
        let seen = entry.as_ref().map(|entry| &*entry.value);
        ensure_eq!(seen, stands(index).then_some(key.sort()), "answer {index} of 330");
    }
    Ok(())
}

async fn get_sees_every_put_at_once(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    for round in 0..20 {
        let version = subject.apply([Op::put(key.clone(), round.to_string())]).await?;
        let expected = Entry { value: round.to_string().into(), version, expires_at: None };
        ensure_eq!(subject.entry(&key).await?, Some(expected), "the entry after put {round}");
    }
    Ok(())
}

async fn get_sees_a_deletion_at_once(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    for round in 0..10 {
        subject.apply([Op::put(key.clone(), "1")]).await?;
        ensure!(subject.entry(&key).await?.is_some(), "nothing there after put {round}");
        subject.apply([Op::delete(key.clone())]).await?;
        ensure_eq!(subject.entry(&key).await?, None, "the entry after deletion {round}");
    }
    Ok(())
}

async fn scan_sees_every_put_at_once(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    let mut sorts = Vec::new();
    for round in 0..20 {
        // Now at the end, now at the beginning.
        let sort = if round % 2 == 0 { format!("z{round:02}") } else { format!("a{:02}", 20 - round) };
        subject.fill(&partition, &[&sort]).await?;
        sorts.push(sort);
        sorts.sort();
        ensure_eq!(
            subject.sorts(&Scan::partition(&partition)).await?,
            sorts,
            "the partition after put {round}"
        );
    }
    Ok(())
}

async fn scan_sees_a_deletion_at_once(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    let mut sorts: Vec<String> = (0..10).map(|index| index.to_string()).collect();
    subject.fill(&partition, &sorts).await?;
    while let Some(sort) = (!sorts.is_empty()).then(|| sorts.remove(sorts.len() / 2)) {
        subject.apply([Op::delete(Key::new(partition.as_str(), sort.as_str()))]).await?;
        ensure_eq!(
            subject.sorts(&Scan::partition(&partition)).await?,
            sorts,
            "the partition without {sort:?}"
        );
    }
    Ok(())
}

async fn another_task_sees_a_finished_commit(subject: Subject) -> Verdict {
    for round in 0..20 {
        let key = subject.key("p", &round.to_string());
        let committed = subject.clone();
        let (done, wait) = tokio::sync::oneshot::channel();
        let (reader, read_key) = (subject.clone(), key.clone());
        let reading = tokio::spawn(async move {
            // Before the commit, so that a reader that remembers has something to remember.
            reader.entry(&read_key).await?;
            let _ = wait.await;
            reader.value(&read_key).await
        });
        committed.apply([Op::put(key, "1")]).await?;
        let _ = done.send(());
        let seen = reading.await.map_err(super::case::panicked)??;
        ensure_eq!(seen.as_deref(), Some("1"), "what another task sees after commit {round}");
    }
    Ok(())
}

async fn get_and_scan_tell_the_same(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 5);
    for (index, key) in keys.iter().enumerate() {
        let put = Op::put(key.clone(), format!("value {index}"));
        let put = if index % 2 == 0 { put.expires_at(FAR + index as u64) } else { put };
        subject.apply([put]).await?;
    }
    let got = subject.entries(&keys).await?;
    let items =
        keys.iter().zip(got).map(|(key, entry)| entry.map(|entry| Item { sort: key.sort().into(), entry }));
    let items: Option<Vec<Item>> = items.collect();
    let scanned = subject.all(&Scan::partition(subject.partition("p"))).await?;
    ensure_eq!(Some(scanned), items, "what a scan finds, against what a get does");
    Ok(())
}

async fn values_come_back_as_they_were_put(subject: Subject) -> Verdict {
    let values = [
        "",
        " ",
        "\0",
        "a\0b",
        "null",
        "0",
        "{\"a\": \"\\u0000\"}",
        "\r\n",
        " padded ",
        "'; --",
        "\u{feff}bom",
        "e\u{301} \u{e9}",
        "\u{1f600}\u{10ffff}",
    ];
    let keys = subject.keys("p", values.len());
    subject.apply(keys.iter().zip(values).map(|(key, value)| Op::put(key.clone(), value))).await?;
    for (key, value) in keys.iter().zip(values) {
        ensure_eq!(subject.value(key).await?.as_deref(), Some(value), "a value");
    }
    Ok(())
}

async fn a_value_as_large_as_granted_comes_back(subject: Subject) -> Verdict {
    let key = subject.key("p", "k");
    let limits = subject.store.limits();
    // Three bytes a character, so that a backend that counts characters cuts it.
    let characters = limits.value_bytes.min(limits.commit_bytes - key.len_bytes()) / 3;
    let value = "\u{20ac}".repeat(characters);
    subject.apply([Op::put(key.clone(), value.as_str())]).await?;
    let read = subject.value(&key).await?.ok_or_else(|| Seen::new("nothing there"))?;
    ensure!(read == value, "{} bytes came back of {}, or other ones", read.len(), value.len());
    let items = subject.all(&Scan::partition(subject.partition("p"))).await?;
    let scanned = items.first().map(|item| &*item.entry.value);
    ensure!(scanned == Some(value.as_str()), "a scan found another value than was put");
    Ok(())
}
