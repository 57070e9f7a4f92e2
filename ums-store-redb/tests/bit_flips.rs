//! One bit of a closed file flipped, a bit of every page in turn: a clear error or the right data, never other data,
//! and no panic that reaches the caller.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod support;

use std::collections::HashMap;

use support::disk::Disk;
use support::{Seeded, history};
use ums_store::{Commit, CommitId, Entry, Error, Key, Op, Scan, Store};
use ums_store_redb::{OpenError, RedbStore};

const PAGE: usize = 4096;

/// A closed file of some hundred pages, and what is in it.
async fn closed_file() -> (Vec<u8>, HashMap<Key, Entry>) {
    let disk = Disk::default();
    let opened = disk.clone();
    let store = RedbStore::builder().open_storage("file", move || opened.open()).unwrap();
    for n in 1..=60 {
        store.commit(&history::commit(n)).await.unwrap();
    }
    let key = |index: u64| Key::new(format!("partition {}", index % 7), format!("{index:05}"));
    for batch in 0..20 {
        let put = |index: u64| {
            Op::put(key(index), format!("{index} {}", "y".repeat(usize::try_from(index % 900).unwrap())))
        };
        let ops = (batch * 30..batch * 30 + 30).map(put);
        store.commit(&Commit::new(CommitId::from_u128(1_000 + u128::from(batch)), ops)).await.unwrap();
    }
    let mut entries = HashMap::new();
    let partitions = ["log", "second", "count"].map(str::to_owned).into_iter();
    let partitions = partitions.chain((0..7).map(|index| format!("partition {index}")));
    for partition in partitions.chain((0..5).map(|index| format!("slot/{index}"))) {
        let page = store.scan(&Scan::partition(&partition).limit(1_000)).await.unwrap();
        assert!(page.next.is_none());
        entries
            .extend(page.items.into_iter().map(|item| (Key::new(partition.as_str(), item.sort), item.entry)));
    }
    drop(store);
    (disk.bytes(), entries)
}

/// What became of one flipped bit.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    unharmed: usize,
    corrupt: usize,
    hidden: usize,
}

async fn flip_everywhere(check_on_open: bool, bits_a_page: usize) -> Tally {
    let (file, entries) = closed_file().await;
    let mut random = Seeded(7);
    let mut tally = Tally::default();
    assert!(file.len() / PAGE > 100, "{} pages", file.len() / PAGE);
    for page in 0..file.len() / PAGE {
        for _ in 0..bits_a_page {
            let bit = random.below(PAGE * 8);
            let mut damaged = file.clone();
            damaged[page * PAGE + bit / 8] ^= 1 << (bit % 8);
            let place = format!("page {page}, bit {bit}");
            look(Disk::of(damaged), check_on_open, &entries, &place, &mut tally).await;
        }
    }
    tally
}

async fn look(
    disk: Disk,
    check_on_open: bool,
    entries: &HashMap<Key, Entry>,
    place: &str,
    tally: &mut Tally,
) {
    let builder = RedbStore::builder().check_on_open(check_on_open);
    let store = match builder.open_storage("file", move || disk.open()) {
        Ok(store) => store,
        Err(
            OpenError::Corrupt { .. }
            | OpenError::Foreign { .. }
            | OpenError::Format { .. }
            | OpenError::RedbFormat { .. },
        ) => {
            tally.refused += 1;
            return;
        }
        Err(other) => panic!("{place}: {other:?}"),
    };
    let (mut corrupt, mut hidden) = (false, false);
    for (key, entry) in entries {
        match store.get(std::slice::from_ref(key)).await {
            Ok(found) => match &found[0] {
                Some(found) => assert_eq!(found, entry, "{place}: another entry at {key:?}"),
                None => hidden = true,
            },
            Err(Error::Corrupt { .. } | Error::Unavailable { .. }) => corrupt = true,
            Err(other) => panic!("{place}: {other:?}"),
        }
    }
    for partition in ["log", "partition 3", "slot/1"] {
        match store.scan(&Scan::partition(partition).limit(1_000)).await {
            Ok(page) => {
                for item in page.items {
                    let expected = entries.get(&Key::new(partition, item.sort.as_str()));
                    assert_eq!(Some(&item.entry), expected, "{place}: another entry at {:?}", item.sort);
                }
            }
            Err(Error::Corrupt { .. } | Error::Unavailable { .. }) => corrupt = true,
            Err(other) => panic!("{place}: {other:?}"),
        }
    }
    // A commit is answered, too, whatever the answer.
    let keys: Vec<&Key> = entries.keys().take(20).collect();
    let ops = keys.into_iter().map(|key| Op::put(key.clone(), "new"));
    let said = store.commit(&Commit::new(CommitId::from_u128(u128::MAX), ops)).await;
    assert!(!matches!(said, Err(Error::Invalid { .. } | Error::Corrupt { .. })), "{place}: {said:?}");
    match (corrupt, hidden) {
        (true, _) => tally.corrupt += 1,
        (_, true) => tally.hidden += 1,
        _ => tally.unharmed += 1,
    }
}

#[tokio::test]
async fn a_file_that_is_checked_gives_the_right_data_or_none() {
    let tally = flip_everywhere(true, 1).await;
    assert_eq!((tally.corrupt, tally.hidden), (0, 0), "{tally:?}");
    assert!(tally.refused > 50 && tally.unharmed > 0, "{tally:?}");
}

/// Without the check, damage to a key hides an entry. What is found is right all the same.
#[tokio::test]
async fn a_file_that_is_not_checked_gives_no_other_data() {
    let tally = flip_everywhere(false, 2).await;
    assert!(tally.corrupt > 50, "{tally:?}");
}
