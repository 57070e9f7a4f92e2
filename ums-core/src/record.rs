//! How records are written: JSON in an envelope that names the format, so that people and later versions can read it.

use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ums_store::{Entry, Key, Version};

use crate::hash::StoredHash;
use crate::model::{Department, MessageKind, Organisation, OrganisationId, User};
use crate::{Error, Result, Timestamp};

/// The format that this version writes.
pub(crate) const FORMAT: u32 = 1;

/// Something that is kept at a key.
pub(crate) trait Record: Serialize + DeserializeOwned + Clone + Send + Sync {}

impl Record for Organisation {}
impl Record for Department {}
impl Record for UserRecord {}
impl Record for Credential {}
impl Record for SessionRecord {}
impl Record for ClosingMark {}
impl Record for Admins {}
impl Record for Schema {}
impl Record for Counter {}
impl Record for KeysInUse {}
impl Record for ImportListing {}
impl Record for TokenRecord {}
impl Record for OutboxRecord {}

/// A user as stored: with what no client sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserRecord {
    pub(crate) user: User,
    /// Sessions of an earlier epoch have ended: how all of a user's sessions end in one commit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) session_epoch: u32,
    /// Single-use tokens of an earlier epoch are good no more: how all of a user's tokens end in one commit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) token_epoch: u32,
}

impl UserRecord {
    /// What tokens and messages that are made for the account now are bound to.
    pub(crate) fn epochs(&self) -> Epochs {
        Epochs { token: self.token_epoch, session: self.session_epoch }
    }
}

/// An account's epochs when a token, or a message that is to bring one, was made for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Epochs {
    #[serde(default, skip_serializing_if = "is_zero")]
    token: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    session: u32,
}

impl Epochs {
    /// Whether a token of this purpose, made at these epochs, is still of use at those.
    pub(crate) fn stand_at(self, now: Self, purpose: TokenPurpose) -> bool {
        // What takes an account over ends with the sessions: a new password keeps out whoever asked for it.
        let takes_over = matches!(purpose, TokenPurpose::PasswordReset | TokenPurpose::EmailChange);
        self.token == now.token && (!takes_over || self.session == now.session)
    }
}

/// How an account proves itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credential {
    pub(crate) password_hash: StoredHash,
    pub(crate) changed_at: Timestamp,
}

/// A session as stored. It holds nothing from which its refresh token could be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionRecord {
    /// Counts the refresh tokens given out; only the newest is good.
    pub(crate) generation: u32,
    pub(crate) epoch: u32,
    pub(crate) created_at: Timestamp,
    /// When the newest refresh token was given out.
    pub(crate) rotated_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<IpAddr>,
}

/// A single-use token as stored. Nothing here makes the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenRecord {
    /// A keyed hash of the token.
    pub(crate) hash: String,
    /// The account's address, canonical, when the token was made: it is good only while the account has it.
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) epochs: Epochs,
    /// The address that the account is to have, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) new_email: Option<String>,
    pub(crate) expires_at: Timestamp,
}

/// A message that is to be sent. Its token is made when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutboxRecord {
    pub(crate) kind: MessageKind,
    /// Where to, where that is not the account's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipient: Option<String>,
    /// The account's when it was meant.
    #[serde(default)]
    pub(crate) epochs: Epochs,
    /// The request that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    /// How often sending it has begun.
    pub(crate) attempts: u32,
    /// Nobody sends it before; whoever sends it moves this on first.
    pub(crate) due_at: Timestamp,
    /// It is of no use from then on.
    pub(crate) expires_at: Timestamp,
}

/// What a single-use token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenPurpose {
    PasswordReset,
    EmailVerification,
    EmailChange,
    Invitation,
}

impl TokenPurpose {
    pub(crate) const ALL: [Self; 4] =
        [Self::PasswordReset, Self::EmailVerification, Self::EmailChange, Self::Invitation];

    /// The name, as in keys.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
            Self::EmailChange => "email_change",
            Self::Invitation => "invitation",
        }
    }
}

/// A deletion that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClosingMark {
    pub(crate) cascade: bool,
}

/// How many administrators can act. Its presence says that the store has had an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Admins {
    pub(crate) active: u64,
}

/// Which layout the store has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schema {
    pub(crate) layout: u32,
    pub(crate) user_shards: u32,
}

/// Which keys tokens are made with, by what tells them from others; nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeysInUse {
    pub(crate) signing_key: String,
    pub(crate) secret: String,
    pub(crate) since: Timestamp,
}

/// The next identifier to be allotted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) next: u64,
}

/// What the list of imports says of one, for finding those in a caller's sight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImportListing {
    pub(crate) organisation_id: Option<OrganisationId>,
}

/// A record as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Found<T> {
    pub(crate) data: T,
    /// Its deletion has begun.
    pub(crate) closing: bool,
    pub(crate) version: Version,
}

impl<T: Record> Found<T> {
    pub(crate) fn read(entry: &Entry) -> Result<Self> {
        let envelope: Envelope<T> = serde_json::from_str(&entry.value)
            .map_err(|error| Error::internal(format!("a stored record can't be read: {error}")))?;
        if envelope.v > FORMAT {
            return Err(Error::internal(format!(
                "a stored record has format {}, written by a later version; this one reads up to {FORMAT}",
                envelope.v
            )));
        }
        Ok(Self { data: envelope.data, closing: envelope.closing, version: entry.version })
    }
}

/// The id that an index entry leads to.
pub(crate) fn read_id(key: &Key, value: &str) -> Result<u64> {
    value.parse().map_err(|_| Error::internal(format!("the index entry {key} holds no id")))
}

/// The text of a record.
pub(crate) fn write<T: Record>(data: &T, closing: bool) -> Result<String> {
    serde_json::to_string(&EnvelopeRef { v: FORMAT, closing, data })
        .map_err(|error| Error::internal(format!("a record can't be written: {error}")))
}

#[derive(Deserialize)]
struct Envelope<T> {
    v: u32,
    #[serde(default)]
    closing: bool,
    data: T,
}

#[derive(Serialize)]
struct EnvelopeRef<'a, T> {
    v: u32,
    #[serde(skip_serializing_if = "is_false")]
    closing: bool,
    data: &'a T,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}
