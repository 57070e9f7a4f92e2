//! The columns of each kind of sheet: what they are headed, and what people are told of them.
//!
//! Import reads by this table; template and export are written by it.

use super::columns::{Column, SheetKind};

/// A column of a kind of sheet.
#[derive(Debug)]
pub(crate) struct KnownColumn {
    pub(crate) column: Column,
    /// What it may be headed, without regard to case, white space, `_` and `-`; first the name that this system gives it.
    pub(crate) headings: &'static [&'static str],
    pub(crate) need: Need,
    /// What it holds, in words for those who fill a sheet in.
    pub(crate) meaning: &'static str,
    /// Whether template and export have it; what they leave out is another way to say the same, or for machines.
    pub(crate) is_usual: bool,
    /// What the template's example holds; blank in a column that need not be filled in.
    pub(crate) example: &'static str,
    /// A width to read it in, in characters.
    pub(crate) width: u16,
}

/// Whether a column has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
    /// Required, unless there are others in its place; the meaning says which.
    Alternative,
}

impl SheetKind {
    /// Its columns, in the order of template and export.
    pub(crate) fn columns(self) -> &'static [KnownColumn] {
        match self {
            Self::Organisations => ORGANISATIONS,
            Self::Departments => DEPARTMENTS,
            Self::Users => USERS,
        }
    }

    /// The columns of the template.
    pub(crate) fn template_columns(self) -> impl Iterator<Item = &'static KnownColumn> {
        self.columns().iter().filter(|known| known.is_usual)
    }

    /// The columns of an export: those of the template that are no secret.
    pub(crate) fn export_columns(self) -> impl Iterator<Item = &'static KnownColumn> {
        self.template_columns().filter(|known| !known.column.is_secret())
    }

    /// What stands in the main column of the template's example: a row that still holds it is passed over.
    pub(crate) fn example(self) -> &'static str {
        let main = self.columns().iter().find(|known| known.column == self.main_column());
        main.map_or("", |known| known.example)
    }
}

/// A column that neither template nor export has.
const UNUSUAL: KnownColumn = KnownColumn {
    column: Column::Name,
    headings: &[],
    need: Need::Optional,
    meaning: "",
    is_usual: false,
    example: "",
    width: 20,
};

/// A column of template and export.
const USUAL: KnownColumn = KnownColumn { is_usual: true, ..UNUSUAL };

const ORGANISATION_HEADINGS: &[&str] =
    &["organisation", "organization", "company", "organisation name", "organization name"];
const ORGANISATION_ID: KnownColumn = KnownColumn {
    column: Column::OrganisationId,
    headings: &["organisation_id", "organization_id"],
    meaning: "The organisation by its id, in place of its name or beside it.",
    ..UNUSUAL
};

const ORGANISATIONS: &[KnownColumn] = &[
    KnownColumn {
        column: Column::Name,
        headings: &["name"],
        need: Need::Required,
        meaning: "The organisation's name, at most 200 characters. No two organisations have the same.",
        example: "Example Ltd (replace this row)",
        width: 36,
        ..USUAL
    },
    KnownColumn {
        column: Column::Address,
        headings: &["address"],
        meaning: "Where it is, on one line of at most 500 characters.",
        example: "1 High Street, Oxford",
        width: 40,
        ..USUAL
    },
    KnownColumn {
        column: Column::Description,
        headings: &["description"],
        meaning: "What it is, on one line of at most 2,000 characters.",
        example: "Makes examples",
        width: 40,
        ..USUAL
    },
];

const DEPARTMENTS: &[KnownColumn] = &[
    KnownColumn {
        column: Column::Name,
        headings: &["name", "department"],
        need: Need::Required,
        meaning: "The department's name, at most 200 characters. No two of one organisation have the same.",
        example: "Example department (replace this row)",
        width: 40,
        ..USUAL
    },
    KnownColumn {
        column: Column::Organisation,
        headings: ORGANISATION_HEADINGS,
        need: Need::Alternative,
        meaning: "The name of the organisation that it belongs to: one of the sheet organisations, or one that is there \
                  already. May be left out where the import is told the organisation, or organisation_id is given.",
        example: "Example Ltd",
        width: 36,
        ..USUAL
    },
    ORGANISATION_ID,
    KnownColumn {
        column: Column::Parent,
        headings: &["parent", "parent department"],
        meaning: "The name of the department above it, in the same organisation. The rows may come in any order.",
        example: "",
        width: 36,
        ..USUAL
    },
];

