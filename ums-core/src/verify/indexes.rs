//! From each index entry to its record, and the counts.

use ums_store::{Entry, Key};

use super::records::INDEXES;
use super::{Pages, Standing, Verifier};
use crate::index::Indexed;
use crate::keyspace::{self, DEPARTMENT};
use crate::model::{Department, DepartmentId, Organisation, OrganisationId, UserId};
use crate::record::{Admins, KeysInUse, UserRecord, read_id};
use crate::{Kind, Result};

impl Verifier<'_> {
    pub(super) async fn organisation_index(&mut self, id: Option<OrganisationId>) -> Result<()> {
        let mut pages = Pages::of(keyspace::organisation(id));
        while let Some(entries) = self.page(&mut pages).await? {
            self.follow(entries).await?;
        }
        Ok(())
    }

    pub(super) async fn index_of_users(&mut self) -> Result<()> {
        let mut pages = Pages::of(keyspace::users());
        while let Some(entries) = self.page(&mut pages).await? {
            self.lead_to_users(&entries).await?;
        }
        Ok(())
    }

    pub(super) async fn index_of_organisations(&mut self) -> Result<()> {
        let profile = |id| OrganisationId::try_from(id).ok().map(keyspace::organisation_profile);
        let mut pages = Pages::of(keyspace::organisations());
        while let Some(entries) = self.page(&mut pages).await? {
            self.lead_to::<Organisation>(&entries, Kind::Organisation, profile).await?;
        }
        Ok(())
    }

    /// Follows entries of an organisation's or a department's partition.
    pub(super) async fn follow(&mut self, entries: Vec<(Key, Entry)>) -> Result<()> {
        let (known, unknown): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|(key, _)| INDEXES.iter().any(|prefix| key.sort().starts_with(prefix)));
        for (key, _) in unknown {
            self.find(&key, "unknown", "nothing is kept under such a key");
        }
        let (departments, users): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|(key, _)| key.sort().starts_with(DEPARTMENT));
        let profile = |id| DepartmentId::try_from(id).ok().map(keyspace::department_profile);
        self.lead_to::<Department>(&departments, Kind::Department, profile).await?;
        self.lead_to_users(&users).await
    }

    async fn lead_to_users(&mut self, entries: &[(Key, Entry)]) -> Result<()> {
        let profile = |id| UserId::try_from(id).ok().map(keyspace::user_profile);
        self.lead_to::<UserRecord>(entries, Kind::User, profile).await
    }

    async fn lead_to<T: Indexed>(
        &mut self,
        entries: &[(Key, Entry)],
        kind: Kind,
        profile: impl Fn(u64) -> Option<Key>,
    ) -> Result<()> {
        let (mut keys, mut records) = (Vec::new(), Vec::new());
        for (key, entry) in entries {
            let id = read_id(key, &entry.value).ok();
            match id.and_then(|id| Some((id, profile(id)?))) {
                None => self.find(key, "unreadable", "the index entry holds no id"),
                Some((id, _)) if id >= self.next(kind) => {
                    let message = format!("{kind} {id} is yet to be made, by what the counter says");
                    self.find(key, "not_allotted", message);
                }
                Some((_, record)) => {
                    keys.push(key);
                    records.push(record);
                }
            }
        }
        let standings = self.standings::<T>(&records).await?;
        for ((key, record), standing) in keys.into_iter().zip(records).zip(standings) {
            match standing {
                Standing::Nothing => self.find(key, "dangling", format!("{record} is not there")),
                Standing::Record(found) if !found.data.index().contains_key(key) => {
                    self.find(key, "stale", format!("{record} has no such entry"));
                }
                Standing::Record(_) | Standing::Unreadable => {}
            }
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
        let mut closing = std::mem::take(&mut self.closing);
        let mut pages = Pages::of(keyspace::closing());
        while let Some(marks) = self.page(&mut pages).await? {
            for (key, _) in marks {
                if !closing.remove(&key) {
                    self.find(&key, "stale", "nothing is being deleted there");
                }
            }
        }
        for key in closing {
            self.find(&key, "not_indexed", "a record is closing without its mark");
        }
        Ok(())
    }
}
