//! Who brings messages, as the configuration says.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ums_core::notify::{DirectoryNotifier, LogNotifier, Notifier};

use crate::config::NotifierChoice;

/// Why messages can't be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenNotifierError {
    /// The directory can't be made.
    #[error("messages can't be written to {} (MESSAGE_DIR)", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The certificate can't be read.
    #[error("the certificate in {} can't be read (SMTP_CA_FILE)", path.display())]
    CertificateFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The mail server's certificate could never be checked.
    #[cfg(feature = "smtp")]
    #[error("the mail server can't be spoken to (SMTP_URL, SMTP_CA_FILE)")]
    Certificate(#[from] ums_smtp::InvalidCertificate),
}

/// Opens what brings messages.
pub(crate) fn open_notifier(choice: &NotifierChoice) -> Result<Arc<dyn Notifier>, OpenNotifierError> {
    match choice {
        NotifierChoice::Directory(path) => match DirectoryNotifier::open(path) {
            Ok(notifier) => Ok(Arc::new(notifier)),
            Err(source) => Err(OpenNotifierError::Directory { path: path.clone(), source }),
        },
        NotifierChoice::Log => {
            tracing::warn!(
                "NOTIFIER is log: whoever reads this output can act for everybody who gets a message"
            );
            Ok(Arc::new(LogNotifier::for_development()))
        }
        #[cfg(feature = "smtp")]
        NotifierChoice::Smtp(smtp) => {
            let url = smtp.url.clone();
            let notifier = match &smtp.certificate_file {
                None => ums_smtp::SmtpNotifier::new(url, &smtp.sender)?,
                Some(path) => {
                    let pem = std::fs::read(path).map_err(|source| OpenNotifierError::CertificateFile {
                        path: path.clone(),
                        source,
                    })?;
                    ums_smtp::SmtpNotifier::trusting(url, &smtp.sender, &pem)?
                }
            };
            Ok(Arc::new(notifier))
        }
    }
}
