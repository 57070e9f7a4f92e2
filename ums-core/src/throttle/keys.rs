//! Under which names things are counted: keyed hashes, so that the store holds no address that a stranger typed.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::hmac;
use ums_store::Key;

use crate::parse::Email;
use crate::secret::Purpose;
use crate::{SecretKey, keyspace};

/// 128 bits tell apart whatever is typed, and make a short key.
const HASH_BYTES: usize = 16;

/// Makes the hashes.
pub(super) struct Keys(hmac::Key);

/// Under which key an account is counted.
#[derive(Clone, Debug)]
pub(super) struct AccountKey {
    hash: String,
    key: Key,
}

impl Keys {
    pub(super) fn new(secret: &SecretKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.derive(Purpose::Throttle).expose()))
    }

    /// The account that has an e-mail address in any spelling. Text that is no address has a name of its own, so that
    /// trying it costs what trying an address does.
    pub(super) fn account(&self, email: &str) -> AccountKey {
        let hash = match email.parse::<Email>() {
            Ok(email) => self.hash("e-mail", &[email.canonical().as_bytes()]),
            Err(_) => self.hash("text", &[email.as_bytes()]),
        };
        AccountKey { key: keyspace::throttled_account(&hash), hash }
    }

    /// A client's address, as far as one client has one.
    pub(super) fn address(&self, ip: IpAddr) -> String {
        self.hash("address", &[&network(ip)])
    }

    /// A client's address among those of an account; another one among those of any other.
    pub(super) fn known_address(&self, account: &AccountKey, ip: IpAddr) -> String {
        self.hash("known address", &[account.hash.as_bytes(), &network(ip)])
    }

    fn hash(&self, kind: &str, parts: &[&[u8]]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        // Parts but the last have a fixed length, so no two lists of them read the same.
        for part in [kind.as_bytes(), b"\0"].iter().chain(parts) {
            context.update(part);
        }
        context.sign().as_ref().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl AccountKey {
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn into_key(self) -> Key {
        self.key
    }
}

/// What one client can't leave at will: an IPv4 address; of an IPv6 address the first 64 bits, since whoever has one
/// has all that begin so (RFC 7421).
fn network(ip: IpAddr) -> Vec<u8> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().into_iter().take(8).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: u8) -> Keys {
        Keys::new(&SecretKey::new([secret; 32]).unwrap())
    }

    fn account(email: &str) -> String {
        keys(7).account(email).hash
    }

    #[test]
    fn every_spelling_of_an_address_is_one_account() {
        for (one, other) in [("A@X", " a@x "), ("José@example.com", "jose\u{301}@EXAMPLE.com\n")] {
            assert_eq!(account(one), account(other), "{one} {other}");
        }
        let apart = ["a@x", "b@x", "a", "A", " a", "", "mıke@x", "mike@x", "a@@x"];
        let hashes: std::collections::BTreeSet<_> = apart.iter().map(|text| account(text)).collect();
        assert_eq!(hashes.len(), apart.len());
    }

    #[test]
    fn hashes_are_short_keyed_and_show_nothing() {
        let hash = account("ada@example.com");
        assert_eq!(hash.len(), 32);
        assert_ne!(hash, keys(8).account("ada@example.com").hash);
        assert_eq!(account(&"x".repeat(1 << 20)).len(), 32);
        assert_eq!(format!("{:?}", keys(7)), "Keys(…)");
    }

    #[test]
    fn a_network_is_one_address() {
        let address = |ip: &str| keys(7).address(ip.parse().unwrap());
        assert_eq!(address("192.0.2.1"), address("::ffff:192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
    }

    #[test]
    fn an_address_is_another_for_each_account() {
        let (keys, ip) = (keys(7), "192.0.2.1".parse().unwrap());
        let (one, other) = (keys.account("a@x"), keys.account("b@x"));
        assert_ne!(keys.known_address(&one, ip), keys.known_address(&other, ip));
        assert_ne!(keys.known_address(&one, ip), keys.address(ip));
    }
}
