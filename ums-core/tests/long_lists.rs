//! Lists so long that one request does not look at all of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "these are tests")]

use std::sync::Arc;

use ums_core::model::{Status, User, UserFields};
use ums_core::{Credentials, Page, PageRequest, Password, UserFilter};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::CountingStore;
use ums_testkit::{Fixture, PASSWORD};

/// What one request looks at, at most.
const BUDGET: usize = 2_000;

#[tokio::test]
async fn what_is_rare_is_found_page_after_page() {
    let store = CountingStore::new(MemoryStore::new());
    let fixture = Fixture::on(Arc::new(store.clone())).await;
    let system = fixture.ums.system();
    let mut rare = Vec::new();
    for number in 0..2 * BUDGET + 200 {
        let fields = UserFields {
            full_name: "Some Body".into(),
            email: format!("user{number:06}@example.com"),
            status: (number % 1_500 == 1_499).then_some(Status::Suspended),
            ..UserFields::default()
        };
        let user = system.create_user(&fields).await.unwrap().value;
        rare.extend(Some(user).filter(|user| user.status == Status::Suspended));
    }
    assert_eq!(rare.len(), 2);
    for q in [None, Some("user"), Some("body")] {
        let mut filter = UserFilter::default();
        filter.status = Some(Status::Suspended);
        filter.q = q.map(str::to_owned);
        let mut found: Vec<User> = Vec::new();
        let (mut cursor, mut pages) = (None, 0);
        loop {
            let before = store.counts().scans;
            let request = PageRequest::new(50.try_into().unwrap(), cursor);
            let page: Page<User> = system.users(&filter, &request).await.unwrap();
            pages += 1;
            // Each scan looks at 51 entries, one more than a page has.
            assert!(store.counts().scans - before <= (BUDGET / 51 + 2) as u64, "{q:?}");
            found.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, rare, "{q:?}");
        assert!(pages >= 3, "{q:?} took {pages} pages");
    }
}

#[tokio::test]
async fn sessions_that_have_ended_are_passed_over_page_after_page() {
    let store = CountingStore::new(MemoryStore::new());
    let fixture = Fixture::on(Arc::new(store.clone())).await;
    fixture.register("ada@example.com").await;
    let credentials = Credentials { email: "ada@example.com".into(), password: Password::new(PASSWORD) };
    let ended = fixture.principal("ada@example.com").await;
    for _ in 0..BUDGET + 100 {
        fixture.ums.anonymous().login(&credentials).await.unwrap();
    }
    fixture.ums.acting_as(&ended).logout_all().await.unwrap();
    let own = fixture.principal("ada@example.com").await;
    let acting = fixture.ums.acting_as(&own);
    let (mut found, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let before = store.counts().scans;
        let page = acting.sessions(&PageRequest::new(1.try_into().unwrap(), cursor)).await.unwrap();
        pages += 1;
        assert!(page.items.len() <= 1);
        // Each scan looks at 100 entries.
        assert!(store.counts().scans - before <= (BUDGET / 100) as u64);
        found.extend(page.items.into_iter().map(|session| session.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((found, pages), (vec![own.session_id()], 2));
}
