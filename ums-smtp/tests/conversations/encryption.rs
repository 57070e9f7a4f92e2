//! Nothing is said in the clear that should not be.

use ums_core::notify::Notifier;
use ums_smtp::SmtpNotifier;

use crate::server::{Manners, Server};
use crate::{message_to, sender};

/// A notifier that trusts the server, and logs in.
fn trusting(server: &Server, scheme: &str) -> SmtpNotifier {
    let url = format!("{scheme}://ada:p%40ss@localhost:{}", server.address.port());
    SmtpNotifier::trusting(url.parse().unwrap(), &sender(), server.pem.as_bytes()).unwrap()
}

#[tokio::test]
async fn starttls_comes_before_the_password() {
    let server = Server::start(Manners::default()).await;
    trusting(&server, "smtp").send(&message_to("ada@example.com").await).await.unwrap();
    let heard = server.heard();
    assert_eq!(
        heard.commands,
        [
            "EHLO example.com",
            "STARTTLS",
            "TLS",
            "EHLO example.com",
            // Of the zero byte, `ada`, the zero byte and `p@ss` (RFC 4616).
            "AUTH PLAIN AGFkYQBwQHNz",
            "MAIL FROM:<noreply@example.com>",
            "RCPT TO:<ada@example.com>",
            "DATA",
            "QUIT",
        ]
    );
    assert_eq!(heard.letters.len(), 1);
}

#[tokio::test]
async fn tls_may_come_first() {
    let server = Server::start(Manners { is_wrapped: true, ..Manners::default() }).await;
    trusting(&server, "smtps").send(&message_to("ada@example.com").await).await.unwrap();
    let heard = server.heard();
    assert_eq!(heard.commands[..3], ["TLS", "EHLO example.com", "AUTH PLAIN AGFkYQBwQHNz"]);
    assert_eq!(heard.letters.len(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_hears_nothing() {
    let server = Server::start(Manners { is_plain: true, ..Manners::default() }).await;
    let error = trusting(&server, "smtp").send(&message_to("ada@example.com").await).await.unwrap_err();
    assert!(!error.is_permanent(), "{error:?}");
    assert_eq!(error.to_string(), "the mail server does not encrypt");
    assert_eq!(server.heard().commands, ["EHLO example.com"]);
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_is_not_trusted() {
    let server = Server::start(Manners::default()).await;
    let url = format!("smtp://ada:p%40ss@localhost:{}", server.address.port());
    let notifier = SmtpNotifier::new(url.parse().unwrap(), &sender()).unwrap();
    let error = notifier.send(&message_to("ada@example.com").await).await.unwrap_err();
    assert!(!error.is_permanent(), "{error:?}");
    let heard = server.heard().commands;
    assert!(!heard.iter().any(|command| command.starts_with("AUTH")), "{heard:?}");
    assert!(!format!("{notifier:?} {error:?}").contains("p@ss"));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let url = "smtp://mail.example.com".parse().unwrap();
    let pem = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(SmtpNotifier::trusting(url, &sender(), pem).is_err());
}
