//! Lists in pages, and the cursors that lead from one to the next.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::secret::Purpose;
use crate::{Clock, Error, Random, Result, SecretKey, Timestamp};

/// How many items a page has at most: 1 to 200, 50 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageLimit(u16);

/// A number that no page can have as its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 200")]
pub struct InvalidPageLimit;

impl PageLimit {
    /// The most items of a page.
    pub const MAXIMUM: Self = Self(200);

    /// The number.
    #[must_use]
    pub const fn as_usize(self) -> usize {
        self.0 as usize
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u64> for PageLimit {
    type Error = InvalidPageLimit;

    fn try_from(number: u64) -> Result<Self, InvalidPageLimit> {
        u16::try_from(number)
            .ok()
            .map(Self)
            .filter(|limit| (Self(1)..=Self::MAXIMUM).contains(limit))
            .ok_or(InvalidPageLimit)
    }
}

impl FromStr for PageLimit {
    type Err = InvalidPageLimit;

    fn from_str(text: &str) -> Result<Self, InvalidPageLimit> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { text.parse::<u64>().map_err(|_| InvalidPageLimit)? } else { 0 };
        Self::try_from(number)
    }
}

impl fmt::Display for PageLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageRequest {
    /// How many items at most.
    pub limit: PageLimit,
    /// The `next_cursor` of the page before; `None` for the first page.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// This many items, after this cursor. Whether the cursor is one of the list's is looked at when it is used.
    #[must_use]
    pub fn new(limit: PageLimit, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    /// Looks that the first page is asked for, of a list that has no other.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCursor`] for any cursor: such a list gives none out.
    pub(crate) fn expect_first(&self) -> Result<()> {
        if self.cursor.is_none() { Ok(()) } else { Err(Error::InvalidCursor) }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; `null` after the last one.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The page of these items.
    #[must_use]
    pub fn new(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { items, next_cursor }
    }

    /// The same page of other items.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

/// A cursor that is longer was not made here: positions are keys of the store, of at most 1 KiB.
const MAXIMUM_CURSOR: usize = 2048;

/// Makes cursors and opens them.
///
/// A cursor is encrypted and authenticated (AES-256-GCM-SIV, RFC 8452), because the position in it may be an e-mail
/// address, and cursors stand in the addresses of requests, which proxies log. It opens only for the list that it was
/// made for.
pub(crate) struct Cursors {
    key: LessSafeKey,
    /// Of earlier secrets, whose cursors are still opened, each until its moment.
    retired: Vec<(LessSafeKey, Timestamp)>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
}

impl Cursors {
    /// Cursors under this secret; those of earlier ones are opened, each until its moment.
    pub(crate) fn new(
        secret: &SecretKey,
        retired: &[(SecretKey, Timestamp)],
        random: Arc<dyn Random>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let retired = retired.iter().map(|(secret, until)| (cursor_key(secret), *until)).collect();
        Self { key: cursor_key(secret), retired, random, clock }
    }

    /// The cursor of this position in this list. `list` says all that makes it this list and no other: what is listed,
    /// under which filters, for whom.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] for a position that is too long for a cursor.
    pub(crate) fn seal(&self, list: &str, position: &str) -> Result<String> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce);
        let mut sealed = position.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(list.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| Error::internal("a cursor could not be encrypted"))?;
        let cursor = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat());
        if cursor.len() > MAXIMUM_CURSOR {
            return Err(Error::internal("a position is too long for a cursor"));
        }
        Ok(cursor)
    }

    /// The position that the cursor of this list was made for.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCursor`] for anything that was not sealed for this list.
    pub(crate) fn open(&self, list: &str, cursor: &str) -> Result<String> {
        self.unseal(list, cursor).ok_or(Error::InvalidCursor)
    }

    fn unseal(&self, list: &str, cursor: &str) -> Option<String> {
        if cursor.len() > MAXIMUM_CURSOR {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let now = self.clock.now();
        let retired = self.retired.iter().filter(|(_, until)| now < *until).map(|(key, _)| key);
        std::iter::once(&self.key).chain(retired).find_map(|key| {
            let mut sealed = sealed.to_vec();
            let aad = Aad::from(list.as_bytes());
            let position = key.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut sealed).ok()?;
            String::from_utf8(position.to_vec()).ok()
        })
    }
}

#[expect(clippy::expect_used, reason = "a derived key has the 32 bytes that the cipher takes")]
fn cursor_key(secret: &SecretKey) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM_SIV, secret.derive(Purpose::Cursor).expose());
    LessSafeKey::new(key.expect("a key of 32 bytes"))
}

