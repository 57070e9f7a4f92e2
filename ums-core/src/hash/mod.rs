//! Passwords: which are taken, how they are hashed, how many at once. Nothing else sees a password's bytes.

mod argon2;
mod common;
mod context;
mod foreign;
mod gate;
mod hasher;
mod options;
mod password;
mod policy;
mod scheme;
mod stored;

pub(crate) use context::PasswordContext;
pub use gate::HashLoad;
pub(crate) use hasher::Hasher;
pub use options::HashOptions;
pub use password::Password;
pub use policy::{InvalidMinimumLength, PasswordPolicy};
pub(crate) use stored::StoredHash;
