//! Users.

use std::net::IpAddr;

use ums_store::Version;

use super::place::{Place, departments_above, expect_open};
use super::rights::UserChange;
use super::user_fields::{UserDraft, new_status, no_user, refuse_own_proof};
use super::{Directory, Versioned, check_version, count_admins};
use crate::access::{Action, Actor, Scope, Target};
use crate::hash::StoredHash;
use crate::model::{MessageKind, Role, Status, User, UserFields, UserId, UserPatch};
use crate::parse::{Checker, Email, fold_email};
use crate::record::{Admins, Credential, Found, UserRecord};
use crate::transaction::Transaction;
use crate::{Kind, Result, Timestamp, keyspace};

/// What a new account proves itself with: the hash of its password, made beforehand.
pub(crate) type NewCredential = Option<StoredHash>;

/// Whether the account that makes a store's first one becomes its administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstAccount {
    BecomesAdmin,
    IsLikeAnyOther,
}

impl Directory {
    /// Makes a user on behalf of somebody who may.
    pub(crate) async fn create_user(
        &self,
        actor: &Actor,
        fields: &UserFields,
        credential: &NewCredential,
    ) -> Result<Versioned<User>> {
        let mut checker = Checker::default();
        let status = new_status(fields.status, credential.is_some(), &mut checker);
        let draft = &UserDraft::parse(fields, checker)?;
        let id = UserId::allotted(self.database.next_id(Kind::User).await?)?;
        self.write(|transaction| async move {
            let actor = self.confirm(&transaction, actor).await?;
            let (organisation_id, department_id) = defaults(&actor, fields);
            let place = self.user_place(&transaction, &actor, organisation_id, department_id).await?;
            let role = fields.role.unwrap_or(Role::Member);
            let after = Target { role: Some(role), ..place.target() };
            actor.may(Action::CreateUser, &after)?;
            actor.may_set(Action::CreateUser, fields.set_over(None), &after)?;
            let made = self.insert_user(&transaction, id, draft, &place, role, status, credential).await?;
            if status == Status::Invited {
                self.outbox.put_first(&transaction, id, MessageKind::Invitation)?;
            }
            Ok(made)
        })
        .await
    }

    /// Makes an account for somebody who registers, at home at the address from which they do.
    pub(crate) async fn register_user(
        &self,
        fields: &UserFields,
        credential: &NewCredential,
        status: Status,
        first: FirstAccount,
        ip: Option<IpAddr>,
    ) -> Result<Versioned<User>> {
        let draft = &UserDraft::parse(fields, Checker::default())?;
        let id = UserId::allotted(self.database.next_id(Kind::User).await?)?;
        self.write(|transaction| async move {
            let place = self.user_place(&transaction, &Actor::Anonymous, None, fields.department_id).await?;
            let empty = transaction.read::<Admins>(&keyspace::admins()).await?.is_none();
            let (role, status) = if empty && first == FirstAccount::BecomesAdmin {
                (Role::Admin, Status::Active)
            } else {
                (Role::Member, status)
            };
            if ip.is_some() {
                self.throttle.forgive(&transaction, draft.email.canonical(), ip).await?;
            }
            let made = self.insert_user(&transaction, id, draft, &place, role, status, credential).await?;
            self.outbox.put_first(&transaction, id, MessageKind::EmailVerification)?;
            Ok(made)
        })
        .await
    }

    /// Makes an administrator where the store has none; `None` where it has one.
    pub(crate) async fn create_first_admin(
        &self,
        fields: &UserFields,
        credential: &NewCredential,
    ) -> Result<Option<Versioned<User>>> {
        let draft = &UserDraft::parse(fields, Checker::default())?;
        let id = UserId::allotted(self.database.next_id(Kind::User).await?)?;
        self.write(|transaction| async move {
            let admins = transaction.read::<Admins>(&keyspace::admins()).await?;
            if admins.is_some_and(|admins| admins.data.active > 0) {
                return Ok(None);
            }
            let (place, role) = (Place::default(), Role::Admin);
            let made =
                self.insert_user(&transaction, id, draft, &place, role, Status::Active, credential).await?;
            Ok(Some(made))
        })
        .await
    }

    #[expect(clippy::too_many_arguments, reason = "all of them make one record")]
    pub(super) async fn insert_user(
        &self,
        transaction: &Transaction,
        id: UserId,
        draft: &UserDraft,
        place: &Place,
        role: Role,
        status: Status,
        credential: &NewCredential,
    ) -> Result<Versioned<User>> {
        self.expect_free(transaction, draft, place, None).await?;
        let now = self.database.now();
        let user = build(id, draft, place, role, status, now);
        let record = UserRecord { user, session_epoch: 0, token_epoch: 0 };
        self.count_new(transaction, &record).await?;
        transaction.replace(keyspace::user_profile(id), None, Some(&record))?;
        if let Some(password_hash) = credential {
            let credential = Credential { password_hash: password_hash.clone(), changed_at: now };
            transaction.put(keyspace::credential(id), &credential)?;
        }
        Ok(Versioned { value: record.user, version: transaction.version() })
    }

