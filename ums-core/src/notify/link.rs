//! Links that carry a token.

use std::str::FromStr;

use zeroize::Zeroizing;

/// Where a link leads: an absolute `http` or `https` URL, with `{token}` where the token goes.
///
/// Without `{token}` the token goes to the end, as `#token=…`: a fragment, which browsers send to no server and put into
/// no `Referer`.
///
/// ```
/// use ums_core::notify::LinkTemplate;
///
/// let template: LinkTemplate = "https://app.example.com/reset-password".parse()?;
/// assert_eq!(template.to_string(), "https://app.example.com/reset-password#token={token}");
/// # Ok::<(), ums_core::notify::InvalidLink>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTemplate {
    before: String,
    after: String,
}

/// A text that is no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an http:// or https:// URL of printable ASCII, at most 1000 characters, with {{token}} at most once"
)]
pub struct InvalidLink;

const PLACE: &str = "{token}";
const LONGEST: usize = 1000;

impl LinkTemplate {
    /// A link to a URL, with the token at its end.
    pub(super) fn to(url: String) -> Self {
        Self { before: url + "#token=", after: String::new() }
    }

    /// The link that carries this token, whose characters all may stand in a URL.
    pub(crate) fn link(&self, token: &str) -> Zeroizing<String> {
        Zeroizing::new(format!("{}{token}{}", self.before, self.after))
    }
}

impl FromStr for LinkTemplate {
    type Err = InvalidLink;

    fn from_str(text: &str) -> Result<Self, InvalidLink> {
        let rest =
            text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(InvalidLink)?;
        let has_host = rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
        let is_plain =
            text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"'));
        if !has_host || !is_plain || text.len() > LONGEST {
            return Err(InvalidLink);
        }
        let (before, after) = match text.split_once(PLACE) {
            Some((_, after)) if after.contains(PLACE) => return Err(InvalidLink),
            Some((before, after)) => (before.to_owned(), after.to_owned()),
            None if text.contains('#') => return Err(InvalidLink),
            None => return Ok(Self::to(text.to_owned())),
        };
        Ok(Self { before, after })
    }
}

impl std::fmt::Display for LinkTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{PLACE}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_where_its_place_is() {
        for (template, link) in [
            ("https://example.com/reset", "https://example.com/reset#token=T"),
            ("http://127.0.0.1:8000/reset?code={token}&x=1", "http://127.0.0.1:8000/reset?code=T&x=1"),
            ("http://[::1]:8000/#/reset/{token}", "http://[::1]:8000/#/reset/T"),
        ] {
            let template: LinkTemplate = template.parse().unwrap();
            assert_eq!(template.link("T").as_str(), link);
            assert_eq!(template.to_string().parse(), Ok(template));
        }
    }

    #[test]
    fn what_is_no_link_is_refused() {
        let long = format!("https://example.com/{}", "x".repeat(1000));
        for text in [
            "",
            "/reset",
            "javascript:alert(1)",
            "ftp://example.com",
            "https://",
            "https:///reset",
            "https://example.com/a b",
            "https://example.com/\r\nBcc: x",
            "https://example.com/<b>",
            "https://example.com/{token}/{token}",
            "https://example.com/#part",
            "https://exämple.com/",
            &long,
        ] {
            assert_eq!(text.parse::<LinkTemplate>(), Err(InvalidLink), "{text}");
        }
    }
}
