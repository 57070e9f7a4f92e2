//! Reading workbooks: what is read from files that are sound, and what is said of those that are not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

#[path = "import_reading/files.rs"]
mod files;
#[path = "import_reading/golden.rs"]
mod golden;
#[path = "import_reading/hostile.rs"]
mod hostile;
#[path = "import_reading/listing.rs"]
mod listing;
#[path = "import_reading/sheets.rs"]
mod sheets;
#[path = "import_reading/spoilt.rs"]
mod spoilt;
