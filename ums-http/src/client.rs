//! Where a request comes from.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};

use crate::options::HttpOptions;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: the peer's, or what trusted proxies say of it. `None` where the host of the router gave no
/// [`ConnectInfo`].
pub(crate) fn address(parts: &Parts, options: &HttpOptions) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(forwarded(peer.ip(), &parts.headers, &*options.trusted_proxy))
}

/// What the client calls itself.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()))
}

/// Each proxy appends the address it was called from, so entries are believed from the end, for as long as the
/// one who wrote them is trusted.
fn forwarded(peer: IpAddr, headers: &HeaderMap, trusted: &dyn Fn(IpAddr) -> bool) -> IpAddr {
    let entries: Vec<&str> = headers
        .get_all(&X_FORWARDED_FOR)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .collect();
    let mut client = peer.to_canonical();
    for entry in entries.into_iter().rev() {
        let Some(address) = Some(entry).filter(|_| trusted(client)).and_then(parse) else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

/// Some proxies write the port too.
fn parse(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    entry.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[&str]) -> String {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(&X_FORWARDED_FOR, header.parse().unwrap());
        }
        let trusted = |address: IpAddr| address.to_string().starts_with("10.");
        forwarded(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.9"]), "198.51.100.9");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.9:1234"]), "198.51.100.9");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:80"]), "2001:db8::1");
    }

    #[test]
    fn what_a_client_writes_itself_is_not_believed() {
        assert_eq!(client("10.0.0.1", &["203.0.113.7, 198.51.100.9, 10.0.0.2"]), "198.51.100.9");
        assert_eq!(client("10.0.0.1", &["203.0.113.7", "198.51.100.9"]), "198.51.100.9");
        assert_eq!(client("10.0.0.1", &["203.0.113.7, nonsense"]), "10.0.0.1");
    }
}
