//! Whatever a store does to one call, nothing is done twice, lost, or left half done.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod dump;
mod scripted;

use std::sync::Arc;

use dump::{Dump, assert_same, copy};
use scripted::{ScriptedStore, Turn, scans};
use ums_core::model::{
    Department, DepartmentFields, DepartmentPatch, Organisation, OrganisationFields, OrganisationPatch,
    Patch, Role, Status, User, UserFields, UserPatch,
};
use ums_core::store::{self, Key, Store};
use ums_core::{
    Acting, Credentials, Error, MePatch, Password, PasswordChange, Registration, Result, TokenPair,
};
use ums_store_memory::MemoryStore;
use ums_testkit::scenarios::code;
use ums_testkit::stores::{FailingStore, Fault};
use ums_testkit::{Fixture, PASSWORD};

/// A store with two organisations in it, of which the first has departments, users and sessions. To be copied.
struct Template {
    store: MemoryStore,
    organisations: [Organisation; 2],
    departments: Vec<Department>,
    users: Vec<User>,
    tokens: TokenPair,
}

impl Template {
    async fn new() -> Self {
        let store = MemoryStore::new();
        let fixture = Fixture::on(Arc::new(store.clone())).await;
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
        Self { store, organisations, departments, users, tokens }
    }

    async fn world(&self) -> World<'_> {
        let copied = MemoryStore::new();
        copy(&self.store, &copied).await;
        let store = FailingStore::new(copied);
        let fixture = Fixture::on(Arc::new(store.clone())).await;
        let principal = fixture.ums.authenticate(&self.tokens.access_token).await.unwrap();
        let acting = fixture.ums.acting_as(&principal);
        World { template: self, store, fixture, acting }
    }
}

/// A copy of the template's store, which fails on demand.
struct World<'a> {
    template: &'a Template,
    store: FailingStore<MemoryStore>,
    fixture: Fixture,
    acting: Acting,
}

impl World<'_> {
    fn system(&self) -> Acting {
        self.fixture.ums.system()
    }

    /// What the process that comes after a crash finds, once it is open.
    async fn reopened(&self) -> Fixture {
        self.store.stop();
        let fixture = Fixture::on(Arc::new(self.store.clone())).await;
        fixture.verify().await;
        fixture
    }
}

fn person(email: &str) -> UserFields {
    UserFields {
        full_name: format!("Owner of {email}"),
        email: email.into(),
        password: Some(Password::new(PASSWORD)),
        ..UserFields::default()
    }
}

fn organisation(name: &str) -> OrganisationFields {
    OrganisationFields { name: name.into(), ..OrganisationFields::default() }
}

fn credentials(email: &str) -> Credentials {
    Credentials { email: email.into(), password: Password::new(PASSWORD) }
}

/// From its nth commit on the process is as good as dead: that commit ends like this, and nothing gets through after.
fn crash_at_commit(store: &FailingStore<MemoryStore>, nth: u64, fault: Fault) {
    let mut commits = 0;
    store.fail_when(
        move |_, call| {
            commits += u64::from(call.is_commit());
            commits >= nth
        },
        fault,
    );
}

/// A store whose process dies with the commit of this number, done or not.
fn dies_at(world: &World<'_>, nth: u64, last_is_done: bool) {
    if last_is_done {
        // Done, and dead before the answer: dead with the next call of any kind.
        let mut commits = 0;
        let mut dead = false;
        world.store.fail_when(
            move |_, call| {
                let was_dead = dead;
                commits += u64::from(call.is_commit());
                dead = dead || commits >= nth;
                was_dead
            },
            Fault::Unavailable,
        );
    } else {
        crash_at_commit(&world.store, nth, Fault::Unavailable);
    }
}

#[tokio::test]
async fn a_cascade_that_a_crash_cut_short_is_finished_by_the_next_start() {
    let template = Template::new().await;
    for last_is_done in [false, true] {
        let mut commits = 0;
        loop {
            commits += 1;
            let world = template.world().await;
            dies_at(&world, commits, last_is_done);
            let deleted =
                world.system().delete_organisation(world.template.organisations[0].id, None, true).await;
            let begun = commits > 1 || last_is_done;
            let after = world.reopened().await;
            let system = after.ums.system();
            for department in &world.template.departments {
                let found = system.department(department.id).await;
                assert_eq!(code(&found), if begun { "not_found" } else { "ok" }, "{commits}");
            }
            for user in &world.template.users {
                assert_eq!(
                    code(&system.user(user.id).await),
                    if begun { "not_found" } else { "ok" },
                    "{commits}"
                );
            }
            let found = system.organisation(world.template.organisations[0].id).await;
            assert_eq!(code(&found), if begun { "not_found" } else { "ok" }, "{commits}");
            assert!(system.organisation(world.template.organisations[1].id).await.is_ok());
            if deleted.is_ok() {
                break;
            }
            assert_eq!(code(&deleted), "store_unavailable");
        }
        assert!(commits > 10, "it took {commits} commits, too few to have been cut short in every place");
    }
}

