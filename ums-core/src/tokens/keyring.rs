//! The keys that access tokens are signed and verified with.

use super::key::{JsonWebKeySet, SigningKey, VerifyingKey};
use crate::Timestamp;

/// The key that signs, and those whose tokens are still taken.
#[derive(Debug)]
pub(super) struct Keyring {
    signing: SigningKey,
    retired: Vec<RetiredKey>,
}

/// A key that signs no longer, and until when its tokens are taken.
#[derive(Clone, Debug)]
pub(crate) struct RetiredKey {
    pub(crate) key: VerifyingKey,
    pub(crate) until: Timestamp,
}

impl Keyring {
    pub(super) fn new(signing: SigningKey, retired: Vec<RetiredKey>) -> Self {
        Self { signing, retired }
    }

    pub(super) fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The key of this id, where its tokens are taken now; the one that signs where a token names none.
    pub(super) fn find(&self, id: Option<&str>, now: Timestamp) -> Option<&VerifyingKey> {
        let signing = self.signing.verifying_key();
        let Some(id) = id else { return Some(signing) };
        std::iter::once(signing).chain(self.standing(now)).find(|key| key.id() == id)
    }

    /// The public keys among those whose tokens are taken now, the one that signs first.
    pub(super) fn public(&self, now: Timestamp) -> JsonWebKeySet {
        let signing = self.signing.verifying_key();
        let others = self.standing(now).filter(|key| key.id() != signing.id());
        let mut keys: Vec<_> = std::iter::once(signing).chain(others).filter_map(VerifyingKey::jwk).collect();
        keys.dedup();
        JsonWebKeySet::new(keys)
    }

    fn standing(&self, now: Timestamp) -> impl Iterator<Item = &VerifyingKey> {
        self.retired.iter().filter(move |retired| now < retired.until).map(|retired| &retired.key)
    }
}
