//! Query parameters that several subjects share.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::query::{Switch, parsed};

/// How to delete what may hold others.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletion {
    /// Whether what it holds is deleted with it.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<bool>, default = false, nullable = false)]
    cascade: Option<Switch>,
}

impl Deletion {
    pub(crate) fn cascade(self) -> bool {
        self.cascade.is_some_and(|Switch(on)| on)
    }
}
