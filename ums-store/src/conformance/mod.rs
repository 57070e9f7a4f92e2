//! The ten promises as tests that any backend can run.
//!
//! Each case belongs to one [`Rule`], has a name such as `order::empty_sort_part_is_legal`, and uses partitions of
//! its own, new at every run: cases may run side by side on one store, on a store that holds other data, and again
//! on the same store.
//!
//! # For a backend of your own
//!
//! Switch the feature `conformance` on for your tests and call [`run`] on a runtime of several threads:
//!
//! ```no_run
//! use ums_store::{Store, conformance};
//!
//! # fn my_store() -> std::sync::Arc<dyn Store> { unimplemented!() }
//! // #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
//! async fn my_store_keeps_its_promises() {
//!     let store = my_store();
//!     conformance::run(|| async { store.clone() }).await.assert_passed();
//! }
//! ```
//!
//! The closure is called once for each case. It may make a new store each time, or hand out clones of one. A store
//! that outlives its process runs [`run_durable`] too. [`cases`] and [`durable_cases`] list what there is, and
//! [`Case::run`] runs one.
//!
//! # What it can't see
//!
//! Whether a commit survives a power failure, what the backend says when its engine fails, and how often it
//! retries. A backend tests these itself, with an engine that it can break.
//!
//! The backend drops expired entries by the wall clock, or by one that is behind it: a clock that is ahead drops
//! what the suite expects to find.

/// Fails a case, saying what was seen, unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($seen:tt)+) => {
        if !$condition {
            return Err($crate::conformance::verdict::Seen::new(format!($($seen)+)));
        }
    };
}

/// Fails a case, saying what was seen and expected, unless both are equal.
macro_rules! ensure_eq {
    ($seen:expr, $expected:expr, $($what:tt)+) => {
        match (&$seen, &$expected) {
            (seen, expected) => {
                ensure!(seen == expected, "{}: seen {seen:?}, expected {expected:?}", format!($($what)+));
            }
        }
    };
}

/// Lists functions as cases of a rule, under their own names.
macro_rules! cases {
    ($rule:ident: $($name:ident),+ $(,)?) => {
        vec![$($crate::conformance::case::Case::new(
            $crate::conformance::Rule::$rule,
            concat!(module_path!(), "::", stringify!($name)),
            |subject| Box::pin($name(subject)),
        )),+]
    };
}

mod atomicity;
mod cancellation;
mod candour;
mod case;
mod durability;
mod expiry;
mod freshness;
mod limits;
mod order;
mod paging;
mod races;
mod refusal;
mod report;
mod retries;
mod rule;
mod runner;
mod snapshot;
mod subject;
mod verdict;

pub use case::Case;
pub use durability::{DurableCase, durable_cases};
pub use report::{Failure, Report};
pub use rule::Rule;
pub use runner::{cases, run, run_durable};
