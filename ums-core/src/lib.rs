//! User management that a Rust program embeds: authentication, organisations, departments, users, Excel import, an
//! event log; over any [store](store::Store), behind any transport.
//!
//! [`UserManagement`] is the facade. It acts for somebody: [`UserManagement::acting_as`] for a caller who has proved who
//! they are, [`UserManagement::anonymous`] for one who has not, [`UserManagement::system`] for the embedding program
//! itself. What an actor may do stands in one table, [`access::TABLE`].

pub mod access;
mod auth;
mod clock;
mod directory;
mod error;
pub mod export;
mod hash;
pub mod import;
mod index;
mod keyspace;
pub mod log;
pub mod model;
pub mod notify;
mod origin;
mod outbox;
mod page;
pub mod parse;
mod record;
mod secret;
mod sessions;
mod throttle;
mod tokens;
mod transaction;
mod user_management;
mod verify;

pub use auth::{
    Credentials, EmailChange, ForgottenPassword, InvitationAcceptance, MePatch, PasswordChange,
    PasswordReset, Principal, Registration, RegistrationMode,
};
pub use clock::{Clock, InvalidTimestamp, Random, SystemClock, SystemRandom, Timestamp};
pub use directory::{DepartmentFilter, UserFilter, Versioned};
pub use error::{Conflict, Error, Fault, Faults, Internal, Kind, Result};
pub use hash::{HashLoad, HashOptions, InvalidMinimumLength, Password, PasswordPolicy};
pub use origin::Origin;
pub use page::{InvalidPageLimit, Page, PageLimit, PageRequest};
pub use secret::{SecretKey, SecretTooShort};
pub use sessions::TokenPair;
pub use throttle::ThrottleOptions;
pub use tokens::{
    InvalidKey, JsonWebKeySet, SigningAlgorithm, SigningKey, SingleUseToken, TokenOptions, VerifyingKey,
};
pub use user_management::{
    Acting, Builder, Endings, Figures, ImportEvent, ImportEvents, ImportStarted, UserManagement,
};
pub use verify::Finding;

pub use ums_store as store;
