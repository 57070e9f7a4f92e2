//! From each index entry to its record, and the counts.

use ums_store::Key;

use super::records::INDEXES;
use super::{Standing, Verifier};
use crate::index::Indexed;
use crate::keyspace::{self, DEPARTMENT};
use crate::model::{Department, DepartmentId, Organisation, OrganisationId, UserId};
use crate::record::{Admins, KeysInUse, UserRecord, read_id};
use crate::{Kind, Result};

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
            self.leads_to_user(&partition.key(&item.sort), &item.entry.value).await?;
        }
        Ok(())
    }

    pub(super) async fn index_of_organisations(&mut self) -> Result<()> {
        let partition = keyspace::organisations();
        for item in self.entries(&partition).await? {
            let (key, value) = (partition.key(&item.sort), &item.entry.value);
            let profile = |id| OrganisationId::try_from(id).ok().map(keyspace::organisation_profile);
            self.leads_to::<Organisation>(&key, value, Kind::Organisation, profile).await?;
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
            let profile = |id| DepartmentId::try_from(id).ok().map(keyspace::department_profile);
            self.leads_to::<Department>(key, value, Kind::Department, profile).await
        } else {
            self.leads_to_user(key, value).await
        }
    }

    async fn leads_to_user(&mut self, key: &Key, value: &str) -> Result<()> {
        let profile = |id| UserId::try_from(id).ok().map(keyspace::user_profile);
        self.leads_to::<UserRecord>(key, value, Kind::User, profile).await
    }

    async fn leads_to<T: Indexed>(
        &mut self,
        key: &Key,
        value: &str,
        kind: Kind,
        profile: impl Fn(u64) -> Option<Key>,
    ) -> Result<()> {
        let id = read_id(key, value).ok();
        let Some((id, record)) = id.and_then(|id| Some((id, profile(id)?))) else {
            self.find(key, "unreadable", "the index entry holds no id");
            return Ok(());
        };
        if id >= self.next(kind) {
            self.find(
                key,
                "not_allotted",
                format!("{kind} {id} is yet to be made, by what the counter says"),
            );
            return Ok(());
        }
        match self.standing::<T>(&record).await? {
            Standing::Nothing => self.find(key, "dangling", format!("{record} is not there")),
            Standing::Record(found) if !found.data.index().contains_key(key) => {
                self.find(key, "stale", format!("{record} has no such entry"));
            }
            Standing::Record(_) | Standing::Unreadable => {}
        }
        Ok(())
    }

    pub(super) async fn admins(&mut self) -> Result<()> {
        let key = keyspace::admins();
        match (self.standing::<Admins>(&key).await?, self.active_admins) {
            (Standing::Unreadable, _) => self.find(&key, "unreadable", "the record can't be read"),
            (Standing::Nothing, _) if self.has_users => {
                self.find(&key, "not_counted", "there are users and no count");
            }
            (Standing::Record(counted), Some(actual)) if counted.data.active != actual => {
                let counted = counted.data.active;
                self.find(&key, "miscounted", format!("it says {counted}, there are {actual}"));
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) async fn keys_in_use(&mut self) -> Result<()> {
        let key = keyspace::keys_in_use();
        if let Standing::Unreadable = self.standing::<KeysInUse>(&key).await? {
            self.find(&key, "unreadable", "the record can't be read");
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
