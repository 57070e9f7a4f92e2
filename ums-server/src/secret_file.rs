//! The secret that a server keeps beside its data, where the environment gives none.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ums_core::{Random, SecretKey, SecretTooShort};
use zeroize::Zeroizing;

/// Why the secret could be neither read nor made. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFileError {
    /// Others than its owner may read it, so it may be known.
    #[error(
        "{} may be read by others than its owner (mode {mode:03o}): run `chmod 600 {}`, or, if others may have \
         read it, remove it so that a new one is made (which ends every session)",
        path.display(), path.display()
    )]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds no secret.
    #[error("{} holds no secret: {source}; restore it, or remove it so that a new one is made (which ends every session)", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with what it holds.
        source: SecretTooShort,
    },
    /// The file system refused.
    #[error("{} can't be {action}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: io::Error,
    },
}

/// Reads the secret of this file, or makes one and keeps it there: 32 random bytes in hexadecimal, readable by the
/// file's owner alone. The bytes of that text are the secret, as they would be in `SECRET_KEY`.
///
/// Only one process at a time may do this for a file. A process that has opened the store beside it is the only one.
///
/// # Errors
///
/// [`SecretFileError`] where the file can't be read or made, where others may read it, and where it holds fewer
/// than 32 bytes.
pub fn read_or_make(path: &Path, random: &dyn Random) -> Result<SecretKey, SecretFileError> {
    match read(path)? {
        Some(secret) => Ok(secret),
        None => make(path, random),
    }
}

/// A secret for as long as the process lives.
///
/// # Errors
///
/// None in practice: the secret is as long as it has to be.
pub fn make_for_this_process(random: &dyn Random) -> Result<SecretKey, SecretTooShort> {
    SecretKey::new(make_text(random).as_bytes())
}

fn read(path: &Path) -> Result<Option<SecretKey>, SecretFileError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(path, "opened", source)),
    };
    refuse_shared(path, &file)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes).map_err(|source| failed(path, "read", source))?;
    let secret = SecretKey::new(bytes.trim_ascii_end());
    secret.map(Some).map_err(|source| SecretFileError::Damaged { path: path.to_owned(), source })
}

/// Written beside its place and moved there, so that a crash leaves the whole secret or none.
fn make(path: &Path, random: &dyn Random) -> Result<SecretKey, SecretFileError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_directory(directory).map_err(|source| failed(directory, "made", source))?;
    let text = make_text(random);
    let beside = path.with_extension(format!("{:032x}.new", random.u128()));
    let written = write_new(&beside, text.as_bytes()).and_then(|()| fs::rename(&beside, path));
    if let Err(source) = written {
        // It may not be there at all; what counts is the first error.
        let _ = fs::remove_file(&beside);
        return Err(failed(path, "written", source));
    }
    sync_directory(directory).map_err(|source| failed(directory, "synchronised", source))?;
    SecretKey::new(text.as_bytes())
        .map_err(|source| SecretFileError::Damaged { path: path.to_owned(), source })
}

fn make_text(random: &dyn Random) -> Zeroizing<String> {
    Zeroizing::new(format!("{:032x}{:032x}", random.u128(), random.u128()))
}

/// Makes a directory that its owner alone may enter; one that is there already stays as it is.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

fn refuse_shared(path: &Path, file: &File) -> Result<(), SecretFileError> {
    match shared_mode(file).map_err(|source| failed(path, "looked at", source))? {
        None => Ok(()),
        Some(mode) => Err(SecretFileError::Permissions { path: path.to_owned(), mode }),
    }
}

/// The permission bits of a file that others than its owner may use.
#[cfg(unix)]
pub(crate) fn shared_mode(file: &File) -> io::Result<Option<u32>> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

#[cfg(not(unix))]
pub(crate) fn shared_mode(_: &File) -> io::Result<Option<u32>> {
    Ok(None)
}

fn failed(path: &Path, action: &'static str, source: io::Error) -> SecretFileError {
    SecretFileError::Io { path: path.to_owned(), action, source }
}
