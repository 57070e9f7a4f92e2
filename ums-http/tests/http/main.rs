//! The interface as a client meets it: requests in, answers out, over a store in memory.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy takes only functions marked as tests for tests, and helpers for the library"
)]

mod authentication;
mod bodies;
mod conditions;
mod conventions;
mod cross_origin;
mod directory;
mod documents;
mod failed_rows;
mod import;
mod import_abuse;
mod import_jobs;
mod keys;
mod limits;
mod lists;
mod logs;
mod metrics;
mod proxies;
mod recovery;
mod support;
mod throttling;
mod tracing;
mod workbooks;
