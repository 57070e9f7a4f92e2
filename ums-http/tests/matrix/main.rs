//! Who may do what, over every route that the router has: made from the OpenAPI document and the tables of
//! `ums_core::access`, so that a route is tested from the day it is added.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy takes only functions marked as tests for tests, and helpers for the library"
)]

mod attacks;
mod cells;
mod expected;
mod fields;
mod lists;
mod operation;
mod stage;
#[path = "../http/support.rs"]
#[allow(dead_code, reason = "shared with the other tests, which use all of it")]
mod support;
