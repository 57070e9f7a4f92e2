//! Sound workbooks, changed by chance. The same seed makes the same changes.

use super::{Expected, Specimen, specimen};
use crate::package::{Package, zip};
use crate::workbook::{golden, users};

/// The workbooks that are changed: of few people, of many, of awkward cells, and one with nothing but what is needed.
#[must_use]
pub fn originals() -> Vec<Vec<u8>> {
    vec![users(5).bytes(), users(300).bytes(), golden().bytes(), super::sound().bytes()]
}

/// An endless row of changed workbooks.
#[derive(Debug)]
pub struct Mutations {
    chance: Chance,
    originals: Vec<Vec<u8>>,
    /// Each original as its parts.
    parts: Vec<Vec<(String, Vec<u8>)>>,
    made: u64,
}

impl Mutations {
    /// Those that follow from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let originals = originals();
        let parts = originals.iter().map(|bytes| unpacked(bytes)).collect();
        Self { chance: Chance(seed), originals, parts, made: 0 }
    }

    /// Bytes of the file changed: what comes of it is what came of the original, or a refusal, since each part has a checksum.
    fn of_file(&mut self, index: usize) -> (Vec<u8>, Expected) {
        let mut bytes = self.originals.get(index).cloned().unwrap_or_default();
        self.chance.spoil(&mut bytes);
        (bytes, Expected::RefusedOrLike(index))
    }

    /// Bytes of a part changed before it is packed: that may be another workbook, and a sound one.
    fn of_part(&mut self, index: usize) -> (Vec<u8>, Expected) {
        let mut parts = self.parts.get(index).cloned().unwrap_or_default();
        let chosen = self.chance.below(parts.len());
        if let Some((_, part)) = parts.get_mut(chosen) {
            self.chance.spoil(part);
        }
        let bytes = zip(parts.iter().map(|(name, part)| (name.as_str(), part.as_slice())));
        (bytes, Expected::Ends)
    }

    /// A tag of a part taken out, doubled, or put elsewhere.
    fn of_tags(&mut self, index: usize) -> (Vec<u8>, Expected) {
        let mut parts = self.parts.get(index).cloned().unwrap_or_default();
        let chosen = self.chance.below(parts.len());
        if let Some((_, part)) = parts.get_mut(chosen) {
            let mut tags: Vec<Vec<u8>> =
                part.split_inclusive(|byte| *byte == b'>').map(<[u8]>::to_vec).collect();
            for _ in 0..=self.chance.below(3) {
                let (one, other) = (self.chance.below(tags.len()), self.chance.below(tags.len()));
                match self.chance.below(3) {
                    0 if tags.len() > 1 => drop(tags.remove(one)),
                    1 => {
                        let tag = tags.get(one).cloned().unwrap_or_default();
                        tags.insert(other, tag);
                    }
                    _ if one < tags.len() && other < tags.len() => tags.swap(one, other),
                    _ => {}
                }
            }
            *part = tags.concat();
        }
        let bytes = zip(parts.iter().map(|(name, part)| (name.as_str(), part.as_slice())));
        (bytes, Expected::Ends)
    }
}

impl Iterator for Mutations {
    type Item = Specimen;

    fn next(&mut self) -> Option<Specimen> {
        let index = self.chance.below(self.originals.len());
        let (class, (bytes, expected)) = match self.made % 3 {
            0 => ("changed file", self.of_file(index)),
            1 => ("changed part", self.of_part(index)),
            _ => ("changed tags", self.of_tags(index)),
        };
        self.made += 1;
        Some(specimen(class, format!("number {} of original {index}", self.made), bytes, expected))
    }
}

fn unpacked(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    Package::of(bytes).parts().to_vec()
}

/// Chance that can be had again: a linear congruential generator (Knuth's MMIX).
#[derive(Clone, Debug)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A number below `bound`; 0 where that is 0.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0).checked_rem(bound).unwrap_or(0)
    }

    /// Changes, cuts out, doubles or puts in a few bytes.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        const PIECES: [&[u8]; 8] = [
            b"<",
            b"&",
            b"\"",
            b"\0",
            b"99999999999999999999",
            b"\xFF\xFF\xFF\xFF",
            b"</row>",
            b"PK\x01\x02",
        ];
        for _ in 0..=self.below(4) {
            let place = self.below(bytes.len());
            let length = self.below(16).min(bytes.len() - place);
            match self.below(5) {
                0 => {
                    if let Some(byte) = bytes.get_mut(place) {
                        *byte ^= 1 << (self.next() % 8);
                    }
                }
                1 => drop(bytes.drain(place..place + length)),
                2 => {
                    let piece = bytes.get(place..place + length).unwrap_or_default().to_vec();
                    bytes.splice(place..place, piece);
                }
                3 => {
                    let piece = PIECES.get(self.below(PIECES.len())).copied().unwrap_or_default();
                    bytes.splice(place..place, piece.iter().copied());
                }
                _ => bytes.truncate(place),
            }
        }
    }
}
