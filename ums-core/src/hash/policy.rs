//! Which passwords are taken (NIST SP 800-63B-4, section 3.1.1.2).

use std::ops::RangeInclusive;

use super::common::Common;
use super::context::PasswordContext;
use super::password::Password;
use crate::Fault;

/// Which passwords are taken: by their length, by how easily they follow from what is known of the account, and unless they
/// are in common use, one short piece again and again, or made of runs such as `qwerty` and `1234`.
///
/// The 48,110 common passwords are those of a public list that have at least 8 characters and are among the 100,000 most
/// used, or at least 15 and are among the million most used; they are compared as a whole and without regard to case.
///
/// There are no rules about kinds of characters, and a password is neither trimmed nor normalised: what was set is
/// what must be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    minimum_length: usize,
}

/// A least length that the policy can't have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the least length of a password must be 8 to 64")]
pub struct InvalidMinimumLength;

impl Default for PasswordPolicy {
    /// At least 15 code points, as for a password that is the only factor.
    fn default() -> Self {
        Self { minimum_length: 15 }
    }
}

impl PasswordPolicy {
    /// What the least length may be, in code points.
    pub const MINIMUM_LENGTHS: RangeInclusive<usize> = 8..=64;
    /// The most code points of a password.
    pub const MAXIMUM_LENGTH: usize = 128;

    /// A policy with this least length, in code points.
    ///
    /// # Errors
    ///
    /// [`InvalidMinimumLength`] outside of 8 to 64.
    pub fn new(minimum_length: usize) -> Result<Self, InvalidMinimumLength> {
        if Self::MINIMUM_LENGTHS.contains(&minimum_length) {
            Ok(Self { minimum_length })
        } else {
            Err(InvalidMinimumLength)
        }
    }

    /// The least code points of a password.
    #[must_use]
    pub fn minimum_length(&self) -> usize {
        self.minimum_length
    }

    /// Whether this password may be set for an account of which this is known.
    ///
    /// # Errors
    ///
    /// The fault of the field `password`: `required`, `too_short`, `too_long`, `predictable` or `common_password`.
    pub(crate) fn check(&self, password: &Password, context: &PasswordContext) -> Result<(), Fault> {
        let length = password.expose().chars().count();
        let (least, most) = (self.minimum_length, Self::MAXIMUM_LENGTH);
        let fault = |code, message| Err(Fault::new("password", code, message));
        if length == 0 {
            fault("required", format!("is required; {least} to {most} characters"))
        } else if length < least {
            fault("too_short", format!("must have {least} to {most} characters"))
        } else if length > most {
            fault("too_long", format!("must have {least} to {most} characters"))
        } else if context.predicts(password) {
            fault(
                "predictable",
                "must not be made of the e-mail address or the organisation's name".to_owned(),
            )
        } else if let Some(common) = Common::of(password.expose()) {
            fault("common_password", common.message().to_owned())
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(policy: PasswordPolicy, context: &PasswordContext, password: &str) -> Option<&'static str> {
        policy.check(&Password::new(password), context).err().map(|fault| fault.code)
    }

    #[test]
    fn counts_code_points_and_nothing_else() {
        let policy = PasswordPolicy::default();
        // Of one kind of character each, and without a pattern: the squares, by their remainders.
        let square = |number: u32| char::from_u32(0x61 + (number * number + number / 7) % 23).unwrap();
        type Kind = fn(char) -> String;
        let kinds: [(Kind, u32); 4] = [
            (|letter| letter.to_string(), 1),
            (|letter| char::from_u32(letter as u32 + 0x100).unwrap().to_string(), 1),
            (|letter| format!("{letter}\u{301}"), 2),
            (|letter| char::from_u32(letter as u32 + 0x1F500).unwrap().to_string(), 1),
        ];
        for (kind, points) in kinds {
            let code = |times: u32| {
                let password: String = (0..times).map(|number| kind(square(number))).collect();
                code(policy, &PasswordContext::new(), &password)
            };
            let (least, most) = (15_u32.div_ceil(points), 128 / points);
            assert_eq!(code(0), Some("required"), "{points}");
            assert_eq!(code(least - 1), Some("too_short"), "{points}");
            assert_eq!(code(least), None, "{points}");
            assert_eq!(code(most), None, "{points}");
            assert_eq!(code(most + 1), Some("too_long"), "{points}");
        }
    }

    #[test]
    fn the_least_length_is_settable_within_bounds() {
        assert_eq!(PasswordPolicy::new(7), Err(InvalidMinimumLength));
        assert_eq!(PasswordPolicy::new(65), Err(InvalidMinimumLength));
        let policy = PasswordPolicy::new(64).unwrap();
        assert_eq!(code(policy, &PasswordContext::new(), &"x".repeat(63)), Some("too_short"));
        let policy = PasswordPolicy::new(8).unwrap();
        assert_eq!(policy.minimum_length(), 8);
        assert_eq!(code(policy, &PasswordContext::new(), "wx83kd0q"), None);
    }

    #[test]
    fn refuses_what_is_common_and_says_which_way() {
        let policy = PasswordPolicy::new(8).unwrap();
        for (password, word) in [
            ("Password", "most used"),
            ("passwordpassword", "most used"),
            ("horsehorsehorse", "piece"),
            ("lkjhgfdsa987654321", "runs"),
        ] {
            let fault = policy.check(&Password::new(password), &PasswordContext::new()).unwrap_err();
            assert_eq!((fault.field.as_str(), fault.code), ("password", "common_password"), "{password}");
            assert!(fault.message.contains(word) && !fault.message.contains(password), "{}", fault.message);
        }
    }

    #[test]
    fn the_message_names_field_and_bounds_and_not_the_password() {
        let fault =
            PasswordPolicy::default().check(&Password::new("canary"), &PasswordContext::new()).unwrap_err();
        assert_eq!(
            (fault.field.as_str(), fault.message.as_str()),
            ("password", "must have 15 to 128 characters")
        );
    }
}
