//! Where everything stands in the store. Nothing else spells a key; `docs/data-model.md` lists them.

use ums_store::{Key, Scan};

use crate::Kind;
use crate::model::{DepartmentId, ImportId, MessageKind, OrganisationId, SessionId, UserId};
use crate::record::TokenPurpose;

/// A partition that is scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partition(String);

impl Partition {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of an entry that a scan of this partition found.
    pub(crate) fn key(&self, sort: &str) -> Key {
        Key::new(&self.0, sort)
    }

    /// The key of what stands under a prefix. Joined, since an import makes dozens for each row and formatting is slow.
    fn under(&self, prefix: &str, rest: &str) -> Key {
        Key::new(&self.0, [prefix, rest].concat())
    }
}

/// The key of an entry that a scan found.
pub(crate) fn found_by(scan: &Scan, sort: &str) -> Key {
    Key::new(&scan.partition, sort)
}

/// Every user by canonical e-mail address. One shard on an embedded store.
pub(crate) fn users() -> Partition {
    Partition("users/0".to_owned())
}

pub(crate) fn user_by_email(canonical: &str) -> Key {
    Key::new("users/0", canonical)
}

pub(crate) fn user(id: UserId) -> Partition {
    Partition([USER, &id.key()].concat())
}

/// Whether a partition of this name belongs to one user.
pub(crate) fn is_of_user(partition: &str) -> bool {
    partition.starts_with(USER)
}

pub(crate) fn user_profile(id: UserId) -> Key {
    user(id).key(PROFILE)
}

pub(crate) fn credential(id: UserId) -> Key {
    user(id).key(CREDENTIAL)
}

pub(crate) fn session(user_id: UserId, id: SessionId) -> Key {
    user(user_id).key(&format!("{SESSION}{id}"))
}

/// Whether an entry is a user's, or leads to one.
pub(crate) fn leads_to_user(key: &Key) -> bool {
    let partition = |prefix| key.partition().starts_with(prefix);
    partition("users/")
        || partition("user/")
        || partition("outbox/")
        || [USER, NAME, EXTERNAL].iter().any(|prefix| key.sort().starts_with(prefix))
}

/// A user's single-use token: one of each purpose.
pub(crate) fn token(user_id: UserId, purpose: TokenPurpose) -> Key {
    user(user_id).key(&format!("{TOKEN}{}", purpose.as_str()))
}

/// Messages that are to be sent. One shard on an embedded store.
pub(crate) fn outbox() -> Partition {
    Partition("outbox/0".to_owned())
}

/// A message to a user that brings a token: one of each kind.
pub(crate) fn message(user_id: UserId, kind: MessageKind) -> Key {
    outbox().key(&format!("{}{kind}", messages_of(user_id)))
}

/// A message that tells a user of something: one of each kind for each address that is told.
pub(crate) fn notice(user_id: UserId, kind: MessageKind, canonical_email: &str) -> Key {
    outbox().key(&format!("{}{kind}/{canonical_email}", messages_of(user_id)))
}

/// What the sort parts of all messages to a user begin with.
pub(crate) fn messages_of(user_id: UserId) -> String {
    format!("{}/", user_id.key())
}

/// A message to whoever has an address, if anybody.
pub(crate) fn message_to_address(canonical_email: &str) -> Key {
    outbox().key(&format!("{ADDRESS}{canonical_email}"))
}

/// Every organisation by folded name.
pub(crate) fn organisations() -> Partition {
    Partition("organisations".to_owned())
}

pub(crate) fn organisation_by_name(folded: &str) -> Key {
    organisations().key(folded)
}

/// What belongs to an organisation; `None` for what belongs to none.
pub(crate) fn organisation(id: Option<OrganisationId>) -> Partition {
    let id = id.map_or_else(|| "0".repeat(12), OrganisationId::key);
    Partition(["organisation/", &id].concat())
}

pub(crate) fn organisation_profile(id: OrganisationId) -> Key {
    organisation(Some(id)).key(PROFILE)
}

pub(crate) fn department_by_name(organisation_id: OrganisationId, folded: &str) -> Key {
    organisation(Some(organisation_id)).under(DEPARTMENT, folded)
}

pub(crate) fn organisation_user(id: Option<OrganisationId>, canonical_email: &str) -> Key {
    organisation(id).under(USER, canonical_email)
}