const USERS: &[KnownColumn] = &[
    KnownColumn {
        column: Column::Email,
        headings: &["email", "e-mail", "mail", "email address"],
        need: Need::Required,
        meaning: "The e-mail address to log in with. No two users have the same.",
        example: "replace.this.row@example.com",
        width: 34,
        ..USUAL
    },
    KnownColumn {
        column: Column::ExternalId,
        headings: &["external_id", "employee id", "employee number", "personnel number"],
        meaning: "What another system knows the person by, such as a personnel number, at most 200 characters. \
                  Leading zeros count.",
        example: "00123",
        width: 16,
        ..USUAL
    },
    KnownColumn {
        column: Column::FullName,
        headings: &["full_name", "name"],
        need: Need::Alternative,
        meaning: "The person's name, at most 200 characters. Columns first_name and last_name may stand in its place.",
        example: "Ada Lovelace",
        width: 30,
        ..USUAL
    },
    KnownColumn {
        column: Column::FirstName,
        headings: &["first_name"],
        meaning: "The first part of the person's name, where full_name is left out.",
        ..UNUSUAL
    },
    KnownColumn {
        column: Column::LastName,
        headings: &["last_name"],
        meaning: "The last part of the person's name, where full_name is left out.",
        ..UNUSUAL
    },
    KnownColumn {
        column: Column::Department,
        headings: &["department", "department name", "dept"],
        meaning: "The name of the person's department, in the organisation. One that is not there is made, unless the \
                  import is told not to.",
        example: "Research",
        width: 28,
        ..USUAL
    },
    KnownColumn {
        column: Column::DepartmentId,
        headings: &["department_id"],
        meaning: "The department by its id, in place of its name or beside it.",
        ..UNUSUAL
    },
    KnownColumn {
        column: Column::Organisation,
        headings: ORGANISATION_HEADINGS,
        meaning: "The name of the person's organisation: one of the sheet organisations, or one that is there already. \
                  Blank means the one that the import is told.",
        example: "Example Ltd",
        width: 28,
        ..USUAL
    },
    ORGANISATION_ID,
    KnownColumn {
        column: Column::Role,
        headings: &["role"],
        meaning: "What the person may do: member, department_admin, org_admin or admin. Blank means member.",
        example: "member",
        width: 18,
        ..USUAL
    },
    KnownColumn {
        column: Column::Status,
        headings: &["status"],
        meaning: "Where the account stands: active, invited, pending or suspended. Blank means active with a password, \
                  invited without one. An account that has no password yet is never active: it is invited.",
        example: "invited",
        width: 14,
        ..USUAL
    },
    KnownColumn {
        column: Column::Password,
        headings: &["password"],
        meaning: "A password to begin with. Blank means that the person chooses one. Better left blank: whoever has the \
                  file has the passwords.",
        example: "",
        width: 24,
        ..USUAL
    },
    KnownColumn {
        column: Column::PasswordHash,
        headings: &["password_hash"],
        meaning: "The hash of the person's password, from another system; not beside a password. argon2 and scrypt (PHC), \
                  bcrypt, PBKDF2 (PHC and Django's).",
        ..UNUSUAL
    },
];

#[cfg(test)]
mod tests {
    use super::super::headings::Layout;
    use super::*;

    fn can_be_read(kind: SheetKind, columns: impl Iterator<Item = &'static KnownColumn>) -> bool {
        let cells: Vec<_> = (0..).zip(columns.map(|known| known.headings[0].to_owned())).collect();
        Layout::read(kind.as_str(), Some(kind), 1, &cells, false).layout.is_ok()
    }

    #[test]
    fn what_is_said_to_be_required_is() {
        for kind in SheetKind::ALL {
            assert!(can_be_read(kind, kind.export_columns()), "{kind:?}");
            for known in kind.export_columns() {
                let column = known.column;
                let without = kind.export_columns().filter(move |other| other.column != column);
                assert_eq!(can_be_read(kind, without), known.need == Need::Optional, "{kind:?} {column:?}");
            }
        }
    }

    #[test]
    fn every_column_says_what_it_holds_and_none_shows_a_secret() {
        for kind in SheetKind::ALL {
            assert!(kind.example().contains("replace"), "{kind:?}");
            for known in kind.columns() {
                assert!(known.meaning.ends_with('.'), "{known:?}");
                assert!(known.need != Need::Required || !known.example.is_empty(), "{known:?}");
            }
            assert!(kind.export_columns().all(|known| !known.column.is_secret()));
        }
        assert!(SheetKind::Users.template_columns().any(|known| known.column == Column::Password));
    }
}
