//! What tells one import's request from another.

use std::fs::File;
use std::io::{self, Read, Seek};

use aws_lc_rs::{digest, hmac};

use super::ImportOptions;
use super::job::Workbook;
use crate::access::Actor;
use crate::secret::Purpose;
use crate::{Error, Result, SecretKey};

/// Measures a workbook, on a thread that may block, and gives it back at its beginning.
pub(super) async fn measure(mut workbook: File) -> Result<(File, Workbook)> {
    let measured = tokio::task::spawn_blocking(move || {
        let measured = digest_of(&mut workbook)?;
        Ok::<_, io::Error>((workbook, measured))
    });
    let measured =
        measured.await.map_err(|error| Error::internal(format!("measuring a workbook: {error}")))?;
    measured.map_err(|error| Error::internal(format!("a workbook can't be read: {error}")))
}

fn digest_of(workbook: &mut File) -> io::Result<Workbook> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut bytes = 0;
    let mut buffer = vec![0; 64 * 1024];
    workbook.rewind()?;
    loop {
        let read = workbook.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        context.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
    workbook.rewind()?;
    Ok(Workbook { bytes, sha256: hexadecimal(context.finish().as_ref()), kept: false, kept_until: None })
}

/// What a request asks for: the same for the same workbook and the same options.
pub(super) fn of_request(options: &ImportOptions, workbook: &Workbook) -> Result<String> {
    let options = serde_json::to_string(options)
        .map_err(|error| Error::internal(format!("options can't be written: {error}")))?;
    let text = format!("{}\n{options}", workbook.sha256);
    Ok(hexadecimal(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()))
}

/// Under what callers' keys are kept: keyed hashes, since a key is its caller's to choose.
pub(super) struct KeyHasher(hmac::Key);

impl KeyHasher {
    pub(super) fn new(secret: &SecretKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.derive(Purpose::ImportKey).expose()))
    }

    pub(super) fn hash(&self, actor: &Actor, given: &str) -> String {
        let caller = actor.user_id().map_or_else(|| "system".to_owned(), |id| id.to_string());
        let tag = hmac::sign(&self.0, format!("{caller}\0{given}").as_bytes());
        hexadecimal(tag.as_ref().first_chunk::<16>().map_or(&[][..], |half| half))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
