//! A password, as text that is never shown.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

/// A password as its owner typed it: compared exactly as received, never shown, wiped when dropped.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Password(#[serde(deserialize_with = "wiped")] Zeroizing<String>);

impl Password {
    /// The password of this text. Whether the policy takes it is looked at when it is set.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

fn wiped<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_exactly_and_never_shown() {
        let password: Password = serde_json::from_str(r#"" Canary\u0000e\u0301 ""#).unwrap();
        assert_eq!(password.expose(), " Canary\0e\u{301} ");
        assert_eq!(format!("{password:?} {password:#?}"), "Password(…) Password(…)");
    }
}