    /// Notes that the store has had an account, and counts it where it is an administrator's.
    pub(crate) async fn count_new(&self, transaction: &Transaction, record: &UserRecord) -> Result<()> {
        let known = self.has_accounts();
        if known && !record.counts_as_admin() {
            return Ok(());
        }
        let found = transaction.read::<Admins>(&keyspace::admins()).await?;
        if found.as_ref().is_some_and(|found| transaction.is_settled(found.version)) {
            self.note_accounts();
        }
        let active = found.as_ref().map_or(0, |found| found.data.active);
        if record.counts_as_admin() {
            transaction.put(keyspace::admins(), &Admins { active: active + 1 })
        } else if found.is_none() {
            transaction.put(keyspace::admins(), &Admins { active: 0 })
        } else {
            Ok(())
        }
    }

    pub(crate) async fn user(&self, actor: &Actor, id: UserId) -> Result<Versioned<User>> {
        let found = self.database.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        let found = found.ok_or_else(no_user)?;
        let user = found.data.user;
        // Only a department's scope asks for the departments above the user's.
        let departments = match actor.scope(Action::ReadUser) {
            Scope::Department => departments_above(&self.database, user.department_id).await?,
            _ => Vec::new(),
        };
        actor.may(Action::ReadUser, &target(&user, user.role, departments))?;
        Ok(Versioned { value: user, version: found.version })
    }

    /// Which user has an e-mail address.
    pub(crate) async fn user_id_by_email(&self, email: &Email) -> Result<Option<UserId>> {
        let id = self.database.lookup(&keyspace::user_by_email(email.canonical())).await?;
        id.map(UserId::allotted).transpose()
    }

    /// Allots the ids of a number of users: gives the first.
    pub(crate) async fn reserve_user_ids(&self, count: usize) -> Result<u64> {
        self.database.reserve_ids(Kind::User, count as u64).await
    }

    /// Whether the actor may change this user, ahead of what costs more; the commit asks again.
    pub(crate) async fn may_update_user(&self, actor: &Actor, id: UserId) -> Result<User> {
        let found = self.database.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        let user = found.ok_or_else(no_user)?.data.user;
        let above = departments_above(&self.database, user.department_id).await?;
        actor.may(Action::UpdateUser, &target(&user, user.role, above))?;
        Ok(user)
    }

    pub(crate) async fn replace_user(
        &self,
        actor: &Actor,
        id: UserId,
        fields: &UserFields,
        credential: &NewCredential,
        expected: Option<Version>,
    ) -> Result<UserChange> {
        let (organisation_id, department_id) = defaults(actor, fields);
        let fields = &UserFields { organisation_id, department_id, ..fields.clone() };
        self.update_user(actor, id, credential, expected, |old, _| fields.filled_from(old)).await
    }

    pub(crate) async fn change_user(
        &self,
        actor: &Actor,
        id: UserId,
        patch: &UserPatch,
        credential: &NewCredential,
        expected: Option<Version>,
    ) -> Result<UserChange> {
        self.update_user(actor, id, credential, expected, |old, checker| patch.apply(old, checker)).await
    }

    async fn update_user(
        &self,
        actor: &Actor,
        id: UserId,
        credential: &NewCredential,
        expected: Option<Version>,
        change: impl Fn(&User, &mut Checker) -> UserFields + Send + Sync,
    ) -> Result<UserChange> {
        let change = &change;
        self.write(|transaction| async move {
            let key = keyspace::user_profile(id);
            let actor = self.confirm(&transaction, actor).await?;
            let found = transaction.read::<UserRecord>(&key).await?.ok_or_else(no_user)?;
            let old = &found.data.user;
            let above = departments_above(&transaction, old.department_id).await?;
            actor.may(Action::UpdateUser, &target(old, old.role, above))?;
            check_version(expected, found.version, Kind::User)?;
            expect_open(&found)?;

            let mut checker = Checker::default();
            let fields = change(old, &mut checker);
            let record = self.changed(&transaction, &actor, &found, &fields, checker, credential).await?;
            self.write_changed(&transaction, &found, &record, credential).await?;
            let after = Versioned { value: record.user, version: transaction.version() };
            Ok(UserChange { before: found.data.user, after, sets_password: credential.is_some() })
        })
        .await
    }

    /// Ends every session of a user, those that begin at the same time too.
    pub(crate) async fn end_sessions(&self, actor: &Actor, id: UserId) -> Result<User> {
        self.write(|transaction| async move {
            let key = keyspace::user_profile(id);
            let actor = self.confirm(&transaction, actor).await?;
            let found = transaction.read::<UserRecord>(&key).await?.ok_or_else(no_user)?;
            let user = &found.data.user;
            let above = departments_above(&transaction, user.department_id).await?;
            actor.may(Action::UpdateUser, &target(user, user.role, above))?;
            expect_open(&found)?;
            let session_epoch = found.data.session_epoch + 1;
            let record = UserRecord { session_epoch, ..found.data.clone() };
            transaction.replace(key, Some(&found.data), Some(&record))?;
            Ok(record.user)
        })
        .await
    }

