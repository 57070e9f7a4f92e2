//! From the directory to the rows of a workbook, page by page.

use std::collections::BTreeSet;
use std::fs::File;

use tokio::sync::mpsc;

use super::unwritten;
use super::workbook::{Cells, Part, write};
use crate::access::{Action, Actor};
use crate::directory::{DepartmentFilter, Directory, UserFilter};
use crate::import::{Column, SheetKind};
use crate::model::{Department, DepartmentId, Organisation, OrganisationId, User};
use crate::page::{Page, PageLimit, PageRequest};
use crate::record::Record;
use crate::transaction::Database;
use crate::{Error, Result, keyspace, store};

/// How many pages may wait for the thread that writes them.
const PAGES: usize = 4;

/// What an export holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportOptions {
    /// Only what belongs to this organisation.
    pub organisation_id: Option<OrganisationId>,
}

impl ExportOptions {
    /// Everything in sight.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only what belongs to this organisation.
    #[must_use]
    pub fn organisation_id(mut self, id: impl Into<Option<OrganisationId>>) -> Self {
        self.organisation_id = id.into();
        self
    }
}

/// An export: a workbook, and how much is in it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExportedWorkbook {
    /// The workbook, `.xlsx`, at its beginning. The file has no name on the disk.
    pub file: File,
    /// How many organisations.
    pub organisations: u64,
    /// How many departments.
    pub departments: u64,
    /// How many users.
    pub users: u64,
}

/// Exports what an actor sees.
#[derive(Debug)]
pub(crate) struct Exporter<'a> {
    database: &'a Database,
    directory: &'a Directory,
    actor: &'a Actor,
    organisation_id: Option<OrganisationId>,
}

impl<'a> Exporter<'a> {
    /// An exporter of what the actor may export, narrowed to what is asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`]; [`Error::Invalid`] for an organisation that is not there.
    pub(crate) async fn new(
        database: &'a Database,
        directory: &'a Directory,
        actor: &'a Actor,
        options: &ExportOptions,
    ) -> Result<Self> {
        let own = actor.confined_to(Action::Export)?;
        if let Some(asked) = options.organisation_id {
            if own.is_some_and(|own| own != asked) {
                return Err(Error::Forbidden);
            }
            directory.expect_place(actor, Some(asked), None).await?;
        }
        Ok(Self { database, directory, actor, organisation_id: options.organisation_id.or(own) })
    }

    /// Writes the workbook.
    ///
    /// # Errors
    ///
    /// Those of the store; [`Error::Internal`] where the workbook can't be written; [`Error::Invalid`] where there is more
    /// than a sheet holds.
    pub(crate) async fn run(&self) -> Result<ExportedWorkbook> {
        let (sender, receiver) = mpsc::channel(PAGES);
        let now = self.database.now();
        let writer = tokio::task::spawn_blocking(move || write(receiver, now));
        let counts = self.send(sender).await;
        let file = writer.await.map_err(unwritten)?;
        let (organisations, departments, users) = match counts {
            // Nobody listens any more: the writer says why.
            Ok(None) => return Err(file.err().unwrap_or_else(|| unwritten("its writer has gone"))),
            Ok(Some(counts)) => counts,
            Err(error) => return Err(error),
        };
        let file = file?.ok_or_else(|| unwritten("its end was lost"))?;
        Ok(ExportedWorkbook { file, organisations, departments, users })
    }

    /// Sends every row and how many there were of each kind; `None` where the writer has stopped.
    async fn send(&self, sender: mpsc::Sender<Part>) -> Result<Option<(u64, u64, u64)>> {
        let pages = Pages { sender, exporter: self };
        let Some(organisations) = pages.organisations().await? else { return Ok(None) };
        let Some(departments) = pages.departments().await? else { return Ok(None) };
        let Some(users) = pages.users().await? else { return Ok(None) };
        let ended = pages.sender.send(Part::End).await;
        Ok(ended.ok().map(|()| (organisations, departments, users)))
    }
}

struct Pages<'a> {
    sender: mpsc::Sender<Part>,
    exporter: &'a Exporter<'a>,
}

