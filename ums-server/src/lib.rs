//! UMS as a server: configuration from the environment, a store from its URL, and a binary for operators.

pub mod config;
pub mod secret_file;
mod serve;

pub use serve::{ServeOptions, Served, serve, shutdown_signal};
