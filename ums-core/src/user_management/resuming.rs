//! Going on with imports that were left unfinished.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Acting, UserManagement};
use crate::Result;
use crate::access::Actor;
use crate::import::ImportReport;
use crate::model::{Role, UserId};

/// How often an instance looks for such imports.
const WATCH: Duration = Duration::from_secs(30);

/// Goes on with every import that was left, to its end.
pub(super) async fn resume(ums: &UserManagement) -> Result<usize> {
    let going_on = begin(ums).await?;
    let count = going_on.len();
    for import in going_on {
        // How it ended is in its report and in the log.
        drop(import.await);
    }
    Ok(count)
}

/// Looks for imports that were left: now, and from time to time as long as somebody uses this instance.
pub(super) async fn watch(ums: &UserManagement) -> Result<()> {
    let any_left = !ums.0.jobs.left().await?.is_empty();
    let parts = Arc::downgrade(&ums.0);
    tokio::spawn(async move {
        let mut pause = if any_left { Duration::ZERO } else { WATCH };
        loop {
            tokio::time::sleep(pause).await;
            pause = WATCH;
            let Some(parts) = parts.upgrade() else { return };
            let ums = UserManagement(parts);
            let swept = ums.0.jobs.sweep().await;
            // Not awaited: a long one would keep others from being found.
            let begun = begin(&ums).await.map(drop);
            if let Err(error) = swept.and(begun) {
                tracing::warn!(%error, "imports that were interrupted can't be looked for");
            }
        }
    });
    Ok(())
}

async fn begin(ums: &UserManagement) -> Result<Vec<JoinHandle<Result<ImportReport>>>> {
    let jobs = &ums.0.jobs;
    let mut begun = Vec::new();
    for id in jobs.left().await? {
        if let Some((ticket, actor_id)) = jobs.take_over(id).await? {
            begun.push(Acting::new(ums.clone(), actor(actor_id), None).spawn(ticket));
        }
    }
    Ok(begun)
}

/// Whoever asked for an import. What they may do is read with their account, each time.
fn actor(id: Option<UserId>) -> Actor {
    id.map_or(Actor::System, |id| Actor::User {
        id,
        role: Role::Member,
        organisation_id: None,
        department_id: None,
    })
}