impl Pages<'_> {
    async fn organisations(&self) -> Result<Option<u64>> {
        let Exporter { directory, actor, organisation_id, .. } = self.exporter;
        if let Some(id) = organisation_id {
            let one = directory.organisation(actor, *id).await?.value;
            return Ok(self.rows(SheetKind::Organisations, vec![organisation(&one)]).await);
        }
        let (mut request, mut sent) = (first(), 0);
        loop {
            let page = directory.organisations(actor, &request).await?;
            let rows = page.items.iter().map(organisation).collect();
            let Some(count) = self.rows(SheetKind::Organisations, rows).await else { return Ok(None) };
            sent += count;
            let Some(next) = next(page) else { return Ok(Some(sent)) };
            request = next;
        }
    }

    async fn departments(&self) -> Result<Option<u64>> {
        let Exporter { directory, actor, organisation_id, .. } = self.exporter;
        let filter = DepartmentFilter { organisation_id: *organisation_id };
        let (mut request, mut sent) = (first(), 0);
        loop {
            let page = directory.departments(actor, filter, &request).await?;
            let organisations =
                self.organisations_named(page.items.iter().map(|one| one.organisation_id)).await?;
            let parents = self.departments_named(page.items.iter().filter_map(|one| one.parent_id)).await?;
            let rows = page.items.iter().map(|one| {
                cells(SheetKind::Departments, |column| match column {
                    Column::Name => Some(&*one.name),
                    Column::Organisation => organisations.get(&one.organisation_id),
                    Column::Parent => parents.get(&one.parent_id?),
                    _ => None,
                })
            });
            let Some(count) = self.rows(SheetKind::Departments, rows.collect()).await else {
                return Ok(None);
            };
            sent += count;
            let Some(next) = next(page) else { return Ok(Some(sent)) };
            request = next;
        }
    }

    async fn users(&self) -> Result<Option<u64>> {
        let Exporter { directory, actor, organisation_id, .. } = self.exporter;
        let filter = UserFilter { organisation_id: *organisation_id, ..UserFilter::default() };
        let (mut request, mut sent) = (first(), 0);
        loop {
            let page = directory.users(actor, &filter, &request).await?;
            let organisations =
                self.organisations_named(page.items.iter().filter_map(|one| one.organisation_id)).await?;
            let departments =
                self.departments_named(page.items.iter().filter_map(|one| one.department_id)).await?;
            let rows = page.items.iter().map(|one| user(one, &organisations, &departments));
            let Some(count) = self.rows(SheetKind::Users, rows.collect()).await else { return Ok(None) };
            sent += count;
            let Some(next) = next(page) else { return Ok(Some(sent)) };
            request = next;
        }
    }

    /// Sends rows; says how many, or `None` where the writer has stopped.
    async fn rows(&self, kind: SheetKind, rows: Vec<Cells>) -> Option<u64> {
        let count = rows.len() as u64;
        self.sender.send(Part::Rows(kind, rows)).await.ok().map(|()| count)
    }

    async fn organisations_named(
        &self,
        ids: impl Iterator<Item = OrganisationId>,
    ) -> Result<Names<OrganisationId>> {
        self.named::<_, Organisation>(ids, keyspace::organisation_profile, |one| one.name).await
    }

    async fn departments_named(
        &self,
        ids: impl Iterator<Item = DepartmentId>,
    ) -> Result<Names<DepartmentId>> {
        self.named::<_, Department>(ids, keyspace::department_profile, |one| one.name).await
    }

    /// The names of what one page refers to.
    async fn named<I: Ord + Copy, T: Record>(
        &self,
        ids: impl Iterator<Item = I>,
        key: fn(I) -> store::Key,
        name: fn(T) -> String,
    ) -> Result<Names<I>> {
        let ids: BTreeSet<I> = ids.collect();
        let keys: Vec<_> = ids.iter().copied().map(key).collect();
        let found = self.exporter.database.read_all::<T>(&keys).await?;
        let named = ids.into_iter().zip(found);
        Ok(Names(named.filter_map(|(id, found)| Some((id, name(found?.data)))).collect()))
    }
}

/// Names by id, in order.
struct Names<I>(Vec<(I, String)>);

impl<I: Ord> Names<I> {
    fn get(&self, id: &I) -> Option<&str> {
        let index = self.0.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        self.0.get(index).map(|(_, name)| &**name)
    }
}

fn organisation(one: &Organisation) -> Cells {
    cells(SheetKind::Organisations, |column| match column {
        Column::Name => Some(&*one.name),
        Column::Address => one.address.as_deref(),
        Column::Description => one.description.as_deref(),
        _ => None,
    })
}

fn user(one: &User, organisations: &Names<OrganisationId>, departments: &Names<DepartmentId>) -> Cells {
    cells(SheetKind::Users, |column| match column {
        Column::Email => Some(&*one.email),
        Column::ExternalId => one.external_id.as_deref(),
        Column::FullName => Some(&*one.full_name),
        Column::Department => departments.get(&one.department_id?),
        Column::Organisation => organisations.get(&one.organisation_id?),
        Column::Role => Some(one.role.as_str()),
        Column::Status => Some(one.status.as_str()),
        _ => None,
    })
}

/// A row, column by column of the table.
fn cells<'a>(kind: SheetKind, text: impl Fn(Column) -> Option<&'a str>) -> Cells {
    kind.export_columns().map(|known| text(known.column).unwrap_or_default().to_owned()).collect()
}

fn first() -> PageRequest {
    PageRequest::new(PageLimit::MAXIMUM, None)
}

fn next<T>(page: Page<T>) -> Option<PageRequest> {
    page.next_cursor.map(|cursor| PageRequest::new(PageLimit::MAXIMUM, Some(cursor)))
}
