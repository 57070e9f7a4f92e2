//! Sessions that are kept for a while: what changes here holds here at once, what changes elsewhere within that while.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod scripted;

use std::io::{Seek, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use scripted::{ScriptedStore, Turn, Work};
use ums_core::import::{ImportOptions, OnExisting};
use ums_core::model::{Patch, Role, Status, UserPatch};
use ums_core::store::Store;
use ums_core::{Credentials, Error, Password, PasswordChange, Principal, TokenPair};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::{Call, CountingStore, FailingStore, Fault};
use ums_testkit::workbook::WorkbookMaker;
use ums_testkit::{FixedClock, Fixture, PASSWORD};

const KEPT: Duration = Duration::from_secs(30);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Two instances over one store and one clock, each of which keeps sessions.
struct Two {
    here: Fixture,
    elsewhere: Fixture,
    clock: FixedClock,
}

async fn instance(store: Arc<dyn Store>, clock: &FixedClock, kept: Duration) -> Fixture {
    let shown = Arc::new(clock.clone());
    Fixture::with(store, |builder| builder.clock(shown).session_cache(kept)).await
}

impl Two {
    async fn over(store: Arc<dyn Store>) -> Self {
        let clock = FixedClock::new();
        let here = instance(store.clone(), &clock, KEPT).await;
        let elsewhere = instance(store, &clock, KEPT).await;
        here.register("admin@example.com").await;
        Self { here, elsewhere, clock }
    }
}

/// What an instance makes of an access token: the role and the organisation that it acts with.
async fn seen(fixture: &Fixture, tokens: &TokenPair) -> Option<Principal> {
    match fixture.ums.authenticate(&tokens.access_token).await {
        Ok(principal) => Some(principal),
        Err(Error::InvalidAccessToken) => None,
        Err(error) => panic!("{error}"),
    }
}

/// What may be changed of the account `ada@example.com`, by the instance given.
type Change = for<'a> fn(&'a Fixture, &'a Principal) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

const CHANGES: [(&str, Change); 9] = [
    ("logout", |fixture, ada| Box::pin(async { fixture.ums.acting_as(ada).logout().await.unwrap() })),
    ("end session", |fixture, ada| {
        Box::pin(async { fixture.ums.acting_as(ada).end_session(ada.session_id()).await.unwrap() })
    }),
    ("logout everywhere", |fixture, ada| {
        Box::pin(async { fixture.ums.acting_as(ada).logout_all().await.unwrap() })
    }),
    ("suspend", |fixture, ada| {
        patch(fixture, ada, UserPatch { status: Patch::Set(Status::Suspended), ..UserPatch::default() })
    }),
    ("import", |fixture, _| {
        Box::pin(async {
            let rows = [["email", "full_name", "status"], ["ada@example.com", "Ada Lovelace", "suspended"]];
            let mut workbook = tempfile::tempfile().unwrap();
            workbook.write_all(&WorkbookMaker::new().sheet("users", rows).bytes()).unwrap();
            workbook.rewind().unwrap();
            let options = ImportOptions::new().on_existing(OnExisting::Update);
            let report = fixture.ums.system().import_workbook(workbook, &options).await.unwrap();
            assert_eq!(report.users.updated, 1, "{report:?}");
        })
    }),
    ("delete", |fixture, ada| {
        Box::pin(async { fixture.ums.system().delete_user(ada.user_id(), None).await.unwrap() })
    }),
    ("role", |fixture, ada| {
        patch(fixture, ada, UserPatch { role: Patch::Set(Role::Admin), ..UserPatch::default() })
    }),
    ("organisation", |fixture, ada| {
        Box::pin(async {
            let organisation = fixture.organisation("Elsewhere").await;
            let moved = UserPatch { organisation_id: Patch::Set(organisation.id), ..UserPatch::default() };
            patch(fixture, ada, moved).await;
        })
    }),
    ("password", |fixture, ada| {
        Box::pin(async {
            // From another session: the one that asks goes on.
            let other = fixture.principal("ada@example.com").await;
            assert_ne!(other.session_id(), ada.session_id());
            let change = PasswordChange {
                current_password: Password::new(PASSWORD),
                new_password: Password::new("another password of hers"),
            };
            fixture.ums.acting_as(&other).change_password(&change).await.unwrap();
        })
    }),
];

fn patch<'a>(
    fixture: &'a Fixture,
    ada: &'a Principal,
    patch: UserPatch,
) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'a>> {
    Box::pin(async move {
        fixture.ums.system().change_user(ada.user_id(), &patch, None).await.unwrap();
    })
}

#[tokio::test]
async fn every_change_holds_here_at_once_and_elsewhere_in_time() {
    for (name, change) in CHANGES {
        let Two { here, elsewhere, clock } = Two::over(Arc::new(MemoryStore::new())).await;
        here.register("ada@example.com").await;
        let tokens = here.login("ada@example.com").await;
        let before = seen(&here, &tokens).await.unwrap();
        assert_eq!(seen(&elsewhere, &tokens).await.as_ref(), Some(&before), "{name}");
        clock.advance(MILLISECOND);

        change(&here, &before).await;
        let after = seen(&here, &tokens).await;
        assert_ne!(after.as_ref(), Some(&before), "{name}, here");
        assert_eq!(seen(&elsewhere, &tokens).await.as_ref(), Some(&before), "{name}: not kept");
        clock.advance(KEPT - 2 * MILLISECOND);
        assert_eq!(seen(&elsewhere, &tokens).await.as_ref(), Some(&before), "{name}: not kept for its time");
        clock.advance(MILLISECOND);
        assert_eq!(seen(&elsewhere, &tokens).await, after, "{name}: kept for longer");
        assert_eq!(seen(&here, &tokens).await, after, "{name}, here, later");
        here.verify().await;
    }
}

