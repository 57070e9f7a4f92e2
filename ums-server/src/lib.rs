//! UMS as a server: configuration from the environment, a store from its URL, and a binary for operators.

pub mod config;
pub mod secret_file;
