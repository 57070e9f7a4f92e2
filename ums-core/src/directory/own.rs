//! What an account does to itself, and what somebody unknown asks of a place.

use ums_store::Version;

use super::rights::UserChange;
use super::user_fields::missed_user;
use super::{Directory, Versioned, check_version};
use crate::access::{Action, Actor, Field, Target};
use crate::model::{DepartmentId, OrganisationId, Patch, Status, User, UserId};
use crate::parse::{Checker, FullName};
use crate::record::{Found, UserRecord};
use crate::{Error, Kind, Result, keyspace};

impl Directory {
    pub(crate) async fn own_account(&self, id: UserId) -> Result<Versioned<User>> {
        let found = self.database.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        let found = found.ok_or(Error::InvalidAccessToken)?;
        Ok(Versioned { value: found.data.user, version: found.version })
    }

    pub(crate) async fn change_own_account(
        &self,
        id: UserId,
        full_name: &Patch<String>,
        expected: Option<Version>,
    ) -> Result<UserChange> {
        let now = self.database.now();
        self.write(|transaction| async move {
            let key = keyspace::user_profile(id);
            let found = transaction.read::<UserRecord>(&key).await?;
            let stands =
                |found: &Found<UserRecord>| !found.closing && found.data.user.status == Status::Active;
            let found = found.filter(stands).ok_or(Error::InvalidAccessToken)?;
            check_version(expected, found.version, Kind::User)?;
            if *full_name != Patch::Keep {
                let itself = Target { user_id: Some(id), ..Target::default() };
                found.data.actor().may_set(Action::OwnAccount, [Field::FullName], &itself)?;
            }
            let mut account = found.data.clone();
            let name = full_name.clone().apply(Some(account.user.full_name)).unwrap_or_default();
            let mut checker = Checker::default();
            let parsed: Option<FullName> = checker.required("full_name", &name);
            checker.finish()?;
            account.user.full_name = parsed.ok_or_else(missed_user)?.into_string();
            account.user.updated_at = now;
            transaction.replace(key, Some(&found.data), Some(&account))?;
            let after = Versioned { value: account.user, version: transaction.version() };
            Ok(UserChange { before: found.data.user, after, sets_password: false })
        })
        .await
    }

    /// Looks whether a place is there, ahead of what costs more; the commit looks again.
    pub(crate) async fn expect_place(
        &self,
        actor: &Actor,
        organisation_id: Option<OrganisationId>,
        department_id: Option<DepartmentId>,
    ) -> Result<()> {
        self.write(|transaction| async move {
            self.user_place(&transaction, actor, organisation_id, department_id).await.map(drop)
        })
        .await
    }
}
