//! What a log-in that fails asks of the store: the same, whatever the reason. That it costs one verification is shown
//! beside the hasher, and how long it takes by `cargo bench -p ums-benches --bench login_timing`.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::IpAddr;
use std::sync::Arc;

use ums_core::model::{Patch, Status, UserFields, UserPatch};
use ums_core::{Credentials, Error, Origin, Password};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::CountingStore;
use ums_testkit::{Fixture, PASSWORD};

#[tokio::test]
async fn every_failure_asks_the_store_for_as_much() {
    let store = CountingStore::new(MemoryStore::new());
    let fixture = Fixture::on(Arc::new(store.clone())).await;
    let system = fixture.ums.system();
    fixture.register("ada@example.com").await;
    for (email, status) in
        [("suspended@example.com", Status::Suspended), ("pending@example.com", Status::Pending)]
    {
        let user = fixture.register(email).await;
        let patch = UserPatch { status: Patch::Set(status), ..UserPatch::default() };
        system.change_user(user.id, &patch, None).await.unwrap();
    }
    let fields = UserFields {
        full_name: "Grace Hopper".to_owned(),
        email: "invited@example.com".to_owned(),
        ..UserFields::default()
    };
    system.create_user(&fields).await.unwrap();

    let mut asked = Vec::new();
    for (number, (email, password)) in [
        ("ada@example.com", "WrongPassword1234"),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("", PASSWORD),
        ("suspended@example.com", PASSWORD),
        ("pending@example.com", PASSWORD),
        ("invited@example.com", PASSWORD),
    ]
    .into_iter()
    .enumerate()
    {
        let origin = Origin::new().ip(IpAddr::from([10, 0, 0, u8::try_from(number).unwrap()]));
        let credentials = Credentials { email: email.to_owned(), password: Password::new(password) };
        let _ = store.take();
        let refused = fixture.ums.anonymous().with(origin).login(&credentials).await;
        assert!(matches!(refused, Err(Error::InvalidCredentials)), "{email}: {refused:?}");
        asked.push((email, store.take()));
    }
    let (_, wrong) = asked.first().unwrap();
    assert!(wrong.gets >= 3 && wrong.commits >= 1, "{wrong:?}");
    for (email, counts) in &asked {
        assert_eq!(counts, wrong, "{email}");
    }
    fixture.verify().await;
}
