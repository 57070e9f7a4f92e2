//! One scenario, and running all of them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ums_core::store::Store;

type Body = fn(Arc<dyn Store>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Something that holds on every store.
#[derive(Clone, Copy)]
pub struct Scenario {
    name: &'static str,
    body: Body,
}

impl Scenario {
    pub(super) fn new(name: &'static str, body: Body) -> Self {
        Self { name, body }
    }

    /// Its name, such as `login::every_refusal_is_alike`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it on an empty store.
    ///
    /// # Panics
    ///
    /// Where it does not hold.
    pub async fn run(&self, store: Arc<dyn Store>) {
        (self.body)(store).await;
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Which scenarios did not hold.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Report {
    run: usize,
    failed: Vec<&'static str>,
}

impl Report {
    /// Looks that every scenario held.
    ///
    /// # Panics
    ///
    /// With the names of those that did not; what they said stands above.
    pub fn assert_passed(&self) {
        assert!(self.run > 0, "no scenario was run");
        assert!(
            self.failed.is_empty(),
            "{} of {} scenarios failed: {}",
            self.failed.len(),
            self.run,
            self.failed.join(", ")
        );
    }
}

/// Runs every scenario, each as a task on a store that `make` makes for it.
pub async fn run<S: Into<Arc<dyn Store>>>(make: impl Fn() -> S) -> Report {
    let mut report = Report::default();
    for scenario in super::all() {
        let store = make().into();
        report.run += 1;
        if tokio::spawn(async move { scenario.run(store).await }).await.is_err() {
            report.failed.push(scenario.name());
        }
    }
    report
}
