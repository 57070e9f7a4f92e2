//! Who may do what: a table of actions and one of fields, pure and public, and one function that reads each.
//!
//! Both have a column for each role. [`TABLE`] says how far a role's permission for an action reaches, [`FIELDS`] what
//! the role may set a field to where it may do the action at all. Nothing else decides: routes, imports and the embedding
//! program all ask [`Actor::may`] and [`Actor::may_set`].

mod action;
mod actor;
mod fields;
mod table;

pub use action::Action;
pub use actor::{Actor, Target};
pub use fields::{FIELDS, Field, Resource, Rule};
pub use table::{Scope, TABLE};

#[cfg(test)]
mod tests;
