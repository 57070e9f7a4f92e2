//! Users whom a workbook does not name, where it is all that their organisation has.

use std::sync::{Arc, Mutex, PoisonError};

use super::feed::{Named, by_email, by_external_id};
use super::importer::Importer;
use super::jobs::Stop;
use super::seen::Seen;
use super::tally::Tally;
use super::{ImportFault, Job, OnMissing};
use crate::model::{OrganisationId, UserId};
use crate::parse::fold_email;
use crate::record::UserRecord;
use crate::{Error, Result, keyspace};

/// How many users are looked for at once in what was read: each time costs one look at all of it.
const LOOKED_FOR: usize = 20_000;
/// What suspending a user costs at most in operations of a commit, with what is read for it.
const OPERATIONS_PER_USER: usize = 12;
/// The most users suspended with one commit.
const USERS: usize = 1_000;

impl Importer<'_> {
    /// Suspends the users of the organisation whom no row names, where that is asked for, every row was taken, and all
    /// whom the rows name stand in that organisation. Who was made after the import began stays.
    ///
    /// Begun again after a crash it meets those that it suspended before as suspended, and counts them no more.
    pub(super) async fn suspend_missing(&self, named: Named) -> Result<Result<(), Stop>> {
        if self.options.on_missing != OnMissing::Suspend {
            return Ok(Ok(()));
        }
        let Some(organisation_id) = self.own_organisation() else { return Ok(Ok(())) };
        let named = named.await.map_err(|_| Error::internal("what a workbook names was not read"))?;
        let named = Arc::new(Mutex::new(*named));
        match self.expect_whole().await? {
            Ok(true) => {}
            Ok(false) => return Ok(Ok(())),
            Err(stop) => return Ok(Err(stop)),
        }
        let mut after = None;
        loop {
            let looking = self.tools.directory.users_of(organisation_id, after, LOOKED_FOR);
            let (users, next) = match self.jobs.holding(self.id, looking).await? {
                Ok(found) => found?,
                Err(stop) => return Ok(Err(stop)),
            };
            let missing = missing(named.clone(), users).await?;
            let most = self.jobs.database().limits().operations / OPERATIONS_PER_USER;
            for ids in missing.chunks(most.clamp(1, USERS)) {
                if self.running.is_cancelled() {
                    return Ok(Err(Stop::Cancelled));
                }
                if let Err(stop) = self.suspend(ids, organisation_id).await? {
                    return Ok(Err(stop));
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(Ok(())),
            }
        }
    }

    /// Whether the workbook names everybody whom it is to name: it has rows of users, all of them were taken, and all
    /// are about the one organisation.
    async fn expect_whole(&self) -> Result<Result<bool, Stop>> {
        self.jobs
            .database()
            .transact(|transaction| async move {
                let mut job = match self.expect_going_on(&transaction).await? {
                    Ok(job) => job,
                    Err(stop) => return Ok(Err(stop)),
                };
                if job.nobody_suspended {
                    return Ok(Ok(false));
                }
                let message = match (is_whole(&job), job.elsewhere) {
                    (true, 0) => return Ok(Ok(true)),
                    (true, elsewhere) => format!(
                        "users whom the workbook names stand in another organisation, or in none ({elsewhere} of \
                         them), so nobody was suspended; send one workbook for each organisation"
                    ),
                    (false, _) => "rows of users failed, or there are none, so nobody was suspended; mend them and \
                                   send the workbook again"
                        .to_owned(),
                };
                job.nobody_suspended = true;
                let mut tally = Tally::default();
                tally.warning(ImportFault::of_sheet("", "nobody_suspended", message));
                self.jobs.keep_tally(&transaction, &mut job, tally)?;
                transaction.put(keyspace::import_job(self.id), &job)?;
                Ok(Ok(false))
            })
            .await
    }

    async fn suspend(&self, ids: &[UserId], organisation_id: OrganisationId) -> Result<Result<(), Stop>> {
        let directory = &self.tools.directory;
        let work = |transaction: crate::transaction::Transaction| async move {
            let mut job = match self.expect_going_on(&transaction).await? {
                Ok(job) => job,
                Err(stop) => return Ok(Err(stop)),
            };
            let actor = directory.confirm(&transaction, self.actor).await?;
            let begun_at = job.started_at;
            let mut rights = Vec::new();
            for id in ids {
                let (suspended, change) =
                    directory.suspend_missing(&transaction, &actor, *id, organisation_id, begun_at).await?;
                job.suspended += u64::from(suspended);
                rights.extend(change);
            }
            job.lease = Some(self.jobs.lease());
            if self.options.dry_run {
                return Ok(Ok((Some(job.suspended), Vec::new())));
            }
            transaction.put(keyspace::import_job(self.id), &job)?;
            Ok(Ok((None, rights)))
        };
        let (counted, rights) = match directory.write(work).await? {
            Ok(done) => done,
            Err(stop) => return Ok(Err(stop)),
        };
        self.observer.rights_changed(&rights);
        let Some(suspended) = counted else { return Ok(Ok(())) };
        self.jobs
            .database()
            .transact(|transaction| async move {
                let mut job = match self.expect_going_on(&transaction).await? {
                    Ok(job) => job,
                    Err(stop) => return Ok(Err(stop)),
                };
                job.suspended = suspended;
                transaction.put(keyspace::import_job(self.id), &job).map(Ok)
            })
            .await
    }
}

fn is_whole(job: &Job) -> bool {
    let none_failed = job.counts.all().iter().all(|counts| counts.failed == 0);
    none_failed && job.faults.errors == 0 && job.counts.users.read > 0
}

/// Those of the users whom no row names. Looked for on a thread that may block.
async fn missing(named: Arc<Mutex<Seen>>, users: Vec<UserRecord>) -> Result<Vec<UserId>> {
    let looking = tokio::task::spawn_blocking(move || {
        let mut named = named.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sightings = Vec::with_capacity(2 * users.len());
        for record in &users {
            let email = fold_email(&record.user.email);
            let email = named.sighting(by_email(&email), 0);
            let external_id = record.user.external_id.as_deref();
            sightings.push(email);
            // One without is looked for by its address twice.
            sightings.push(external_id.map_or(email, |id| named.sighting(by_external_id(id), 0)));
        }
        let found = named.contains(&sightings)?;
        let unnamed = users.iter().zip(found.chunks(2)).filter(|(_, found)| !found.contains(&true));
        Ok::<_, std::io::Error>(unnamed.map(|(record, _)| record.user.id).collect())
    });
    let found = looking.await.map_err(|error| Error::internal(format!("looking for users: {error}")))?;
    found.map_err(|error| Error::internal(format!("looking for users: {error}")))
}
