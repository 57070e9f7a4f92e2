//! Stores around stores: they fail, count, delay and contend at will, and keep every promise while they are idle.
//! Those in [`broken`] keep all promises but one.

pub mod broken;

mod call;
mod contending;
mod counting;
mod cutting;
mod delaying;
mod failing;
mod recording;

pub use call::Call;
pub use contending::ContendingStore;
pub use counting::{CountingStore, Counts};
pub use cutting::CuttingStore;
pub use delaying::DelayingStore;
pub use failing::{FailingStore, Fault};
pub use recording::RecordingStore;
