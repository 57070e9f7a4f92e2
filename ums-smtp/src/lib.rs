//! Brings the messages of UMS by SMTP, through [lettre](https://lettre.rs).
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use ums_core::notify::MessageOptions;
//! use ums_core::{SecretKey, UserManagement};
//! use ums_smtp::{SmtpNotifier, SmtpUrl};
//! use ums_store_memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let url: SmtpUrl = "smtp://mailer:secret@mail.example.com".parse()?;
//! let notifier = SmtpNotifier::new(url, &"Tech Corp <noreply@example.com>".parse()?)?;
//! let secret = SecretKey::new(*b"thirty-two bytes from a vault...")?;
//! let ums = UserManagement::builder(Arc::new(MemoryStore::new()), secret)
//!     .notifier(Arc::new(notifier), MessageOptions::new("https://users.example.com")?)
//!     .open()
//!     .await?;
//! # Ok(())
//! # }
//! ```

mod conversation;
mod letter;
mod notifier;
mod sender;
mod smtp_url;

pub use notifier::{InvalidCertificate, SmtpNotifier};
pub use sender::{InvalidSender, Sender};
pub use smtp_url::{Encryption, InvalidSmtpUrl, SmtpUrl};
