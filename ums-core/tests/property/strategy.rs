//! Which questions are asked, and how often.

use std::fmt::Debug;

use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use ums_core::model::{
    DepartmentFields, DepartmentPatch, OrganisationFields, OrganisationId, OrganisationPatch, Patch, Role,
    Status, UserFields, UserPatch,
};
use ums_core::{Credentials, DepartmentFilter, MePatch, Password, PasswordChange, Registration, UserFilter};
use ums_testkit::PASSWORD;

use crate::question::{Ask, Expected, Who};
use crate::world::SLOTS;

pub(crate) fn ask() -> impl Strategy<Value = Ask> {
    let accounts = prop_oneof![
        2 => registration().prop_map(Ask::Register),
        8 => (slot(), credentials()).prop_map(|(slot, credentials)| Ask::Login(slot, credentials)),
        2 => slot().prop_map(Ask::Refresh),
        2 => slot().prop_map(Ask::Authenticate),
        1 => slot().prop_map(Ask::Logout),
        1 => slot().prop_map(Ask::LogoutAll),
        2 => (slot(), password(), password()).prop_map(|(slot, current_password, new_password)| {
            Ask::ChangePassword(slot, PasswordChange { current_password, new_password })
        }),
        1 => (slot(), patch(name())).prop_map(|(slot, full_name)| Ask::ChangeMe(slot, MePatch { full_name })),
        1 => (slot(), 1..4_u64).prop_map(|(slot, limit)| Ask::Sessions(slot, limit)),
        1 => select(vec![1, 9, 11, 600, 3_700, 90_000]).prop_map(Ask::Wait),
    ];
    let organisations = prop_oneof![
        4 => (who(), organisation_fields()).prop_map(|(who, fields)| Ask::CreateOrganisation(who, fields)),
        1 => (who(), organisation_id(), organisation_fields(), expected())
            .prop_map(|(who, id, fields, expected)| Ask::ReplaceOrganisation(who, id, fields, expected)),
        2 => (who(), organisation_id(), patch(name()), patch(name()), expected()).prop_map(|(who, id, name, address, expected)| {
            let patch = OrganisationPatch { name, address, ..OrganisationPatch::default() };
            Ask::ChangeOrganisation(who, id, patch, expected)
        }),
        1 => (who(), organisation_id(), expected(), any::<bool>())
            .prop_map(|(who, id, expected, cascade)| Ask::DeleteOrganisation(who, id, expected, cascade)),
        1 => (who(), 1..4_u64).prop_map(|(who, limit)| Ask::Organisations(who, limit)),
    ];
    let departments = prop_oneof![
        4 => (who(), department_fields()).prop_map(|(who, fields)| Ask::CreateDepartment(who, fields)),
        1 => (who(), id(), department_fields(), expected())
            .prop_map(|(who, id, fields, expected)| Ask::ReplaceDepartment(who, id, fields, expected)),
        3 => (who(), id(), patch(name()), patch(id()), expected()).prop_map(|(who, id, name, parent_id, expected)| {
            let patch = DepartmentPatch { name, parent_id, ..DepartmentPatch::default() };
            Ask::ChangeDepartment(who, id, patch, expected)
        }),
        2 => (who(), id(), expected(), any::<bool>())
            .prop_map(|(who, id, expected, cascade)| Ask::DeleteDepartment(who, id, expected, cascade)),
        1 => (who(), of(organisation_id()), 1..4_u64).prop_map(|(who, organisation, limit)| {
            let filter = organisation.map_or_else(DepartmentFilter::default, DepartmentFilter::organisation);
            Ask::Departments(who, filter, limit)
        }),
    ];
    let users = prop_oneof![
        6 => (who(), user_fields()).prop_map(|(who, fields)| Ask::CreateUser(who, fields)),
        2 => (who(), id(), user_fields(), expected())
            .prop_map(|(who, id, fields, expected)| Ask::ReplaceUser(who, id, fields, expected)),
        6 => (who(), id(), user_patch(), expected())
            .prop_map(|(who, id, patch, expected)| Ask::ChangeUser(who, id, patch, expected)),
        2 => (who(), id(), expected()).prop_map(|(who, id, expected)| Ask::DeleteUser(who, id, expected)),
        4 => (who(), user_filter(), 1..4_u64).prop_map(|(who, filter, limit)| Ask::Users(who, filter, limit)),
    ];
    prop_oneof![
        3 => accounts.boxed(),
        2 => organisations.boxed(),
        3 => departments.boxed(),
        5 => users.boxed(),
    ]
}

fn slot() -> impl Strategy<Value = usize> {
    0..SLOTS
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![24 => Just(Who::System), 1 => Just(Who::Anonymous), 16 => slot().prop_map(Who::Session)]
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![20 => Just(Expected::Any), 8 => Just(Expected::Current), 1 => Just(Expected::Stale)]
}

