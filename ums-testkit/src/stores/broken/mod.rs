//! Stores that break one promise each, to see that the conformance suite notices.

mod commits;
mod flaw;
mod reads;
mod store;

pub use flaw::Flaw;
pub use store::BrokenStore;