/// A process that has been running all the time, and meets what another one left.
#[tokio::test]
async fn whoever_meets_a_deletion_that_was_cut_short_finishes_it() {
    let template = Template::new().await;
    for commits in 2..30 {
        let world = template.world().await;
        let other = Fixture::on(Arc::new(world.store.clone())).await;
        dies_at(&world, commits, false);
        let deleted =
            world.system().delete_organisation(world.template.organisations[0].id, None, true).await;
        world.store.stop();
        if deleted.is_ok() {
            assert!(commits > 10);
            return;
        }
        // By its name, by an address in it, by an external id, by a department.
        match commits % 3 {
            0 => drop(other.ums.system().create_organisation(&organisation("ONE")).await.unwrap()),
            1 => {
                let registration = Registration {
                    full_name: "Another".into(),
                    email: "USER7@example.com".into(),
                    password: Password::new(PASSWORD),
                    department_id: None,
                };
                // Its account may be whole yet, if the crash came early; then the organisation is met first.
                let registered = other.ums.anonymous().register(&registration).await;
                if code(&registered) == "email_taken" {
                    drop(other.ums.system().create_organisation(&organisation("One")).await.unwrap());
                } else {
                    registered.unwrap();
                }
            }
            _ => {
                let below = UserFields {
                    department_id: Some(world.template.departments[0].id),
                    ..person("new@example.com")
                };
                let made = other.ums.system().create_user(&below).await;
                assert_eq!(ums_testkit::scenarios::faults(&made), [("department_id", "not_found")]);
            }
        }
        other.verify().await;
        other.ums.finish_deletions().await.unwrap();
        assert_eq!(
            code(&other.ums.system().organisation(world.template.organisations[0].id).await),
            "not_found"
        );
        other.verify().await;
    }
    panic!("the deletion never got through");
}

#[tokio::test]
async fn a_deletion_without_cascade_that_was_cut_short_is_finished_or_taken_back() {
    let template = Template::new().await;
    // Somebody came in between the look ahead and the mark, or nobody did.
    for somebody in [false, true] {
        for last_is_done in [false, true] {
            let mut commits = 0;
            loop {
                commits += 1;
                let world = template.world().await;
                let empty = world.template.departments[2].id;
                let scripted = ScriptedStore::new(Arc::new(world.store.clone()));
                let slow = Fixture::on(Arc::new(scripted.clone())).await;
                let (system, store) = (world.system(), world.store.clone());
                let fields = UserFields { department_id: Some(empty), ..person("late@example.com") };
                let work = Box::pin(async move {
                    if somebody {
                        system.create_user(&fields).await.unwrap();
                    }
                    let mut seen = 0;
                    let mut dead = false;
                    store.fail_when(
                        move |_, call| {
                            seen += u64::from(call.is_commit());
                            let was_dead = dead;
                            dead = dead || seen >= commits;
                            if last_is_done { was_dead } else { dead }
                        },
                        Fault::Unavailable,
                    );
                });
                let mut work = Some(work);
                scripted.follow(move |call| match scans(call, "department/000000000003", "user/") {
                    true => work.take().map_or(Turn::Act, |work| Turn::After(work)),
                    false => Turn::Act,
                });
                let deleted = slow.ums.system().delete_department(empty, None, false).await;
                let after = world.reopened().await;
                let gone = !somebody && (commits > 1 || last_is_done);
                let found = after.ums.system().department(empty).await;
                assert_eq!(code(&found), if gone { "not_found" } else { "ok" }, "{somebody} {commits}");
                // It is as open as ever.
                let fields = UserFields { department_id: Some(empty), ..person("later@example.com") };
                let made = after.ums.system().create_user(&fields).await;
                assert_eq!(code(&made), if gone { "invalid" } else { "ok" });
                after.verify().await;
                if code(&deleted) != "store_unavailable" {
                    assert_eq!(code(&deleted), if somebody { "not_empty" } else { "ok" });
                    break;
                }
            }
            assert!(commits >= 2);
        }
    }
}

