//! What follows from a record: the entries by which it is found, made from it alone.

use std::collections::BTreeMap;

use ums_store::Key;

use crate::keyspace;
use crate::model::{Department, Organisation};
use crate::parse::{fold_email, fold_name, words};
use crate::record::{Record, UserRecord};

/// An entry that leads to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// The id of the record it leads to.
    pub(crate) id: u64,
    /// No two records may have it.
    pub(crate) unique: bool,
}

/// A record that is found by more than its own key.
pub(crate) trait Indexed: Record {
    /// The entries that lead to it.
    fn index(&self) -> BTreeMap<Key, IndexEntry>;
}

impl Indexed for Organisation {
    fn index(&self) -> BTreeMap<Key, IndexEntry> {
        let id = self.id.as_u64();
        BTreeMap::from([unique(keyspace::organisation_by_name(&fold_name(&self.name)), id)])
    }
}

impl Indexed for Department {
    fn index(&self) -> BTreeMap<Key, IndexEntry> {
        let id = self.id.as_u64();
        let folded = fold_name(&self.name);
        let mut entries =
            BTreeMap::from([unique(keyspace::department_by_name(self.organisation_id, &folded), id)]);
        entries.extend(
            self.parent_id.map(|parent_id| plain(keyspace::department_child(parent_id, &folded), id)),
        );
        entries
    }
}

impl Indexed for UserRecord {
    fn index(&self) -> BTreeMap<Key, IndexEntry> {
        let user = &self.user;
        let id = user.id.as_u64();
        let organisation_id = user.organisation_id;
        let email = fold_email(&user.email);
        let mut entries = BTreeMap::from([
            unique(keyspace::user_by_email(&email), id),
            plain(keyspace::organisation_user(organisation_id, &email), id),
        ]);
        entries.extend(
            user.department_id
                .map(|department_id| plain(keyspace::department_user(department_id, &email), id)),
        );
        entries.extend(
            user.external_id
                .as_ref()
                .map(|external| unique(keyspace::organisation_external_id(organisation_id, external), id)),
        );
        entries.extend(
            words(&user.full_name)
                .iter()
                .map(|word| plain(keyspace::organisation_name_word(organisation_id, word, user.id), id)),
        );
        entries
    }
}

fn unique(key: Key, id: u64) -> (Key, IndexEntry) {
    (key, IndexEntry { id, unique: true })
}

fn plain(key: Key, id: u64) -> (Key, IndexEntry) {
    (key, IndexEntry { id, unique: false })
}
