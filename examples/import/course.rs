//! The course of an import: begun or gone on with, followed, and told of.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};
use ums_core::import::{ImportOptions, ImportReport, ImportStatus};
use ums_core::log::{Level, TracingLayer};
use ums_core::model::ImportId;
use ums_core::{Acting, ImportEvent, PageRequest};
use ums_server::config::{Config, ConfigError, DatabaseUrl};
use ums_server::{Log, OpenSystemError, System, shutdown_signal};

use crate::arguments::Arguments;
use crate::progress::Progress;
use crate::{failed_rows, report, tell};

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every row was taken.
    Taken,
    /// Some rows were not.
    SomeFailed,
    /// No row was taken.
    NothingDone,
    /// Somebody stopped it on the way.
    Interrupted,
}

/// Why nothing could be told of an import.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("an import into memory is gone at once; name a file with --store (DATABASE_URL is memory:)")]
    Memory,
    #[error(transparent)]
    System(#[from] OpenSystemError),
    #[error("{} can't be opened", path.display())]
    Workbook { path: PathBuf, source: io::Error },
    #[error("{} can't be imported", path.display())]
    Import { path: PathBuf, source: ums_core::Error },
    #[error("the operating system refuses")]
    Io(#[from] io::Error),
}

/// Imports as the arguments and the environment say.
pub(crate) async fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let path = &arguments.workbook;
    let workbook = File::open(path).map_err(|source| Failure::Workbook { path: path.clone(), source })?;
    let mut config = Config::from_environment()?;
    if let Some(store) = &arguments.store {
        config.database_url = DatabaseUrl::Redb(store.clone());
    }
    let DatabaseUrl::Redb(store) = &config.database_url else { return Err(Failure::Memory) };
    if !store.exists() {
        tell(&format!("there is no store at {} yet: it is made", store.display()));
    }
    // From here on a signal lets the import stop in order.
    let stop = shutdown_signal()?;
    let log = Log::open(&config)?;
    start_tracing(&log);
    let system = System::open(&config, &log).await?;
    let done = import(&system, workbook, arguments, stop).await;
    system.close().await;
    done.map_err(|source| Failure::Import { path: path.clone(), source })
}

async fn import(
    system: &System,
    workbook: File,
    arguments: &Arguments,
    stop: impl Future<Output = ()> + Send,
) -> ums_core::Result<Outcome> {
    let acting = system.user_management().system();
    let begun = begin(&acting, workbook, &arguments.options()).await?;
    say_what_else_goes_on(&acting, begun.id).await?;
    let mut progress = Progress::new(&arguments.workbook, begun);
    let followed = follow(&acting, begun.id, &mut progress, stop).await;
    progress.end();
    let report = match followed? {
        Some(report) => report,
        None => {
            stop_before_the_next_batch(system, begun.id, arguments.dry_run).await;
            acting.import(begun.id).await?
        }
    };
    // It may have come to its end all the same.
    if matches!(
        report.status,
        ImportStatus::Succeeded | ImportStatus::SucceededWithErrors | ImportStatus::Failed
    ) {
        conclude(&acting, &report, arguments).await
    } else {
        tell(&stopped(&report, &arguments.workbook));
        Ok(Outcome::Interrupted)
    }
}

/// An import that is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    pub(crate) id: ImportId,
    /// How many rows were done before, of one that was interrupted.
    pub(crate) before: Option<u64>,
}

/// Begins an import, or finds the one of the same workbook and options that was interrupted, which goes on by itself.
async fn begin(acting: &Acting, mut workbook: File, options: &ImportOptions) -> ums_core::Result<Begun> {
    if options.dry_run {
        // One that was interrupted has nothing to go on from.
        let id = acting.start_import(workbook, options, None).await?.id;
        return Ok(Begun { id, before: None });
    }
    let first = key(&mut workbook, options).map_err(|error| unreadable(&error))?;
    let mut key = first.clone();
    loop {
        let workbook = workbook.try_clone().map_err(|error| unreadable(&error))?;
        let started = acting.start_import(workbook, options, Some(&key)).await?;
        if !started.repeated {
            return Ok(Begun { id: started.id, before: None });
        }
        let earlier = acting.import(started.id).await?;
        if earlier.finished_at.is_none() {
            return Ok(Begun { id: earlier.id, before: Some(rows(&earlier)) });
        }
        // That one has ended, and whoever calls the program again wants another.
        key = format!("{first} after {}", earlier.id);
    }
}

