//! What an import is asked to do.

use serde::{Deserialize, Serialize};

use crate::model::OrganisationId;

/// What an import does with what it reads.
///
/// ```
/// use ums_core::import::{ImportOptions, OnExisting};
///
/// let options = ImportOptions::new().on_existing(OnExisting::Update).dry_run(true);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ImportOptions {
    /// What happens to a row whose user, department or organisation is there already.
    pub on_existing: OnExisting,
    /// What happens to users of the organisation that the workbook does not name.
    pub on_missing: OnMissing,
    /// Whether departments that a users sheet names, and that are not there, are made.
    pub create_departments: bool,
    /// The organisation of rows that name none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64))]
    pub organisation_id: Option<OrganisationId>,
    /// Whether everything is decided and nothing written.
    pub dry_run: bool,
    /// Whether accounts that are made without a password get an invitation.
    pub invite: bool,
}

impl ImportOptions {
    /// Skip what is there, keep what is missing, make departments, no organisation, write, invite nobody.
    #[must_use]
    pub fn new() -> Self {
        Self {
            on_existing: OnExisting::Skip,
            on_missing: OnMissing::Keep,
            create_departments: true,
            organisation_id: None,
            dry_run: false,
            invite: false,
        }
    }

    /// What happens to a row whose user, department or organisation is there already.
    #[must_use]
    pub fn on_existing(mut self, on_existing: OnExisting) -> Self {
        self.on_existing = on_existing;
        self
    }

    /// What happens to users of the organisation that the workbook does not name.
    #[must_use]
    pub fn on_missing(mut self, on_missing: OnMissing) -> Self {
        self.on_missing = on_missing;
        self
    }

    /// Whether departments that a users sheet names, and that are not there, are made.
    #[must_use]
    pub fn create_departments(mut self, create: bool) -> Self {
        self.create_departments = create;
        self
    }

    /// The organisation of rows that name none.
    #[must_use]
    pub fn organisation_id(mut self, id: impl Into<Option<OrganisationId>>) -> Self {
        self.organisation_id = id.into();
        self
    }

    /// Whether everything is decided and nothing written.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Whether accounts that are made without a password get an invitation. It is meant in the commit that makes the
    /// account, and sent afterwards.
    #[must_use]
    pub fn invite(mut self, invite: bool) -> Self {
        self.invite = invite;
        self
    }
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What an import does with a row whose user, department or organisation is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub enum OnExisting {
    /// Leave it as it is, and count the row as skipped.
    #[default]
    Skip,
    /// Change what differs.
    Update,
    /// Count the row as failed.
    Fail,
}

/// What an import does with users of the organisation that the workbook does not name, by external id or by e-mail
/// address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub enum OnMissing {
    /// Leave them as they are.
    #[default]
    Keep,
    /// Suspend them: the workbook is all that the organisation has. Never whoever imports, an account above theirs, the
    /// last administrator, or an account made after the import began (for a plan, after its dry run began). Nobody where a
    /// row failed, since that may have been the one to name them, or where a user whom a row names stands in another
    /// organisation or in none, since the workbook is then about others too; a warning says so.
    Suspend,
}
