//! The rules for text, each in one place: what a name, an address, an e-mail address may be, and which two are the same.
//!
//! A type with a bound has one fallible constructor, [`FromStr`](std::str::FromStr); what stands behind it takes the
//! type. `Checker` reads the fields of one thing and gathers every fault, not just the first.

mod checker;
mod email;
mod fold;
mod text;

pub(crate) use checker::Checker;
pub use email::Email;
pub(crate) use fold::{fold_email, fold_name, words};
pub use text::{Address, Description, ExternalId, FullName, Name, Text, TextFault};
