//! From each record to what should follow from it.

use ums_store::{Entry, Key};

use super::{Pages, Standing, Verifier};
use crate::index::Indexed;
use crate::keyspace::{
    self, CREDENTIAL, DEPARTMENT, EXTERNAL, NAME, PROFILE, Partition, SESSION, TOKEN, USER,
};
use crate::model::{Department, DepartmentId, Organisation, OrganisationId, Status, UserId};
use crate::record::{Credential, Found, Record, SessionRecord, TokenPurpose, TokenRecord, UserRecord};
use crate::{Kind, Result};

impl Verifier<'_> {
    pub(super) async fn organisation(&mut self, id: OrganisationId) -> Result<()> {
        let key = keyspace::organisation_profile(id);
        let profile = self.standing::<Organisation>(&key).await?;
        let gone = || format!("organisation {id} is not there");
        self.members(keyspace::organisation(Some(id)), &key, &profile, gone).await?;
        if let Standing::Record(found) = profile {
            self.indexed(&key, &found, found.data.id == id, Kind::Organisation, id.as_u64()).await?;
        }
        Ok(())
    }

    pub(super) async fn department(&mut self, id: DepartmentId) -> Result<()> {
        let key = keyspace::department_profile(id);
        let profile = self.standing::<Department>(&key).await?;
        let gone = || format!("department {id} is not there");
        self.members(keyspace::department(id), &key, &profile, gone).await?;
        let Standing::Record(found) = profile else { return Ok(()) };
        self.indexed(&key, &found, found.data.id == id, Kind::Department, id.as_u64()).await?;
        self.exists::<Organisation>(&key, keyspace::organisation_profile(found.data.organisation_id)).await?;
        let mut above = vec![id];
        let mut next = found.data.parent_id;
        while let Some(parent_id) = next {
            if above.contains(&parent_id) {
                self.find(&key, "cycle", format!("department {id} stands below itself"));
                break;
            }
            above.push(parent_id);
            let parent_key = keyspace::department_profile(parent_id);
            let parent = match self.standing::<Department>(&parent_key).await? {
                Standing::Record(parent) => parent,
                Standing::Unreadable => break,
                Standing::Nothing => {
                    self.find(&key, "dangling", format!("department {parent_id} above it is not there"));
                    break;
                }
            };
            if parent.data.organisation_id != found.data.organisation_id {
                let message = format!("department {parent_id} above it is of another organisation");
                self.find(&key, "wrong_organisation", message);
            }
            next = parent.data.parent_id;
        }
        Ok(())
    }

    pub(super) async fn user(&mut self, id: UserId) -> Result<()> {
        let key = keyspace::user_profile(id);
        let profile = self.standing::<UserRecord>(&key).await?;
        let is_there = !matches!(profile, Standing::Nothing);
        let mut has_credential = false;
        let mut pages = Pages::of(keyspace::user(id));
        while let Some(entries) = self.page(&mut pages).await? {
            has_credential |= entries.iter().any(|(key, _)| key.sort() == CREDENTIAL);
            for (key, entry) in &entries {
                self.part_of_user(key, entry, is_there);
            }
        }
        self.has_users |= is_there;
        let found = match profile {
            Standing::Record(found) => found,
            Standing::Nothing => return Ok(()),
            Standing::Unreadable => {
                self.find(&key, "unreadable", "the record can't be read");
                self.active_admins = None;
                return Ok(());
            }
        };
        let user = &found.data.user;
        self.indexed(&key, &found, user.id == id, Kind::User, id.as_u64()).await?;
        if found.data.counts_as_admin() && !found.closing {
            self.active_admins = self.active_admins.map(|active| active + 1);
        }
        if let Some(key) = self.throttle.unreadable(&user.email).await? {
            self.find(&key, "unreadable", "the record can't be read, so nobody can log in to the account");
        }
        if !has_credential && user.status == Status::Active {
            self.find(&key, "no_credential", "the account is active and can't prove itself");
        }
        if let Some(organisation_id) = user.organisation_id {
            self.exists::<Organisation>(&key, keyspace::organisation_profile(organisation_id)).await?;
        }
        if let Some(department_id) = user.department_id {
            let department_key = keyspace::department_profile(department_id);
            match self.standing::<Department>(&department_key).await? {
                Standing::Nothing => {
                    self.find(&key, "dangling", format!("department {department_id} is not there"));
                }
                Standing::Record(department)
                    if Some(department.data.organisation_id) != user.organisation_id =>
                {
                    let message = format!("department {department_id} is of another organisation");
                    self.find(&key, "wrong_organisation", message);
                }
                Standing::Record(_) | Standing::Unreadable => {}
            }
        }
        Ok(())
    }

    fn part_of_user(&mut self, key: &Key, entry: &Entry, has_profile: bool) {
        let readable = match key.sort() {
            PROFILE => return,
            CREDENTIAL => Found::<Credential>::read(entry).is_ok(),
            sort if sort.starts_with(SESSION) => Found::<SessionRecord>::read(entry).is_ok(),
            sort if sort.strip_prefix(TOKEN).is_some_and(is_purpose) => {
                Found::<TokenRecord>::read(entry).is_ok()
            }
            _ => {
                self.find(key, "unknown", "nothing is kept under such a key");
                return;
            }
        };
        if !readable {
            self.find(key, "unreadable", "the record can't be read");
        }
        if !has_profile {
            self.find(key, "orphan", "the user that it belongs to is not there");
        }
    }

    /// Follows the entries that stand in a record's partition, beside its profile.
    async fn members<T: Record>(
        &mut self,
        partition: Partition,
        profile: &Key,
        standing: &Standing<T>,
        gone: impl Fn() -> String + Send,
    ) -> Result<()> {
        if let Standing::Unreadable = standing {
            self.find(profile, "unreadable", "the record can't be read");
        }
        let mut pages = Pages::of(partition);
        while let Some(mut entries) = self.page(&mut pages).await? {
            entries.retain(|(key, _)| key != profile);
            if let Standing::Nothing = standing {
                for (key, _) in &entries {
                    self.find(key, "orphan", gone());
                }
            }
            self.follow(entries).await?;
        }
        Ok(())
    }

    /// Looks whether a record stands at its own key and has every entry that leads to it.
    async fn indexed<T: Indexed>(
        &mut self,
        key: &Key,
        found: &Found<T>,
        in_place: bool,
        kind: Kind,
        id: u64,
    ) -> Result<()> {
        if !in_place {
            self.find(key, "misplaced", "the record has another id than its key");
        }
        if found.closing {
            self.closing.insert(keyspace::closing_mark(kind, id));
        }
        let index = found.data.index();
        let keys: Vec<Key> = index.keys().cloned().collect();
        let ids = self.ids(&keys).await?;
        for (entry_key, id) in keys.iter().zip(ids) {
            if id != index.get(entry_key).map(|entry| entry.id) {
                self.find(entry_key, "not_indexed", format!("it does not lead to {key}"));
            }
        }
        Ok(())
    }

    async fn exists<T: Record>(&mut self, key: &Key, other: Key) -> Result<()> {
        if matches!(self.standing::<T>(&other).await?, Standing::Nothing) {
            self.find(key, "dangling", format!("{other} is not there"));
        }
        Ok(())
    }
}

fn is_purpose(name: &str) -> bool {
    TokenPurpose::ALL.iter().any(|purpose| purpose.as_str() == name)
}

/// What the sort parts of an organisation's or a department's index entries begin with.
pub(super) const INDEXES: [&str; 4] = [DEPARTMENT, USER, NAME, EXTERNAL];
