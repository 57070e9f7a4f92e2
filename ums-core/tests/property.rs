//! Whatever is asked in whatever order, every store answers the same, and holds every invariant afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "these are tests")]

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;
use redb::backends::InMemoryBackend;
use ums_core::model::{
    DepartmentFields, DepartmentId, DepartmentPatch, OrganisationFields, OrganisationId, OrganisationPatch,
    Patch, Role, Status, UserFields, UserId, UserPatch,
};
use ums_core::store::{Limits, Store, Version};
use ums_core::{
    Acting, Credentials, DepartmentFilter, MePatch, Page, PageRequest, Password, PasswordChange,
    Registration, Result, TokenPair, UserFilter, Versioned,
};
use ums_store_memory::MemoryStore;
use ums_store_redb::RedbStore;
use ums_testkit::{Fixture, PASSWORD};

/// How many log-ins are remembered.
const SLOTS: usize = 4;

/// Something to ask. Ids are small, so that they often mean something.
#[derive(Clone, Debug)]
enum Ask {
    Register(Registration),
    Login(usize, Credentials),
    Refresh(usize),
    Authenticate(usize),
    Logout(usize),
    LogoutAll(usize),
    ChangePassword(usize, PasswordChange),
    ChangeMe(usize, MePatch),
    Sessions(usize, u64),
    Wait(u64),
    CreateOrganisation(Who, OrganisationFields),
    ReplaceOrganisation(Who, OrganisationId, OrganisationFields, Expected),
    ChangeOrganisation(Who, OrganisationId, OrganisationPatch, Expected),
    DeleteOrganisation(Who, OrganisationId, Expected, bool),
    Organisations(Who, u64),
    CreateDepartment(Who, DepartmentFields),
    ReplaceDepartment(Who, DepartmentId, DepartmentFields, Expected),
    ChangeDepartment(Who, DepartmentId, DepartmentPatch, Expected),
    DeleteDepartment(Who, DepartmentId, Expected, bool),
    Departments(Who, DepartmentFilter, u64),
    CreateUser(Who, UserFields),
    ReplaceUser(Who, UserId, UserFields, Expected),
    ChangeUser(Who, UserId, UserPatch, Expected),
    DeleteUser(Who, UserId, Expected),
    Users(Who, UserFilter, u64),
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
enum Who {
    System,
    Anonymous,
    Session(usize),
}

/// Which version the caller expects.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Any,
    Current,
    Stale,
}

/// A store with what was got from it so far.
struct World {
    fixture: Fixture,
    tokens: Vec<Option<TokenPair>>,
    /// The tokens before the last renewal of each.
    spent: Vec<Option<TokenPair>>,
}

impl World {
    /// Two organisations with two departments each, one below the other, and an account of each role that is logged in.
    async fn on(store: Arc<dyn Store>) -> Self {
        let fixture = Fixture::on(store).await;
        fixture.register("user0@example.com").await;
        let system = fixture.ums.system();
        let mut tokens = Vec::new();
        for number in 1..=2 {
            let organisation_id = Some(fixture.organisation(&format!("Name {number}")).await.id);
            for (name, parent_id) in
                [("Name 1", None), ("Name 2", DepartmentId::try_from(number * 2 - 1).ok())]
            {
                let fields = DepartmentFields { name: name.into(), organisation_id, parent_id };
                system.create_department(&fields).await.expect("made");
            }
        }
        for (number, role) in Role::ALL.into_iter().enumerate() {
            let email = format!("user{}@example.com", number + 1);
            let fields = UserFields {
                full_name: "Ada Lovelace".into(),
                email: email.clone(),
                role: Some(role),
                department_id: DepartmentId::try_from(number as u64 % 2 + 1).ok(),
                password: Some(Password::new(PASSWORD)),
                ..UserFields::default()
            };
            system.create_user(&fields).await.expect("made");
            tokens.push(Some(fixture.login(&email).await));
        }
        Self { fixture, tokens, spent: vec![None; SLOTS] }
    }

