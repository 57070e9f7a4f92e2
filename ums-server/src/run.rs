//! The program, from its start to its end.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};
use ums_core::log::{Level, TracingLayer};
use ums_http::HttpOptions;

use crate::config::{Config, ConfigError, DatabaseUrl};
use crate::serve::{ServeOptions, serve, shutdown_signal};
use crate::system::{Log, OpenSystemError, System};
use crate::{Command, welcome};

/// Does what the command says, as the environment configures it.
///
/// The exit code is 0 where that succeeded, 1 where it did not (for `verify`: where there is a finding), and 2 where
/// the environment can't be understood.
pub fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Help => return say(Command::USAGE),
        Command::Version => return say(concat!("ums-server ", env!("CARGO_PKG_VERSION"))),
        Command::Serve | Command::Check | Command::Verify => on_a_runtime(command),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            if matches!(error, RunError::Config(_)) { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// Why the program could not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    System(#[from] OpenSystemError),
    #[error("can't listen on {address} (HOST, PORT)")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("can't listen on {address} (METRICS_ADDRESS)")]
    ListenForMetrics { address: SocketAddr, source: io::Error },
    #[error("there is no store at {url} to verify (DATABASE_URL)")]
    NoStore { url: DatabaseUrl },
    #[error("the store does not answer")]
    Store(#[source] ums_core::Error),
    #[error("the operating system refuses")]
    Io(#[from] io::Error),
}

fn on_a_runtime(command: Command) -> Result<ExitCode, RunError> {
    let config = Config::from_environment()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Check => check(&config).await,
            Command::Verify => verify(&silent(config)).await,
            _ => listen(&config).await,
        }
    })
}

async fn listen(config: &Config) -> Result<ExitCode, RunError> {
    // From here on a signal lets the server stop in order.
    let stop = shutdown_signal()?;
    let log = Log::open(config)?;
    start_tracing(config, &log);
    let system = System::open(config, &log).await?;
    let address = config.address;
    let listener = TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
    let address = listener.local_addr()?;
    say(&welcome::text(config, &system, address).await.map_err(RunError::Store)?);

    tracing::info!(%address, database_url = %config.database_url, "serving");
    let sweeping = tokio::spawn({
        let config = config.clone();
        async move { log.sweep(&config).await }
    });
    let options = config.http_options();
    let counts = match config.metrics_address {
        Some(address) => Some(serve_metrics(address, &system, &options).await?),
        None => None,
    };
    let router = ums_http::router(system.user_management().clone(), options);
    let served = serve(listener, router, ServeOptions::default(), stop).await;
    sweeping.abort();
    if let Some(counts) = counts {
        counts.abort();
    }
    tracing::info!(cut_off = served.cut_off, "stopped");
    system.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Serves the counts apart, until the task is ended.
async fn serve_metrics(
    address: SocketAddr,
    system: &System,
    options: &HttpOptions,
) -> Result<JoinHandle<()>, RunError> {
    let listener =
        TcpListener::bind(address).await.map_err(|source| RunError::ListenForMetrics { address, source })?;
    tracing::info!(address = %listener.local_addr()?, "serving metrics");
    let router = ums_http::metrics_router(system.user_management().clone(), options);
    Ok(tokio::spawn(async move {
        serve(listener, router, ServeOptions::default(), std::future::pending()).await;
    }))
}

async fn check(config: &Config) -> Result<ExitCode, RunError> {
    let log = Log::open(config)?;
    let system = System::inspect(config, &log).await?;
    system.user_management().ready().await.map_err(RunError::Store)?;
    say(&format!(
        "the configuration is understood\nthe store {} answers\nthe log in {} can be written",
        config.database_url,
        config.log_directory.display()
    ));
    system.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn verify(config: &Config) -> Result<ExitCode, RunError> {
    // A store that would be made now has nothing wrong with it: to say so would answer another question.
    if !matches!(&config.database_url, DatabaseUrl::Redb(path) if path.exists()) {
        return Err(RunError::NoStore { url: config.database_url.clone() });
    }
    let log = Log::open(config)?;
    let system = System::open_to_look(config, &log).await?;
    let findings = system.user_management().verify().await.map_err(RunError::Store)?;
    for finding in &findings {
        say(&finding.to_string());
    }
    let noun = if findings.len() == 1 { "invariant" } else { "invariants" };
    say(&format!("{}: {} broken {noun}", config.database_url, findings.len()));
    system.close().await;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The same, but that no message goes out: whoever only looks sends nothing.
fn silent(mut config: Config) -> Config {
    config.messages.options = config.messages.options.background(false);
    config
}

/// Sends what the program says through `tracing` to standard error and, from `info` on, to the log.
fn start_tracing(config: &Config, log: &Log) {
    let to_stderr = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_filter(EnvFilter::new(&config.trace_filter));
    let to_log = TracingLayer::new(log.queue().clone(), Level::Info);
    // Refused where the embedding program has a subscriber already: then that one hears it.
    let _ = tracing_subscriber::registry().with(to_stderr).with(to_log).try_init();
}

/// Writes to standard output. Whoever closed it does not want to know.
fn say(text: &str) -> ExitCode {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Writes an error with its causes to standard error.
fn complain(error: &dyn Error) {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    // Where there is nobody to tell, the exit code tells.
    let _ = writeln!(io::stderr(), "{text}");
}
