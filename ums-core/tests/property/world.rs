//! A store that is asked, and its answers.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use ums_core::model::{DepartmentFields, DepartmentId, Role, UserFields};
use ums_core::store::{Store, Version};
use ums_core::{Acting, Page, PageRequest, Password, Result, TokenPair, Versioned};
use ums_testkit::{Fixture, PASSWORD};

use crate::question::{Ask, Expected, Who};

/// How many log-ins are remembered.
pub(crate) const SLOTS: usize = 4;

/// A store with what was got from it so far.
pub(crate) struct World {
    pub(crate) fixture: Fixture,
    tokens: Vec<Option<TokenPair>>,
    /// The tokens before the last renewal of each.
    spent: Vec<Option<TokenPair>>,
}

impl World {
    /// Two organisations with two departments each, one below the other, and an account of each role that is logged in.
    pub(crate) async fn on(store: Arc<dyn Store>) -> Self {
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
    pub(crate) async fn ask(&mut self, ask: &Ask) -> String {
        Box::pin(self.answer(ask)).await.unwrap_or_else(|refused| refused)
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
