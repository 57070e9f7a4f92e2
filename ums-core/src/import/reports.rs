//! Reports of imports, kept for those who ask later.

use ums_store::Scan;

use super::{FaultChunk, ImportFault, ImportReport, Job};
use crate::access::{Action, Actor, Target};
use crate::keyspace;
use crate::model::ImportId;
use crate::page::{Cursors, Page, PageRequest};
use crate::record::{Found, ImportListing};
use crate::transaction::Database;
use crate::{Error, Kind, Result};

/// One report.
pub(crate) async fn read(database: &Database, actor: &Actor, id: ImportId) -> Result<ImportReport> {
    see(database, actor, id).await?;
    let job = database.read::<Job>(&keyspace::import_job(id)).await?;
    report(database, job.ok_or(Error::NotFound(Kind::Import))?.data).await
}

/// Looks whether there is such an import, in the actor's sight.
pub(crate) async fn see(database: &Database, actor: &Actor, id: ImportId) -> Result<()> {
    let listing = database.read::<ImportListing>(&keyspace::import_listed(id)).await?;
    let listing = listing.ok_or(Error::NotFound(Kind::Import))?;
    actor.may(Action::ReadImport, &target(&listing.data))
}

/// Looks whether the actor may have the rows of an import as they were sent, passwords among them: who asked for it, and
/// who sees every import. Rows may be of other organisations than the one whose administrators see the report.
pub(crate) async fn see_rows(database: &Database, actor: &Actor, id: ImportId) -> Result<()> {
    see(database, actor, id).await?;
    if actor.confined_to(Action::ReadImport)?.is_none() {
        return Ok(());
    }
    let job = database.read::<Job>(&keyspace::import_job(id)).await?;
    let asked = job.ok_or(Error::NotFound(Kind::Import))?.data.actor_id;
    if asked.is_some() && asked == actor.user_id() { Ok(()) } else { Err(Error::Forbidden) }
}

/// The report of a job, as far as it is.
pub(crate) async fn report(database: &Database, job: Job) -> Result<ImportReport> {
    let mut report = ImportReport {
        id: job.id,
        status: job.status,
        dry_run: job.options.dry_run,
        started_at: job.started_at,
        finished_at: job.finished_at,
        users: job.counts.users,
        departments: job.counts.departments,
        organisations: job.counts.organisations,
        suspended: job.suspended,
        errors: Vec::new(),
        errors_truncated: job.faults.errors > ImportReport::KEPT as u64,
        warnings: Vec::new(),
    };
    let mut scan = faults_of(job.id, job.faults.first);
    while (report.errors.len() as u64) < job.faults.errors.min(ImportReport::KEPT as u64)
        || (report.warnings.len() as u64) < job.faults.warnings.min(ImportReport::KEPT as u64)
    {
        let page = database.scan(&scan).await?;
        for item in page.items {
            let chunk = Found::<FaultChunk>::read(&item.entry)?.data;
            report.errors.extend(chunk.errors);
            report.warnings.extend(chunk.warnings);
        }
        let Some(next) = page.next else { break };
        scan = scan.after(next);
    }
    let last = if report.errors_truncated { why_it_ended(database, &job).await? } else { Vec::new() };
    report.errors.truncate(ImportReport::KEPT.saturating_sub(last.len()));
    report.errors.extend(last);
    report.warnings.truncate(ImportReport::KEPT);
    Ok(report)
}

/// What is of the import itself, which was noted last.
async fn why_it_ended(database: &Database, job: &Job) -> Result<Vec<ImportFault>> {
    let Some(last) = job.faults.chunks.checked_sub(1) else { return Ok(Vec::new()) };
    let chunk = database.read::<FaultChunk>(&keyspace::import_fault(job.id, last)).await?;
    let errors = chunk.map(|chunk| chunk.data.errors).unwrap_or_default();
    Ok(errors.into_iter().filter(ImportFault::is_of_the_import).collect())
}

/// What was wrong, in portions: the ones of a sheet of organisations or users in the order of its rows. All of it as long
/// as the workbook is kept, the first 1,000 from then on.
pub(crate) async fn faults(
    database: &Database,
    id: ImportId,
    after: Option<String>,
) -> Result<(Vec<ImportFault>, Option<String>)> {
    let job = database.read::<Job>(&keyspace::import_job(id)).await?;
    let first = job.map_or(0, |found| found.data.faults.first);
    let mut scan = faults_of(id, first);
    scan.after = after.or(scan.after);
    let page = database.scan(&scan).await?;
    let mut errors = Vec::new();
    for item in page.items {
        errors.extend(Found::<FaultChunk>::read(&item.entry)?.data.errors);
    }
    Ok((errors, page.next))
}

fn faults_of(id: ImportId, first: u32) -> Scan {
    let mut scan = Scan::partition(keyspace::import(id).as_str()).prefix(keyspace::FAULT).limit(10);
    scan.after = first.checked_sub(1).map(|before| keyspace::import_fault(id, before).sort().to_owned());
    scan
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
    let keys: Vec<_> = ids.into_iter().map(keyspace::import_job).collect();
    let mut reports = Vec::with_capacity(keys.len());
    for found in database.read_all::<Job>(&keys).await?.into_iter().flatten() {
        reports.push(report(database, found.data).await?);
    }
    Ok(Page::new(reports, next_cursor))
}

fn target(listing: &ImportListing) -> Target {
    Target { organisation_id: listing.organisation_id, ..Target::default() }
}
