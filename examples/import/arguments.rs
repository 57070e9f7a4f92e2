//! What can be asked for.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use ums_core::import::{self, ImportOptions};
use ums_core::model::OrganisationId;

const AFTERWARDS: &str = "\
Exit code:
  0    every row was taken
  1    some rows failed; they stand in the errors workbook
  2    nothing came of it: no row was taken, the workbook can't be read, the store can't be opened,
       or the arguments make no sense
  130  stopped by Ctrl-C or SIGTERM; the same command goes on from there

The rows that failed are written beside the workbook, to people.errors.xlsx for people.xlsx, with a column that
says what is wrong. Passwords are in it as they were sent. Mend it and import it.

Store, secret, log and the rest are found as the server finds them, from the environment and a file .env
(DATABASE_URL, SECRET_KEY, LOG_DIR, IMPORT_DIR, ...). No server may have the store open.";

/// Imports a workbook (.xlsx) of organisations, departments and users into a store.
#[derive(Debug, Parser)]
#[command(name = "import", after_help = AFTERWARDS)]
pub(crate) struct Arguments {
    /// The workbook
    pub(crate) workbook: PathBuf,
    /// Decide everything, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The store's file, in place of DATABASE_URL; made where there is none
    #[arg(long, value_name = "PATH")]
    pub(crate) store: Option<PathBuf>,
    /// What becomes of a row whose user, department or organisation is there already
    #[arg(long, value_name = "WHAT", default_value = "skip")]
    on_existing: OnExisting,
    /// What becomes of users of the organisation that the workbook does not name
    #[arg(long, value_name = "WHAT", default_value = "keep", requires_if("suspend", "organisation"))]
    on_missing: OnMissing,
    /// The organisation of rows that name none
    #[arg(long, value_name = "ID")]
    organisation: Option<OrganisationId>,
    /// Make no departments that only a users sheet names: such rows fail
    #[arg(long)]
    no_create_departments: bool,
    /// Send an invitation to each account that is made without a password
    #[arg(long)]
    invite: bool,
    /// How many faults, and how many warnings, are listed
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) faults: usize,
}

impl Arguments {
    pub(crate) fn options(&self) -> ImportOptions {
        ImportOptions::new()
            .on_existing(match self.on_existing {
                OnExisting::Skip => import::OnExisting::Skip,
                OnExisting::Update => import::OnExisting::Update,
                OnExisting::Fail => import::OnExisting::Fail,
            })
            .on_missing(match self.on_missing {
                OnMissing::Keep => import::OnMissing::Keep,
                OnMissing::Suspend => import::OnMissing::Suspend,
            })
            .create_departments(!self.no_create_departments)
            .organisation_id(self.organisation)
            .dry_run(self.dry_run)
            .invite(self.invite)
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnExisting {
    /// Leave it as it is
    Skip,
    /// Change what differs
    Update,
    /// Count the row as failed
    Fail,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnMissing {
    /// Leave them as they are
    Keep,
    /// Suspend them, unless a row failed; needs --organisation
    Suspend,
}
