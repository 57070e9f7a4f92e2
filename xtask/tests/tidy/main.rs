//! The project's own rules, held by reading its sources: which part may use which, and what may stand where.
//!
//! Each test names one rule and looks twice: that the project keeps it, and that a snippet which breaks it is caught.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod arrows;
mod asvs;
mod events;
mod files;
mod places;
mod rule;
mod source;
