//! What an import has seen in the file so far, exactly, in memory that hardly grows with the file.
//!
//! A filter of three bytes a key knows what is surely new. What may not be is looked for in a log of all keys, which
//! grows in a temporary file and is read from its start; of a million keys without a repetition about ten are looked for.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::{BuildHasher, Hash};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// Bits of the filter for each key that there may be, and how many of them a key sets.
const BITS: u64 = 24;
const BITS_PER_KEY: u64 = 8;
/// How much of the log is kept in memory before it becomes a file.
const LOG_IN_MEMORY: usize = 256 * 1024;
/// A key's hash and its row.
const RECORD: usize = 12;

/// The keys seen: as keyed hashes of 64 bits, which nobody can aim at.
#[derive(Debug)]
pub(super) struct Seen {
    filter: Vec<u64>,
    log: BufWriter<SpooledTempFile>,
    hashes: RandomState,
}

/// A key, and the row that has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting {
    hash: u64,
    row: u32,
}

impl Seen {
    /// Nothing seen yet of as many keys.
    pub(super) fn new(keys: u64) -> Self {
        let words = usize::try_from(keys.saturating_mul(BITS).div_ceil(64).max(64)).unwrap_or(64);
        let log = BufWriter::with_capacity(32 * 1024, SpooledTempFile::new(LOG_IN_MEMORY));
        Self { filter: vec![0; words], log, hashes: RandomState::new() }
    }

    pub(super) fn sighting(&self, key: impl Hash, row: u32) -> Sighting {
        Sighting { hash: self.hashes.hash_one(key), row }
    }

    /// The first row that had each key, where it was an earlier one; notes what is new. All that come at once cost one
    /// look into the log at most.
    pub(super) fn first_rows(&mut self, sightings: &[Sighting]) -> io::Result<Vec<Option<u32>>> {
        let mut suspects: HashMap<u64, Option<u32>> = sightings
            .iter()
            .filter(|sighting| self.may_know(sighting.hash))
            .map(|sighting| (sighting.hash, None))
            .collect();
        if !suspects.is_empty() {
            self.search(&mut suspects)?;
        }
        let mut here: HashMap<u64, u32> = HashMap::with_capacity(sightings.len());
        let mut firsts = Vec::with_capacity(sightings.len());
        for Sighting { hash, row } in sightings {
            let earlier = suspects.get(hash).copied().flatten();
            firsts.push(match (earlier, here.entry(*hash)) {
                (Some(first), _) => Some(first),
                (None, Entry::Occupied(first)) => Some(*first.get()),
                (None, Entry::Vacant(new)) => {
                    new.insert(*row);
                    None
                }
            });
        }
        for Sighting { hash, row } in sightings.iter().filter(|one| here.get(&one.hash) == Some(&one.row)) {
            for bit in self.bits(*hash) {
                let word = usize::try_from(bit / 64).unwrap_or_default();
                if let Some(word) = self.filter.get_mut(word) {
                    *word |= 1 << (bit % 64);
                }
            }
            self.log.write_all(&hash.to_le_bytes())?;
            self.log.write_all(&row.to_le_bytes())?;
        }
        Ok(firsts)
    }

    /// Which of the keys were seen. Blocks.
    pub(super) fn contains(&mut self, sightings: &[Sighting]) -> io::Result<Vec<bool>> {
        let mut suspects: HashMap<u64, Option<u32>> = sightings
            .iter()
            .filter(|sighting| self.may_know(sighting.hash))
            .map(|sighting| (sighting.hash, None))
            .collect();
        if !suspects.is_empty() {
            self.search(&mut suspects)?;
        }
        Ok(sightings.iter().map(|one| suspects.get(&one.hash).is_some_and(Option::is_some)).collect())
    }

    fn may_know(&self, hash: u64) -> bool {
        self.bits(hash).all(|bit| {
            let word = usize::try_from(bit / 64).ok().and_then(|word| self.filter.get(word));
            word.is_none_or(|word| word >> (bit % 64) & 1 == 1)
        })
    }

    /// The bits of a key: two halves of its hash give as many as are wanted (Kirsch and Mitzenmacher, 2006).
    fn bits(&self, hash: u64) -> impl Iterator<Item = u64> + use<> {
        let bits = self.filter.len() as u64 * 64;
        let step = (hash >> 32) | 1;
        (0..BITS_PER_KEY).map(move |number| hash.wrapping_add(number.wrapping_mul(step)) % bits)
    }

    fn search(&mut self, suspects: &mut HashMap<u64, Option<u32>>) -> io::Result<()> {
        self.log.flush()?;
        let log = self.log.get_mut();
        log.rewind()?;
        let mut missing = suspects.len();
        let mut reader = BufReader::with_capacity(64 * 1024, &mut *log);
        let mut record = [0; RECORD];
        while missing > 0 {
            match reader.read_exact(&mut record) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
            let Some((hash, row)) = record.split_first_chunk() else { break };
            if let Some(found @ None) = suspects.get_mut(&u64::from_le_bytes(*hash)) {
                *found = row.first_chunk().map(|row| u32::from_le_bytes(*row));
                missing -= 1;
            }
        }
        drop(reader);
        log.seek(SeekFrom::End(0)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(seen: &mut Seen, keys: impl IntoIterator<Item = (u64, u32)>) -> Vec<Option<u32>> {
        let sightings: Vec<_> = keys.into_iter().map(|(key, row)| seen.sighting(key, row)).collect();
        seen.first_rows(&sightings).unwrap()
    }

    #[test]
    fn the_first_row_is_named_whether_it_came_at_once_or_before() {
        let mut seen = Seen::new(10);
        assert_eq!(look(&mut seen, [(1, 2), (2, 3), (1, 4), (1, 5)]), [None, None, Some(2), Some(2)]);
        assert_eq!(look(&mut seen, [(3, 6), (2, 7), (3, 8)]), [None, Some(3), Some(6)]);
        assert_eq!(look(&mut seen, [(1, 9)]), [Some(2)]);
    }

    #[test]
    fn it_is_exact_past_what_is_kept_in_memory_and_with_a_filter_that_is_full() {
        for rows in [100_000, 100] {
            let mut seen = Seen::new(rows);
            for first in (0..100_000_u32).step_by(5_000) {
                let found = look(&mut seen, (first..first + 5_000).map(|row| (u64::from(row), row)));
                assert!(found.iter().all(Option::is_none), "a filter for {rows} rows");
            }
            let again = (0..100_000_u32).step_by(997);
            let found = look(&mut seen, again.clone().map(|row| (u64::from(row), row + 100_000)));
            assert_eq!(found, again.map(Some).collect::<Vec<_>>(), "a filter for {rows} rows");
        }
    }
}