impl fmt::Debug for Cursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursors(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{SystemClock, SystemRandom};

    fn cursors(secret: u8) -> Cursors {
        cursors_after(secret, &[])
    }

    fn cursors_after(secret: u8, retired: &[(SecretKey, Timestamp)]) -> Cursors {
        let secret = SecretKey::new([secret; 32]).unwrap();
        Cursors::new(&secret, retired, Arc::new(SystemRandom), Arc::new(SystemClock))
    }

    fn opened(cursors: &Cursors, list: &str, cursor: &str) -> Option<String> {
        match cursors.open(list, cursor) {
            Ok(position) => Some(position),
            Err(Error::InvalidCursor) => None,
            Err(error) => panic!("{error}"),
        }
    }

    proptest! {
        #[test]
        fn opens_to_what_was_sealed(list: String, position in ".{0,250}") {
            let cursors = cursors(7);
            let cursor = cursors.seal(&list, &position).unwrap();
            prop_assert_eq!(opened(&cursors, &list, &cursor), Some(position));
        }

        #[test]
        fn takes_no_other_text(text in "[A-Za-z0-9_=-]{0,120}|.{0,60}") {
            prop_assert_eq!(opened(&cursors(7), "users", &text), None);
        }
    }

    #[test]
    fn every_prefix_and_every_edit_is_refused() {
        let cursors = cursors(7);
        // The three lengths modulo 3: base64 has spare bits in two of them.
        for position in ["a@x", "ab@x", "abc@x"] {
            let cursor = cursors.seal("users", position).unwrap();
            for end in 0..cursor.len() {
                assert_eq!(opened(&cursors, "users", &cursor[..end]), None);
            }
            for index in 0..cursor.len() {
                for byte in (0..0x80_u8).filter(|byte| *byte != cursor.as_bytes()[index]) {
                    let mut edited = cursor.clone().into_bytes();
                    edited[index] = byte;
                    assert_eq!(opened(&cursors, "users", &String::from_utf8(edited).unwrap()), None);
                }
            }
            for edited in [format!("{cursor}="), format!("{cursor}A"), format!(" {cursor}")] {
                assert_eq!(opened(&cursors, "users", &edited), None);
            }
        }
    }

    #[test]
    fn another_list_caller_or_secret_refuses_it() {
        let cursor = cursors(7).seal("users?role=admin&as=1", "a@x").unwrap();
        assert!(opened(&cursors(7), "users?role=admin&as=1", &cursor).is_some());
        assert_eq!(opened(&cursors(7), "users?role=admin&as=2", &cursor), None);
        assert_eq!(opened(&cursors(7), "users?role=member&as=1", &cursor), None);
        assert_eq!(opened(&cursors(8), "users?role=admin&as=1", &cursor), None);
    }

    #[test]
    fn an_earlier_secret_opens_it_until_its_overlap_ends() {
        let cursor = cursors(7).seal("users", "a@x").unwrap();
        let until = |moment: Timestamp| cursors_after(8, &[(SecretKey::new([7; 32]).unwrap(), moment)]);
        let now = SystemClock.now();
        let hour = std::time::Duration::from_secs(3600);
        assert_eq!(opened(&until(now.plus(hour)), "users", &cursor).as_deref(), Some("a@x"));
        assert_eq!(opened(&until(now.plus(hour)), "departments", &cursor), None);
        assert_eq!(opened(&until(now.minus(hour)), "users", &cursor), None);
        let newer = until(now.plus(hour)).seal("users", "a@x").unwrap();
        assert_eq!(opened(&cursors(7), "users", &newer), None, "sealed under the new one alone");
    }

    #[test]
    fn hides_the_position_and_even_whether_it_is_the_same() {
        let cursors = cursors(7);
        let cursor = cursors.seal("users", "canary@example.com").unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
        assert_ne!(cursor, cursors.seal("users", "canary@example.com").unwrap());
        assert_eq!(format!("{cursors:?}"), "Cursors(…)");
    }

    #[test]
    fn length_is_bounded_both_ways() {
        let cursors = cursors(7);
        assert!(cursors.seal("users", &"x".repeat(1024)).is_ok());
        assert!(matches!(cursors.seal("users", &"x".repeat(2048)), Err(Error::Internal(_))));
        assert_eq!(opened(&cursors, "users", &"A".repeat(1 << 20)), None);
    }

    #[test]
    fn limits_are_1_to_200() {
        assert_eq!(PageRequest::default(), PageRequest { limit: PageLimit(50), cursor: None });
        for (text, expected) in [("1", Some(1)), ("50", Some(50)), ("200", Some(200)), ("0050", Some(50))] {
            assert_eq!(text.parse::<PageLimit>().ok().map(PageLimit::as_usize), expected, "{text}");
        }
        for text in ["", "0", "201", "-1", "+1", "1.0", " 1", "65586", "99999999999999999999", "all"] {
            assert_eq!(text.parse::<PageLimit>(), Err(InvalidPageLimit), "{text}");
        }
    }

    #[test]
    fn a_last_page_says_null() {
        let page = Page::new(vec![1, 2], None).map(|number| number * 2);
        assert_eq!(serde_json::to_string(&page).unwrap(), r#"{"items":[2,4],"next_cursor":null}"#);
    }
}
