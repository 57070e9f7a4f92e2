//! Every fault of a thing's fields, not just the first.

use std::str::FromStr;

use super::TextFault;
use crate::error::{Fault, Faults, Result};

/// Reads the fields of one thing and gathers their faults.
///
/// A field that is faulty reads as `None`; whether there was one comes out in [`Checker::finish`], so what was read
/// is used after that alone.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    faults: Vec<Fault>,
}

impl Checker {
    /// A field that has to be there.
    pub(crate) fn required<T: FromStr<Err: Into<TextFault>>>(
        &mut self,
        field: &str,
        text: &str,
    ) -> Option<T> {
        let read = text.parse().map_err(|fault: T::Err| self.faults.push(fault.into().of(field)));
        read.ok()
    }

    /// A field that may be left out; one that is there but blank is a fault.
    pub(crate) fn optional<T: FromStr<Err: Into<TextFault>>>(
        &mut self,
        field: &str,
        text: Option<&str>,
    ) -> Option<T> {
        text.and_then(|text| self.required(field, text))
    }

    /// A fault that is found otherwise.
    pub(crate) fn add(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.faults.push(Fault::new(field, code, message));
    }

    /// `Ok` where there was no fault.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) with all of them, in the order found.
    pub(crate) fn finish(self) -> Result<()> {
        self.into_faults().into_result()
    }

    /// All of them, in the order found, to be joined with others.
    pub(crate) fn into_faults(self) -> Faults {
        self.faults.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::model::Role;
    use crate::parse::{Address, Email, FullName};

    #[test]
    fn gathers_every_fault_by_field() {
        let mut checker = Checker::default();
        assert_eq!(
            checker.required::<FullName>("full_name", " Ada ").map(|name| name.into_string()),
            Some("Ada".into())
        );
        assert!(checker.required::<Email>("email", "ada").is_none());
        assert_eq!(checker.optional::<Role>("role", Some("org_admin")), Some(Role::OrgAdmin));
        assert!(checker.optional::<Role>("role", Some("boss")).is_none());
        assert!(checker.optional::<Address>("address", None).is_none());
        assert!(checker.optional::<Address>("address", Some("  ")).is_none());
        checker.add("password", "too_short", "must have at least 15 characters");
        let Err(Error::Invalid(faults)) = checker.finish() else { panic!("faults were found") };
        let found: Vec<_> =
            faults.as_slice().iter().map(|fault| (fault.field.as_str(), fault.code)).collect();
        assert_eq!(
            found,
            [
                ("email", "invalid_email"),
                ("role", "invalid_role"),
                ("address", "required"),
                ("password", "too_short")
            ]
        );
    }

    #[test]
    fn no_fault_is_ok() {
        assert!(Checker::default().finish().is_ok());
    }
}
