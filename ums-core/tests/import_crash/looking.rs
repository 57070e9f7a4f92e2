//! What has to be true of a store that an interruption left, and of one whose import has ended after all.

use std::collections::BTreeSet;
use std::sync::Arc;

use ums_core::UserManagement;
use ums_core::import::ImportReport;
use ums_core::model::ImportId;
use ums_core::store::{Key, Scan, Store};
use ums_testkit::Fixture;

/// How an import stands that was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It is not taken in: nobody was told of it, and it is sent again.
    Unknown,
    /// It is taken in, and so many rows of users are done.
    Taken(u64),
    /// It has ended.
    Ended,
}

/// Looks at a store that an interruption left: the users that are there are those that the job says were made, each with
/// its key by e-mail address.
///
/// Notes in `known` which users there are, to look at those alone that have come since.
pub(crate) async fn look(store: &dyn Store, known: &mut BTreeSet<u64>) -> Standing {
    let mut taken = Vec::new();
    for id in 1..=next(store, "import").await {
        let Some(job) = value(store, &format!("import/{id:012}"), "job").await else { continue };
        if job["data"]["accepted"].as_bool().unwrap() {
            taken.push(job);
        }
    }
    let addresses = every(store, "users/0").await;
    let Some(job) = taken.pop() else {
        assert!(addresses.is_empty(), "there are users, and no import");
        return Standing::Unknown;
    };
    assert!(taken.is_empty(), "one import was sent, and several are there");
    let counts = &job["data"]["counts"]["users"];
    assert_eq!(counts["created"], addresses.len(), "{job}");
    let done = counts["created"].as_u64().unwrap() + counts["failed"].as_u64().unwrap();
    assert_eq!(counts["read"], done, "{job}");
    let ids: BTreeSet<u64> = addresses.iter().map(|value| value.parse().unwrap()).collect();
    assert_eq!(ids.len(), addresses.len(), "two addresses lead to one user");
    expect_profiles(store, &ids, known).await;
    *known = ids;
    if job["data"]["finished_at"].is_null() { Standing::Taken(done) } else { Standing::Ended }
}

/// The users that addresses lead to are there, and no others near them: one without an address would have an id between
/// theirs, or one of the next few.
async fn expect_profiles(store: &dyn Store, ids: &BTreeSet<u64>, known: &BTreeSet<u64>) {
    assert!(ids.is_superset(known), "a user is gone");
    let new: BTreeSet<u64> = ids.difference(known).copied().collect();
    let mut near = new.clone();
    for last in new.iter().filter(|id| !ids.contains(&(*id + 1))) {
        near.extend((*last..=last + 300).filter(|id| !known.contains(id)));
    }
    let keys: Vec<Key> = near.iter().map(|id| Key::new(format!("user/{id:012}"), "profile")).collect();
    let found = store.get(&keys).await.unwrap();
    let there = near.iter().zip(found).filter_map(|(id, entry)| entry.map(|_| *id));
    assert!(there.eq(new), "users and addresses do not fit together");
}

/// Looks at an import that has ended after all: it is as if nobody had interrupted it.
pub(crate) async fn look_at_the_end(fixture: &Fixture, expected: &ImportReport) {
    let report = fixture.ums.system().import(the_import(&fixture.ums).await.unwrap()).await.unwrap();
    assert_eq!(essence(&report), essence(expected));
    fixture.verify().await;
}

/// The one import that was taken in.
pub(crate) async fn the_import(ums: &UserManagement) -> Option<ImportId> {
    let listed = ums.system().imports(&ums_core::PageRequest::default()).await.unwrap().items;
    assert!(listed.len() <= 1, "one import was sent, and several are listed");
    listed.first().map(|report| report.id)
}

/// Everything of a report but what differs from import to import.
fn essence(report: &ImportReport) -> String {
    let mut value = serde_json::to_value(report).unwrap();
    for name in ["id", "started_at", "finished_at"] {
        value[name].take();
    }
    value.to_string()
}

async fn next(store: &dyn Store, kind: &str) -> u64 {
    let counter = value(store, &format!("counter/{kind}"), "next").await;
    counter.map_or(0, |counter| counter["data"]["next"].as_u64().unwrap())
}

async fn value(store: &dyn Store, partition: &str, sort: &str) -> Option<serde_json::Value> {
    let entry = store.get(&[Key::new(partition, sort)]).await.unwrap().pop().unwrap()?;
    Some(serde_json::from_str(&entry.value).unwrap())
}

async fn every(store: &dyn Store, partition: &str) -> Vec<Arc<str>> {
    let mut scan = Scan::partition(partition).limit(1_000);
    let mut found = Vec::new();
    loop {
        let page = store.scan(&scan).await.unwrap();
        found.extend(page.items.into_iter().map(|item| item.entry.value));
        match page.next {
            Some(next) => scan = scan.after(next),
            None => return found,
        }
    }
}
