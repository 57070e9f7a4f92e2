//! `verify` finds what is wrong: each way in which a store can be spoilt, and exactly what is said of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "these are tests")]

use std::sync::Arc;

use serde_json::{Value, json};
use ums_core::model::{DepartmentFields, Role, UserFields};
use ums_core::store::{Commit, CommitId, Key, Op, Outcome, Store};
use ums_core::{Credentials, Password, UserManagement};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::RecordingStore;
use ums_testkit::{Fixture, PASSWORD};

const ONE: &str = "organisation/000000000001";
const TOP: &str = "department/000000000001";
const BELOW: &str = "department/000000000002";
const OTHER: &str = "department/000000000003";
const ADA: &str = "user/000000000002";
const GRACE: &str = "user/000000000003";

/// Organisation 1 with departments 1 and, below it, 2; organisation 2 with department 3. User 1, the administrator, of
/// none; user 2, Ada, in department 1; user 3, Grace, in organisation 2. Ada is logged in.
struct World {
    store: Arc<dyn Store>,
    ums: UserManagement,
}

impl World {
    async fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let fixture = Fixture::on(store.clone()).await;
        fixture.register("admin@example.com").await;
        let (one, two) = (fixture.organisation("One").await, fixture.organisation("Two").await);
        for (name, organisation, parent) in
            [("Top", &one, None), ("Below", &one, Some(1)), ("Other", &two, None)]
        {
            let fields = DepartmentFields {
                name: name.into(),
                organisation_id: Some(organisation.id),
                parent_id: parent.map(|id: u64| id.try_into().unwrap()),
            };
            fixture.ums.system().create_department(&fields).await.unwrap();
        }
        let ada = UserFields {
            full_name: "Ada".into(),
            email: "ada@example.com".into(),
            external_id: Some("7".into()),
            department_id: Some(1.try_into().unwrap()),
            password: Some(Password::new(PASSWORD)),
            ..UserFields::default()
        };
        fixture.ums.system().create_user(&ada).await.unwrap();
        fixture.account("grace@example.com", Role::Member, Some(&two)).await;
        fixture.login("ada@example.com").await;
        Self { store, ums: fixture.ums }
    }

    async fn value(&self, partition: &str, sort: &str) -> String {
        let found = self.store.get(&[Key::new(partition, sort)]).await.unwrap();
        found[0].as_ref().expect("it is there").value.to_string()
    }

    async fn put(&self, partition: &str, sort: &str, value: &str) {
        self.commit(Op::put(Key::new(partition, sort), value)).await;
    }

    async fn delete(&self, partition: &str, sort: &str) {
        self.value(partition, sort).await;
        self.commit(Op::delete(Key::new(partition, sort))).await;
    }

    /// Changes one field of a record's data.
    async fn set(&self, partition: &str, sort: &str, field: &str, value: impl Into<Value>) {
        let mut record: Value = serde_json::from_str(&self.value(partition, sort).await).unwrap();
        let old = record.pointer_mut(field).unwrap_or_else(|| panic!("there is no {field}"));
        *old = value.into();
        self.put(partition, sort, &record.to_string()).await;
    }

    async fn commit(&self, op: Op) {
        use std::sync::atomic::{AtomicU64, Ordering};
        static COMMITS: AtomicU64 = AtomicU64::new(1);
        let id = CommitId::from_u128(COMMITS.fetch_add(1, Ordering::Relaxed).into());
        assert_eq!(self.store.commit(&Commit::new(id, [op])).await.unwrap(), Outcome::Applied);
    }

    /// Looks that these are the findings, and no others.
    async fn expect(&self, expected: &[(&str, &str, &str)]) {
        let findings = self.ums.verify().await.unwrap();
        let mut found: Vec<(&str, &str, &str)> = findings
            .iter()
            .map(|finding| (finding.partition.as_str(), finding.sort.as_str(), finding.code))
            .collect();
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{findings:#?}");
    }
}

#[tokio::test]
async fn a_sound_store_has_none() {
    World::new().await.expect(&[]).await;
}

#[tokio::test]
async fn an_entry_that_is_missing() {
    for (partition, sort) in [
        ("users/0", "ada@example.com"),
        ("organisations", "one"),
        (ONE, "user/ada@example.com"),
        (ONE, "name/ada/000000000002"),
        (ONE, "external/7"),
        (ONE, "department/top"),
        (TOP, "user/ada@example.com"),
        (TOP, "department/below"),
    ] {
        let world = World::new().await;
        world.delete(partition, sort).await;
        world.expect(&[(partition, sort, "not_indexed")]).await;
    }
}

