//! Keys for tests, made with `openssl genpkey`. Everybody knows them.

/// A key pair in two PEM documents.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PemPair {
    /// `PRIVATE KEY`, PKCS#8.
    pub private: &'static str,
    /// `PUBLIC KEY`.
    pub public: &'static str,
}

/// For EdDSA.
pub const ED25519: PemPair = PemPair {
    private: "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIPkg/QCwppN557STI9FWtn/maWMGMzRKApbR4YNmdb9N\n\
        -----END PRIVATE KEY-----\n",
    public: "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAxo/Wr4iCJXPYTlhDZyIAYbsmhXODXKxpMZzOk3aapBY=\n\
        -----END PUBLIC KEY-----\n",
};

/// Another one for EdDSA.
pub const ED25519_NEXT: PemPair = PemPair {
    private: "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIH9VHTc4/sR9x3oRBA0DHGARbAy0h7+6GqtqebW3yUEa\n\
        -----END PRIVATE KEY-----\n",
    public: "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAuOemIjN4ccjJKUtZJ16bG/jOY2rAy8x3c52HzOpCGo4=\n\
        -----END PUBLIC KEY-----\n",
};

/// For ES256.
pub const P256: PemPair = PemPair {
    private: "-----BEGIN PRIVATE KEY-----\n\
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEuXjdQ3NJ33wnhp5\n\
        FYnoUdnYY1oWmVv4w7hlNB0p6nWhRANCAAQTemtJESzQrflRFzDH7ohY9sDQ6aAf\n\
        WihJZRjOqalCSjlH/kLyOCTxBESU3KKI83jZnuGjIYJxo8KUN+PwT50h\n\
        -----END PRIVATE KEY-----\n",
    public: "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEE3prSREs0K35URcwx+6IWPbA0Omg\n\
        H1ooSWUYzqmpQko5R/5C8jgk8QRElNyiiPN42Z7hoyGCcaPClDfj8E+dIQ==\n\
        -----END PUBLIC KEY-----\n",
};

/// Another one for ES256.
pub const P256_NEXT: PemPair = PemPair {
    private: "-----BEGIN PRIVATE KEY-----\n\
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXk/Pvzm9ovjJU7Xp\n\
        VZEAvzfkjwP3rG5FvLygXoPFInuhRANCAARgG3gjPkXJlTMMWzu8Y1mCfGurRAea\n\
        0Pjs7IQ/rDr64Op33a2MBB9zLHzqnx27EYBfRQ6HqhQhjLLgyiIIjkIn\n\
        -----END PRIVATE KEY-----\n",
    public: "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYBt4Iz5FyZUzDFs7vGNZgnxrq0QH\n\
        mtD47OyEP6w6+uDqd92tjAQfcyx86p8duxGAX0UOh6oUIYyy4MoiCI5CJw==\n\
        -----END PUBLIC KEY-----\n",
};
