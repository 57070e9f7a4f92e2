//! Rows of users, applied: a batch of them is one commit.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::faults::{conflict_or_fault, duplicate, fault_of};
use super::importer::Importer;
use super::progress::Progress;
use super::{Column, ImportFault, Row, SheetKind, UserRow};
use crate::directory::{
    DepartmentDraft, Existing, NewCredential, RightsChange, Upserted, UserDraft, UserUpsert,
};
use crate::hash::PasswordContext;
use crate::model::{DepartmentId, OrganisationId, UserId};
use crate::transaction::Transaction;
use crate::{Error, Result, keyspace, store};

/// How many passwords of one batch are hashed at a time; the gate lets through as many as it has permits for.
const HASHES: usize = 8;

/// A row that may be applied, with what has to be made beforehand.
#[derive(Debug)]
struct Prepared {
    row: Row<UserRow>,
    id: UserId,
    credential: NewCredential,
}

/// What became of a batch.
#[derive(Debug, Default)]
struct Applied {
    /// What became of each row.
    rows: Vec<Result<Upserted, Vec<ImportFault>>>,
    /// How many departments were made for it.
    departments: usize,
    /// Whose rights it changes.
    rights: Vec<RightsChange>,
}

impl Importer<'_> {
    pub(super) async fn users(&self, rows: Vec<Row<UserRow>>, progress: &mut Progress) -> Result<()> {
        let rows = first_ones(rows, progress);
        if rows.is_empty() {
            return Ok(());
        }
        let prepared = self.prepare(rows, progress).await?;
        self.apply_users(&prepared, progress).await
    }

    /// Allots ids and makes credentials, which can't be done within a commit.
    async fn prepare(&self, rows: Vec<Row<UserRow>>, progress: &mut Progress) -> Result<Vec<Prepared>> {
        let keys: Vec<_> =
            rows.iter().map(|row| keyspace::user_by_email(row.record.email.canonical())).collect();
        let there = self.database.lookup_all(&keys).await?;
        let first = self.directory.reserve_user_ids(rows.len()).await?;
        let work: Vec<_> =
            rows.iter().zip(there).map(|(row, there)| self.credential(row, there.is_some())).collect();
        let made: Vec<_> = stream::iter(work).buffered(HASHES).try_collect().await?;
        let mut prepared = Vec::with_capacity(rows.len());
        for ((row, credential), number) in rows.into_iter().zip(made).zip(first..) {
            match credential {
                Ok(credential) => {
                    prepared.push(Prepared { row, id: UserId::allotted(number)?, credential });
                }
                Err(faults) => progress.fail(SheetKind::Users, faults),
            }
        }
        Ok(prepared)
    }

    /// The credential that a row gives; none for an account that is there already, since its own stays.
    async fn credential(
        &self,
        row: &Row<UserRow>,
        there: bool,
    ) -> Result<Result<NewCredential, Vec<ImportFault>>> {
        if there {
            return Ok(Ok(None));
        }
        if let Some(hash) = &row.record.password_hash {
            return Ok(Ok(Some(hash.stored())));
        }
        let Some(password) = &row.record.password else { return Ok(Ok(None)) };
        let context = self.password_context(&row.record).await?;
        if let Err(fault) = self.policy.check(password, &context) {
            return Ok(Err(vec![row.fault(Column::Password, fault.code, fault.message)]));
        }
        self.hasher.hash(password).await.map(|hash| Ok(Some(hash)))
    }

    /// What is known of the account that a row makes, its organisation's name with it: the one that the row gives, or
    /// that of the organisation where the account comes to be.
    async fn password_context(&self, record: &UserRow) -> Result<PasswordContext> {
        let context = PasswordContext::new().email(record.email.as_given());
        if let Some(name) = &record.organisation {
            return Ok(context.name(&name.to_string()));
        }
        let id = match (record.organisation_id, record.department_id) {
            (None, Some(_)) => None,
            (id, _) => id.or_else(|| self.own_organisation()),
        };
        let name = self.directory.organisation_name(self.actor, id, record.department_id).await?;
        Ok(match name {
            Some(name) => context.name(&name),
            None => context,
        })
    }

    async fn apply_users(&self, batch: &[Prepared], progress: &mut Progress) -> Result<()> {
        let applied = self
            .directory
            .write(|transaction| async move { self.upsert_users(&transaction, batch).await })
            .await;
        match applied {
            Ok(applied) => {
                self.observer.rights_changed(&applied.rights);
                for _ in 0..applied.departments {
                    progress.done(SheetKind::Departments, Upserted::Created);
                }
                for row in applied.rows {
                    match row {
                        Ok(upserted) => progress.done(SheetKind::Users, upserted),
                        Err(faults) => progress.fail(SheetKind::Users, faults),
                    }
                }
                Ok(())
            }
            // More than the store takes in one commit.
            Err(Error::Store(store::Error::Invalid { .. })) if batch.len() > 1 => {
                let (one, other) = batch.split_at(batch.len() / 2);
                Box::pin(self.apply_users(one, progress)).await?;
                Box::pin(self.apply_users(other, progress)).await
            }
            Err(error) => Err(error),
        }
    }

    async fn upsert_users(&self, transaction: &Transaction, batch: &[Prepared]) -> Result<Applied> {
        let keys: Vec<_> = batch
            .iter()
            .map(|prepared| keyspace::user_by_email(prepared.row.record.email.canonical()))
            .collect();
        transaction.fetch(&keys).await?;
        let mut applied = Applied::default();
        for prepared in batch {
            let row = match self.upsert_user(transaction, prepared, &mut applied.departments).await {
                Ok((upserted, rights)) => {
                    applied.rights.extend(rights);
                    Ok(upserted)
                }
                Err(Error::Conflict(crate::Conflict::Closing)) => {
                    return Err(crate::Conflict::Closing.into());
                }
                Err(error) => Err(conflict_or_fault(&prepared.row, Column::Email, error)?),
            };
            applied.rows.push(row);
        }
        Ok(applied)
    }

    async fn upsert_user(
        &self,
        transaction: &Transaction,
        prepared: &Prepared,
        departments: &mut usize,
    ) -> Result<(Upserted, Option<RightsChange>)> {
        let record = &prepared.row.record;
        let named = record.organisation.as_ref().map(|name| name.folded());
        let organisation_id = match (named, record.organisation_id, record.department_id) {
            // The department tells.
            (None, None, Some(_)) => None,
            _ => self.organisation(transaction, named, record.organisation_id).await?,
        };
        let department_id = self.department_of(transaction, prepared, organisation_id, departments).await?;
        let upsert = UserUpsert {
            id: prepared.id,
            draft: UserDraft {
                full_name: record.full_name.clone(),
                email: record.email.clone(),
                external_id: record.external_id.clone(),
            },
            role: record.role,
            status: record.status,
            organisation_id,
            department_id,
            credential: prepared.credential.clone(),
            invite: self.options.invite,
        };
        self.directory.upsert_user(transaction, self.actor, &upsert, self.existing()).await
    }

    /// The department that a row means; one that it names and that is not there is made, where that is wanted.
    async fn department_of(
        &self,
        transaction: &Transaction,
        prepared: &Prepared,
        organisation_id: Option<OrganisationId>,
        made: &mut usize,
    ) -> Result<Option<DepartmentId>> {
        let id = prepared.row.record.department_id;
        let Some(name) = &prepared.row.record.department else { return Ok(id) };
        let Some(organisation_id) = organisation_id else {
            let message = "is required where a department is named";
            return Err(fault_of("organisation", "required", message));
        };
        let named = self.directory.department_named(transaction, organisation_id, name.folded()).await?;
        if id.is_some_and(|id| named != Some(id)) {
            let message = "the department's name and id belong to different ones";
            return Err(fault_of("department", "contradiction", message));
        }
        if named.is_some() {
            return Ok(named);
        }
        if !self.options.create_departments {
            return Err(fault_of("department", "not_found", "the organisation has no such department"));
        }
        let draft = DepartmentDraft { name: name.clone(), parent_id: None };
        let (id, _) = self
            .directory
            .upsert_department(transaction, self.actor, organisation_id, &draft, Existing::Skip)
            .await?;
        *made += 1;
        Ok(Some(id))
    }
}

/// Rows that repeat no earlier one of the file.
fn first_ones(rows: Vec<Row<UserRow>>, progress: &mut Progress) -> Vec<Row<UserRow>> {
    let mut first_ones = Vec::with_capacity(rows.len());
    for row in rows {
        let email = row.record.email.canonical();
        match progress.first_row(SheetKind::Users, email, row.number()) {
            Some(first) => {
                progress.fail(SheetKind::Users, vec![duplicate(&row, Column::Email, first)]);
            }
            None => first_ones.push(row),
        }
    }
    first_ones
}