    /// What a user becomes by a change, where the change holds. Writes nothing.
    pub(super) async fn changed(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        found: &Found<UserRecord>,
        fields: &UserFields,
        mut checker: Checker,
        credential: &NewCredential,
    ) -> Result<UserRecord> {
        let old = &found.data.user;
        let has_password = credential.is_some()
            || transaction.read::<Credential>(&keyspace::credential(old.id)).await?.is_some();
        let status = changed_status(old, fields.status, has_password, &mut checker);
        if actor.user_id() == Some(old.id) {
            refuse_own_proof(old, fields, credential.is_some(), &mut checker);
        }
        let draft = UserDraft::parse(fields, checker)?;
        let role = fields.role.unwrap_or(old.role);
        let place = self.user_place(transaction, actor, fields.organisation_id, fields.department_id).await?;
        // One reaches oneself where one stands, and no place by being oneself: nobody moves into what they would then
        // administer.
        let stays = (old.organisation_id, old.department_id) == (place.organisation_id, place.department_id);
        let user_id = stays.then_some(old.id);
        let after = Target { user_id, role: Some(role), ..place.target() };
        actor.may_set(Action::UpdateUser, fields.set_over(Some(old)), &after)?;
        self.expect_free(transaction, &draft, &place, Some(old)).await?;

        let mut user = build(old.id, &draft, &place, role, status, self.database.now());
        user.created_at = old.created_at;
        user.email_verified = old.email_verified && fold_email(&old.email) == draft.email.canonical();
        let ends_sessions = credential.is_some() || status != Status::Active && old.status == Status::Active;
        let session_epoch = found.data.session_epoch + u32::from(ends_sessions);
        let ends_tokens = fold_email(&old.email) != draft.email.canonical()
            || status == Status::Suspended && old.status != Status::Suspended;
        let token_epoch = found.data.token_epoch + u32::from(ends_tokens);
        Ok(UserRecord { user, session_epoch, token_epoch })
    }

    /// Writes what a user becomes, and means the messages that follow from it.
    pub(super) async fn write_changed(
        &self,
        transaction: &Transaction,
        found: &Found<UserRecord>,
        record: &UserRecord,
        credential: &NewCredential,
    ) -> Result<()> {
        self.write_account(transaction, &found.data, record, credential).await?;
        self.tell_of_change(transaction, &found.data.user, &record.user, credential.is_some()).await
    }

    /// Writes what an account becomes.
    pub(crate) async fn write_account(
        &self,
        transaction: &Transaction,
        old: &UserRecord,
        new: &UserRecord,
        credential: &NewCredential,
    ) -> Result<()> {
        count_admins(transaction, old.counts_as_admin(), new.counts_as_admin()).await?;
        let id = new.user.id;
        transaction.replace(keyspace::user_profile(id), Some(old), Some(new))?;
        if fold_email(&old.user.email) != fold_email(&new.user.email) {
            self.throttle.forget(transaction, &old.user.email);
        }
        if let Some(password_hash) = credential {
            let changed_at = self.database.now();
            let credential = Credential { password_hash: password_hash.clone(), changed_at };
            transaction.put(keyspace::credential(id), &credential)?;
        }
        Ok(())
    }
}

/// The status after a change: an invited account that is given a password can log in.
fn changed_status(old: &User, given: Option<Status>, has_password: bool, checker: &mut Checker) -> Status {
    let status = given.unwrap_or(old.status);
    if status == Status::Invited && old.status == Status::Invited && has_password {
        return Status::Active;
    }
    new_status(Some(status), has_password, checker)
}

/// What a caller who sees one place only means by leaving it out.
fn defaults(
    actor: &Actor,
    fields: &UserFields,
) -> (Option<crate::model::OrganisationId>, Option<crate::model::DepartmentId>) {
    let given = (fields.organisation_id, fields.department_id);
    let Actor::User { organisation_id, department_id, .. } = actor else { return given };
    match (given, actor.scope(Action::CreateUser)) {
        ((None, None), Scope::Organisation) => (*organisation_id, None),
        ((None, None), Scope::Department) => (*organisation_id, *department_id),
        _ => given,
    }
}

fn build(id: UserId, draft: &UserDraft, place: &Place, role: Role, status: Status, now: Timestamp) -> User {
    User {
        id,
        external_id: draft.external_id.as_ref().map(|external_id| external_id.as_str().to_owned()),
        full_name: draft.full_name.as_str().to_owned(),
        email: draft.email.as_given().to_owned(),
        role,
        status,
        department_id: place.department_id,
        organisation_id: place.organisation_id,
        email_verified: false,
        created_at: now,
        updated_at: now,
    }
}

/// A user as something acted on.
pub(super) fn target(user: &User, role: Role, departments: Vec<crate::model::DepartmentId>) -> Target {
    Target { user_id: Some(user.id), role: Some(role), organisation_id: user.organisation_id, departments }
}
