//! What the tests of UMS share: stores that fail, count and delay; domain scenarios that run on any store; workbooks;
//! keys that everybody knows; a clock that stands still.

mod clock;
mod fixture;
pub mod keys;
pub mod malformed;
pub mod package;
pub mod refresh_race;
pub mod scenarios;
pub mod stores;
pub mod workbook;

pub use clock::{FixedClock, SeededRandom};
pub use fixture::{Fixture, PASSWORD};
