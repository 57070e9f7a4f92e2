//! Many at once on several threads, in whatever order comes of it: what is left holds every invariant.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "these are tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use ums_core::model::{
    Department, DepartmentFields, DepartmentId, DepartmentPatch, Organisation, OrganisationFields,
    OrganisationId, Patch, Role, Status, UserFields, UserPatch,
};
use ums_core::store::Store;
use ums_core::{
    Credentials, DepartmentFilter, PageRequest, Password, Registration, UserFilter, UserManagement,
};
use ums_store_memory::MemoryStore;
use ums_testkit::scenarios::code;
use ums_testkit::{Fixture, PASSWORD};

/// How an operation ended, by its name.
type Ended = (&'static str, &'static str);

/// Tasks that begin together, over handles that share nothing but the store.
struct Race {
    handles: Vec<UserManagement>,
    start: Arc<Barrier>,
    tasks: JoinSet<Vec<Ended>>,
    next: usize,
}

impl Race {
    /// A race of so many.
    async fn of(runners: usize, store: &Arc<dyn Store>) -> Self {
        let handles = vec![Fixture::on(store.clone()).await.ums, Fixture::on(store.clone()).await.ums];
        Self { handles, start: Arc::new(Barrier::new(runners)), tasks: JoinSet::new(), next: 0 }
    }

    /// Does something so many times, one after the other, with the number of each.
    fn run<F>(
        &mut self,
        name: &'static str,
        times: usize,
        work: impl Fn(UserManagement, usize) -> F + Send + 'static,
    ) where
        F: Future<Output = &'static str> + Send + 'static,
    {
        let ums = self.handles[self.next % self.handles.len()].clone();
        self.next += 1;
        let start = self.start.clone();
        self.tasks.spawn(async move {
            start.wait().await;
            let mut ended = Vec::with_capacity(times);
            for number in 0..times {
                ended.push((name, work(ums.clone(), number).await));
            }
            ended
        });
    }

