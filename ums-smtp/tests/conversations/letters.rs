//! What goes over the wire.

use ums_core::notify::Notifier;

use crate::server::{Manners, Server};
use crate::{message_to, plain};

#[tokio::test]
async fn a_letter_has_what_mail_asks_for_and_the_token() {
    let server = Server::start(Manners { is_plain: true, ..Manners::default() }).await;
    let message = message_to("ada@example.com").await;
    plain(&server).send(&message).await.unwrap();
    let heard = server.heard();
    assert_eq!(
        heard.commands,
        ["EHLO example.com", "MAIL FROM:<noreply@example.com>", "RCPT TO:<ada@example.com>", "DATA", "QUIT"]
    );
    let letter = &heard.letters[0];
    let (head, body) = letter.split_once("\r\n\r\n").unwrap();
    let head: Vec<&str> = head.split("\r\n").collect();
    for line in [
        "From: \"Tech Corp\" <noreply@example.com>",
        "To: ada@example.com",
        "Subject: Confirm your e-mail address for UMS",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
        &format!("Message-ID: <{}@example.com>", message.id),
    ] {
        assert!(head.contains(&line), "{line}: {head:#?}");
    }
    assert!(head.iter().any(|line| line.starts_with("Date: ")), "{head:#?}");
    let token = message.token.as_ref().unwrap();
    let body = body.replace("=\r\n", "").replace("=3D", "=");
    assert!(body.contains(token.reveal_link()) && body.contains(token.reveal()), "{body}");
    assert!(letter.replace("\r\n", "").find(['\r', '\n']).is_none(), "a bare line break: {letter:?}");
}

#[tokio::test]
async fn a_line_that_is_a_dot_ends_no_letter() {
    let server = Server::start(Manners { is_plain: true, ..Manners::default() }).await;
    let mut message = message_to("ada@example.com").await;
    message.service = "Corp\r\n.\r\nMAIL FROM:<eve@example.com>\r\n.x".into();
    plain(&server).send(&message).await.unwrap();
    let heard = server.heard();
    let commands: Vec<_> = heard.commands.iter().filter(|command| command.starts_with("MAIL")).collect();
    assert_eq!(commands, ["MAIL FROM:<noreply@example.com>"]);
    let letter = &heard.letters[0];
    assert!(letter.contains("\r\n..\r\n") && letter.contains("\r\n..x"), "{letter}");
}

#[tokio::test]
async fn nothing_that_somebody_typed_begins_a_line_of_the_head() {
    let server = Server::start(Manners { is_plain: true, ..Manners::default() }).await;
    let mut message = message_to("ada@example.com").await;
    message.recipient.full_name = "Ada\r\nBcc: eve@example.com".into();
    message.service = "Corp\r\nBcc: eve@example.com".into();
    plain(&server).send(&message).await.unwrap();
    let heard = server.heard();
    let (head, _) = heard.letters[0].split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("\r\nbcc"), "{head}");
    let recipients: Vec<_> = heard.commands.iter().filter(|command| command.starts_with("RCPT")).collect();
    assert_eq!(recipients, ["RCPT TO:<ada@example.com>"]);

    message.recipient.email = "ada@example.com>\r\nRCPT TO:<eve@example.com".into();
    let error = plain(&server).send(&message).await.unwrap_err();
    assert!(error.is_permanent(), "{error:?}");
    assert_eq!(server.heard().letters.len(), 1);
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_knows_them() {
    let message = message_to("größe@example.com").await;
    let server = Server::start(Manners { is_plain: true, ..Manners::default() }).await;
    let error = plain(&server).send(&message).await.unwrap_err();
    assert!(error.is_permanent(), "{error:?}");
    assert!(server.heard().letters.is_empty());

    let manners = Manners { is_plain: true, is_international: true, ..Manners::default() };
    let server = Server::start(manners).await;
    plain(&server).send(&message).await.unwrap();
    let heard = server.heard();
    assert!(heard.commands.iter().any(|command| command.contains(" SMTPUTF8")), "{heard:?}");
    assert!(heard.commands.contains(&"RCPT TO:<größe@example.com>".to_owned()), "{heard:?}");
    assert_eq!(heard.letters.len(), 1);
}
