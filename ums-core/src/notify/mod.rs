//! Messages to people: what they say, and who brings them.
//!
//! The library decides that a message goes out and what it carries; a [`Notifier`] brings it. Messages are committed
//! together with what causes them, and sent afterwards: at least once each, also over a crash.

mod directory;
mod link;
mod log;
mod memory;
mod message;
mod notifier;
mod options;
mod text;

pub use directory::DirectoryNotifier;
pub use link::{InvalidLink, LinkTemplate};
pub use log::LogNotifier;
pub use memory::MemoryNotifier;
pub use message::{Message, MessageToken, Recipient};
pub use notifier::{Delivery, Notifier, NotifyError};
pub use options::MessageOptions;

pub use crate::model::MessageKind;
