//! Where workbooks are kept while they are imported, and for those who want their faults marked in them.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::model::ImportId;

/// Keeps workbooks under the ids of their imports. Instances that share a store should share this, too: then each can go
/// on with what another one left.
///
/// Workbooks hold what people put into them, passwords among it: keep them where only this program reads.
#[async_trait]
pub trait WorkbookFiles: fmt::Debug + Send + Sync + 'static {
    /// Keeps a copy of a workbook, read from its beginning. It is durable, and whole, when this returns; what another
    /// attempt left under the id is replaced.
    ///
    /// # Errors
    ///
    /// Those of what it is kept in.
    async fn keep(&self, id: ImportId, workbook: File) -> io::Result<()>;

    /// Opens a workbook that is kept, at its beginning.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] where there is none of the id; those of what it is kept in.
    async fn open(&self, id: ImportId) -> io::Result<File>;

    /// Removes a workbook; nothing where there is none.
    ///
    /// # Errors
    ///
    /// Those of what it is kept in.
    async fn remove(&self, id: ImportId) -> io::Result<()>;

    /// Whose workbooks are kept, also in part: what a crash cut off on its way in.
    ///
    /// # Errors
    ///
    /// Those of what they are kept in.
    async fn ids(&self) -> io::Result<Vec<ImportId>>;
}

/// Workbooks in a directory of this machine, each `<id>.xlsx`, readable by its owner alone.
#[derive(Clone, Debug)]
pub struct WorkbookDirectory {
    path: PathBuf,
}

impl WorkbookDirectory {
    /// Workbooks in this directory, which is made where it is not there, for its owner alone. Blocks.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self { path })
    }

    fn file(&self, id: ImportId) -> PathBuf {
        self.path.join(format!("{id}.{WHOLE}"))
    }
}

const WHOLE: &str = "xlsx";
const PARTIAL: &str = "part";

#[async_trait]
impl WorkbookFiles for WorkbookDirectory {
    async fn keep(&self, id: ImportId, workbook: File) -> io::Result<()> {
        let (directory, file) = (self.path.clone(), self.file(id));
        blocking(move || {
            let partial = file.with_extension(PARTIAL);
            copy(workbook, &partial)
                .and_then(|()| fs::rename(&partial, &file))
                .and_then(|()| sync(&directory))
                .inspect_err(|_| drop(fs::remove_file(&partial)))
        })
        .await
    }

    async fn open(&self, id: ImportId) -> io::Result<File> {
        let file = self.file(id);
        blocking(move || File::open(file)).await
    }

    async fn remove(&self, id: ImportId) -> io::Result<()> {
        let file = self.file(id);
        blocking(move || {
            for file in [file.with_extension(PARTIAL), file] {
                match fs::remove_file(file) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    removed => removed?,
                }
            }
            Ok(())
        })
        .await
    }

    async fn ids(&self) -> io::Result<Vec<ImportId>> {
        let path = self.path.clone();
        blocking(move || {
            let mut ids = Vec::new();
            for entry in fs::read_dir(path)? {
                let path = entry?.path();
                let extension = path.extension().and_then(|extension| extension.to_str());
                let id: Option<ImportId> = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
                ids.extend(id.filter(|_| matches!(extension, Some(WHOLE | PARTIAL))));
            }
            Ok(ids)
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn copy(mut workbook: File, path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    io::Seek::rewind(&mut workbook)?;
    io::copy(&mut workbook, &mut file)?;
    file.sync_all()
}

#[cfg(unix)]
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};

    use super::*;

    fn id(number: u64) -> ImportId {
        ImportId::try_from(number).unwrap()
    }

    fn file(text: &str) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[tokio::test]
    async fn keeps_gives_back_and_removes() {
        let directory = tempfile::tempdir().unwrap();
        let files = WorkbookDirectory::open(directory.path().join("a/b")).unwrap();
        files.keep(id(7), file("first")).await.unwrap();
        files.keep(id(7), file("second")).await.unwrap();
        files.keep(id(8), file("other")).await.unwrap();
        let mut kept = files.open(id(7)).await.unwrap();
        let mut text = String::new();
        kept.read_to_string(&mut text).unwrap();
        assert_eq!(text, "second");
        kept.rewind().unwrap();
        let mut ids = files.ids().await.unwrap();
        ids.sort_unstable();
        assert_eq!(ids, [id(7), id(8)]);
        files.remove(id(7)).await.unwrap();
        files.remove(id(7)).await.unwrap();
        assert_eq!(files.open(id(7)).await.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(files.ids().await.unwrap(), [id(8)]);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_reads_and_what_was_cut_off_is_listed() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("imports");
        let files = WorkbookDirectory::open(&path).unwrap();
        files.keep(id(1), file("secret")).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("1.xlsx"))), (0o700, 0o600));
        fs::write(path.join("2.part"), "cut of").unwrap();
        fs::write(path.join("notes.txt"), "somebody's").unwrap();
        let mut ids = files.ids().await.unwrap();
        ids.sort_unstable();
        assert_eq!(ids, [id(1), id(2)]);
        files.remove(id(2)).await.unwrap();
        assert_eq!(files.ids().await.unwrap(), [id(1)]);
        assert!(!path.join("2.part").exists() && path.join("notes.txt").exists());
    }
}