fn id<T: TryFrom<u64, Error: Debug> + Debug>() -> impl Strategy<Value = T> {
    (1..7_u64).prop_map(|number| number.try_into().expect("an id"))
}

/// More often one that is there.
fn organisation_id() -> impl Strategy<Value = OrganisationId> {
    prop_oneof![4 => 1..3_u64, 1 => 1..6_u64].prop_map(|number| number.try_into().expect("an id"))
}

fn patch<T: Debug + Clone>(set: impl Strategy<Value = T>) -> impl Strategy<Value = Patch<T>> {
    prop_oneof![24 => Just(Patch::Keep), 1 => Just(Patch::Clear), 6 => set.prop_map(Patch::Set)]
}

fn name() -> impl Strategy<Value = String> {
    let words = ["Ada Lovelace", "ADA", "Grace Hopper", "Ada Grace", "ada  lovelace", "Écoute"];
    prop_oneof![
        12 => (1..9_u64).prop_map(|number| format!("Name {number}")),
        8 => select(words.to_vec()).prop_map(str::to_owned),
        1 => select(vec![" ", "x\u{7}"]).prop_map(str::to_owned),
    ]
}

fn email() -> impl Strategy<Value = String> {
    let some = ["USER1@example.com", "x@y", "name/ada@example.com", "Grace@example.com"];
    prop_oneof![
        20 => (0..12_u64).prop_map(|number| format!("user{number}@example.com")),
        5 => select(some.to_vec()).prop_map(str::to_owned),
        1 => Just("no address".to_owned()),
    ]
}

fn password() -> impl Strategy<Value = Password> {
    prop_oneof![
        16 => Just(PASSWORD),
        3 => Just("AnotherPassword456"),
        1 => Just("short"),
    ]
    .prop_map(Password::new)
}

fn registration() -> impl Strategy<Value = Registration> {
    (name(), email(), password(), of(id())).prop_map(|(full_name, email, password, department_id)| {
        Registration { full_name, email, password, department_id }
    })
}

fn credentials() -> impl Strategy<Value = Credentials> {
    (email(), password()).prop_map(|(email, password)| Credentials { email, password })
}

fn organisation_fields() -> impl Strategy<Value = OrganisationFields> {
    (name(), of(name())).prop_map(|(name, address)| OrganisationFields { name, address, description: None })
}

fn department_fields() -> impl Strategy<Value = DepartmentFields> {
    (name(), often(organisation_id()), rarely(id()))
        .prop_map(|(name, organisation_id, parent_id)| DepartmentFields { name, organisation_id, parent_id })
}

fn role() -> impl Strategy<Value = Role> {
    select(Role::ALL.to_vec())
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![8 => Just(Status::Active), 1 => Just(Status::Invited), 1 => Just(Status::Pending), 1 => Just(Status::Suspended)]
}

/// Mostly none.
fn rarely<T: Debug + Clone>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    weighted(0.2, some)
}

fn often<T: Debug + Clone>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    weighted(0.85, some)
}

fn external_id() -> impl Strategy<Value = String> {
    select(vec!["7", "8", "a"]).prop_map(str::to_owned)
}

fn user_fields() -> impl Strategy<Value = UserFields> {
    let places = prop_oneof![
        4 => (Just(None), often(id())),
        2 => (of(organisation_id()), Just(None)),
        1 => (of(organisation_id()), of(id())),
    ];
    let password = often(password());
    (name(), email(), rarely(external_id()), of(role()), rarely(status()), places, password).prop_map(
        |(full_name, email, external_id, role, status, (organisation_id, department_id), password)| {
            UserFields {
                full_name,
                email,
                external_id,
                role,
                status,
                organisation_id,
                department_id,
                password,
            }
        },
    )
}

fn user_patch() -> impl Strategy<Value = UserPatch> {
    let places = (patch(organisation_id()), patch(id()));
    let texts = (patch(name()), patch(email()), patch(external_id()));
    (texts, patch(role()), patch(status()), places, patch(password())).prop_map(
        |((full_name, email, external_id), role, status, (organisation_id, department_id), password)| {
            UserPatch {
                full_name,
                email,
                external_id,
                role,
                status,
                organisation_id,
                department_id,
                password,
            }
        },
    )
}

fn user_filter() -> impl Strategy<Value = UserFilter> {
    let q = select(vec!["a", "ada", "gr", "lovelace ada", "x@", "name/", "zz"]).prop_map(str::to_owned);
    (rarely(organisation_id()), rarely(id()), rarely(role()), rarely(status()), of(q)).prop_map(
        |(organisation_id, department_id, role, status, q)| {
            let mut filter = UserFilter::default();
            filter.organisation_id = organisation_id;
            filter.department_id = department_id;
            filter.role = role;
            filter.status = status;
            filter.q = q;
            filter
        },
    )
}
