//! Everything secret that the cases say or are told, and a look for it wherever it must not be.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use aho_corasick::AhoCorasick;
use serde_json::Value;
use tempfile::TempDir;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is shorter turns up by chance.
const SHORTEST: usize = 12;
/// The fields of bodies, of requests and answers, that hold secrets.
const SECRET_FIELDS: [&str; 7] =
    ["password", "current_password", "new_password", "access_token", "refresh_token", "token", "secret"];

#[derive(Default)]
struct Kept {
    secrets: BTreeSet<String>,
    /// Bodies of errors.
    errors: Vec<String>,
    /// What servers leave behind: their stores, logs, standard error.
    directories: Vec<TempDir>,
}

fn kept() -> std::sync::MutexGuard<'static, Kept> {
    static KEPT: OnceLock<Mutex<Kept>> = OnceLock::new();
    KEPT.get_or_init(Mutex::default).lock().unwrap()
}

/// Writes everything that this process says through `tracing`, at TRACE, to a file of a kept directory.
pub(crate) fn listen() {
    let directory = tempfile::tempdir().unwrap();
    let file = File::create(directory.path().join("trace.log")).unwrap();
    tracing_subscriber::registry().with(fmt::layer().with_ansi(false).with_writer(Mutex::new(file))).init();
    tracing::trace!("the listener hears");
    keep(directory);
}

/// A secret that must not turn up.
pub(crate) fn secret(text: &str) {
    if text.len() >= SHORTEST {
        kept().secrets.insert(text.to_owned());
    }
}

/// Notes what is secret in a body.
pub(crate) fn note(body: &[u8]) {
    if let Ok(body) = serde_json::from_slice::<Value>(body) {
        note_value(&body);
    }
}

fn note_value(value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if SECRET_FIELDS.contains(&name.as_str()) => secret(text),
                    value => note_value(value),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(note_value),
        _ => {}
    }
}

/// The body of an error, to be searched.
pub(crate) fn error(body: &[u8]) {
    kept().errors.push(String::from_utf8_lossy(body).into_owned());
}

/// A directory to be searched; it is removed afterwards.
pub(crate) fn keep(directory: TempDir) {
    kept().directories.push(directory);
}

/// Looks for every secret in everything kept.
pub(crate) fn search() {
    let kept = std::mem::take(&mut *kept());
    assert!(kept.secrets.len() > 2, "hardly a secret was noted: {}", kept.secrets.len());
    let mut files = Vec::new();
    for directory in &kept.directories {
        collect(directory.path(), &mut files);
    }
    let secrets: Vec<&String> = kept.secrets.iter().collect();
    let searcher = AhoCorasick::new(&secrets).unwrap();
    let hits = |bytes: &[u8]| -> BTreeSet<String> {
        searcher.find_iter(bytes).map(|hit| secrets[hit.pattern().as_usize()].clone()).collect()
    };
    let mut found = Vec::new();
    let mut heard = false;
    for (name, bytes) in files.iter().map(|path| (path.display().to_string(), std::fs::read(path).unwrap())) {
        heard |= name.ends_with("trace.log") && contains(&bytes, b"the listener hears");
        found.extend(hits(&bytes).into_iter().map(|secret| format!("{secret} in {name}")));
    }
    assert!(heard, "nothing was traced");
    for error in &kept.errors {
        found.extend(
            hits(error.as_bytes()).into_iter().map(|secret| format!("{secret} in the error {error}")),
        );
    }
    assert!(found.is_empty(), "secrets got out:\n{}", found.join("\n"));
    println!(
        "     searched for {} secrets in {} files and {} errors",
        kept.secrets.len(),
        files.len(),
        kept.errors.len()
    );
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            collect(&path, files);
        } else if path.extension().is_none_or(|extension| extension != "secret") && !is_message(&path) {
            files.push(path);
        }
    }
}

/// A message to a user holds the token that it brings.
fn is_message(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "messages")
}

/// Whether a file holds this text.
pub(crate) fn contains(bytes: &[u8], text: &[u8]) -> bool {
    AhoCorasick::new([text]).unwrap().is_match(bytes)
}
