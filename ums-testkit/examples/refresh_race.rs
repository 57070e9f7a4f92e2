//! The race of refreshes at any length: `cargo xtask refresh-race [--rounds N] [--seed S]`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::sync::Arc;

use ums_core::store::Store;
use ums_core::{Clock, SystemClock};
use ums_store_memory::MemoryStore;
use ums_store_redb::RedbStore;
use ums_testkit::refresh_race::{CALLERS, RefreshRace};

/// How many rounds a session lives: by the race's clock a round takes a second.
const ROUNDS_A_SESSION: u64 = 500;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(|number| number.parse()).collect::<Result<Vec<u64>, _>>().as_deref()
    {
        Ok([rounds, seed]) => races(*rounds, *seed).await,
        _ => Err("usage: refresh_race ROUNDS SEED".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn races(rounds: u64, seed: u64) -> Result<(), String> {
    race("memory", rounds, seed, |_| Ok(Arc::new(MemoryStore::new()))).await?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    race("redb", rounds, seed, |session| {
        let path = directory.path().join(format!("{session}.redb"));
        RedbStore::open(path)
            .map(|store| Arc::new(store) as Arc<dyn Store>)
            .map_err(|error| error.to_string())
    })
    .await
}

async fn race(
    name: &str,
    rounds: u64,
    seed: u64,
    open: impl Fn(u64) -> Result<Arc<dyn Store>, String>,
) -> Result<(), String> {
    let started = SystemClock.now();
    let mut done = 0;
    while done < rounds {
        let seed = seed + done / ROUNDS_A_SESSION;
        let mut race = RefreshRace::begin(open(seed)?, seed).await;
        for _ in 0..ROUNDS_A_SESSION.min(rounds - done) {
            done += 1;
            race.round().await.map_err(|what| failed(name, done, seed, &what))?;
        }
        race.end().await.map_err(|what| failed(name, done, seed, &what))?;
    }
    let seconds = SystemClock.now().since(started).as_secs_f64().max(0.001);
    println!(
        "{name}: {done} rounds × {CALLERS} callers, one successor each; {:.0} rounds/s, {:.1} s",
        done as f64 / seconds,
        seconds
    );
    Ok(())
}

fn failed(name: &str, round: u64, seed: u64, what: &str) -> String {
    format!(
        "{name}, round {round}, seed {seed}: {what}\nrun it again: cargo xtask refresh-race --rounds \
         {ROUNDS_A_SESSION} --seed {seed}"
    )
}
