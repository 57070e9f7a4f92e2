//! What a deployment decides about the HTTP interface.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::metrics::Metrics;

/// How [`router`](crate::router()) serves. The defaults suit a server that its clients reach directly.
///
/// ```
/// use std::time::Duration;
/// use ums_http::HttpOptions;
///
/// let options = HttpOptions::new()
///     .request_timeout(Duration::from_secs(10))
///     .allow_origin("https://app.example.com".parse()?)
///     .trust_proxies(|peer| peer.is_loopback());
/// # Ok::<(), ums_http::InvalidOrigin>(())
/// ```
#[derive(Clone)]
pub struct HttpOptions {
    pub(crate) body_limit: usize,
    pub(crate) upload_limit: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) import_timeout: Duration,
    pub(crate) origins: Vec<AllowedOrigin>,
    pub(crate) trusted_proxy: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    pub(crate) docs: bool,
    pub(crate) metrics: Metrics,
}

impl HttpOptions {
    /// The defaults, as each method states its own.
    #[must_use]
    pub fn new() -> Self {
        Self {
            body_limit: 1024 * 1024,
            upload_limit: 64 * 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            import_timeout: Duration::from_secs(15 * 60),
            origins: Vec::new(),
            trusted_proxy: Arc::new(|_| false),
            docs: true,
            metrics: Metrics::new(),
        }
    }

    /// The most bytes of a JSON body; 1 MiB by default. More is answered with `413`.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The most bytes of an upload, its multipart framing included; 64 MiB by default. More is answered with `413`.
    /// An upload is written to a temporary file as it arrives.
    #[must_use]
    pub fn upload_limit(mut self, bytes: usize) -> Self {
        self.upload_limit = bytes;
        self
    }

    /// How long a request may take from its head to the head of its answer; 30 s by default. Past it the answer is
    /// `408` where the body was still being waited for, and `503` otherwise.
    #[must_use]
    pub fn request_timeout(mut self, duration: Duration) -> Self {
        self.request_timeout = duration;
        self
    }

    /// The same for an import, which reads and stores a workbook before it answers; 15 min by default. Whatever
    /// this is, an upload that comes slower than 16 KiB/s after its first 20 s is ended with `408`.
    #[must_use]
    pub fn import_timeout(mut self, duration: Duration) -> Self {
        self.import_timeout = duration;
        self
    }

    /// Lets pages of this origin call the interface (CORS); none may by default. Call again for more origins.
    #[must_use]
    pub fn allow_origin(mut self, origin: AllowedOrigin) -> Self {
        self.origins.push(origin);
        self
    }

    /// Which peers are proxies of ours, whose `X-Forwarded-For` is believed; none by default, and then the address
    /// of a client is the one that it connects from.
    ///
    /// The header is read from its end, for as long as the address that added an entry is such a proxy.
    #[must_use]
    pub fn trust_proxies(mut self, trusted: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        self.trusted_proxy = Arc::new(trusted);
        self
    }

    /// What counts requests: to be shared where [`metrics_router`](crate::metrics_router) serves the counts elsewhere.
    /// Otherwise a router counts by itself. Either way an administrator reads them at `GET /metrics`.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Whether `/docs`, `/redoc` and `/openapi.json` are served; they are by default.
    #[must_use]
    pub fn docs(mut self, served: bool) -> Self {
        self.docs = served;
        self
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("body_limit", &self.body_limit)
            .field("upload_limit", &self.upload_limit)
            .field("request_timeout", &self.request_timeout)
            .field("import_timeout", &self.import_timeout)
            .field("origins", &self.origins)
            .field("docs", &self.docs)
            .finish_non_exhaustive()
    }
}

/// A web origin as browsers send it: `https://app.example.com`, with a port where it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(HeaderValue);

impl AllowedOrigin {
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// A text that is no web origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an origin such as https://app.example.com or http://localhost:5173, with no path and no `*`"
)]
pub struct InvalidOrigin;

impl FromStr for AllowedOrigin {
    type Err = InvalidOrigin;

    /// # Errors
    ///
    /// [`InvalidOrigin`] for what no browser sends: another scheme than `http` or `https`, a path, a trailing
    /// slash, user information, upper-case letters, `*`.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let authority =
            text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(InvalidOrigin)?;
        let parsed: http::uri::Authority = authority.parse().map_err(|_| InvalidOrigin)?;
        let canonical = parsed.as_str() == authority.to_ascii_lowercase() && !authority.contains(['@', '*']);
        if !canonical || parsed.host().is_empty() {
            return Err(InvalidOrigin);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| InvalidOrigin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_origins_as_browsers_send_them() {
        for text in ["https://app.example.com", "http://localhost:5173", "http://[::1]:8080"] {
            assert!(text.parse::<AllowedOrigin>().is_ok(), "{text}");
        }
    }

    #[test]
    fn refuses_what_no_browser_sends() {
        for text in [
            "",
            "*",
            "https://",
            "https://*.example.com",
            "https://example.com/",
            "https://example.com/path",
            "https://Example.com",
            "https://user@example.com",
            "ftp://example.com",
            "example.com",
            "null",
        ] {
            assert_eq!(text.parse::<AllowedOrigin>(), Err(InvalidOrigin), "{text}");
        }
    }
}
