//! Messages on their way through a real conversation with a mail server, on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod delivery;
mod encryption;
mod letters;
mod server;

use std::sync::Arc;

use ums_core::notify::{MemoryNotifier, Message, MessageKind};
use ums_smtp::{Sender, SmtpNotifier};
use ums_store_memory::MemoryStore;
use ums_testkit::Fixture;

use server::Server;

fn sender() -> Sender {
    "Tech Corp <noreply@example.com>".parse().unwrap()
}

/// A notifier that talks to the server in the clear, as nobody.
fn plain(server: &Server) -> SmtpNotifier {
    let url = format!("smtp://{}?tls=none", server.address);
    SmtpNotifier::new(url.parse().unwrap(), &sender()).unwrap()
}

/// A message as the library makes it, that confirms this address.
async fn message_to(email: &str) -> Message {
    let (fixture, notifier): (Fixture, MemoryNotifier) =
        Fixture::with_messages(Arc::new(MemoryStore::new())).await;
    fixture.register(email).await;
    fixture.ums.deliver_messages().await.unwrap();
    let message = notifier.take().remove(0);
    assert_eq!(message.kind, MessageKind::EmailVerification);
    message
}
