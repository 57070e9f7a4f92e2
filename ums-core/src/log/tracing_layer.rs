//! From the program's own tracing events to log events.

use std::fmt::{self, Write as _};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::{Level, LogQueue, bounds, queue};

/// Records what the program says through `tracing`.
///
/// An event of target `ums_http::router` becomes one of action `trace.ums_http.router`, with its level, its message
/// and its fields. The request id is the field `request_id` of the event, or of the nearest span around it that has
/// one. Such events belong to no organisation.
///
/// Left out are: events below the level given; what the log itself says (targets under `ums_core::log`) and
/// everything that is said by the task that appends to the sink, so that no event makes another without end; and
/// fields whose name contains `password`, `passwd`, `passphrase`, `secret`, `token`, `authorization`, `cookie`,
/// `credential`, `api_key`, `apikey` or `private_key`, in upper or lower case, with `-` like `_`. The text of
/// messages is recorded as it is.
#[derive(Clone, Debug)]
pub struct TracingLayer {
    queue: LogQueue,
    level: Level,
}

impl TracingLayer {
    /// A layer that records events of this level and above.
    #[must_use]
    pub fn new(queue: LogQueue, level: Level) -> Self {
        Self { queue, level }
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for TracingLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut request = RequestIdVisitor::default();
        attributes.record(&mut request);
        remember(request, id, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut request = RequestIdVisitor::default();
        values.record(&mut request);
        remember(request, id, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let level = Level::from(*metadata.level());
        if level < self.level || is_own(metadata.target()) || queue::is_appending() {
            return;
        }
        let mut said = EventVisitor::default();
        event.record(&mut said);
        let action = format!("trace.{}", metadata.target().replace("::", "."));
        let mut log_event = self.queue.event(level, action, said.message);
        for (name, value) in said.fields {
            log_event = log_event.with_field(name, value);
        }
        let of_span = || {
            let mut spans = context.event_scope(event)?;
            spans.find_map(|span| span.extensions().get::<RequestId>().map(|request| request.0.clone()))
        };
        if let Some(request_id) = said.request_id.or_else(of_span) {
            log_event = log_event.with_request_id(request_id);
        }
        self.queue.record(log_event);
    }
}

fn is_own(target: &str) -> bool {
    target.strip_prefix("ums_core::log").is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The request id of a span, among what is kept with it.
struct RequestId(String);

fn remember<S: Subscriber + for<'span> LookupSpan<'span>>(
    request: RequestIdVisitor,
    id: &Id,
    context: &Context<'_, S>,
) {
    if let (Some(request_id), Some(span)) = (request.0, context.span(id)) {
        span.extensions_mut().replace(RequestId(request_id));
    }
}

const REQUEST_ID: &str = "request_id";

#[derive(Default)]
struct RequestIdVisitor(Option<String>);

impl Visit for RequestIdVisitor {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == REQUEST_ID {
            self.0 = Some(Bounded::text(value));
        }
    }
}

#[derive(Default)]
struct EventVisitor {
    message: String,
    request_id: Option<String>,
    fields: Vec<(&'static str, Value)>,
}

impl EventVisitor {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        if !is_secret(field.name()) {
            self.fields.push((field.name(), value.into()));
        }
    }
}

impl Visit for EventVisitor {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = Bounded::text(value),
            REQUEST_ID => self.request_id = Some(Bounded::text(value)),
            name if is_secret(name) => {}
            _ => self.add(field, Bounded::text(value)),
        }
    }
}

fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "authorization",
        "cookie",
        "credential",
        "api_key",
        "apikey",
        "private_key",
    ];
    let name = name.to_ascii_lowercase().replace('-', "_");
    WORDS.iter().any(|word| name.contains(word))
}

/// Takes no more of a text than an event can hold and one character over, so that a text of any size costs little and
/// is still seen to be cut.
struct Bounded(String);

impl Bounded {
    const BYTES: usize = bounds::MESSAGE_BYTES + char::MAX.len_utf8();

    fn text(value: &dyn fmt::Debug) -> String {
        let mut bounded = Self(String::new());
        // An error only says that the bound was met.
        let _ = write!(bounded, "{value:?}");
        bounded.0
    }
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = Self::BYTES.saturating_sub(self.0.len());
        let taken = text.get(..bounds::boundary(text, room)).unwrap_or_default();
        self.0.push_str(taken);
        if taken.len() == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
