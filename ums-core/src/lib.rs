//! User management that a Rust program embeds.

mod clock;
mod error;
mod hash;
pub mod model;
mod page;
pub mod parse;
mod secret;
mod tokens;

pub use clock::{Clock, InvalidTimestamp, Random, SystemClock, SystemRandom, Timestamp};
pub use error::{Conflict, Error, Fault, Faults, Internal, Kind, Result};
pub use hash::{HashOptions, InvalidMinimumLength, Password, PasswordPolicy};
pub use page::{InvalidPageLimit, Page, PageLimit, PageRequest};
pub use secret::{SecretKey, SecretTooShort};
pub use tokens::TokenOptions;

pub use ums_store as store;
