//! What can go wrong, by who has to do something about it.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use ums_store as store;

/// Why the library did not do what was asked. Whatever the error, nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was given breaks rules: every fault found, not just the first.
    #[error("{0}")]
    Invalid(Faults),
    /// A cursor that this system did not make for this list.
    #[error("the cursor is not one that this list gave out; begin again without one")]
    InvalidCursor,
    /// The e-mail address and password do not belong to an account that may log in.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// The access token is absent, malformed, expired, or its session has ended.
    #[error("the access token is missing, expired or not valid; log in or refresh")]
    InvalidAccessToken,
    /// The refresh token is malformed, expired, or its session has ended.
    #[error("the refresh token is expired or not valid; log in again")]
    InvalidRefreshToken,
    /// A spent refresh token was shown again: its whole session has ended.
    #[error("this refresh token was used before, so its session has been ended; log in again")]
    RefreshTokenReused,
    /// The single-use token is malformed, expired, used before, or no longer of any use: which, nobody is told.
    #[error("the token is expired, was used before, or is not valid; ask for a new one")]
    InvalidToken,
    /// The current password, asked for to confirm a change, is wrong.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The caller may not do this.
    #[error("you are not allowed to do this")]
    Forbidden,
    /// There is no such thing, or it is outside the caller's sight.
    #[error("there is no such {0}")]
    NotFound(Kind),
    /// Something else stands in the way.
    #[error("{0}")]
    Conflict(Conflict),
    /// The resource has changed since the caller read it.
    #[error("the {0} has changed since it was read; read it again")]
    PreconditionFailed(Kind),
    /// This caller asks too often.
    #[error("too many attempts; try again in {} s", .retry_after.as_secs())]
    TooManyRequests {
        /// When to try again.
        retry_after: Duration,
    },
    /// The whole system has more to do than it can.
    #[error("the system is busy; try again in {} s", .retry_after.as_secs())]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The workbook can't be read as one.
    #[error("the workbook can't be read: {cause}")]
    UnreadableWorkbook {
        /// Why, in words for the person who made it.
        cause: String,
    },
    /// The plan of a dry run, or the workbook that it was made for, is not kept any more.
    #[error("the plan of this dry run is not kept any more; make a dry run again")]
    PlanExpired,
    /// The workbook of an import is not kept any more.
    #[error("the workbook of this import is not kept any more; send it again to have what fails of it")]
    WorkbookExpired,
    /// A key that marks a request as a repetition was used for another one.
    #[error("this Idempotency-Key was used for another workbook or other options; use a new one")]
    IdempotencyKeyReused,
    /// The store did not answer, or not in time.
    #[error("the store is unavailable")]
    Store(#[source] store::Error),
    /// Something in the store is not as the library writes it.
    #[error("internal error")]
    Internal(#[source] Internal),
}

/// A result of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A stable name for the cause, `snake_case`: what a program decides on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::InvalidCursor => "invalid_cursor",
            Self::InvalidCredentials => "invalid_credentials",
            Self::InvalidAccessToken => "invalid_access_token",
            Self::InvalidRefreshToken => "invalid_refresh_token",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::InvalidToken => "invalid_token",
            Self::WrongPassword => "wrong_password",
            Self::Forbidden => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Conflict(conflict) => conflict.code(),
            Self::PreconditionFailed(_) => "precondition_failed",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Overloaded { .. } => "overloaded",
            Self::UnreadableWorkbook { .. } => "unreadable_workbook",
            Self::PlanExpired => "plan_expired",
            Self::WorkbookExpired => "workbook_expired",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::Store(_) => "store_unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// One fault in one field.
    pub fn invalid(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let mut faults = Faults::default();
        faults.add(field, code, message);
        Self::Invalid(faults)
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::Internal(Internal(detail.into()))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

/// What the library found that can't be: for the log, never for a client.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Internal(String);

/// A kind of thing that the library keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// An organisation.
    Organisation,
    /// A department of an organisation.
    Department,
    /// A user.
    User,
    /// A session of a user.
    Session,
    /// An import of a workbook.
    Import,
}

impl Kind {
    /// The name, as in paths and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Department => "department",
            Self::User => "user",
            Self::Session => "session",
            Self::Import => "import",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What stands in the way of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// Another account has the e-mail address.
    #[error("an account with this e-mail address already exists")]
    EmailTaken,
    /// Another organisation, or another department of the organisation, has the name.
    #[error("this name is already taken")]
    NameTaken,
    /// Another user of the organisation has the external id.
    #[error("another user of the organisation has this external id")]
    ExternalIdTaken,
    /// It still holds departments or users.
    #[error("it is not empty; move or delete what it holds, or delete with cascade")]
    NotEmpty,
    /// It is being deleted.
    #[error("it is being deleted")]
    Closing,
    /// There would be no administrator left.
    #[error("the last administrator can be neither removed, lowered nor suspended")]
    LastAdmin,
    /// The import has ended.
    #[error("the import has ended already; what it did stays")]
    ImportFinished,
    /// The import has not ended.
    #[error("the import has not ended yet; which rows fail is known once it has")]
    ImportUnfinished,
    /// What a dry run decided would be decided otherwise now.
    #[error("the store has changed, so that the plan does not hold any more; make a dry run again")]
    PlanStale,
    /// The import is no dry run, or one that has not ended.
    #[error("this is no dry run that has ended, so there is no plan to commit")]
    NotPlanned,
    /// Only an account that is invited can be invited again.
    #[error("the account is not invited, so there is no invitation to send")]
    NotInvited,
    /// The address has been confirmed already.
    #[error("the e-mail address is verified already")]
    AlreadyVerified,
    /// The deployment sends no messages.
    #[error("this deployment sends no messages; the operator has to set a notifier")]
    NoNotifier,
    /// Others changed the same things at the same time, again and again.
    #[error("others are changing the same things; try again")]
    Contention,
}

impl Conflict {
    /// A stable name for the cause.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::EmailTaken => "email_taken",
            Self::NameTaken => "name_taken",
            Self::ExternalIdTaken => "external_id_taken",
            Self::NotEmpty => "not_empty",
            Self::Closing => "closing",
            Self::LastAdmin => "last_admin",
            Self::ImportFinished => "import_finished",
            Self::ImportUnfinished => "import_unfinished",
            Self::PlanStale => "plan_stale",
            Self::NotPlanned => "not_planned",
            Self::NotInvited => "not_invited",
            Self::AlreadyVerified => "already_verified",
            Self::NoNotifier => "no_notifier",
            Self::Contention => "contention",
        }
    }
}

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Fault {
    /// The field's name, as in JSON.
    pub field: String,
    /// A stable name for the cause, `snake_case`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: &'static str,
    /// What is wrong and what is allowed, in words. Never the value itself.
    pub message: String,
}

impl Fault {
    /// A fault of this field.
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

/// Everything wrong with what was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(Fault::new(field, code, message));
    }

    /// Adds all of another's.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order found.
    #[must_use]
    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }

    /// `Ok` where there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with all of them.
    pub fn into_result(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self(faults.into_iter().collect())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{}: {}", fault.field, fault.message)?;
        }
        Ok(())
    }
}
