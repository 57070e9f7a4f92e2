//! Whatever a store does to one call, nothing is done twice, lost, or left half done.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod answers;
mod crashes;
mod dump;
mod operations;
#[path = "../scripted/mod.rs"]
mod scripted;
mod world;
