//! From a `DATABASE_URL` to a store.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ums_core::store::Store;

use crate::config::DatabaseUrl;
use crate::secret_file::make_directory;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenStoreError {
    /// The program was built without this store.
    #[error("{url} can't be opened: this program was built without the feature `{feature}`")]
    NotBuiltIn {
        /// What was to be opened.
        url: DatabaseUrl,
        /// The feature of `ums-server` that has the store.
        feature: &'static str,
    },
    /// The directory for the data can't be made.
    #[error("the directory {} can't be made", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// redb refuses.
    #[cfg(feature = "redb")]
    #[error(transparent)]
    Redb(#[from] ums_store_redb::OpenError),
}

/// Opens the store of this URL, making it where there is none yet. Its directory is made for its owner alone.
///
/// Reads the file, which may take a while where it is large: not for an async thread that has other work.
///
/// # Errors
///
/// [`OpenStoreError`] where it can't be opened: it is damaged, in use by another process, or not built in.
pub fn open_store(url: &DatabaseUrl) -> Result<Arc<dyn Store>, OpenStoreError> {
    if let Some(path) = url.directory() {
        make_directory(path).map_err(|source| OpenStoreError::Directory { path: path.to_owned(), source })?;
    }
    match url {
        #[cfg(feature = "memory")]
        DatabaseUrl::Memory => Ok(Arc::new(ums_store_memory::MemoryStore::new())),
        #[cfg(not(feature = "memory"))]
        DatabaseUrl::Memory => Err(OpenStoreError::NotBuiltIn { url: url.clone(), feature: "memory" }),
        #[cfg(feature = "redb")]
        DatabaseUrl::Redb(path) => Ok(Arc::new(ums_store_redb::RedbStore::open(path)?)),
        #[cfg(not(feature = "redb"))]
        DatabaseUrl::Redb(_) => Err(OpenStoreError::NotBuiltIn { url: url.clone(), feature: "redb" }),
    }
}
