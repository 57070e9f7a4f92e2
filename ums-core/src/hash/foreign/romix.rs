//! scrypt's `ROMix` (RFC 7914, section 5), in the memory that the gate lends.
//!
//! The usual crate takes its memory anew each time and gives it back as it is. At 16 MiB for each hash a process grows by
//! that, and what is given back holds the password's first PBKDF2, from which guesses cost next to nothing.

use std::num::NonZeroU32;

use argon2::Block;
use aws_lc_rs::pbkdf2::{PBKDF2_HMAC_SHA256, derive};
use salsa20::SalsaCore;
use salsa20::cipher::StreamCipherCore;
use salsa20::cipher::typenum::U4;
use zeroize::Zeroizing;

/// The words of 32 bits that Salsa20 mixes at a time.
const SALSA: usize = 16;
/// The words of 64 bits in a block of the memory.
const BLOCK: usize = Block::SIZE / 8;

/// Computes scrypt with N = 2^`log_n`. The memory must hold 128 × N × r bytes.
pub(super) fn scrypt(
    password: &[u8],
    salt: &[u8],
    (log_n, r, p): (u8, usize, usize),
    memory: &mut [Block],
    output: &mut [u8],
) {
    let mut mixed = Zeroizing::new(vec![0; 128 * r * p]);
    derive(PBKDF2_HMAC_SHA256, NonZeroU32::MIN, salt, password, &mut mixed);
    let mut lane = Lane::new(r);
    for bytes in mixed.chunks_exact_mut(128 * r) {
        lane.mix(bytes, 1 << log_n, memory);
    }
    derive(PBKDF2_HMAC_SHA256, NonZeroU32::MIN, &mixed, password, output);
}

/// What one of the `p` computations works on.
struct Lane {
    words: Zeroizing<Vec<u32>>,
    next: Zeroizing<Vec<u32>>,
}

impl Lane {
    fn new(r: usize) -> Self {
        let words = Zeroizing::new(vec![0; 32 * r]);
        Self { next: words.clone(), words }
    }

    fn mix(&mut self, bytes: &mut [u8], n: usize, memory: &mut [Block]) {
        for (word, four) in self.words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*four);
        }
        for index in 0..n {
            self.store(index, memory);
            self.step();
        }
        for _ in 0..n {
            let index = self.index() & (n - 1);
            self.combine(index, memory);
            self.step();
        }
        for (word, four) in self.words.iter().zip(bytes.as_chunks_mut().0) {
            *four = word.to_le_bytes();
        }
    }

    /// `BlockMix`.
    fn step(&mut self) {
        let mut mixed = [0; SALSA];
        let last = self.words.len().saturating_sub(SALSA);
        mixed.iter_mut().zip(self.words.iter().skip(last)).for_each(|(to, from)| *to = *from);
        let half = self.next.len() / 2;
        let (even, odd) = self.next.split_at_mut(half);
        let outputs = even.chunks_exact_mut(SALSA).zip(odd.chunks_exact_mut(SALSA));
        for (pair, (even, odd)) in self.words.chunks_exact(2 * SALSA).zip(outputs) {
            let (first, second) = pair.split_at(SALSA);
            salsa(&mut mixed, first);
            even.copy_from_slice(&mixed);
            salsa(&mut mixed, second);
            odd.copy_from_slice(&mixed);
        }
        std::mem::swap(&mut self.words, &mut self.next);
    }

    /// `Integerify`, as far as N reaches.
    fn index(&self) -> usize {
        self.words.iter().rev().nth(SALSA - 1).map_or(0, |word| *word as usize)
    }

    fn store(&self, index: usize, memory: &mut [Block]) {
        let (blocks, skipped) = self.place(index);
        let words = memory.iter_mut().skip(blocks).flat_map(AsMut::<[u64]>::as_mut).skip(skipped);
        for (stored, pair) in words.zip(self.words.as_chunks::<2>().0) {
            let [low, high] = *pair;
            *stored = u64::from(low) | (u64::from(high) << 32);
        }
    }

    fn combine(&mut self, index: usize, memory: &[Block]) {
        let (blocks, skipped) = self.place(index);
        let words = memory.iter().skip(blocks).flat_map(AsRef::<[u64]>::as_ref).skip(skipped);
        for (stored, [low, high]) in words.zip(self.words.as_chunks_mut::<2>().0) {
            *low ^= *stored as u32;
            *high ^= (*stored >> 32) as u32;
        }
    }

    /// Where an element of the vector V begins: after how many blocks of the memory, and words of the next.
    fn place(&self, index: usize) -> (usize, usize) {
        let word = index * (self.words.len() / 2);
        (word / BLOCK, word % BLOCK)
    }
}

fn salsa(mixed: &mut [u32; SALSA], input: &[u32]) {
    mixed.iter_mut().zip(input).for_each(|(to, from)| *to ^= *from);
    let mut output = [0; 4 * SALSA];
    SalsaCore::<U4>::from_raw_state(*mixed).write_keystream_block((&mut output).into());
    for (word, four) in mixed.iter_mut().zip(output.as_chunks().0) {
        *word = u32::from_le_bytes(*four);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn computed(password: &str, salt: &str, cost: (u8, usize, usize), length: usize) -> String {
        // More than is needed, and not clean.
        let mut dirty = Block::new();
        dirty.as_mut().fill(0x5555_5555_5555_5555);
        let mut memory = vec![dirty; ((128 * cost.1) << cost.0).div_ceil(Block::SIZE) + 3];
        let mut output = vec![0; length];
        scrypt(password.as_bytes(), salt.as_bytes(), cost, &mut memory, &mut output);
        hexadecimal(&output)
    }

    /// RFC 7914, section 12.
    #[test]
    fn computes_the_rfcs_vectors() {
        for (password, salt, cost, expected) in [
            (
                "",
                "",
                (4, 1, 1),
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
            ),
            (
                "password",
                "NaCl",
                (10, 8, 16),
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
            ),
        ] {
            assert_eq!(computed(password, salt, cost, 64), expected, "{password}");
        }
    }

    /// From Python's `hashlib.scrypt` (OpenSSL): block sizes that do and do not fall in with the memory's.
    #[test]
    fn computes_what_openssl_does() {
        for (cost, expected) in [
            ((1, 1, 1), "dbf288f7abbcca670895c1cd4901e881bface6b1"),
            ((1, 32, 1), "789b8ca290cf2aad4648ebef0a804a1c23823eba"),
            ((5, 3, 2), "e58d1db2dc0a9c688fd240513e5eb845003cd46e"),
            ((6, 5, 1), "c859ac198c537bc9b4b02c5c2f628d58e69d420f"),
            ((4, 7, 3), "b5b4c7cf5b543101b8c9d12a74b7e92ad3ee03c3"),
            ((3, 16, 1), "9fa1017086b555c723b599906c4291b5fc17fab5"),
            ((7, 9, 2), "7ea1b7e695b0f78e4e8251fdcf51a5eb1be68e79"),
        ] {
            assert_eq!(computed("Grüße", "seasalt", cost, 20), expected, "{cost:?}");
        }
    }
}