/// Something to do, by its number.
async fn operate(world: &World<'_>, number: usize) -> Option<Result<()>> {
    let system = world.system();
    let (organisations, departments, users) =
        (&world.template.organisations, &world.template.departments, &world.template.users);
    let anonymous = world.fixture.ums.anonymous();
    Some(match number {
        0 => system.create_organisation(&organisation("Three")).await.map(drop),
        1 => {
            let patch = OrganisationPatch { name: Patch::Set("Uno".into()), ..OrganisationPatch::default() };
            system.change_organisation(organisations[0].id, &patch, None).await.map(drop)
        }
        2 => system.delete_organisation(organisations[1].id, None, false).await,
        3 => system.delete_organisation(organisations[0].id, None, true).await,
        4 => {
            let fields = DepartmentFields {
                name: "New".into(),
                organisation_id: Some(organisations[0].id),
                parent_id: Some(departments[1].id),
            };
            system.create_department(&fields).await.map(drop)
        }
        5 => {
            let patch = DepartmentPatch { parent_id: Patch::Clear, ..DepartmentPatch::default() };
            system.change_department(departments[1].id, &patch, None).await.map(drop)
        }
        6 => system.delete_department(departments[2].id, None, false).await,
        7 => system.delete_department(departments[0].id, None, true).await,
        8 => system.create_user(&person("new@example.com")).await.map(drop),
        9 => {
            let fields = UserFields { department_id: Some(departments[1].id), ..person("new@example.com") };
            system.replace_user(users[0].id, &fields, None).await.map(drop)
        }
        10 => {
            let patch = UserPatch {
                status: Patch::Set(Status::Suspended),
                organisation_id: Patch::Clear,
                department_id: Patch::Clear,
                ..UserPatch::default()
            };
            system.change_user(users[0].id, &patch, None).await.map(drop)
        }
        11 => system.delete_user(users[1].id, None).await,
        12 => {
            let registration = Registration {
                full_name: "New".into(),
                email: "new@example.com".into(),
                password: Password::new(PASSWORD),
                department_id: Some(departments[2].id),
            };
            anonymous.register(&registration).await.map(drop)
        }
        13 => anonymous.login(&credentials("user0@example.com")).await.map(drop),
        14 => anonymous.refresh(&world.template.tokens.refresh_token).await.map(drop),
        15 => world.acting.logout().await,
        16 => world.acting.logout_all().await,
        17 => {
            let change = PasswordChange {
                current_password: Password::new(PASSWORD),
                new_password: Password::new("AnotherPassword456"),
            };
            world.acting.change_password(&change).await
        }
        18 => {
            let patch = MePatch { full_name: Patch::Set("New".into()) };
            world.acting.change_me(&patch, None).await.map(drop)
        }
        19 => {
            let patch = UserPatch { role: Patch::Set(Role::Admin), ..UserPatch::default() };
            system.change_user(users[1].id, &patch, None).await.map(drop)
        }
        _ => return None,
    })
}

/// What the store holds before an operation, and after it where nothing fails.
async fn undisturbed(template: &Template, number: usize) -> Option<(Dump, Dump)> {
    let world = template.world().await;
    let before = Dump::of(&world.store).await;
    let done = operate(&world, number).await?;
    assert_eq!(code(&done), "ok", "{number}");
    let after = Dump::of(&world.store).await;
    assert_ne!(before, after, "{number} changes something");
    Some((before, after))
}

#[tokio::test]
async fn a_lost_answer_is_settled() {
    let template = Template::new().await;
    let mut number = 0;
    while let Some((_, after)) = undisturbed(&template, number).await {
        for fault in [Fault::UnknownUndone, Fault::UnknownDone] {
            for nth in 1.. {
                let world = template.world().await;
                world.store.fail_nth_commit(nth, fault);
                let failed = world.store.failed();
                let done = operate(&world, number).await.unwrap();
                assert_eq!(code(&done), "ok", "{number}: {fault:?} at commit {nth}: {done:?}");
                let hit = world.store.failed() > failed;
                world.store.stop();
                assert_same(
                    &Dump::of(&world.store).await,
                    &after,
                    &format!("{number}: {fault:?} at commit {nth}"),
                );
                world.fixture.verify().await;
                if !hit {
                    break;
                }
            }
        }
        number += 1;
    }
    assert_eq!(number, 20);
}

#[tokio::test]
async fn answers_that_are_lost_again_and_again_are_settled_too() {
    let template = Template::new().await;
    let mut number = 0;
    while let Some((before, after)) = undisturbed(&template, number).await {
        let world = template.world().await;
        world.store.fail_when(|_, call| call.is_commit(), Fault::UnknownDone);
        let done = operate(&world, number).await.unwrap();
        assert_eq!(code(&done), "ok", "{number}: {done:?}");
        world.store.stop();
        assert_same(&Dump::of(&world.store).await, &after, &format!("{number}"));
        world.fixture.verify().await;

        let world = template.world().await;
        world.store.fail_when(|_, call| call.is_commit(), Fault::UnknownUndone);
        let done = operate(&world, number).await.unwrap();
        assert!(matches!(done, Err(Error::Store(store::Error::Unknown { .. }))), "{number}: {done:?}");
        world.store.stop();
        assert_same(&Dump::of(&world.store).await, &before, &format!("{number}"));
        world.fixture.verify().await;
        number += 1;
    }
}

