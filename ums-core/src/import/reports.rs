//! Reports of imports, kept for those who ask later.

use ums_store::Scan;

use super::ImportReport;
use crate::access::{Action, Actor, Target};
use crate::keyspace;
use crate::model::{ImportId, OrganisationId};
use crate::page::{Cursors, Page, PageRequest};
use crate::record::{Found, ImportListing, Record};
use crate::transaction::Database;
use crate::{Error, Kind, Result};

impl Record for ImportReport {}

/// Keeps a report.
pub(crate) async fn store(
    database: &Database,
    report: &ImportReport,
    organisation_id: Option<OrganisationId>,
) -> Result<()> {
    database
        .transact(|transaction| async move {
            transaction.put(keyspace::import_listed(report.id), &ImportListing { organisation_id })?;
            transaction.put(keyspace::import_report(report.id), report)
        })
        .await
}

/// One report.
pub(crate) async fn read(database: &Database, actor: &Actor, id: ImportId) -> Result<ImportReport> {
    let listing = database.read::<ImportListing>(&keyspace::import_listed(id)).await?;
    let listing = listing.ok_or(Error::NotFound(Kind::Import))?;
    actor.may(Action::ReadImport, &target(&listing.data))?;
    let report = database.read::<ImportReport>(&keyspace::import_report(id)).await?;
    Ok(report.ok_or(Error::NotFound(Kind::Import))?.data)
}

/// Reports in the actor's sight, newest first.
pub(crate) async fn list(
    database: &Database,
    cursors: &Cursors,
    actor: &Actor,
    request: &PageRequest,
) -> Result<Page<ImportReport>> {
    let own = actor.confined_to(Action::ReadImport)?;
    let scope = format!("imports {own:?}");
    let mut after = match &request.cursor {
        Some(cursor) => Some(cursors.open(&scope, cursor)?),
        None => None,
    };
    let limit = request.limit.as_usize();
    let mut ids = Vec::new();
    let mut next_cursor = None;
    'pages: loop {
        let mut scan = Scan::partition(keyspace::imports().as_str()).descending();
        scan.after.clone_from(&after);
        let page = database.scan(&scan).await?;
        for item in page.items {
            let listing = Found::<ImportListing>::read(&item.entry)?.data;
            if actor.may(Action::ReadImport, &target(&listing)).is_ok() {
                if ids.len() == limit {
                    next_cursor = after.map(|after| cursors.seal(&scope, &after)).transpose()?;
                    break 'pages;
                }
                let id: Option<ImportId> = item.sort.trim_start_matches('0').parse().ok();
                ids.push(id.ok_or_else(|| Error::internal("an import's key holds no id"))?);
            }
            after = Some(item.sort);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let keys: Vec<_> = ids.into_iter().map(keyspace::import_report).collect();
    let reports = database.read_all::<ImportReport>(&keys).await?;
    Ok(Page::new(reports.into_iter().flatten().map(|found| found.data).collect(), next_cursor))
}

fn target(listing: &ImportListing) -> Target {
    Target { organisation_id: listing.organisation_id, ..Target::default() }
}