/// The same for the same workbook and options.
fn key(workbook: &mut File, options: &ImportOptions) -> io::Result<String> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = workbook.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        context.update(buffer.get(..read).unwrap_or_default());
    }
    context.update(&serde_json::to_vec(options)?);
    let digest = context.finish();
    Ok(digest.as_ref().iter().fold("examples/import ".to_owned(), |key, byte| key + &format!("{byte:02x}")))
}

fn unreadable(error: &io::Error) -> ums_core::Error {
    ums_core::Error::UnreadableWorkbook { cause: error.to_string() }
}

/// Imports of other workbooks that were interrupted go on at each start. This program does not wait for them.
async fn say_what_else_goes_on(acting: &Acting, id: ImportId) -> ums_core::Result<()> {
    let latest = acting.imports(&PageRequest::default()).await?.items;
    for other in latest.iter().filter(|other| other.id != id && other.finished_at.is_none()) {
        let rows = report::count(rows(other));
        tell(&format!("import {}, interrupted after {rows} rows, goes on meanwhile", other.id));
    }
    Ok(())
}

/// Follows an import to its end; `None` where it was stopped before.
async fn follow(
    acting: &Acting,
    id: ImportId,
    progress: &mut Progress,
    stop: impl Future<Output = ()> + Send,
) -> ums_core::Result<Option<ImportReport>> {
    let mut stop = std::pin::pin!(stop);
    let mut events = acting.follow_import(id).await?;
    loop {
        let event = tokio::select! {
            event = events.next() => event?,
            () = &mut stop => return Ok(None),
        };
        match event {
            Some(ImportEvent::Progress(at)) => progress.show(at),
            Some(ImportEvent::Finished(report)) => return Ok(Some(*report)),
            None => return acting.import(id).await.map(Some),
        }
    }
}

/// Waits for that, or no longer where a second signal comes.
async fn stop_before_the_next_batch(system: &System, id: ImportId, dry_run: bool) {
    tell("stopping before the next batch; once more to stop at once");
    let ums = system.user_management();
    if dry_run {
        // There is nothing to go on with. An error says that it has ended.
        drop(ums.system().cancel_import(id).await);
    }
    let again = async {
        match shutdown_signal() {
            Ok(signal) => signal.await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = ums.stop_imports() => {}
        () = again => {}
    }
}

fn stopped(report: &ImportReport, workbook: &Path) -> String {
    let (id, rows) = (report.id, report::count(rows(report)));
    if report.dry_run {
        format!("the dry run was stopped after {rows} rows; nothing was changed")
    } else if report.status == ImportStatus::Cancelled {
        format!("import {id} was called off after {rows} rows, which stay")
    } else {
        let workbook = workbook.display();
        format!(
            "import {id} was stopped after {rows} rows, which stay; the same command goes on with the rest of {workbook}"
        )
    }
}

/// Tells what became of it.
async fn conclude(
    acting: &Acting,
    report: &ImportReport,
    arguments: &Arguments,
) -> ums_core::Result<Outcome> {
    let mut text = report::text(report, &arguments.workbook, arguments.faults);
    let failed = report.organisations.failed + report.departments.failed + report.users.failed;
    if failed > 0 || report.errors.iter().any(|fault| !fault.sheet.is_empty()) {
        text.push_str(&match failed_rows::write(acting, report.id, &arguments.workbook).await {
            Ok(Some(path)) => format!(
                "\nThe rows that failed are in {}, with what is wrong: mend it and import it.\n",
                path.display()
            ),
            Ok(None) => "\nThe rows that failed are not kept any more.\n".to_owned(),
            Err(error) => format!("\nThe rows that failed could not be written: {error}\n"),
        });
    }
    // Whoever closed it does not want to know.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(match report.status {
        ImportStatus::Succeeded => Outcome::Taken,
        ImportStatus::SucceededWithErrors => Outcome::SomeFailed,
        _ => Outcome::NothingDone,
    })
}

fn rows(report: &ImportReport) -> u64 {
    report.organisations.read + report.departments.read + report.users.read
}

/// What the program says goes to the log, as the server's does, and warnings also to standard error.
fn start_tracing(log: &Log) {
    let to_stderr = fmt::layer().with_writer(io::stderr).with_ansi(false).without_time();
    let to_log = TracingLayer::new(log.queue().clone(), Level::Info);
    tracing_subscriber::registry().with(to_stderr.with_filter(LevelFilter::WARN)).with(to_log).init();
}
