//! User management that a Rust program embeds.

mod clock;
mod error;
pub mod log;
pub mod model;
mod secret;

pub use clock::{Clock, InvalidTimestamp, Random, SystemClock, SystemRandom, Timestamp};
pub use error::{Conflict, Error, Fault, Faults, Internal, Kind, Result};
pub use secret::{Password, SecretKey, SecretTooShort};

pub use ums_store as store;
