//! Messages as files in a directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::{Message, Notifier, NotifyError};

/// Writes each message as a file `.eml` (RFC 5322 with the UTF-8 of RFC 6532) into a directory, for a person or another
/// program to take from there. Files appear whole, and only their owner reads them, since they hold tokens.
///
/// A file is named by time, kind and id of its message: `2026-11-24T01-02-03.456Z-password_reset-….eml`, so that names
/// order by time. Nothing here deletes files.
#[derive(Clone, Debug)]
pub struct DirectoryNotifier {
    directory: Arc<Path>,
}

impl DirectoryNotifier {
    /// One that writes into this directory, which is made where it is not there; only its owner enters it then.
    ///
    /// # Errors
    ///
    /// Those of the file system, where the directory can't be made or is none.
    pub fn open(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory)?;
        Ok(Self { directory: directory.into() })
    }

    /// Where the files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

#[async_trait]
impl Notifier for DirectoryNotifier {
    async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        let directory = self.directory.clone();
        let name = format!(
            "{}-{}-{}.eml",
            message.created_at.to_string().replace(':', "-"),
            message.kind,
            message.id
        );
        let text = zeroize::Zeroizing::new(render(message));
        let written = tokio::task::spawn_blocking(move || write(&directory, &name, text.as_bytes())).await;
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            NotifyError::unavailable("the message can't be written to its directory").caused_by(error)
        };
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(error.into())),
            Err(error) => Err(failed(error.into())),
        }
    }
}

fn render(message: &Message) -> String {
    // No value here holds a line break: the address is checked, the subject is the library's own text.
    format!(
        "Date: {}\r\nFrom: noreply@localhost\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@localhost>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\
         Auto-Submitted: auto-generated\r\n\r\n{}",
        message.created_at.rfc_2822(),
        message.recipient.email,
        message.subject(),
        message.id,
        message.text().replace('\n', "\r\n")
    )
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}.unfinished"));
    let written = create(&unfinished).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let published = written.and_then(|()| fs::rename(&unfinished, directory.join(name)));
    if published.is_err() {
        // What is left holds a token; where it can't be removed, its permissions protect it.
        fs::remove_file(&unfinished).ok();
    }
    published
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::Timestamp;
    use crate::model::MessageKind;
    use crate::notify::{MessageToken, Recipient};

    fn message() -> Message {
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        let expires_at = Timestamp::from_unix_milliseconds(1_795_482_123_456);
        Message {
            id: "0123456789abcdef0123456789abcdef".into(),
            kind: MessageKind::PasswordReset,
            recipient: Recipient {
                email: "ada@example.com".into(),
                full_name: "Ada\r\nBcc: eve@example.com".into(),
            },
            service: "Tech Corp".into(),
            created_at: Timestamp::from_unix_milliseconds(1_795_480_323_456),
            token: Some(MessageToken::new(
                secret("ums_pr_T"),
                secret("https://x/#token=ums_pr_T"),
                expires_at,
            )),
        }
    }

    #[tokio::test]
    async fn a_message_is_one_whole_file_that_its_owner_alone_reads() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = temporary.path().join("a/messages");
        let notifier = DirectoryNotifier::open(&directory).unwrap();
        notifier.send(&message()).await.unwrap();
        let files: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [path] = files.as_slice() else { panic!("{files:?}") };
        let name = "2026-11-24T00-32-03.456Z-password_reset-0123456789abcdef0123456789abcdef.eml";
        assert_eq!(path.file_name().unwrap(), name);
        let text = fs::read_to_string(path).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("\r\nTo: ada@example.com\r\n") && !text.contains("eve@"), "{text}");
        assert!(head.starts_with("Date: Tue, 24 Nov 2026 00:32:03 -0000\r\n"), "{text}");
        assert!(!head.contains("ums_pr_T") && body.contains("\r\nums_pr_T\r\n"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(path), mode(&directory)), (0o600, 0o700));
        }
        // The same message once more replaces nothing by half a file.
        notifier.send(&message()).await.unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), text);
    }

    #[tokio::test]
    async fn a_directory_that_is_gone_is_a_temporary_failure() {
        let temporary = tempfile::tempdir().unwrap();
        let notifier = DirectoryNotifier::open(temporary.path().join("messages")).unwrap();
        fs::remove_dir(notifier.directory()).unwrap();
        let error = notifier.send(&message()).await.unwrap_err();
        assert!(!error.is_permanent() && !format!("{error:?}").contains("ums_pr_T"), "{error:?}");
        assert!(DirectoryNotifier::open("/dev/null/messages").is_err());
    }
}
