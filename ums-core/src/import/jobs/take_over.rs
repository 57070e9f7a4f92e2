//! Taking up what another instance, or this one before a crash, left unfinished.

use std::fs::File;
use std::io;

use ums_store::Scan;

use super::{Jobs, Ticket};
use crate::import::job::Job;
use crate::import::plan::{Phase, Plan};
use crate::import::tally::Tally;
use crate::import::{ImportFault, ImportStatus};
use crate::model::{ImportId, UserId};
use crate::{Error, Result, keyspace};

/// How often a job is begun without coming on before it is given up: one that ends the process would end each.
const ATTEMPTS: u32 = 5;

/// A job that was left, as it is found.
enum Left {
    /// Somebody is at it, or it can't be helped from here.
    Alone,
    /// Its workbook never came in whole.
    Unaccepted,
    /// It is ours now.
    Ours(Box<Job>),
    /// It was ended, since nobody can go on with it.
    Ended,
}

impl Jobs {
    /// The jobs that have not ended, and that this instance is not at.
    pub(crate) async fn left(&self) -> Result<Vec<ImportId>> {
        let mut scan = Scan::partition(keyspace::pending_imports().as_str()).limit(1_000);
        let mut ids = Vec::new();
        loop {
            let page = self.database.scan(&scan).await?;
            for item in page.items {
                let id: Option<ImportId> = item.sort.trim_start_matches('0').parse().ok();
                ids.push(id.ok_or_else(|| Error::internal("an import's key holds no id"))?);
            }
            let Some(next) = page.next else { break };
            scan = scan.after(next);
        }
        ids.retain(|id| self.running(*id).is_none());
        Ok(ids)
    }

    /// Takes up a job whose lease has run out; says who asked for it. `None` where there is nothing to do.
    pub(crate) async fn take_over(&self, id: ImportId) -> Result<Option<(Ticket, Option<UserId>)>> {
        if self.is_stopping() {
            return Ok(None);
        }
        match self.claim(id).await? {
            Left::Alone | Left::Ended => Ok(None),
            Left::Unaccepted => {
                self.discard(id).await?;
                Ok(None)
            }
            Left::Ours(job) => match self.open(id).await {
                Ok(workbook) => {
                    let ticket = self.ticket(&job, workbook);
                    tracing::info!(import = %id, "an interrupted import goes on");
                    Ok(Some((ticket, job.actor_id)))
                }
                Err(error) => {
                    tracing::error!(import = %id, %error, "the workbook of an import can't be opened");
                    self.fail(id, "workbook_lost", "its workbook can't be opened any more").await?;
                    Ok(None)
                }
            },
        }
    }

    async fn claim(&self, id: ImportId) -> Result<Left> {
        self.database
            .transact(|transaction| async move {
                let key = keyspace::import_job(id);
                let Some(found) = transaction.read::<Job>(&key).await? else {
                    transaction.delete(keyspace::import_pending(id));
                    return Ok(Left::Ended);
                };
                let mut job = found.data;
                let now = self.database.now();
                if job.is_over() || self.is_held(&job) {
                    return Ok(Left::Alone);
                }
                if !job.accepted {
                    return Ok(Left::Unaccepted);
                }
                let (code, message) = if job.phase == Phase::Looking {
                    // Whoever wanted its plan done was told nothing, and may ask again.
                    self.close(&transaction, &mut job, None)?;
                    return Ok(Left::Ended);
                } else if job.cancelled {
                    self.close(&transaction, &mut job, Some(ImportStatus::Cancelled))?;
                    return Ok(Left::Ended);
                } else if !job.workbook.kept {
                    ("interrupted", "it was interrupted, and its workbook is not kept; send it again")
                } else if job.attempts >= ATTEMPTS {
                    ("given_up", "it was begun again and again without coming on; split the workbook")
                } else if self.files.is_none() {
                    return Ok(Left::Alone);
                } else {
                    if job.options.dry_run {
                        // What it decided rests on what it remembered of the rows before.
                        job.begin_anew();
                        job.plan = job.plan.map(|plan| Plan { first: plan.chunks, ..plan });
                    }
                    job.lease = Some(self.lease());
                    transaction.put(key, &job)?;
                    return Ok(Left::Ours(Box::new(job)));
                };
                let mut tally = Tally::default();
                tally.error(ImportFault::of_sheet("", code, message));
                tally.settle(&transaction, &mut job, 0, now)?;
                self.close(&transaction, &mut job, Some(ImportStatus::Failed))?;
                Ok(Left::Ended)
            })
            .await
    }

    async fn open(&self, id: ImportId) -> io::Result<File> {
        match &self.files {
            Some(files) => files.open(id).await,
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Ends a job that this instance is at as failed.
    pub(in crate::import) async fn fail(&self, id: ImportId, code: &str, message: &str) -> Result<()> {
        self.end(id, Some(ImportStatus::Failed), Some(ImportFault::of_sheet("", code, message))).await
    }

    /// Ends a job that this instance is at.
    pub(in crate::import) async fn end(
        &self,
        id: ImportId,
        otherwise: Option<ImportStatus>,
        fault: Option<ImportFault>,
    ) -> Result<()> {
        let fault = &fault;
        self.database
            .transact(|transaction| async move {
                let Some(found) = transaction.read::<Job>(&keyspace::import_job(id)).await? else {
                    return Ok(());
                };
                let mut job = found.data;
                let ours = job.lease.as_ref().is_some_and(|lease| lease.owner == self.owner);
                if job.is_over() || !ours {
                    return Ok(());
                }
                let mut tally = Tally::default();
                fault.iter().for_each(|fault| tally.error(fault.clone()));
                tally.settle(&transaction, &mut job, 0, self.kept_until())?;
                self.close(&transaction, &mut job, otherwise)
            })
            .await
    }

    /// Removes the workbooks that nobody asks for any more: of imports that ended long ago, and of none at all.
    pub(crate) async fn sweep(&self) -> Result<()> {
        let Some(files) = &self.files else { return Ok(()) };
        let ids = match files.ids().await {
            Ok(ids) => ids,
            Err(error) => {
                tracing::warn!(%error, "the workbooks that are kept can't be listed");
                return Ok(());
            }
        };
        for id in ids {
            let found = self.database.read::<Job>(&keyspace::import_job(id)).await?;
            let wanted = found.is_some_and(|found| {
                let until = found.data.workbook.kept_until;
                !found.data.is_over() || until.is_some_and(|until| until > self.database.now())
            });
            if !wanted {
                self.remove_workbook(id).await;
            }
        }
        Ok(())
    }
}
