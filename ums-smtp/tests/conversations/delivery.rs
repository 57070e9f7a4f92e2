//! What the library makes of what a server answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ums_core::log::{LogQuery, LogSink};
use ums_store_memory::MemoryStore;
use ums_testkit::Fixture;

use crate::plain;
use crate::server::{Manners, Server};

/// A fixture with one message to send, to a server that answers so.
async fn with_answers(answers: &[(&'static str, &[&'static str])]) -> (Fixture, Server) {
    let answers: BTreeMap<_, _> = answers.iter().map(|(verb, several)| (*verb, several.to_vec())).collect();
    let server = Server::start(Manners { is_plain: true, answers, ..Manners::default() }).await;
    let fixture = Fixture::with_notifier(Arc::new(MemoryStore::new()), Arc::new(plain(&server))).await;
    fixture.register("ada@example.com").await;
    (fixture, server)
}

/// How often it was sent, failed, was dropped.
async fn deliver(fixture: &Fixture) -> (usize, usize, usize) {
    let delivery = fixture.ums.deliver_messages().await.unwrap();
    (delivery.sent, delivery.failed, delivery.dropped)
}

/// The events about messages, oldest first: the action and whether it was final.
async fn told(fixture: &Fixture) -> Vec<(String, Option<bool>)> {
    fixture.ums.log().flush().await.unwrap();
    let mut query = LogQuery::default();
    query.action = Some("message".to_owned());
    let mut events = fixture.log.query(&query).await.unwrap().items;
    events.reverse();
    let of = |event: &ums_core::log::LogEvent| {
        (event.action().to_owned(), event.fields().get("final").and_then(|value| value.as_bool()))
    };
    events.iter().map(of).collect()
}

#[tokio::test]
async fn what_is_refused_for_now_comes_again() {
    for verb in ["CONNECT", "MAIL", "RCPT", "DATA"] {
        let (fixture, server) = with_answers(&[(verb, &["451 later", "421 later"])]).await;
        assert_eq!(deliver(&fixture).await, (0, 1, 0), "{verb}");
        // It is left alone for a while.
        assert_eq!(deliver(&fixture).await, (0, 0, 0), "{verb}");
        fixture.clock.advance(Duration::from_secs(15));
        assert_eq!(deliver(&fixture).await, (0, 1, 0), "{verb}");
        fixture.clock.advance(Duration::from_secs(29));
        assert_eq!(deliver(&fixture).await, (0, 0, 0), "{verb}");
        fixture.clock.advance(Duration::from_secs(1));
        assert_eq!(deliver(&fixture).await, (1, 0, 0), "{verb}");
        assert_eq!(deliver(&fixture).await, (0, 0, 0), "{verb}");
        assert_eq!(server.heard().letters.len(), 1, "{verb}");
        let failed = ("message.failed".to_owned(), Some(false));
        assert_eq!(told(&fixture).await, [failed.clone(), failed, ("message.sent".to_owned(), None)]);
        fixture.verify().await;
    }
}

#[tokio::test]
async fn recipients_that_are_refused_keep_no_others_and_an_outage_keeps_all() {
    for (verb, first, second) in [("RCPT", (4, 4, 0), (0, 0, 0)), ("CONNECT", (0, 4, 0), (4, 0, 0))] {
        let (fixture, server) = with_answers(&[(verb, &["451 later"; 4])]).await;
        for number in 1..8 {
            fixture.register(&format!("user{number}@example.com")).await;
        }
        assert_eq!(deliver(&fixture).await, first, "{verb}");
        assert_eq!(deliver(&fixture).await, second, "{verb}");
        fixture.clock.advance(Duration::from_secs(15));
        assert_eq!(deliver(&fixture).await, (4, 0, 0), "{verb}");
        assert_eq!(server.heard().letters.len(), 8, "{verb}");
        fixture.verify().await;
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_dropped_and_told() {
    for verb in ["RCPT", "DATA"] {
        let (fixture, server) = with_answers(&[(verb, &["550 no such user"])]).await;
        assert_eq!(deliver(&fixture).await, (0, 0, 1), "{verb}");
        fixture.clock.advance(Duration::from_secs(3600));
        assert_eq!(deliver(&fixture).await, (0, 0, 0), "{verb}");
        assert!(server.heard().letters.is_empty());
        assert_eq!(told(&fixture).await, [("message.failed".to_owned(), Some(true))]);
        fixture.verify().await;
    }
}

#[tokio::test]
async fn what_the_operator_has_to_mend_drops_nothing() {
    for (verb, answer) in [("CONNECT", "554 go away"), ("MAIL", "550 no such sender")] {
        let (fixture, _server) = with_answers(&[(verb, &[answer])]).await;
        assert_eq!(deliver(&fixture).await, (0, 1, 0), "{verb}");
        fixture.clock.advance(Duration::from_secs(15));
        assert_eq!(deliver(&fixture).await, (1, 0, 0), "{verb}");
        fixture.verify().await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}?tls=none", listener.local_addr().unwrap());
    drop(listener);
    let notifier = ums_smtp::SmtpNotifier::new(url.parse().unwrap(), &crate::sender()).unwrap();
    let fixture = Fixture::with_notifier(Arc::new(MemoryStore::new()), Arc::new(notifier)).await;
    fixture.register("ada@example.com").await;
    assert_eq!(deliver(&fixture).await, (0, 1, 0));
    // The verification is of no more use after a day.
    for _ in 0..200 {
        fixture.clock.advance(Duration::from_secs(600));
        deliver(&fixture).await;
    }
    let told = told(&fixture).await;
    assert_eq!(told.last().unwrap(), &("message.failed".to_owned(), Some(true)));
    assert_eq!(told.iter().filter(|(_, is_final)| *is_final == Some(true)).count(), 1);
    fixture.verify().await;
}
