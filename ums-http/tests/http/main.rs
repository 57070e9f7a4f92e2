//! The interface as a client meets it: requests in, answers out, over a store in memory.

mod authentication;
mod bodies;
mod conditions;
mod conventions;
mod cross_origin;
mod directory;
mod documents;
mod import;
mod limits;
mod lists;
mod logs;
mod proxies;
mod support;