pub(crate) fn organisation_name_word(id: Option<OrganisationId>, word: &str, user_id: UserId) -> Key {
    organisation(id).under(NAME, &[word, "/", &user_id.key()].concat())
}

pub(crate) fn organisation_external_id(id: Option<OrganisationId>, external_id: &str) -> Key {
    organisation(id).under(EXTERNAL, external_id)
}

pub(crate) fn department(id: DepartmentId) -> Partition {
    Partition([DEPARTMENT, &id.key()].concat())
}

pub(crate) fn department_profile(id: DepartmentId) -> Key {
    department(id).key(PROFILE)
}

/// A department directly below another.
pub(crate) fn department_child(parent_id: DepartmentId, folded: &str) -> Key {
    department(parent_id).under(DEPARTMENT, folded)
}

pub(crate) fn department_user(id: DepartmentId, canonical_email: &str) -> Key {
    department(id).under(USER, canonical_email)
}

/// Things whose deletion has begun, so that it is finished after a crash.
pub(crate) fn closing() -> Partition {
    Partition("closing".to_owned())
}

/// The mark of one deletion that has begun; sorts departments and organisations before users.
pub(crate) fn closing_mark(kind: Kind, id: u64) -> Key {
    closing().key(&format!("{kind}/{id:012}"))
}

/// Every import, by id.
pub(crate) fn imports() -> Partition {
    Partition("imports".to_owned())
}

pub(crate) fn import_listed(id: ImportId) -> Key {
    imports().key(&id.key())
}

/// Imports that have not ended, so that they are found after a crash.
pub(crate) fn pending_imports() -> Partition {
    Partition("imports-pending".to_owned())
}

pub(crate) fn import_pending(id: ImportId) -> Key {
    pending_imports().key(&id.key())
}

/// What is kept of one import.
pub(crate) fn import(id: ImportId) -> Partition {
    Partition(format!("import/{}", id.key()))
}

pub(crate) fn import_job(id: ImportId) -> Key {
    import(id).key(JOB)
}

/// A part of what was wrong in an import, counted from 0.
pub(crate) fn import_fault(id: ImportId, number: u32) -> Key {
    import(id).key(&format!("{FAULT}{number:08}"))
}

/// A part of what a dry run decided, counted from 0.
pub(crate) fn import_plan(id: ImportId, number: u32) -> Key {
    import(id).key(&format!("{PLAN}{number:08}"))
}

/// What each `Idempotency-Key` was used for.
pub(crate) fn import_keys() -> Partition {
    Partition("import-keys".to_owned())
}

/// What an `Idempotency-Key` was used for, by the keyed hash of it and of who used it.
pub(crate) fn import_key(hash: &str) -> Key {
    import_keys().key(hash)
}

/// What is counted by an e-mail address, under a keyed hash of it.
pub(crate) fn throttled_account(hash: &str) -> Key {
    Key::new(format!("throttle/{hash}"), "account")
}

/// What is counted by a client's address, under a keyed hash of it.
pub(crate) fn throttled_address(hash: &str, limit: &str) -> Key {
    Key::new(format!("throttle/{hash}"), limit)
}

pub(crate) fn schema() -> Key {
    Key::new("meta", "schema")
}

/// Which keys sign and authenticate tokens.
pub(crate) fn keys_in_use() -> Key {
    Key::new("meta", "keys")
}

pub(crate) fn admins() -> Key {
    Key::new("meta", "admins")
}

pub(crate) fn counter(kind: Kind) -> Key {
    Key::new(format!("counter/{kind}"), "next")
}

/// What the sort parts of a partition's entries begin with, by what they hold.
pub(crate) const PROFILE: &str = "profile";
pub(crate) const CREDENTIAL: &str = "credential";
pub(crate) const SESSION: &str = "session/";
pub(crate) const TOKEN: &str = "token/";
pub(crate) const ADDRESS: &str = "address/";
pub(crate) const DEPARTMENT: &str = "department/";
pub(crate) const USER: &str = "user/";
pub(crate) const NAME: &str = "name/";
pub(crate) const EXTERNAL: &str = "external/";
pub(crate) const JOB: &str = "job";
pub(crate) const FAULT: &str = "fault/";
pub(crate) const PLAN: &str = "plan/";
