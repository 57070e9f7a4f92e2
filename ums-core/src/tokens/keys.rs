//! Which keys a deployment has: its secret, the key that signs, and those that are on their way out.

use super::key::{SigningKey, VerifyingKey};
use super::keyring::{Keyring, RetiredKey};
use super::refresh::{self, RefreshKey, RefreshKeys};
use super::single_use::{SingleUseKey, SingleUseKeys};
use crate::{SecretKey, Timestamp};

/// The keys of a deployment.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    secret: SecretKey,
    signing: SigningKey,
    retired: Vec<RetiredKey>,
    retired_secrets: Vec<(SecretKey, Timestamp)>,
}

/// What tells the keys of a deployment from others; nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyIds {
    /// The `kid` of the key that signs.
    pub(crate) signing: String,
    /// The `kid` that the secret has, or would have, as a key of HS256.
    pub(crate) secret: String,
}

impl Keys {
    /// Everything under one secret.
    pub(crate) fn new(secret: SecretKey) -> Self {
        let signing = SigningKey::hs256(&secret);
        Self { secret, signing, retired: Vec::new(), retired_secrets: Vec::new() }
    }

    pub(crate) fn sign_with(&mut self, key: SigningKey) {
        self.signing = key;
    }

    pub(crate) fn retire(&mut self, key: VerifyingKey, until: Timestamp) {
        self.retired.push(RetiredKey { key, until });
    }

    /// Takes refresh tokens of an earlier secret, single-use tokens, and access tokens that it signed, until this moment.
    pub(crate) fn retire_secret(&mut self, secret: SecretKey, until: Timestamp) {
        self.retire(VerifyingKey::hs256(&secret), until);
        self.retired_secrets.push((secret, until));
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        &self.secret
    }

    pub(crate) fn retired_secrets(&self) -> &[(SecretKey, Timestamp)] {
        &self.retired_secrets
    }

    pub(crate) fn ids(&self) -> KeyIds {
        KeyIds {
            signing: self.signing.id().to_owned(),
            secret: SigningKey::hs256(&self.secret).id().to_owned(),
        }
    }

    /// Until when anything of a retired key is taken.
    pub(crate) fn overlap_end(&self) -> Option<Timestamp> {
        self.retired.iter().map(|retired| retired.until).max()
    }

    pub(super) fn keyring(&self) -> Keyring {
        Keyring::new(self.signing.clone(), self.retired.clone())
    }

    pub(super) fn refresh_keys(&self, issuer: &str, audience: &str) -> RefreshKeys {
        let key = |secret| RefreshKey::new(secret, issuer, audience);
        let retired = self.retired_secrets.iter().map(|(secret, until)| (key(secret), *until));
        RefreshKeys { newest: key(&self.secret), retired: retired.collect() }
    }

    pub(super) fn single_use_keys(&self, issuer: &str, audience: &str) -> SingleUseKeys {
        let key = |secret| SingleUseKey::new(secret, refresh::context(issuer, audience));
        let retired = self.retired_secrets.iter().map(|(secret, until)| (key(secret), *until));
        SingleUseKeys { newest: key(&self.secret), retired: retired.collect() }
    }
}
