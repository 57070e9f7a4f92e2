//! One conversation with the server: it takes one letter.

use std::fmt;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use ums_core::notify::NotifyError;

use crate::letter::Letter;
use crate::smtp_url::{Encryption, SmtpUrl};

/// How long the server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What every conversation with a server begins with.
pub(crate) struct Opening {
    pub(crate) url: SmtpUrl,
    /// `None` only where the conversation is not to be encrypted.
    pub(crate) tls: Option<TlsParameters>,
    pub(crate) hello: ClientId,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Opening {
    /// Hands a letter over.
    ///
    /// # Errors
    ///
    /// A permanent [`NotifyError`] where the server refuses the recipient or the letter for good (5yz); a temporary one
    /// where it does for now. What the server has against the client, its password or its sender, is no fault of the
    /// message: the operator mends that, the message waits, and the server counts as unavailable, as where it does not
    /// answer.
    pub(crate) async fn hand_over(&self, letter: &Letter) -> Result<(), NotifyError> {
        let mut connection = self.connect().await?;
        self.converse(&mut connection, letter).await?;
        // Only here is there somebody to say goodbye to: after a failed handshake lettre has no connection any more.
        connection.abort().await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, NotifyError> {
        let wrapper = self.tls.clone().filter(|_| self.url.encryption == Encryption::Tls);
        let server = (self.url.host.as_str(), self.url.port);
        AsyncSmtpConnection::connect_tokio1(server, Some(PATIENCE), &self.hello, wrapper, None)
            .await
            .map_err(|error| unavailable("the mail server does not answer", error))
    }

    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        letter: &Letter,
    ) -> Result<(), NotifyError> {
        if let Some(tls) = self.tls.clone().filter(|_| self.url.encryption == Encryption::StartTls) {
            let started = connection.starttls(tls, &self.hello).await;
            started.map_err(|error| unavailable("the mail server does not encrypt", error))?;
        }
        if let Some((user, password)) = &self.url.credentials {
            let credentials = Credentials::new(user.clone(), password.to_string());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let authenticated = connection.auth(&mechanisms, &credentials).await;
            authenticated
                .map_err(|error| unavailable("the mail server does not take the password", error))?;
        }
        let parameters = parameters(connection, letter)?;
        // What is asked for this letter alone may be what the server has something against.
        let sender_refused = if parameters.is_empty() { unavailable } else { temporary };
        let mail = Mail::new(letter.envelope.from().cloned(), parameters);
        let taken = connection.command(mail).await;
        taken.map_err(|error| sender_refused("the mail server does not take the sender", error))?;
        for recipient in letter.envelope.to() {
            let taken = connection.command(Rcpt::new(recipient.clone(), Vec::new())).await;
            taken.map_err(|error| refused("the mail server does not take the recipient", error))?;
        }
        let letter_refused = |error| refused("the mail server does not take the message", error);
        connection.command(Data).await.map_err(letter_refused)?;
        connection.message(&letter.bytes.0).await.map_err(letter_refused)?;
        Ok(())
    }
}

/// What the server has to know of the letter beforehand: an address beyond ASCII (RFC 6531).
fn parameters(connection: &AsyncSmtpConnection, letter: &Letter) -> Result<Vec<MailParameter>, NotifyError> {
    let mut parameters = Vec::new();
    let addresses = letter.envelope.to();
    let is_plain = addresses.iter().all(|address| AsRef::<str>::as_ref(address).is_ascii());
    if !is_plain {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(NotifyError::permanent("the mail server takes no address beyond ASCII"));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !letter.bytes.0.is_ascii() {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

fn refused(what: &str, error: SmtpError) -> NotifyError {
    if error.is_permanent() { NotifyError::permanent(what).caused_by(error) } else { temporary(what, error) }
}

fn temporary(what: &str, error: SmtpError) -> NotifyError {
    NotifyError::temporary(what).caused_by(error)
}

fn unavailable(what: &str, error: SmtpError) -> NotifyError {
    NotifyError::unavailable(what).caused_by(error)
}
