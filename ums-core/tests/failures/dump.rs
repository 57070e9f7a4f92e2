//! What a store holds: to be compared, and to be begun with again.

use std::fmt;

use ums_core::store::{Commit, CommitId, Item, Key, Op, Outcome, Scan, Store};

/// How many of each kind there are at most.
const IDS: u64 = 24;

const FIXED: [&str; 5] = ["users/0", "organisations", "closing", "meta", "outbox/0"];

/// Every entry of the directory in order, without what is random: the ids of sessions, and hashes of passwords. Counters are
/// left out, since ids that were not used are no difference.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Dump(Vec<String>);

impl Dump {
    pub(crate) async fn of(store: &dyn Store) -> Self {
        let mut entries = Vec::new();
        for partition in partitions(&FIXED) {
            for item in items(store, &partition).await {
                let (sort, value) = match item.sort.split_once('/') {
                    Some(("session", _)) => ("session", &*item.entry.value),
                    _ if item.sort == "credential" => ("credential", "…"),
                    _ => (&*item.sort, &*item.entry.value),
                };
                entries.push(format!("{partition} {sort} {value}"));
            }
        }
        Self(entries)
    }
}

impl fmt::Debug for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries", self.0.len())
    }
}

/// Fails with what is too much and too little, unless both are equal.
#[track_caller]
pub(crate) fn assert_same(found: &Dump, expected: &Dump, when: &str) {
    let missing: Vec<_> = expected.0.iter().filter(|entry| !found.0.contains(entry)).collect();
    let added: Vec<_> = found.0.iter().filter(|entry| !expected.0.contains(entry)).collect();
    assert!(found == expected, "{when}: missing are {missing:#?}, and there are {added:#?}");
}

/// Puts everything that one store holds into another, empty one.
pub(crate) async fn copy(from: &dyn Store, to: &dyn Store) {
    let counters = ["counter/organisation", "counter/department", "counter/user"];
    let mut ops = Vec::new();
    for partition in partitions(&[FIXED.as_slice(), &counters].concat()) {
        for item in items(from, &partition).await {
            let op = Op::put(Key::new(partition.as_str(), item.sort), item.entry.value);
            ops.push(match item.entry.expires_at {
                Some(seconds) => op.expires_at(seconds),
                None => op,
            });
        }
    }
    for (number, ops) in ops.chunks(to.limits().operations).enumerate() {
        let id = CommitId::from_u128(number as u128 + 1);
        assert_eq!(
            to.commit(&Commit::new(id, ops.to_vec())).await.expect("the store answers"),
            Outcome::Applied
        );
    }
}

fn partitions(fixed: &[&str]) -> Vec<String> {
    let mut partitions: Vec<String> = fixed.iter().map(|partition| (*partition).to_owned()).collect();
    for id in 0..IDS {
        partitions.extend(["organisation", "department", "user"].map(|kind| format!("{kind}/{id:012}")));
    }
    partitions
}

async fn items(store: &dyn Store, partition: &str) -> Vec<Item> {
    let mut scan = Scan::partition(partition).limit(1_000);
    let mut items = Vec::new();
    loop {
        let page = store.scan(&scan).await.expect("the store answers");
        items.extend(page.items);
        let Some(next) = page.next else { return items };
        scan = scan.after(next);
    }
}
