//! The store that fails, and what it holds before it does.

use std::sync::Arc;

use ums_core::model::{
    Department, DepartmentFields, Organisation, OrganisationFields, Role, User, UserFields,
};
use ums_core::notify::{MemoryNotifier, MessageKind};
use ums_core::{Acting, Credentials, EmailChange, ForgottenPassword, Password, SingleUseToken, TokenPair};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::FailingStore;
use ums_testkit::{Fixture, PASSWORD};

use crate::dump::copy;

/// A store with two organisations in it, of which the first has departments, users and sessions. To be copied.
pub(crate) struct Template {
    pub(crate) store: MemoryStore,
    pub(crate) organisations: [Organisation; 2],
    pub(crate) departments: Vec<Department>,
    pub(crate) users: Vec<User>,
    pub(crate) tokens: TokenPair,
    /// Tokens that were sent.
    pub(crate) sent: Sent,
}

/// Tokens that are good once.
pub(crate) struct Sent {
    pub(crate) reset: SingleUseToken,
    pub(crate) verification: SingleUseToken,
    pub(crate) email_change: SingleUseToken,
    pub(crate) invitation: SingleUseToken,
    pub(crate) invited: User,
}

impl Sent {
    async fn new(fixture: &Fixture, notifier: &MemoryNotifier) -> Self {
        let anonymous = fixture.ums.anonymous();
        let admin = "admin@example.com";
        let verification = fixture.delivered(notifier, MessageKind::EmailVerification, admin).await;
        let forgotten = ForgottenPassword { email: "user1@example.com".into() };
        anonymous.forgot_password(&forgotten).await.unwrap();
        let reset = fixture.delivered(notifier, MessageKind::PasswordReset, "user1@example.com").await;
        let user = fixture.ums.acting_as(&fixture.principal("user2@example.com").await);
        let email = "changed@example.com".to_owned();
        let change = EmailChange { email, current_password: Password::new(PASSWORD) };
        user.change_email(&change).await.unwrap();
        let kind = MessageKind::EmailChange;
        let email_change = fixture.delivered(notifier, kind, "changed@example.com").await;
        let fields = UserFields { password: None, ..person("invited@example.com") };
        let invited = fixture.ums.system().create_user(&fields).await.unwrap().value;
        let invitation = fixture.delivered(notifier, MessageKind::Invitation, "invited@example.com").await;
        Self { reset, verification, email_change, invitation, invited }
    }
}

impl Template {
    pub(crate) async fn new() -> Self {
        let store = MemoryStore::new();
        let (fixture, notifier) = Fixture::with_messages(Arc::new(store.clone())).await;
        fixture.register("admin@example.com").await;
        let organisations = [fixture.organisation("One").await, fixture.organisation("Two").await];
        let mut departments: Vec<Department> = Vec::new();
        for name in ["Top", "Below", "Empty"] {
            let fields = DepartmentFields {
                name: name.into(),
                organisation_id: Some(organisations[0].id),
                parent_id: departments.first().map(|top| top.id),
            };
            departments.push(fixture.ums.system().create_department(&fields).await.unwrap().value);
        }
        let mut users = Vec::new();
        // More of them than the store takes in one commit.
        for number in 0..8 {
            let fields = UserFields {
                full_name: "One Two Three Four Five Six Seven Eight".into(),
                external_id: Some(format!("{number}")),
                role: (number == 0).then_some(Role::OrgAdmin),
                department_id: Some(departments[number % 2].id),
                ..person(&format!("user{number}@example.com"))
            };
            users.push(fixture.ums.system().create_user(&fields).await.unwrap().value);
        }
        fixture.login("user1@example.com").await;
        let tokens = fixture.login("user0@example.com").await;
        let sent = Sent::new(&fixture, &notifier).await;
        Self { store, organisations, departments, users, tokens, sent }
    }

    pub(crate) async fn world(&self) -> World<'_> {
        let copied = MemoryStore::new();
        copy(&self.store, &copied).await;
        let store = FailingStore::new(copied);
        let (fixture, _) = Fixture::with_messages(Arc::new(store.clone())).await;
        let principal = fixture.ums.authenticate(&self.tokens.access_token).await.unwrap();
        let acting = fixture.ums.acting_as(&principal);
        World { template: self, store, fixture, acting }
    }
}

/// A copy of the template's store, which fails on demand.
pub(crate) struct World<'a> {
    pub(crate) template: &'a Template,
    pub(crate) store: FailingStore<MemoryStore>,
    pub(crate) fixture: Fixture,
    pub(crate) acting: Acting,
}

impl World<'_> {
    pub(crate) fn system(&self) -> Acting {
        self.fixture.ums.system()
    }

    /// What the process that comes after a crash finds, once it is open.
    pub(crate) async fn reopened(&self) -> Fixture {
        self.store.stop();
        let fixture = Fixture::on(Arc::new(self.store.clone())).await;
        fixture.verify().await;
        fixture
    }
}

pub(crate) fn person(email: &str) -> UserFields {
    UserFields {
        full_name: format!("Owner of {email}"),
        email: email.into(),
        password: Some(Password::new(PASSWORD)),
        ..UserFields::default()
    }
}

pub(crate) fn organisation(name: &str) -> OrganisationFields {
    OrganisationFields { name: name.into(), ..OrganisationFields::default() }
}

pub(crate) fn credentials(email: &str) -> Credentials {
    Credentials { email: email.into(), password: Password::new(PASSWORD) }
}
