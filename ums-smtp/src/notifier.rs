//! The notifier.

use async_trait::async_trait;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use ums_core::notify::{Message, Notifier, NotifyError};

use crate::conversation::Opening;
use crate::letter::Letter;
use crate::sender::Sender;
use crate::smtp_url::{Encryption, SmtpUrl};

/// Brings messages by SMTP, each in a conversation of its own.
///
/// The server's certificate is checked against those that the machine trusts. A message is refused for good where the
/// server refuses its recipient or its text with 5yz; after anything else it comes again.
#[derive(Debug)]
pub struct SmtpNotifier {
    sender: Sender,
    opening: Opening,
}

/// A certificate that can't be read, or a host that no certificate names.
#[derive(Debug, thiserror::Error)]
#[error("the mail server's certificate could never be checked")]
pub struct InvalidCertificate(#[source] lettre::transport::smtp::Error);

impl SmtpNotifier {
    /// One that brings messages from this sender to this server.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate`] where the server's name is none that a certificate can have.
    pub fn new(url: SmtpUrl, sender: &Sender) -> Result<Self, InvalidCertificate> {
        Self::open(url, sender, Vec::new())
    }

    /// One that trusts this certificate (PEM) too: of an authority that the machine does not know.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate`] where it is no certificate.
    pub fn trusting(url: SmtpUrl, sender: &Sender, pem: &[u8]) -> Result<Self, InvalidCertificate> {
        let certificate = Certificate::from_pem(pem).map_err(InvalidCertificate)?;
        Self::open(url, sender, vec![certificate])
    }

    fn open(
        url: SmtpUrl,
        sender: &Sender,
        certificates: Vec<Certificate>,
    ) -> Result<Self, InvalidCertificate> {
        let tls = match url.encryption {
            Encryption::None => None,
            Encryption::StartTls | Encryption::Tls => {
                let mut builder = TlsParameters::builder(url.host.clone());
                for certificate in certificates {
                    builder = builder.add_root_certificate(certificate);
                }
                Some(builder.build().map_err(InvalidCertificate)?)
            }
        };
        let hello = ClientId::Domain(sender.domain().to_owned());
        Ok(Self { sender: sender.clone(), opening: Opening { url, tls, hello } })
    }
}

#[async_trait]
impl Notifier for SmtpNotifier {
    async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        let letter = Letter::write(message, &self.sender)?;
        self.opening.hand_over(&letter).await
    }
}
