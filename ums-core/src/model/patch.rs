//! A field of a merge patch.

use serde::{Deserialize, Deserializer};

/// What a merge patch (RFC 7396) says of one field.
///
/// Deserialise with `#[serde(default)]`: a field left out is [`Patch::Keep`], `null` is [`Patch::Clear`].
#[allow(clippy::exhaustive_enums)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Remove it.
    Clear,
    /// Set it.
    Set(T),
}

impl<T> Patch<T> {
    /// The field's value after the patch, given the one before.
    #[must_use]
    pub fn apply(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}
