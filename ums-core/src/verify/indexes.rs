//! From each index entry to its record, and the counts.

use ums_store::Key;

use super::Verifier;
use super::records::INDEXES;
use crate::Result;
use crate::index::Indexed;
use crate::keyspace::{self, DEPARTMENT};
use crate::model::{Department, DepartmentId, Organisation, OrganisationId, UserId};
use crate::record::{Admins, Record, UserRecord, read_id};

impl Verifier<'_> {
    pub(super) async fn organisation_index(&mut self, id: Option<OrganisationId>) -> Result<()> {
        let partition = keyspace::organisation(id);
        for item in self.entries(&partition).await? {
            self.follow(&partition.key(&item.sort), &item.entry.value).await?;
        }
        Ok(())
    }

    pub(super) async fn index_of_users(&mut self) -> Result<()> {
        let partition = keyspace::users();
        for item in self.entries(&partition).await? {
            let key = partition.key(&item.sort);
            self.leads_to_user(&key, &item.entry.value).await?;
        }
        Ok(())
    }

    pub(super) async fn index_of_organisations(&mut self) -> Result<()> {
        let partition = keyspace::organisations();
        for item in self.entries(&partition).await? {
            let key = partition.key(&item.sort);
            let record = read_id(&key, &item.entry.value).and_then(OrganisationId::allotted);
            let record = record.map(keyspace::organisation_profile);
            self.leads_to::<Organisation>(&key, record).await?;
        }
        Ok(())
    }

    /// Follows an entry of an organisation's or a department's partition.
    pub(super) async fn follow(&mut self, key: &Key, value: &str) -> Result<()> {
        if !INDEXES.iter().any(|prefix| key.sort().starts_with(prefix)) {
            self.find(key, "unknown", "nothing is kept under such a key");
            return Ok(());
        }
        if key.sort().starts_with(DEPARTMENT) {
            let record = read_id(key, value).and_then(DepartmentId::allotted);
            self.leads_to::<Department>(key, record.map(keyspace::department_profile)).await
        } else {
            self.leads_to_user(key, value).await
        }
    }

    async fn leads_to_user(&mut self, key: &Key, value: &str) -> Result<()> {
        let record = read_id(key, value).and_then(UserId::allotted).map(keyspace::user_profile);
        self.leads_to::<UserRecord>(key, record).await
    }

    async fn leads_to<T: Indexed + Record>(&mut self, key: &Key, record: Result<Key>) -> Result<()> {
        let Ok(record) = record else {
            self.find(key, "unreadable", "the index entry holds no id");
            return Ok(());
        };
        match self.database.read::<T>(&record).await? {
            None => self.find(key, "dangling", format!("{record} is not there")),
            Some(found) if !found.data.index().contains_key(key) => {
                self.find(key, "stale", format!("{record} has no such entry"));
            }
            Some(_) => {}
        }
        Ok(())
    }

    pub(super) async fn admins(&mut self) -> Result<()> {
        let key = keyspace::admins();
        let counted = self.database.read::<Admins>(&key).await?.map(|found| found.data.active);
        let actual = self.active_admins;
        match counted {
            None if self.has_users => self.find(&key, "not_counted", "there are users and no count"),
            Some(counted) if counted != actual => {
                self.find(&key, "miscounted", format!("it says {counted}, there are {actual}"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Every mark has its record, and every record that is closing its mark.
    pub(super) async fn closing_marks(&mut self) -> Result<()> {
        let partition = keyspace::closing();
        let marks = self.entries(&partition).await?;
        let mut closing = std::mem::take(&mut self.closing);
        for item in marks {
            let key = partition.key(&item.sort);
            if !closing.remove(&key) {
                self.find(&key, "stale", "nothing is being deleted there");
            }
        }
        for key in closing {
            self.find(&key, "not_indexed", "a record is closing without its mark");
        }
        Ok(())
    }
}