    /// Waits for all, looks that none ended but as expected, and that the store holds.
    async fn end(self, fixture: &Fixture, expected: &[Ended]) -> Vec<Ended> {
        let ended: Vec<Ended> = self.tasks.join_all().await.concat();
        for one in &ended {
            assert!(expected.contains(one), "{one:?}");
        }
        assert_eq!(fixture.ums.finish_deletions().await.unwrap(), 0, "nothing is left half done");
        fixture.verify().await;
        ended
    }
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn person(email: &str) -> UserFields {
    UserFields { full_name: "Some Body".into(), email: email.into(), ..UserFields::default() }
}

fn organisation(name: &str) -> OrganisationFields {
    OrganisationFields { name: name.into(), ..OrganisationFields::default() }
}

async fn department(
    fixture: &Fixture,
    name: &str,
    organisation: &Organisation,
    parent: Option<DepartmentId>,
) -> Department {
    let fields =
        DepartmentFields { name: name.into(), organisation_id: Some(organisation.id), parent_id: parent };
    fixture.ums.system().create_department(&fields).await.unwrap().value
}

async fn count(fixture: &Fixture, filter: &UserFilter) -> usize {
    let page = PageRequest::new(200.try_into().unwrap(), None);
    let page = fixture.ums.system().users(filter, &page).await.unwrap();
    assert_eq!(page.next_cursor, None);
    page.items.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_left_in_what_is_deleted() {
    for cascade in [false, true] {
        for _ in 0..6 {
            let store = memory();
            let fixture = Fixture::on(store.clone()).await;
            fixture.register("admin@example.com").await;
            let one = fixture.organisation("One").await;
            let top = department(&fixture, "Top", &one, None).await;
            let (organisation_id, department_id) = (one.id, top.id);
            let mut race = Race::of(6, &store).await;
            for runner in 0..3 {
                race.run("user", 12, move |ums, number| async move {
                    let fields = UserFields {
                        organisation_id: Some(organisation_id),
                        department_id: (number % 2 == 0).then_some(department_id),
                        ..person(&format!("user{runner}-{number}@example.com"))
                    };
                    code(&ums.system().create_user(&fields).await)
                });
            }
            race.run("department", 12, move |ums, number| async move {
                let fields = DepartmentFields {
                    name: format!("Department {number}"),
                    organisation_id: Some(organisation_id),
                    parent_id: (number % 2 == 0).then_some(department_id),
                };
                code(&ums.system().create_department(&fields).await)
            });
            race.run("delete department", 1, move |ums, _| async move {
                code(&ums.system().delete_department(department_id, None, cascade).await)
            });
            race.run("delete organisation", 1, move |ums, _| async move {
                code(&ums.system().delete_organisation(organisation_id, None, cascade).await)
            });
            let ended = race
                .end(
                    &fixture,
                    &[
                        ("user", "ok"),
                        ("user", "invalid"),
                        ("user", "closing"),
                        ("department", "ok"),
                        ("department", "invalid"),
                        ("department", "closing"),
                        ("delete department", "ok"),
                        ("delete department", "not_found"),
                        ("delete department", "not_empty"),
                        ("delete organisation", "ok"),
                        ("delete organisation", "not_empty"),
                    ],
                )
                .await;
            let there = fixture.ums.system().organisation(organisation_id).await.is_ok();
            assert_eq!(there, !ended.contains(&("delete organisation", "ok")));
            let made = ended.iter().filter(|one| **one == ("user", "ok")).count();
            let left = count(&fixture, &UserFilter::default()).await - 1;
            match cascade {
                true => assert_eq!((there, left), (false, 0)),
                false => assert_eq!(left, made, "whoever was told to be there is there"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_address_is_fought_over() {
    let store = memory();
    let fixture = Fixture::on(store.clone()).await;
    fixture.register("admin@example.com").await;
    let registered = Arc::new(AtomicUsize::new(0));
    let mut race = Race::of(6, &store).await;
    for runner in 0..6 {
        let registered = registered.clone();
        race.run("turn", 60, move |ums, number| {
            let registered = registered.clone();
            async move {
                match (runner + number) % 3 {
                    0 => {
                        let registration = Registration {
                            full_name: "Ada Lovelace".into(),
                            email: "ada@example.com".into(),
                            password: Password::new(PASSWORD),
                            department_id: None,
                        };
                        let made = ums.anonymous().register(&registration).await;
                        registered.fetch_add(usize::from(made.is_ok()), Ordering::Relaxed);
                        code(&made)
                    }
                    1 => log_in(&ums, "ada@example.com").await,
                    _ => {
                        let mut filter = UserFilter::default();
                        filter.role = Some(Role::Member);
                        let found = ums.system().users(&filter, &PageRequest::default()).await.unwrap().items;
                        match found.first() {
                            Some(user) => code(&ums.system().delete_user(user.id, None).await),
                            None => "not_found",
                        }
                    }
                }
            }
        });
    }
    let expected = ["ok", "email_taken", "invalid_credentials", "not_found"].map(|outcome| ("turn", outcome));
    race.end(&fixture, &expected).await;
    assert!(registered.load(Ordering::Relaxed) > 1, "the address changed hands");
    assert!(count(&fixture, &UserFilter::default()).await <= 2);
}

/// Logs in, and looks that whoever is let in is somebody, or is gone by now.
async fn log_in(ums: &UserManagement, email: &str) -> &'static str {
    let credentials = Credentials { email: email.into(), password: Password::new(PASSWORD) };
    let tokens = ums.anonymous().login(&credentials).await;
    if let Ok(tokens) = &tokens {
        match ums.authenticate(&tokens.access_token).await {
            Ok(principal) => assert!(principal.user_id().as_u64() > 1),
            Err(error) => assert_eq!(error.code(), "invalid_access_token"),
        }
        let refreshed = ums.anonymous().refresh(&tokens.refresh_token).await;
        assert!(["ok", "invalid_refresh_token"].contains(&code(&refreshed)), "{refreshed:?}");
    }
    code(&tokens)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_is_moved_renamed_raised_and_suspended() {
    let store = memory();
    let fixture = Fixture::on(store.clone()).await;
    fixture.register("admin@example.com").await;
    let organisations = [fixture.organisation("One").await, fixture.organisation("Two").await];
    let departments = [
        department(&fixture, "Top", &organisations[0], None).await,
        department(&fixture, "Top", &organisations[1], None).await,
    ];
    let user = fixture.account("ada@example.com", Role::Admin, Some(&organisations[0])).await.id;
    let places: [(OrganisationId, DepartmentId); 2] =
        [(organisations[0].id, departments[0].id), (organisations[1].id, departments[1].id)];
    let mut race = Race::of(5, &store).await;
    race.run("move", 40, move |ums, number| async move {
        let (organisation, department) = places[number % 2];
        let patch = UserPatch {
            organisation_id: Patch::Set(organisation),
            department_id: Patch::Set(department),
            ..UserPatch::default()
        };
        code(&ums.system().change_user(user, &patch, None).await)
    });
    type Change = fn(usize) -> UserPatch;
    let changes: [(&str, Change); 3] = [
        ("role", |number| UserPatch { role: Patch::Set(Role::ALL[number % 4]), ..UserPatch::default() }),
        ("status", |number| UserPatch {
            status: Patch::Set([Status::Active, Status::Suspended][number % 2]),
            ..UserPatch::default()
        }),
        ("rename", |number| UserPatch {
            full_name: Patch::Set(["Ada Lovelace", "Augusta King"][number % 2].into()),
            email: Patch::Set(["ada@example.com", "augusta@example.com"][number % 2].into()),
            external_id: Patch::Set(format!("{}", number % 3)),
            ..UserPatch::default()
        }),
    ];
    for (name, patch) in changes {
        race.run(name, 40, move |ums, number| async move {
            code(&ums.system().change_user(user, &patch(number), None).await)
        });
    }
    // Somebody else takes and gives back what the user may have left.
    race.run("other", 40, move |ums, number| async move {
        let fields = UserFields {
            external_id: Some(format!("{}", number % 3)),
            organisation_id: Some(places[0].0),
            ..person("augusta@example.com")
        };
        let made = ums.system().create_user(&fields).await;
        if let Ok(made) = &made {
            ums.system().delete_user(made.value.id, None).await.unwrap();
        }
        code(&made)
    });
    let outcomes = ["ok", "email_taken", "external_id_taken", "closing", "contention"];
    let expected: Vec<Ended> = ["move", "role", "status", "rename", "other"]
        .into_iter()
        .flat_map(|name| outcomes.map(|outcome| (name, outcome)))
        .collect();
    let ended = race.end(&fixture, &expected).await;
    for name in ["move", "role", "status", "rename", "other"] {
        assert!(ended.contains(&(name, "ok")), "{name} never got through");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_one_name_there_is_one() {
    for _ in 0..5 {
        let store = memory();
        let fixture = Fixture::on(store.clone()).await;
        fixture.register("admin@example.com").await;
        let one = fixture.organisation("One").await;
        let id = one.id;
        let mut race = Race::of(18, &store).await;
        for _ in 0..6 {
            race.run("organisation", 1, move |ums, _| async move {
                code(&ums.system().create_organisation(&organisation("Name")).await)
            });
            race.run("department", 1, move |ums, _| async move {
                let fields =
                    DepartmentFields { name: "Name".into(), organisation_id: Some(id), parent_id: None };
                code(&ums.system().create_department(&fields).await)
            });
            race.run("user", 1, move |ums, _| async move {
                let fields = UserFields {
                    external_id: Some("7".into()),
                    organisation_id: Some(id),
                    ..person("name@example.com")
                };
                code(&ums.system().create_user(&fields).await)
            });
        }
        let taken = [("organisation", "name_taken"), ("department", "name_taken"), ("user", "email_taken")];
        let made = ["organisation", "department", "user"].map(|name| (name, "ok"));
        let ended = race.end(&fixture, &[taken, made].concat()).await;
        for one in made {
            assert_eq!(ended.iter().filter(|ended| **ended == one).count(), 1, "{one:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn departments_never_come_to_stand_in_a_circle() {
    let store = memory();
    let fixture = Fixture::on(store.clone()).await;
    let one = fixture.organisation("One").await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(department(&fixture, &format!("Department {number}"), &one, None).await.id);
    }
    let mut race = Race::of(5, &store).await;
    for runner in 0..5 {
        let ids = ids.clone();
        race.run("move", 30, move |ums, number| {
            let ids = ids.clone();
            async move {
                let parent = ids[(runner + 1 + number) % ids.len()];
                let patch = DepartmentPatch { parent_id: Patch::Set(parent), ..DepartmentPatch::default() };
                match ums.system().change_department(ids[runner], &patch, None).await {
                    Err(ums_core::Error::Invalid(faults)) => faults.as_slice()[0].code,
                    ended => code(&ended),
                }
            }
        });
    }
    race.end(&fixture, &[("move", "ok"), ("move", "cycle"), ("move", "contention")]).await;
    let filter = DepartmentFilter::organisation(one.id);
    let listed = fixture.ums.system().departments(filter, &PageRequest::default()).await.unwrap().items;
    assert_eq!(listed.len(), 5);
    assert!(listed.iter().any(|department| department.parent_id.is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ids_are_given_out_once() {
    let store = memory();
    let fixture = Fixture::on(store.clone()).await;
    fixture.register("admin@example.com").await;
    let mut race = Race::of(8, &store).await;
    for runner in 0..8 {
        race.run("user", 20, move |ums, number| async move {
            let made = ums.system().create_user(&person(&format!("u{runner}-{number}@example.com"))).await;
            made.map(drop).as_ref().map_or_else(|error: &ums_core::Error| error.code(), |()| "ok")
        });
    }
    race.end(&fixture, &[("user", "ok")]).await;
    let page = PageRequest::new(200.try_into().unwrap(), None);
    let mut users: Vec<_> = fixture
        .ums
        .system()
        .users(&UserFilter::default(), &page)
        .await
        .unwrap()
        .items
        .iter()
        .map(|user| user.id)
        .collect();
    users.sort_unstable();
    users.dedup();
    assert_eq!(users.len(), 161);
}