#[tokio::test]
async fn what_can_not_be_settled_is_said_to_be_unknown() {
    let template = Template::new().await;
    let mut number = 0;
    while let Some((before, after)) = undisturbed(&template, number).await {
        for fault in [Fault::UnknownUndone, Fault::UnknownDone] {
            let world = template.world().await;
            // The answer is lost, and so is the way to the store.
            let mut lost = false;
            world.store.fail_when(
                move |_, call| {
                    lost = lost || call.is_commit();
                    lost
                },
                fault,
            );
            let done = operate(&world, number).await.unwrap();
            assert!(matches!(done, Err(Error::Store(store::Error::Unknown { .. }))), "{number}: {done:?}");
            world.store.stop();
            world.fixture.verify().await;
            world.fixture.ums.finish_deletions().await.unwrap();
            let now = Dump::of(&world.store).await;
            assert!(now == before || now == after, "{number}: {fault:?}");
            world.fixture.verify().await;
        }
        number += 1;
    }
}

#[tokio::test]
async fn an_error_changes_nothing() {
    let template = Template::new().await;
    let mut number = 0;
    while let Some((before, after)) = undisturbed(&template, number).await {
        for nth in 1.. {
            let world = template.world().await;
            world.store.fail_nth(nth, Fault::Unavailable);
            let done = operate(&world, number).await.unwrap();
            world.store.stop();
            world.fixture.verify().await;
            let now = Dump::of(&world.store).await;
            if done.is_ok() {
                assert_same(&now, &after, &format!("{number}: call {nth}"));
                break;
            }
            assert_eq!(code(&done), "store_unavailable", "{number}: call {nth}");
            if now != before {
                // A deletion that has begun: it goes on as soon as the store is there again.
                assert!([2, 3, 6, 7, 11].contains(&number), "{number}: call {nth}");
                world.fixture.ums.finish_deletions().await.unwrap();
                assert_same(&Dump::of(&world.store).await, &after, &format!("{number}: call {nth}"));
                world.fixture.verify().await;
            }
        }
        number += 1;
    }
}

/// What a commit would have written has been written over by others, so that nothing tells any more whether it happened:
/// trying again might do it twice.
#[tokio::test]
async fn a_lost_answer_that_others_wrote_over_stays_unknown() {
    let template = Template::new().await;
    for fault in [Fault::UnknownUndone, Fault::UnknownDone] {
        // The others come before it is looked into, or between that and sending the commit again.
        for calls_later in [0, 1] {
            let world = template.world().await;
            let scripted = ScriptedStore::new(Arc::new(world.store.clone()));
            let slow = Fixture::on(Arc::new(scripted.clone())).await;
            let principal = slow.ums.authenticate(&template.tokens.access_token).await.unwrap();
            let (system, id) = (world.system(), template.users[0].id);
            let patch = UserPatch { full_name: Patch::Set("Other".into()), ..UserPatch::default() };
            let (store, mut calls) = (world.store.clone(), None);
            let mut others = Some(Box::pin(async move {
                store.stop();
                system.change_user(id, &patch, None).await.unwrap();
            }));
            scripted.follow(move |call| {
                calls = calls.map(|calls: usize| calls + 1).or(call.is_commit().then_some(0));
                match calls == Some(calls_later) {
                    true => others.take().map_or(Turn::Act, |others| Turn::After(others)),
                    false => Turn::Act,
                }
            });
            world.store.fail_nth_commit(1, fault);
            let done = slow.ums.acting_as(&principal).logout_all().await;
            let settled = fault == Fault::UnknownDone && calls_later == 1;
            match settled {
                // It was seen before the others came.
                true => assert_eq!(code(&done), "ok"),
                false => assert!(matches!(done, Err(Error::Store(store::Error::Unknown { .. }))), "{done:?}"),
            }
            let profile = world.store.get(&[Key::new("user/000000000002", "profile")]).await.unwrap();
            let value = profile[0].as_ref().unwrap().value.clone();
            assert!(value.contains("Other"), "{value}");
            assert_eq!(value.contains("\"session_epoch\":1"), fault == Fault::UnknownDone, "{value}");
            world.fixture.verify().await;
        }
    }
}