#[tokio::test]
async fn what_is_asked_for_again_is_not_read_again_and_not_kept_for_longer() {
    let (store, clock) = (CountingStore::new(MemoryStore::new()), FixedClock::new());
    let fixture = instance(Arc::new(store.clone()), &clock, KEPT).await;
    fixture.register("ada@example.com").await;
    let tokens = fixture.login("ada@example.com").await;
    let reads = async || {
        store.take();
        assert!(seen(&fixture, &tokens).await.is_some());
        store.take().gets
    };
    assert_eq!(reads().await, 2);
    assert_eq!(reads().await, 0);
    clock.advance(KEPT - MILLISECOND);
    assert_eq!(reads().await, 0, "asking does not lengthen it");
    clock.advance(MILLISECOND);
    assert_eq!(reads().await, 2);

    let uncached = instance(Arc::new(store.clone()), &clock, Duration::ZERO).await;
    for _ in 0..2 {
        store.take();
        assert!(seen(&uncached, &tokens).await.is_some());
        assert_eq!(store.take().gets, 2, "off by default");
    }
    let bounded = instance(Arc::new(store.clone()), &clock, Duration::from_secs(3600)).await;
    assert!(seen(&bounded, &tokens).await.is_some());
    clock.advance(Duration::from_secs(60));
    store.take();
    assert!(seen(&bounded, &tokens).await.is_some());
    assert_eq!(store.take().gets, 2, "a minute at most");
}

/// The session's end is looked at each time, whatever is kept.
#[tokio::test]
async fn a_session_ends_in_time_although_it_is_kept() {
    let clock = FixedClock::new();
    let shown = Arc::new(clock.clone());
    let lifetimes = ums_core::TokenOptions::new().refresh_lifetime(Duration::from_secs(20));
    let fixture = Fixture::with(Arc::new(MemoryStore::new()), |builder| {
        builder.clock(shown).session_cache(KEPT).tokens(lifetimes)
    })
    .await;
    fixture.register("ada@example.com").await;
    let tokens = fixture.login("ada@example.com").await;
    clock.advance(Duration::from_secs(19));
    assert!(seen(&fixture, &tokens).await.is_some());
    clock.advance(Duration::from_secs(1));
    assert!(seen(&fixture, &tokens).await.is_none());
}

/// Somebody reads, the session ends, and only then what was read is put into the cache: it must not be believed.
#[tokio::test]
async fn what_was_read_before_a_change_is_not_kept_after_it() {
    for after_the_read in [true, false] {
        let store = ScriptedStore::new(Arc::new(MemoryStore::new()));
        let clock = FixedClock::new();
        let fixture = instance(Arc::new(store.clone()), &clock, KEPT).await;
        fixture.register("ada@example.com").await;
        let tokens = fixture.login("ada@example.com").await;
        let principal = fixture.principal("ada@example.com").await;
        let ums = fixture.ums.clone();
        let ends: Work = Box::pin(async move { ums.acting_as(&principal).logout_all().await.unwrap() });
        let (mut ends, happened) = (Some(ends), Arc::new(AtomicBool::new(false)));
        let noted = happened.clone();
        // Around the read of the account, after the session was read.
        store.follow(move |call| {
            let reads = matches!(call, Call::Get(keys) if keys.iter().any(|key| key.sort() == "profile"));
            match ends.take_if(|_| reads) {
                None => Turn::Act,
                Some(work) => {
                    noted.store(true, Ordering::SeqCst);
                    if after_the_read { Turn::After(work) } else { Turn::Before(work) }
                }
            }
        });
        let meanwhile = seen(&fixture, &tokens).await;
        assert!(happened.load(Ordering::SeqCst));
        assert_eq!(meanwhile.is_some(), after_the_read, "it stood when it was read, or it did not");
        assert!(seen(&fixture, &tokens).await.is_none(), "what was read before is still believed");
        store.behave();
        fixture.verify().await;
    }
}

#[tokio::test]
async fn a_commit_whose_answer_got_lost_counts() {
    let store = FailingStore::new(MemoryStore::new());
    let clock = FixedClock::new();
    let fixture = instance(Arc::new(store.clone()), &clock, KEPT).await;
    fixture.register("ada@example.com").await;
    let tokens = fixture.login("ada@example.com").await;
    let principal = seen(&fixture, &tokens).await.unwrap();
    store.fail_nth_commit(1, Fault::UnknownDone);
    let ended = fixture.ums.acting_as(&principal).logout().await;
    store.stop();
    assert!(matches!(ended, Ok(()) | Err(Error::Store(_))), "{ended:?}");
    assert!(seen(&fixture, &tokens).await.is_none(), "the commit happened");
}

#[tokio::test]
async fn others_are_kept_while_somebody_changes() {
    let (store, clock) = (CountingStore::new(MemoryStore::new()), FixedClock::new());
    let fixture = instance(Arc::new(store.clone()), &clock, KEPT).await;
    let mut sessions = Vec::new();
    for number in 0..20 {
        let email = format!("{number}@example.com");
        fixture.register(&email).await;
        sessions.push(fixture.login(&email).await);
    }
    for tokens in &sessions {
        assert!(seen(&fixture, tokens).await.is_some());
    }
    let credentials = Credentials { email: "0@example.com".to_owned(), password: Password::new(PASSWORD) };
    fixture.ums.anonymous().login(&credentials).await.unwrap();
    store.take();
    for tokens in &sessions {
        assert!(seen(&fixture, tokens).await.is_some());
    }
    // Counts are shared by a few users, so that two more may be read again by chance, and hardly more.
    let gets = store.take().gets;
    assert!((2..=6).contains(&gets), "{gets}");
}
