//! Hashes that other systems made: verified here, and replaced by argon2id at the first log-in that succeeds.

mod bcrypt;
mod encoding;
mod pbkdf2;
mod romix;
mod scrypt;

pub(super) use bcrypt::BcryptHash;
pub(super) use pbkdf2::Pbkdf2Hash;
pub(super) use scrypt::ScryptHash;

#[cfg(test)]
mod tests;