    async fn actor(&self, who: Who) -> Result<Acting, String> {
        let ums = &self.fixture.ums;
        match who {
            Who::System => Ok(ums.system()),
            Who::Anonymous => Ok(ums.anonymous()),
            Who::Session(slot) => {
                let token = self.tokens[slot].as_ref().map_or("", |tokens| &tokens.access_token);
                let principal = ums.authenticate(token).await.map_err(|error| error.code().to_owned())?;
                Ok(ums.acting_as(&principal))
            }
        }
    }

    /// The answer in words, without what differs from store to store by right: versions, tokens, cursors, ids of
    /// sessions.
    async fn ask(&mut self, ask: &Ask) -> String {
        self.answer(ask).await.unwrap_or_else(|refused| refused)
    }

    async fn answer(&mut self, ask: &Ask) -> Result<String, String> {
        let anonymous = self.fixture.ums.anonymous();
        let session = |slot: usize| self.actor(Who::Session(slot));
        Ok(match ask {
            Ask::Register(registration) => value(anonymous.register(registration).await),
            Ask::Login(slot, credentials) => {
                let tokens = anonymous.login(credentials).await;
                let said = said(
                    &tokens.as_ref().map(|tokens| tokens.refresh_expires_in).map_err(|error| error.code()),
                );
                self.spent[*slot] = None;
                self.tokens[*slot] = tokens.ok();
                said
            }
            Ask::Refresh(slot) => {
                // What was spent is shown again now and then.
                let shown = self.spent[*slot].take().or_else(|| self.tokens[*slot].clone());
                let token = shown.as_ref().map_or("", |tokens| &tokens.refresh_token);
                let tokens = anonymous.refresh(token).await;
                let said = said(
                    &tokens.as_ref().map(|tokens| tokens.refresh_expires_in).map_err(|error| error.code()),
                );
                if let Ok(tokens) = tokens {
                    self.spent[*slot] = self.tokens[*slot].replace(tokens);
                }
                said
            }
            Ask::Authenticate(slot) => value(session(*slot).await?.me().await),
            Ask::Logout(slot) => plain(session(*slot).await?.logout().await),
            Ask::LogoutAll(slot) => plain(session(*slot).await?.logout_all().await),
            Ask::ChangePassword(slot, change) => plain(session(*slot).await?.change_password(change).await),
            Ask::ChangeMe(slot, patch) => value(session(*slot).await?.change_me(patch, None).await),
            Ask::Sessions(slot, limit) => {
                let acting = session(*slot).await?;
                let all = pages(*limit, async |page| acting.sessions(&page).await).await;
                let mut all = all.map_err(|error| error.code().to_owned())?;
                all.sort_by_key(|session| (session.created_at, session.expires_at, session.current));
                let shown =
                    all.iter().map(|session| (session.created_at, session.expires_at, session.current));
                format!("{:?}", shown.collect::<Vec<_>>())
            }
            Ask::Wait(seconds) => {
                self.fixture.clock.advance(Duration::from_secs(*seconds));
                String::new()
            }
            Ask::CreateOrganisation(who, fields) => {
                value(self.actor(*who).await?.create_organisation(fields).await)
            }
            Ask::ReplaceOrganisation(who, id, fields, expected) => {
                let acting = self.actor(*who).await?;
                let expected = expect(*expected, self.fixture.ums.system().organisation(*id).await);
                value(acting.replace_organisation(*id, fields, expected).await)
            }
            Ask::ChangeOrganisation(who, id, patch, expected) => {
                let acting = self.actor(*who).await?;
                let expected = expect(*expected, self.fixture.ums.system().organisation(*id).await);
                value(acting.change_organisation(*id, patch, expected).await)
            }
            Ask::DeleteOrganisation(who, id, expected, cascade) => {
                let acting = self.actor(*who).await?;
                let expected = expect(*expected, self.fixture.ums.system().organisation(*id).await);
                plain(acting.delete_organisation(*id, expected, *cascade).await)
            }
            Ask::Organisations(who, limit) => {
                let acting = self.actor(*who).await?;
                plain(pages(*limit, async |page| acting.organisations(&page).await).await)
            }
            Ask::CreateDepartment(who, fields) => {
                value(self.actor(*who).await?.create_department(fields).await)
            }
            Ask::ReplaceDepartment(who, id, fields, expected) => {
                let acting = self.actor(*who).await?;
                let expected = expect(*expected, self.fixture.ums.system().department(*id).await);
                value(acting.replace_department(*id, fields, expected).await)
            }
            Ask::ChangeDepartment(who, id, patch, expected) => {
                let acting = self.actor(*who).await?;
                let expected = expect(*expected, self.fixture.ums.system().department(*id).await);
                value(acting.change_department(*id, patch, expected).await)
            }
            Ask::DeleteDepartment(who, id, expected, cascade) => {
                let acting = self.actor(*who).await?;
                let expected = expect(*expected, self.fixture.ums.system().department(*id).await);
                plain(acting.delete_department(*id, expected, *cascade).await)
            }
            Ask::Departments(who, filter, limit) => {
                let acting = self.actor(*who).await?;
                plain(pages(*limit, async |page| acting.departments(*filter, &page).await).await)
            }
            Ask::CreateUser(who, fields) => value(self.actor(*who).await?.create_user(fields).await),
            Ask::ReplaceUser(who, id, fields, expected) => {
                let acting = self.actor(*who).await?;
                let expected = expect(*expected, self.fixture.ums.system().user(*id).await);
                value(acting.replace_user(*id, fields, expected).await)
            }
            Ask::ChangeUser(who, id, patch, expected) => {
                let acting = self.actor(*who).await?;
                let expected = expect(*expected, self.fixture.ums.system().user(*id).await);
                value(acting.change_user(*id, patch, expected).await)
            }
            Ask::DeleteUser(who, id, expected) => {
                let acting = self.actor(*who).await?;
                let expected = expect(*expected, self.fixture.ums.system().user(*id).await);
                plain(acting.delete_user(*id, expected).await)
            }
            Ask::Users(who, filter, limit) => {
                let acting = self.actor(*who).await?;
                plain(pages(*limit, async |page| acting.users(filter, &page).await).await)
            }
        })
    }
}

