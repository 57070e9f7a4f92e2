//! What Prometheus asks for: how many requests of which route ended how and how fast, and what the core has counted.

use std::fmt;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, prometheus_text};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::time::Instant;
use ums_core::{Endings, Figures};

use crate::describe::{Description, Output};

/// Prometheus' text format, as every version of it reads it.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Up to what an answer took, in seconds: from a look at the memory, over a hash, to an import.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// What a router counts. Clones count together; a router that is not given one counts by itself.
///
/// Labels are bounded: a route is one of the router's own templates, or `none`.
#[derive(Clone)]
pub struct Metrics(Arc<Counts>);

struct Counts {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
    method: &'static str,
}

impl Metrics {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("ums");
        let requests = Family::<RequestLabels, Counter>::default();
        let new_histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let seconds = Family::new_with_constructor(new_histogram);
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What is running", build);
        registry.register("http_requests", "Requests by route, method and class of status", requests.clone());
        let text = "Seconds from the head of a request to the head of its answer";
        registry.register("http_request_seconds", text, seconds.clone());
        Self(Arc::new(Counts { registry, requests, seconds }))
    }

    /// Notes that a request has come; tell it of the answer.
    pub(crate) fn begin(&self, route: &str, method: &Method) -> Request {
        let route = if route.is_empty() { "none" } else { template(route) };
        let labels = RouteLabels { route: route.to_owned(), method: known(method) };
        Request { metrics: self.clone(), labels, begun: Instant::now() }
    }

    /// All of it, as Prometheus reads it.
    pub(crate) fn page(&self, figures: Figures) -> Exposition {
        let mut core = Registry::with_prefix("ums");
        core.register_collector(Box::new(OfTheCore(figures)));
        let mut text = String::new();
        // A string takes whatever is written to it.
        let _ = prometheus_text::encode(&mut text, &self.0.registry)
            .and_then(|()| prometheus_text::encode(&mut text, &core));
        Exposition(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// A request that has begun.
pub(crate) struct Request {
    metrics: Metrics,
    labels: RouteLabels,
    begun: Instant,
}

impl Request {
    pub(crate) fn end(self, status: StatusCode) {
        let Self { metrics: Metrics(counts), labels, begun } = self;
        counts.seconds.get_or_create(&labels).observe(begun.elapsed().as_secs_f64());
        let RouteLabels { route, method } = labels;
        let labels = RequestLabels { route, method, status: class(status) };
        counts.requests.get_or_create(&labels).inc();
    }
}

/// A route has two spellings, with and without a slash at its end: they count as one.
fn template(route: &str) -> &str {
    match route.trim_end_matches('/') {
        "" => "/",
        bare => bare,
    }
}

fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// The core's figures at one moment.
#[derive(Debug)]
struct OfTheCore(Figures);

impl Collector for OfTheCore {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Figures { logins, refreshes, hashes, .. } = &self.0;
        let figures = &self.0;
        by_outcome(&mut encoder, "logins", "Log-ins by how they ended", logins)?;
        by_outcome(
            &mut encoder,
            "token_refreshes",
            "Renewals of a session's tokens by how they ended",
            refreshes,
        )?;
        gauge(
            &mut encoder,
            "hashes_running",
            "Password hashes that are computed now",
            hashes.running as u64,
        )?;
        gauge(
            &mut encoder,
            "hashes_waiting",
            "Password hashes that wait for their turn",
            hashes.waiting as u64,
        )?;
        counter(
            &mut encoder,
            "hashes_refused",
            "Password hashes turned away, since too many waited",
            hashes.refused,
        )?;
        gauge(&mut encoder, "imports_running", "Imports that are under way", figures.imports_running)?;
        counter(
            &mut encoder,
            "imported_rows",
            "Rows that the imports have read that have ended",
            figures.rows_imported,
        )?;
        counter(&mut encoder, "log_events", "Events that the log has taken", figures.events_recorded)?;
        let text = "Events that were dropped, since the log's sink was slow or down";
        counter(&mut encoder, "log_events_dropped", text, figures.events_dropped)
    }
}

fn by_outcome(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, endings: &Endings) -> fmt::Result {
    let Endings { done, refused, throttled, failed, .. } = *endings;
    let mut family = encoder.encode_descriptor(name, help, None, ConstCounter::<u64>::TYPE)?;
    for (outcome, count) in
        [("done", done), ("refused", refused), ("throttled", throttled), ("failed", failed)]
    {
        let labels = [("outcome", outcome)];
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, count: u64) -> fmt::Result {
    let metric = ConstCounter::new(count);
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let metric = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// The answer.
pub(crate) struct Exposition(String);

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, MEDIA_TYPE)], self.0).into_response()
    }
}

impl Output for Exposition {
    fn describe(description: &mut Description) {
        let schema = description.schema::<String>();
        let media_type = "text/plain";
        description.answer(
            StatusCode::OK,
            "Counts in Prometheus' text format.",
            Some((media_type, schema)),
            &[],
        );
    }
}
