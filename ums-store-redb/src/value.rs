//! How an entry is written: checksum, version, expiry, text.
//!
//! ```text
//! 0    4        20        21       29
//! | crc | version | expires | expiry | text ...
//! ```
//!
//! Numbers are big-endian; the expiry is 0 where the entry does not expire. The checksum covers the key as well, so
//! that an entry never passes for another.

use crc32fast::Hasher;
use ums_store::{Entry, Version};

use crate::error::Damaged;

const CHECKSUM: usize = 4;
const HEADER: usize = CHECKSUM + 16 + 1 + 8;

/// Makes `bytes` those of an entry at a key.
pub(crate) fn encode(
    bytes: &mut Vec<u8>,
    key: (&str, &str),
    version: Version,
    expires_at: Option<u64>,
    text: &str,
) {
    bytes.clear();
    bytes.reserve(HEADER + text.len());
    bytes.extend_from_slice(&[0; CHECKSUM]);
    bytes.extend_from_slice(&version.as_u128().to_be_bytes());
    bytes.push(u8::from(expires_at.is_some()));
    bytes.extend_from_slice(&expires_at.unwrap_or(0).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    let (checksum, rest) = bytes.split_at_mut(CHECKSUM);
    checksum.copy_from_slice(&checksum_of(key, rest));
}

/// The entry of these bytes, which stood at this key.
pub(crate) fn decode(key: (&str, &str), bytes: &[u8]) -> Result<Entry, Damaged> {
    let version = version(key, bytes)?;
    let (_, text) = bytes.split_at_checked(HEADER).ok_or(Damaged)?;
    let text = std::str::from_utf8(text).map_err(|_| Damaged)?;
    Ok(Entry { value: text.into(), version, expires_at: expiry(bytes) })
}

/// The version of these bytes, which stood at this key.
pub(crate) fn version(key: (&str, &str), bytes: &[u8]) -> Result<Version, Damaged> {
    let (checksum, rest) = bytes.split_first_chunk::<CHECKSUM>().ok_or(Damaged)?;
    if *checksum != checksum_of(key, rest) {
        return Err(Damaged);
    }
    let (version, _) = rest.split_first_chunk().ok_or(Damaged)?;
    Ok(Version::from_u128(u128::from_be_bytes(*version)))
}

/// The expiry of these bytes, which may be damaged: they are about to be replaced, and only the index of expiries
/// is at stake, which a sweep compares with the entry anyway.
pub(crate) fn expiry(bytes: &[u8]) -> Option<u64> {
    let (_, rest) = bytes.split_at_checked(CHECKSUM + 16)?;
    let (flag, rest) = rest.split_first()?;
    let (time, _) = rest.split_first_chunk()?;
    (*flag == 1).then_some(u64::from_be_bytes(*time))
}

fn checksum_of((partition, sort): (&str, &str), rest: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = Hasher::new();
    // With its length, so that the boundary between the parts counts too.
    hasher.update(&partition.len().to_be_bytes());
    hasher.update(partition.as_bytes());
    hasher.update(sort.as_bytes());
    hasher.update(rest);
    hasher.finalize().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (&str, &str) = ("p", "s");

    fn encoded(key: (&str, &str), expires_at: Option<u64>, text: &str) -> Vec<u8> {
        let mut bytes = b"what was there before".repeat(9);
        encode(&mut bytes, key, Version::from_u128(7), expires_at, text);
        bytes
    }

    fn entry(text: &str, expires_at: Option<u64>) -> Entry {
        Entry { value: text.into(), version: Version::from_u128(7), expires_at }
    }

    #[test]
    fn entries_come_back() {
        for entry in [entry("", None), entry("text", Some(0)), entry("\u{1f600}", Some(u64::MAX))] {
            let bytes = encoded(KEY, entry.expires_at, &entry.value);
            assert_eq!(decode(KEY, &bytes).unwrap(), entry);
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = encoded(KEY, Some(9), "some text");
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(KEY, &damaged).is_err(), "bit {bit}");
            assert!(version(KEY, &damaged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_shorter_entry_is_noticed() {
        let bytes = encoded(KEY, None, "some text");
        for length in 0..bytes.len() {
            assert!(decode(KEY, &bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn an_entry_of_another_key_is_noticed() {
        let bytes = encoded(("a", "bc"), None, "text");
        assert!(decode(("ab", "c"), &bytes).is_err());
        assert!(decode(("a", "bd"), &bytes).is_err());
    }
}