#[tokio::test]
async fn an_entry_that_leads_astray() {
    for (partition, sort, other) in [
        ("users/0", "ada@example.com", "3"),
        (ONE, "external/7", "3"),
        (TOP, "department/below", "3"),
        ("organisations", "one", "2"),
    ] {
        let world = World::new().await;
        world.put(partition, sort, other).await;
        world.expect(&[(partition, sort, "not_indexed"), (partition, sort, "stale")]).await;
        world.put(partition, sort, "x").await;
        world.expect(&[(partition, sort, "not_indexed"), (partition, sort, "unreadable")]).await;
    }
}

#[tokio::test]
async fn an_entry_too_many() {
    for (partition, sort) in [
        ("users/0", "nobody@example.com"),
        ("organisations", "nothing"),
        (ONE, "user/nobody@example.com"),
        (ONE, "name/nobody/000000000002"),
        (ONE, "external/8"),
        (ONE, "department/nothing"),
        (TOP, "user/nobody@example.com"),
        (TOP, "department/nothing"),
        ("organisation/000000000000", "user/nobody@example.com"),
    ] {
        for (value, code) in [("2", "stale"), ("9", "dangling"), ("x", "unreadable"), ("0", "unreadable")] {
            let world = World::new().await;
            world.put(partition, sort, value).await;
            world.expect(&[(partition, sort, code)]).await;
        }
        let world = World::new().await;
        world.put(partition, sort, "500").await;
        world.expect(&[(partition, sort, "not_allotted")]).await;
    }
}

#[tokio::test]
async fn an_entry_of_no_kind() {
    for partition in [ONE, TOP, ADA, "organisation/000000000000"] {
        let world = World::new().await;
        world.put(partition, "zebra", "1").await;
        world.expect(&[(partition, "zebra", "unknown")]).await;
    }
}

#[tokio::test]
async fn what_belongs_to_nothing() {
    let world = World::new().await;
    let credential = world.value(ADA, "credential").await;
    world.put("user/000000000009", "credential", &credential).await;
    world.expect(&[("user/000000000009", "credential", "orphan")]).await;

    for partition in ["organisation/000000000009", "department/000000000009"] {
        let world = World::new().await;
        world.put(partition, "user/ada@example.com", "2").await;
        world
            .expect(&[
                (partition, "user/ada@example.com", "orphan"),
                (partition, "user/ada@example.com", "stale"),
            ])
            .await;
    }
}

#[tokio::test]
async fn a_record_that_can_not_be_read() {
    for (partition, sort) in [
        (ONE, "profile"),
        (TOP, "profile"),
        (BELOW, "profile"),
        (ADA, "profile"),
        (ADA, "credential"),
        ("meta", "admins"),
        ("counter/import", "next"),
    ] {
        for value in ["", "{", "{\"v\":1}", "{\"v\":1,\"data\":{}}", "{\"v\":2,\"data\":{}}"] {
            let world = World::new().await;
            world.put(partition, sort, value).await;
            world.expect(&[(partition, sort, "unreadable")]).await;
        }
    }
    // A later version may have written it.
    let world = World::new().await;
    world.set(ADA, "profile", "/v", 2).await;
    world.expect(&[(ADA, "profile", "unreadable")]).await;
}

#[tokio::test]
async fn a_session_that_can_not_be_read() {
    let world = World::new().await;
    let sort = "session/00000000000000000000000000000007";
    world.put(ADA, sort, "{").await;
    world.expect(&[(ADA, sort, "unreadable")]).await;
}

#[tokio::test]
async fn a_counter_that_is_behind() {
    let world = World::new().await;
    world.set("counter/user", "next", "/data/next", 3).await;
    world
        .expect(&[
            ("users/0", "grace@example.com", "not_allotted"),
            ("organisation/000000000002", "user/grace@example.com", "not_allotted"),
            ("organisation/000000000002", "name/owner/000000000003", "not_allotted"),
            ("organisation/000000000002", "name/of/000000000003", "not_allotted"),
            ("organisation/000000000002", "name/grace/000000000003", "not_allotted"),
            ("organisation/000000000002", "name/example/000000000003", "not_allotted"),
            ("organisation/000000000002", "name/com/000000000003", "not_allotted"),
        ])
        .await;
}

#[tokio::test]
async fn a_record_at_another_ones_place() {
    let world = World::new().await;
    let ada = world.value(ADA, "profile").await;
    world.put("user/000000000009", "profile", &ada).await;
    world
        .expect(&[
            ("user/000000000009", "profile", "misplaced"),
            ("user/000000000009", "profile", "no_credential"),
        ])
        .await;
}

#[tokio::test]
async fn departments_in_a_circle() {
    let world = World::new().await;
    world.set(TOP, "profile", "/data/parent_id", 2).await;
    world.put(BELOW, "department/top", "1").await;
    world.expect(&[(TOP, "profile", "cycle"), (BELOW, "profile", "cycle")]).await;
}

