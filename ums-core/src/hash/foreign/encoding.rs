//! What hashes in text have in common: numbers, parameters, base64, and the salt and output that they end with.

use base64::Engine as _;
use base64::alphabet::{BCRYPT, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::hash::stored::UnusableHash;

/// PHC writes no padding, Django does.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// With an alphabet of its own. Its last character holds bits that mean nothing, which some systems fill at random.
pub(super) const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The bytes of a salt, as text or in base64: a shorter one protects little, a longer one only costs.
const SALT_LENGTHS: std::ops::RangeInclusive<usize> = 8..=128;
/// The bytes of an output. Below 128 bits it is too easily hit by chance.
const OUTPUT_LENGTHS: std::ops::RangeInclusive<usize> = 16..=MAXIMUM_OUTPUT;
pub(super) const MAXIMUM_OUTPUT: usize = 64;

/// The salt of a hash and what came out.
#[derive(Clone)]
pub(super) struct Digest {
    pub(super) salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl Digest {
    /// Of a salt in base64, as in PHC strings.
    pub(super) fn encoded(salt: &str, output: &str) -> Result<Self, UnusableHash> {
        Self::new(decode(salt)?, output)
    }

    /// Of a salt that is the bytes of its text, as with Django.
    pub(super) fn textual(salt: &str, output: &str) -> Result<Self, UnusableHash> {
        Self::new(salt.as_bytes().to_vec(), output)
    }

    fn new(salt: Vec<u8>, output: &str) -> Result<Self, UnusableHash> {
        let output = decode(output)?;
        if SALT_LENGTHS.contains(&salt.len()) && OUTPUT_LENGTHS.contains(&output.len()) {
            Ok(Self { salt, output })
        } else {
            Err(UnusableHash::OutOfBounds)
        }
    }
}

fn decode(text: &str) -> Result<Vec<u8>, UnusableHash> {
    BASE64.decode(text).map_err(|_| UnusableHash::Malformed)
}

/// A number in decimal digits and nothing else. One that is too large for its type is out of any bounds.
pub(super) fn number(text: &str) -> Result<u32, UnusableHash> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UnusableHash::Malformed);
    }
    text.parse().map_err(|_| UnusableHash::OutOfBounds)
}

/// The values of a PHC string's parameters, in the order in which they are named here; each at most once, and no other.
pub(super) fn parameters<const COUNT: usize>(
    text: &str,
    names: [&str; COUNT],
) -> Result<[Option<u32>; COUNT], UnusableHash> {
    let mut values = [None; COUNT];
    for parameter in text.split(',') {
        let (name, value) = parameter.split_once('=').ok_or(UnusableHash::Malformed)?;
        let position = names.iter().position(|known| *known == name);
        let slot = position.and_then(|position| values.get_mut(position)).ok_or(UnusableHash::Malformed)?;
        if slot.replace(number(value)?).is_some() {
            return Err(UnusableHash::Malformed);
        }
    }
    Ok(values)
}

/// The parts between the dollar signs, as many as there have to be.
pub(super) fn parts<const COUNT: usize>(text: &str) -> Result<[&str; COUNT], UnusableHash> {
    // One more than is wanted is enough to tell.
    let found: Vec<_> = text.split('$').take(COUNT + 1).collect();
    found.try_into().map_err(|_| UnusableHash::Malformed)
}
