//! What the tests of UMS share: stores that fail, count and delay; domain scenarios that run on any store; workbooks;
//! a clock that stands still.

mod clock;
mod fixture;
pub mod malformed;
pub mod package;
pub mod scenarios;
pub mod stores;
pub mod workbook;

pub use clock::{FixedClock, SeededRandom};
pub use fixture::{Fixture, PASSWORD};
