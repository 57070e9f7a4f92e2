//! Which server, as text.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};
use zeroize::Zeroizing;

/// Which SMTP server, how to reach it and as whom: `smtp://USER:PASSWORD@HOST:PORT`. User and password are
/// percent-encoded, and may be left out together.
///
/// | scheme | encryption | port |
/// | --- | --- | --- |
/// | `smtp://` | STARTTLS, required (RFC 3207) | 587 unless given |
/// | `smtps://` | TLS from the start (RFC 8314) | 465 unless given |
/// | `smtp://…?tls=none` | none; only to this machine, `localhost`, 127.0.0.0/8 and `[::1]` | 25 unless given |
///
/// `Debug` does not show the password.
#[derive(Clone)]
pub struct SmtpUrl {
    pub(crate) encryption: Encryption,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) credentials: Option<(String, Zeroizing<String>)>,
}

/// How the conversation with the server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encryption {
    /// By STARTTLS: a server that does not offer it is refused.
    StartTls,
    /// From the first byte.
    Tls,
    /// Not at all.
    None,
}

/// A text that is no such URL. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be smtp://USER:PASSWORD@HOST:PORT (STARTTLS) or smtps://… (TLS), user and password percent-encoded or both left \
     out; ?tls=none only for localhost"
)]
pub struct InvalidSmtpUrl;

impl SmtpUrl {
    /// How the conversation is encrypted.
    #[must_use]
    pub fn encryption(&self) -> Encryption {
        self.encryption
    }
}

impl FromStr for SmtpUrl {
    type Err = InvalidSmtpUrl;

    fn from_str(text: &str) -> Result<Self, InvalidSmtpUrl> {
        let url = Url::parse(text).map_err(|_| InvalidSmtpUrl)?;
        let is_bare = matches!(url.path(), "" | "/") && url.fragment().is_none();
        let host = url.host().filter(|_| is_bare).ok_or(InvalidSmtpUrl)?;
        let encryption = match (url.scheme(), url.query()) {
            ("smtp", None) => Encryption::StartTls,
            ("smtps", None) => Encryption::Tls,
            ("smtp", Some("tls=none")) if is_this_machine(&host) => Encryption::None,
            _ => return Err(InvalidSmtpUrl),
        };
        let port = url.port().unwrap_or(match encryption {
            Encryption::StartTls => 587,
            Encryption::Tls => 465,
            Encryption::None => 25,
        });
        let host = match host {
            Host::Domain("") => return Err(InvalidSmtpUrl),
            // An address of version 6 stands without its brackets where it is connected to.
            Host::Ipv6(address) => address.to_string(),
            host => host.to_string(),
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(InvalidSmtpUrl),
            (user, Some(password)) => Some((decoded(user)?, Zeroizing::new(decoded(password)?))),
        };
        Ok(Self { encryption, host, port, credentials })
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpUrl")
            .field("encryption", &self.encryption)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.credentials.as_ref().map(|(user, _)| user))
            .finish_non_exhaustive()
    }
}

/// The scheme is none that the standard on URLs knows, so that its host comes as text even where it is an address.
fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            *name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn decoded(text: &str) -> Result<String, InvalidSmtpUrl> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| InvalidSmtpUrl)?;
    // SASL's separator (RFC 4616), which would shift what is the user and what the password.
    if text.contains('\0') { Err(InvalidSmtpUrl) } else { Ok(text.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Encryption, String, u16, Option<(String, String)>) {
        let url: SmtpUrl = text.parse().unwrap();
        let credentials = url.credentials.map(|(user, password)| (user, password.to_string()));
        (url.encryption, url.host, url.port, credentials)
    }

    #[test]
    fn says_which_server_how_and_as_whom() {
        let as_ada = Some(("ada@example.com".to_owned(), "p:a/s s".to_owned()));
        for (text, encryption, host, port, credentials) in [
            ("smtp://mail.example.com", Encryption::StartTls, "mail.example.com", 587, None),
            ("smtps://mail.example.com/", Encryption::Tls, "mail.example.com", 465, None),
            (
                "smtp://ada%40example.com:p%3Aa%2Fs%20s@mail.example.com:2525",
                Encryption::StartTls,
                "mail.example.com",
                2525,
                as_ada,
            ),
            ("smtp://localhost?tls=none", Encryption::None, "localhost", 25, None),
            ("smtp://127.0.0.9:1025?tls=none", Encryption::None, "127.0.0.9", 1025, None),
            ("smtp://[::1]:1025?tls=none", Encryption::None, "::1", 1025, None),
        ] {
            assert_eq!(read(text), (encryption, host.to_owned(), port, credentials), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused_and_not_repeated() {
        for text in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp://mail.example.com/inbox",
            "smtp://mail.example.com#x",
            "smtp://mail.example.com?tls=opportunistic",
            "smtp://mail.example.com?tls=none",
            "smtp://192.0.2.1?tls=none",
            "smtps://localhost?tls=none",
            "smtp://hush@mail.example.com",
            "smtp://:hush@mail.example.com",
            "smtp://ada:hush%00@mail.example.com",
            "smtp://ada:hush%ff@mail.example.com",
        ] {
            let error = text.parse::<SmtpUrl>().unwrap_err();
            assert!(!error.to_string().contains("hush"), "{error}");
        }
        let shown = format!("{:?}", "smtp://ada:hush@mail.example.com".parse::<SmtpUrl>().unwrap());
        assert!(!shown.contains("hush") && shown.contains("ada"), "{shown}");
    }
}