#[tokio::test]
async fn a_parent_that_can_not_be() {
    let world = World::new().await;
    world.set(BELOW, "profile", "/data/parent_id", 3).await;
    world.delete(TOP, "department/below").await;
    world.put(OTHER, "department/below", "2").await;
    world.expect(&[(BELOW, "profile", "wrong_organisation")]).await;

    let world = World::new().await;
    world.set(BELOW, "profile", "/data/parent_id", 9).await;
    world.delete(TOP, "department/below").await;
    world.put("department/000000000009", "department/below", "2").await;
    world
        .expect(&[(BELOW, "profile", "dangling"), ("department/000000000009", "department/below", "orphan")])
        .await;
}

#[tokio::test]
async fn a_place_that_can_not_be() {
    let world = World::new().await;
    world.set(ADA, "profile", "/data/user/department_id", 3).await;
    world.delete(TOP, "user/ada@example.com").await;
    world.put(OTHER, "user/ada@example.com", "2").await;
    world.expect(&[(ADA, "profile", "wrong_organisation")]).await;

    let world = World::new().await;
    world.set(ADA, "profile", "/data/user/department_id", 9).await;
    world.delete(TOP, "user/ada@example.com").await;
    world.put("department/000000000009", "user/ada@example.com", "2").await;
    world
        .expect(&[
            (ADA, "profile", "dangling"),
            ("department/000000000009", "user/ada@example.com", "orphan"),
        ])
        .await;

    // An organisation that is gone, with what it held left behind.
    let world = World::new().await;
    world.delete("organisation/000000000002", "profile").await;
    world.delete("organisations", "two").await;
    let two = "organisation/000000000002";
    world
        .expect(&[
            (OTHER, "profile", "dangling"),
            (GRACE, "profile", "dangling"),
            (two, "department/other", "orphan"),
            (two, "user/grace@example.com", "orphan"),
            (two, "name/owner/000000000003", "orphan"),
            (two, "name/of/000000000003", "orphan"),
            (two, "name/grace/000000000003", "orphan"),
            (two, "name/example/000000000003", "orphan"),
            (two, "name/com/000000000003", "orphan"),
        ])
        .await;
}

#[tokio::test]
async fn an_account_that_can_not_prove_itself() {
    let world = World::new().await;
    world.delete(ADA, "credential").await;
    world.expect(&[(ADA, "profile", "no_credential")]).await;
}

#[tokio::test]
async fn administrators_counted_wrongly() {
    let world = World::new().await;
    world.delete("meta", "admins").await;
    world.expect(&[("meta", "admins", "not_counted")]).await;
    for counted in [0, 2] {
        let world = World::new().await;
        world.set("meta", "admins", "/data/active", counted).await;
        world.expect(&[("meta", "admins", "miscounted")]).await;
    }
}

#[tokio::test]
async fn a_deletion_without_its_mark_and_a_mark_without_its_deletion() {
    let world = World::new().await;
    let mark = json!({"v": 1, "data": {"cascade": false}}).to_string();
    for (partition, sort) in
        [(ADA, "user/000000000002"), (TOP, "department/000000000001"), (ONE, "organisation/000000000001")]
    {
        world.put("closing", sort, &mark).await;
        world.expect(&[("closing", sort, "stale")]).await;
        let open = world.value(partition, "profile").await;
        world.put(partition, "profile", &open.replacen("{\"v\":1,", "{\"v\":1,\"closing\":true,", 1)).await;
        world.expect(&[]).await;
        world.delete("closing", sort).await;
        world.expect(&[("closing", sort, "not_indexed")]).await;
        world.put(partition, "profile", &open).await;
    }
    world.expect(&[]).await;
    world.put("closing", "zebra", &mark).await;
    world.expect(&[("closing", "zebra", "stale")]).await;
}

#[tokio::test]
async fn a_count_of_attempts_that_can_not_be_read() {
    let store = RecordingStore::new(MemoryStore::new());
    let fixture = Fixture::on(Arc::new(store.clone())).await;
    fixture.register("ada@example.com").await;
    let wrong = Credentials { email: "ADA@example.com".into(), password: Password::new("") };
    fixture.ums.anonymous().login(&wrong).await.unwrap_err();
    let commits = store.commits();
    let mut keys = commits.iter().flat_map(Commit::ops).map(|op| op.key.clone());
    let key = keys.find(|key| key.partition().starts_with("throttle/")).unwrap();
    let (partition, sort) = (key.partition(), key.sort());
    let world = World { store: Arc::new(store), ums: fixture.ums };
    world.expect(&[]).await;
    world.put(partition, sort, "{}").await;
    world.expect(&[(partition, sort, "unreadable")]).await;
}