fn expect<T>(expected: Expected, current: Result<Versioned<T>>) -> Option<Version> {
    match expected {
        Expected::Any => None,
        Expected::Current => current.ok().map(|current| current.version),
        Expected::Stale => Some(Version::from_u128(0)),
    }
}

fn value<T: Debug>(result: Result<Versioned<T>>) -> String {
    plain(result.map(|versioned| versioned.value))
}

fn plain<T: Debug>(result: Result<T>) -> String {
    said(&result.map_err(|error| format!("{}: {error}", error.code())))
}

fn said(answer: &impl Debug) -> String {
    format!("{answer:?}")
}

/// Every item of a list, and that each page is as long as it may be.
async fn pages<T>(limit: u64, list: impl AsyncFn(PageRequest) -> Result<Page<T>>) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let page = list(PageRequest::new(limit.try_into().expect("a limit"), cursor)).await?;
        if page.next_cursor.is_some() {
            assert_eq!(page.items.len() as u64, limit, "so few entries are looked at in one go");
        }
        items.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(items);
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_store_answers_the_same(asked in vec(ask(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let wide = Limits::FLOOR.with_operations(10_000).with_commit_bytes(64_000_000);
            let redb = || Ok(InMemoryBackend::new());
            let redb = RedbStore::builder().open_storage("memory", redb).unwrap();
            let mut floor = World::on(Arc::new(MemoryStore::new())).await;
            let mut others = [
                ("memory", World::on(Arc::new(MemoryStore::with_limits(wide))).await),
                ("redb", World::on(Arc::new(redb)).await),
            ];
            for ask in &asked {
                let answer = floor.ask(ask).await;
                for (name, other) in &mut others {
                    assert_eq!(&other.ask(ask).await, &answer, "{} of {:?}", name, ask);
                }
            }
            floor.fixture.verify().await;
            for (_, other) in &others {
                other.fixture.verify().await;
            }
        });
    }
}

fn ask() -> impl Strategy<Value = Ask> {
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
