//! The storage interface of UMS: an ordered, partitioned map with an atomic, checked commit.
//!
//! Two parties meet at the trait [`Store`]. A **backend** implements its four methods over some engine; the
//! **core** (`ums-core`) keeps every rule of the domain above them. A backend knows no user, no organisation
//! and no rule; the core knows no engine.
//!
//! # What a backend promises
//!
//! 1. **Order.** Within a partition, keys order by the UTF-8 bytes of their sort part. Between partitions there
//!    is no order. An empty sort part is legal.
//! 2. **Freshness.** [`get`](Store::get) and [`scan`](Store::scan) see every commit that finished before they
//!    began. `get` answers in the order asked.
//! 3. **No snapshot.** One `get` or `scan` may see a part of a commit that runs beside it. Each single entry is
//!    whole.
//! 4. **Atomicity.** A commit is all or nothing, and serialisable against every other commit. Applied means
//!    durable, as far as the engine is durable at all.
//! 5. **Refusal.** [`Outcome::Refused`] names at least one operation whose expectation did not hold, and nothing
//!    was written. Contention is an answer, not an error.
//! 6. **Limits.** Two operations on one key, or more than [`limits`](Store::limits) grants, is
//!    [`Error::Invalid`] in every backend, before any I/O.
//! 7. **Candour.** [`Error::Unavailable`] means that it did not happen; [`Error::Unknown`] that it may have
//!    happened. Nothing else is said of a commit that failed.
//! 8. **Retries.** A backend never retries a refusal. It retries throttling and transaction conflicts of its
//!    engine, a bounded number of times.
//! 9. **Expiry.** [`Entry::expires_at`] lets a backend drop an entry later, never earlier. Until it is dropped
//!    it is read like any other.
//! 10. **Cancellation.** Dropping a future tears no commit: it happens whole or not at all. Clones of a store
//!     share its data.
//!
//! The feature `conformance` has a test for each promise, under the promise's name. A backend of your own runs
//! them with a few lines; see the module `conformance`.
//!
//! # What the core never asks
//!
//! Order between partitions, a snapshot over several reads, a condition on an entry that the commit does not name,
//! a clock, an identifier, more than [`Limits`] grants.
//!
//! # Example
//!
//! ```
//! use ums_store::{Commit, CommitId, Key, Op, Outcome, Store};
//!
//! # async fn example(store: &dyn Store) -> Result<(), ums_store::Error> {
//! let key = Key::new("users/0", "ada@example.com");
//! let commit = Commit::new(CommitId::from_u128(1), [Op::put(key.clone(), "1").expect_absent()]);
//! assert_eq!(store.commit(&commit).await?, Outcome::Applied);
//!
//! let found = store.get(&[key]).await?;
//! assert!(matches!(found.as_slice(), [Some(entry)] if &*entry.value == "1"));
//! # Ok(())
//! # }
//! ```

mod commit;
mod entry;
mod error;
mod key;
mod limits;
mod scan;
mod store;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use commit::{Commit, CommitId, Expect, Op, Outcome, Write};
pub use entry::{Entry, Version};
pub use error::{Error, InvalidReason};
pub use key::Key;
pub use limits::Limits;
pub use scan::{Direction, Item, Page, Scan};
pub use store::Store;
