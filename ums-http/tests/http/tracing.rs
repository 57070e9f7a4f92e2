//! What the program's own log is told of requests.

use std::fmt;
use std::sync::{Mutex, Once};
use std::thread::{self, ThreadId};

use ::tracing::field::{Field, Visit};
use ::tracing::span::{Attributes, Id};
use ::tracing::{Event, Level, Subscriber};
use http::StatusCode;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::limits::{FAILS, PANICS, moody};
use crate::support::Server;
use ums_http::HttpOptions;

/// Every event of the interface: the thread that it came from, its level, its fields, and those of the spans around it.
///
/// Listens for the whole process and for good: where subscribers come and go on threads, a place in the code that was
/// passed in between may count as one that nobody listens to.
static EVENTS: Mutex<Vec<(ThreadId, Level, String)>> = Mutex::new(Vec::new());

struct Listener;

/// What the program's log was told on this thread since the test began to listen. A test has a thread of its own.
struct Told {
    before: usize,
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut text = Text::default();
        attributes.record(&mut text);
        context.span(id).unwrap().extensions_mut().insert(text);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !event.metadata().target().starts_with("ums_http") {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        for span in context.event_scope(event).into_iter().flatten() {
            text.0 += &span.extensions().get::<Text>().unwrap().0;
        }
        let level = *event.metadata().level();
        EVENTS.lock().unwrap().push((thread::current().id(), level, text.0));
    }
}

impl Told {
    fn listen() -> Self {
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| {
            ::tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Listener)).unwrap();
        });
        Self { before: EVENTS.lock().unwrap().len() }
    }

    fn all(&self) -> Vec<(Level, String)> {
        let own = thread::current().id();
        let events = EVENTS.lock().unwrap();
        let since = events[self.before..].iter().filter(|(thread, _, _)| *thread == own);
        since.map(|(_, level, text)| (*level, text.clone())).collect()
    }

    fn errors(&self) -> Vec<String> {
        let errors = self.all().into_iter().filter(|(level, _)| *level == Level::ERROR);
        errors.map(|(_, text)| text).collect()
    }
}

#[tokio::test]
async fn what_a_client_is_not_told_is_logged_once_under_the_request() {
    let (server, mood) = moody(HttpOptions::new()).await;
    mood.set(FAILS);
    let told = Told::listen();
    let answer = server.get("/readyz/").header("x-request-id", "trace-9").send().await;
    answer.problem(503, "store_unavailable");
    let errors = told.errors();
    assert_eq!(errors.len(), 1, "{errors:?}");
    for part in ["disk 7 is on fire", "store_unavailable", "request_id=trace-9", "method=GET", "/readyz"] {
        assert!(errors[0].contains(part), "{part}: {errors:?}");
    }
}

#[tokio::test]
async fn a_panic_is_logged_under_the_request() {
    let (server, mood) = moody(HttpOptions::new()).await;
    mood.set(PANICS);
    let told = Told::listen();
    server.get("/readyz").header("x-request-id", "trace-9").send().await.problem(500, "internal");
    let errors = told.errors();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("lost its head") && errors[0].contains("request_id=trace-9"), "{errors:?}");
}

#[tokio::test]
async fn a_refusal_is_no_error_and_no_token_is_logged() {
    let (server, token) = Server::with_admin().await;
    let told = Told::listen();
    server.get("/user/7").token(&token).send().await.problem(404, "not_found");
    server.get("/auth/me").token("secret-token").send().await.problem(401, "invalid_access_token");
    server.get("/auth/me").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(told.errors(), [""; 0]);
    let told = told.all();
    assert!(told.iter().filter(|(_, text)| text.contains("answered")).count() == 3, "{told:?}");
    assert!(
        told.iter().all(|(_, text)| !text.contains("secret-token") && !text.contains(&token)),
        "{told:?}"
    );
}
