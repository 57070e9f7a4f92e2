//! UMS on [redb]: one file, durable group commits, no server.
//!
//! ```no_run
//! use ums_store_redb::RedbStore;
//!
//! # fn main() -> Result<(), ums_store_redb::OpenError> {
//! let store = RedbStore::open("data/ums.redb")?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - **Applied means durable.** Every commit is answered after redb's two-phase commit, with two calls of `fsync`:
//!   data first, then the switch to it. A process that is killed, or a machine that loses power, loses nothing that
//!   was acknowledged and shows no half of anything, as far as the disk keeps what `fsync` said it kept.
//! - **One process.** The file is locked while it is open. A second one, in this process or another, gets
//!   [`OpenError::AlreadyOpen`].
//! - **Group commit.** One thread writes. It takes every commit that waits, decides each in turn as if those before
//!   it had already been written, and writes all of them with one redb transaction: as many commits as wait share
//!   the cost of one. Within it, keys are written in their order.
//! - **A bounded queue.** Past [`RedbStoreBuilder::queue`] commits, further ones wait for room, without blocking
//!   their thread.
//! - **Short reads.** A read works in slices of a few entries and lets other tasks go first between them. See the
//!   module `read` in the source for what was measured. A page of a scan ends after 1,000 entries or 1 MiB.
//! - **Quick opening.** Each commit saves what redb needs to open the file at once, after a crash too.
//! - **Expired entries go** within about [`RedbStoreBuilder::sweep_every`], some at a time, between commits.
//! - **Any executor.** Nothing here needs a tokio runtime: only channels of tokio are used.
//!
//! # What is known after a failure
//!
//! | answer | what it says |
//! | --- | --- |
//! | `Unavailable` from a commit | It did not happen: the failure came before redb's commit began, or the file was opened again and does not hold it. |
//! | `Unknown` from a commit | redb's commit failed, and the file could not be opened again to find out. |
//! | `Unavailable` from a read | The disk or the file failed; reading again may work. |
//! | `Corrupt` from a read | An entry does not fit its checksum, or redb met a page that it can't have written. |
//!
//! After an I/O error redb refuses to go on with an open file. The writer therefore closes it, opens it again, and
//! compares a counter that every group of commits raises: that settles what became of the group. While the file is
//! closed, reads are `Unavailable`. If it can't be opened, every later commit tries again first. A panic inside redb
//! is treated in the same way. So a disk that was full, or absent, for a while needs no restart.
//!
//! # What is noticed of damage
//!
//! redb keeps checksums of its pages, and looks at them when the file is checked, not when it is read. So by
//! default [`open`](RedbStore::open) checks the whole file, which [`RedbStoreBuilder::check_on_open`] can switch
//! off; and every entry bears a checksum over key, version, expiry and value, which is looked at whenever it is
//! read. Damage that comes while the file is open may hide an entry, if it hits a key, but can't change one.
//!
//! # The file
//!
//! Three tables. `entries` maps partition and sort part to checksum, version, expiry and text. `expiries` lists
//! expiry, partition and sort part of every entry that expires. `meta` holds the version of this format, which
//! `open` compares, and the counter of groups. On Unix a new file can be read and written by its owner alone.

mod builder;
mod engine;
mod error;
mod group;
mod queue;
mod read;
mod store;
mod sweep;
mod tables;
mod value;
mod writer;

pub use builder::RedbStoreBuilder;
pub use error::OpenError;
pub use redb::StorageBackend;
pub use store::RedbStore;
