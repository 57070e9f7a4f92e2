//! UMS on a map in memory: for tests, examples and trying things out. Nothing is kept past the process.
//!
//! # Example
//!
//! ```
//! use ums_store::{Commit, CommitId, Key, Op, Outcome, Store};
//! use ums_store_memory::MemoryStore;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), ums_store::Error> {
//! let store = MemoryStore::new();
//! let key = Key::new("organisations", "tech corp");
//! let commit = Commit::new(CommitId::from_u128(1), [Op::put(key.clone(), "1").expect_absent()]);
//! assert_eq!(store.commit(&commit).await?, Outcome::Applied);
//! assert_eq!(store.commit(&commit).await?, Outcome::Refused { failed: vec![0] });
//! # Ok(())
//! # }
//! ```

mod state;
mod store;

pub use store::MemoryStore;
