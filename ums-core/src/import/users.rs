//! Rows of users, applied: a batch of them is one commit.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::faults::fault_of;
use super::importer::{Importer, Outcome, Step};
use super::{Column, ImportFault, Row, SheetKind, UserRow};
use crate::directory::{DepartmentDraft, Existing, NewCredential, UserDraft, UserUpsert, UserUpserted};
use crate::hash::{PasswordContext, StoredHash};
use crate::model::{DepartmentId, OrganisationId, UserId};
use crate::transaction::Transaction;
use crate::{Result, keyspace};

/// How many passwords of one batch are hashed at a time; the gate lets through as many as it has permits for.
const HASHES: usize = 8;

/// A row that may be applied, with what has to be made beforehand.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) row: Row<UserRow>,
    id: UserId,
    credential: NewCredential,
}

impl Importer<'_> {
    /// Allots ids and makes credentials, which can't be done within a commit: a step for each row.
    pub(super) async fn prepare_users(&self, rows: Vec<Row<UserRow>>) -> Result<Vec<Step>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let database = self.jobs.database();
        let with_password = |row: &&Row<UserRow>| row.record.password.is_some();
        let keys: Vec<_> = rows
            .iter()
            .filter(with_password)
            .map(|row| keyspace::user_by_email(row.record.email.canonical()))
            .collect();
        let mut there = database.lookup_all(&keys).await?.into_iter();
        let ids = self.user_ids(rows.len()).await?;
        let work: Vec<_> = rows
            .iter()
            .map(|row| {
                let is_there = row.record.password.is_some() && there.next().flatten().is_some();
                self.credential(row, is_there)
            })
            .collect();
        let made: Vec<_> = stream::iter(work).buffered(HASHES).try_collect().await?;
        let mut steps = Vec::with_capacity(rows.len());
        for ((row, credential), number) in rows.into_iter().zip(made).zip(ids) {
            steps.push(match credential {
                Ok(credential) => Step::User(Prepared { row, id: UserId::allotted(number)?, credential }),
                Err(faults) => Step::Faulty(SheetKind::Users, faults),
            });
        }
        Ok(steps)
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
        if let Err(fault) = self.tools.policy.check(password, &context) {
            return Ok(Err(vec![row.fault(Column::Password, fault.code, fault.message)]));
        }
        if self.options.dry_run {
            return Ok(Ok(Some(StoredHash::rehearsed())));
        }
        self.tools.hasher.hash(password).await.map(|hash| Ok(Some(hash)))
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
        let name = self.tools.directory.organisation_name(self.actor, id, record.department_id).await?;
        Ok(match name {
            Some(name) => context.name(&name),
            None => context,
        })
    }

    pub(super) async fn user_row(&self, transaction: &Transaction, prepared: &Prepared) -> Result<Outcome> {
        let mut departments = 0;
        let UserUpserted { upserted, whom, organisation_id, rights } =
            self.upsert_user(transaction, prepared, &mut departments).await?;
        let elsewhere = organisation_id.is_none() || organisation_id != self.own_organisation();
        Ok(Outcome { upserted, departments, whom, elsewhere, rights })
    }

    async fn upsert_user(
        &self,
        transaction: &Transaction,
        prepared: &Prepared,
        departments: &mut u64,
    ) -> Result<UserUpserted> {
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
        self.tools.directory.upsert_user(transaction, self.actor, &upsert, self.existing()).await
    }

    /// The department that a row means; one that it names and that is not there is made, where that is wanted.
    async fn department_of(
        &self,
        transaction: &Transaction,
        prepared: &Prepared,
        organisation_id: Option<OrganisationId>,
        made: &mut u64,
    ) -> Result<Option<DepartmentId>> {
        let id = prepared.row.record.department_id;
        let Some(name) = &prepared.row.record.department else { return Ok(id) };
        let Some(organisation_id) = organisation_id else {
            let message = "is required where a department is named";
            return Err(fault_of("organisation", "required", message));
        };
        let named =
            self.tools.directory.department_named(transaction, organisation_id, name.folded()).await?;
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
            .tools
            .directory
            .upsert_department(transaction, self.actor, organisation_id, &draft, Existing::Skip)
            .await?;
        *made += 1;
        Ok(Some(id))
    }
}
