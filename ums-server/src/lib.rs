//! UMS as a server: configuration from the environment, a store from its URL, and a binary for operators.
//!
//! [`run`] is the whole program. Its parts can be put together otherwise: [`Config`](config::Config) says how,
//! [`System`] opens store, secret and log, and [`serve`] puts any router on a socket.

pub mod config;
pub mod secret_file;

mod command;
mod notifier;
mod run;
mod serve;
mod store;
mod system;
mod welcome;

pub use command::{Command, UsageError};
pub use notifier::OpenNotifierError;
pub use run::run;
pub use serve::{ServeOptions, Served, serve, shutdown_signal};
pub use store::{OpenStoreError, open_store};
pub use system::{Log, OpenSystemError, SecretOrigin, System};
