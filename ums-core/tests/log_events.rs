//! Events: their JSON, and hostile text in them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod log_support;

use log_support::{id, line, numbered, time};
use proptest::prelude::*;
use serde_json::{Value, json};
use ums_core::log::{Level, LogEvent, Outcome};
use ums_core::model::{OrganisationId, UserId};

const MOMENT: &str = "2026-11-24T01:02:03.456Z";

#[test]
fn a_full_event_is_exactly_this_json() {
    let event = LogEvent::new(id(time(MOMENT), 7), Level::Warn, "auth.login", "wrong password")
        .with_actor(UserId::try_from(12).unwrap())
        .with_target("user/12")
        .with_outcome(Outcome::Refused)
        .with_request_id("0f3a")
        .with_ip(Some([192, 0, 2, 1].into()))
        .with_organisation(OrganisationId::try_from(3).unwrap())
        .with_field("attempt", 4)
        .with_field("agents", json!(["curl", {"version": 8}]));
    let expected = concat!(
        r#"{"id":"01a20b12fcc00000000000000007","timestamp":"2026-11-24T01:02:03.456Z","level":"warn","#,
        r#""action":"auth.login","message":"wrong password","actor_id":12,"target":"user/12","#,
        r#""outcome":"refused","request_id":"0f3a","ip":"192.0.2.1","#,
        r#""fields":{"agents":["curl",{"version":8}],"attempt":4},"organisation_id":3}"#,
    );
    assert_eq!(line(&event), format!("{expected}\n"));
    assert_eq!(serde_json::to_string(&event).unwrap(), expected);
    assert_eq!(serde_json::from_str::<LogEvent>(expected).unwrap(), event);
}

#[test]
fn an_event_that_says_little_has_all_its_keys() {
    let event = LogEvent::new(id(time(MOMENT), 7), Level::Info, "server.start", "");
    let expected = json!({
        "id": "01a20b12fcc00000000000000007", "timestamp": MOMENT, "level": "info", "action": "server.start",
        "message": "", "actor_id": null, "target": null, "outcome": null, "request_id": null, "ip": null,
        "fields": {}, "organisation_id": null,
    });
    assert_eq!(serde_json::to_value(&event).unwrap(), expected);
    assert_eq!(serde_json::from_value::<LogEvent>(expected).unwrap(), event);
}

#[test]
fn what_no_constructor_makes_is_not_read() {
    let good = serde_json::to_value(numbered(time(MOMENT), 1)).unwrap();
    assert!(serde_json::from_value::<LogEvent>(good.clone()).is_ok());
    let bad = [
        ("timestamp", json!("2026-11-24T01:02:03.457Z")),
        ("id", json!("7")),
        ("level", json!("fatal")),
        ("action", json!("a".repeat(129))),
        ("message", json!("m".repeat(4097))),
        ("target", json!("t".repeat(257))),
        ("request_id", json!("r".repeat(129))),
        ("ip", json!("localhost")),
        ("actor_id", json!(0)),
        ("fields", json!({"a": [[[[1]]]]})),
        ("fields", json!({"a": "x".repeat(20_000)})),
    ];
    for (name, value) in bad {
        let mut event = good.clone();
        event[name] = value;
        assert!(serde_json::from_value::<LogEvent>(event).is_err(), "{name}");
    }
}

/// The event with this text wherever a text can stand.
fn everywhere(text: &str) -> LogEvent {
    let mut event = LogEvent::new(id(time(MOMENT), 1), Level::Info, text, text)
        .with_target(text)
        .with_request_id(text)
        .with_field(text, text)
        .with_field("nested", json!({"list": [text, {"deep": text}]}));
    for number in 0..100 {
        event = event.with_field(format!("{number} {text:.100}"), format!("{text:.2000}"));
    }
    event
}

/// One line, of bounded length, with nothing in it that a terminal or a line tool acts upon, and the same when read
/// back.
fn assert_harmless(event: &LogEvent) {
    let line = line(event);
    let text = line.strip_suffix('\n').unwrap();
    let acted_upon = |character: char| {
        character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}')
    };
    assert!(!text.contains(acted_upon), "{text:?}");
    assert!(line.len() < 256 * 1024, "{}", line.len());
    assert_eq!(&serde_json::from_str::<LogEvent>(text).unwrap(), event);
}

#[test]
fn hostile_text_is_one_bounded_harmless_line() {
    let hostile = [
        "a\nb",
        "a\r\nb",
        "\u{1b}[2J",
        "\u{9b}2J",
        "\u{2028}",
        "\u{2029}",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{202e}",
        "\u{feff}",
        "\"},\n{\"id\":\"forged\"",
        "\\",
        "😀",
    ];
    for text in hostile {
        assert_harmless(&everywhere(text));
        assert_harmless(&everywhere(&text.repeat((1024 * 1024) / text.len())));
    }
}

#[test]
fn long_text_keeps_its_start_and_ends_in_the_mark() {
    let event = everywhere(&"x".repeat(1024 * 1024));
    let cut = |bytes: usize| format!("{}…[cut]", "x".repeat(bytes - "…[cut]".len()));
    assert_eq!(event.action(), cut(128));
    assert_eq!(event.message(), cut(4096));
    assert_eq!(event.target(), Some(cut(256).as_str()));
    assert_eq!(event.request_id(), Some(cut(128).as_str()));
    assert_eq!(event.fields()[&cut(64)], cut(1024));
    assert_eq!(event.fields()["nested"]["list"][1]["deep"], cut(1024));
}

/// Any JSON, deep and wide ones among it.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(".{0,80}", inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_said_comes_back(texts in prop::collection::vec(any::<String>(), 4),
                                   fields in prop::collection::vec((any::<String>(), value()), 0..80)) {
        let mut event = LogEvent::new(id(time(MOMENT), 1), Level::Info, texts[0].clone(), texts[1].clone())
            .with_target(texts[2].clone())
            .with_request_id(texts[3].clone());
        for (name, value) in fields {
            event = event.with_field(name, value);
        }
        assert_harmless(&event);
    }
}
