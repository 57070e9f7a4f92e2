//! Writes that race a change of rights: each was allowed by the rights that stood when it was committed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod scripted;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use scripted::{ScriptedStore, Turn, Work};
use serde_json::Value;
use tokio::sync::Mutex;
use ums_core::model::{Organisation, Patch, Role, User, UserFields, UserPatch};
use ums_core::store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store, Write};
use ums_core::{Acting, Password};
use ums_store_memory::MemoryStore;
use ums_testkit::scenarios::code;
use ums_testkit::{Fixture, PASSWORD};

const ADMIN: &str = "admin@example.com";
const ACTOR: &str = "actor@example.com";

/// Two organisations; of the first an administrator and a member.
struct World {
    /// Acts on the store that the test looks into.
    fixture: Fixture,
    /// Changes rights on the same data at once.
    quick: Fixture,
    organisations: [Organisation; 2],
    actor: User,
    member: User,
}

impl World {
    async fn new(store: Arc<dyn Store>) -> Self {
        let (fixture, quick) = (Fixture::on(store.clone()).await, Fixture::on(store).await);
        quick.register(ADMIN).await;
        let organisations = [quick.organisation("One").await, quick.organisation("Two").await];
        let actor = quick.account(ACTOR, Role::OrgAdmin, Some(&organisations[0])).await;
        let fields = UserFields {
            full_name: "As it was".to_owned(),
            email: "member@example.com".to_owned(),
            organisation_id: Some(organisations[0].id),
            password: Some(Password::new(PASSWORD)),
            ..UserFields::default()
        };
        let member = quick.ums.system().create_user(&fields).await.unwrap().value;
        Self { fixture, quick, organisations, actor, member }
    }

    fn to(&self, organisation: usize) -> UserPatch {
        let id = self.organisations[organisation].id;
        UserPatch { organisation_id: Patch::Set(id), ..UserPatch::default() }
    }

    async fn name(&self) -> String {
        self.quick.ums.system().user(self.member.id).await.unwrap().value.full_name
    }
}

/// What is done to rights while somebody writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    MemberMoves,
    ActorMoves,
    ActorIsLowered,
    ActorIsSuspended,
    ActorIsDeleted,
}

const CHANGES: [Change; 5] = [
    Change::MemberMoves,
    Change::ActorMoves,
    Change::ActorIsLowered,
    Change::ActorIsSuspended,
    Change::ActorIsDeleted,
];

impl World {
    async fn change(&self, change: Change) {
        let system = self.quick.ums.system();
        let (who, patch) = match change {
            Change::MemberMoves => (self.member.id, self.to(1)),
            Change::ActorMoves => (self.actor.id, self.to(1)),
            Change::ActorIsLowered => {
                (self.actor.id, UserPatch { role: Patch::Set(Role::Member), ..UserPatch::default() })
            }
            Change::ActorIsSuspended => {
                let status = Patch::Set(ums_core::model::Status::Suspended);
                (self.actor.id, UserPatch { status, ..UserPatch::default() })
            }
            Change::ActorIsDeleted => return system.delete_user(self.actor.id, None).await.unwrap(),
        };
        system.change_user(who, &patch, None).await.unwrap();
    }
}

/// Whatever the writer has read by then: what it writes after the change of rights, it may not write any more.
#[tokio::test]
async fn rights_end_at_every_step_of_a_write() {
    let renamed = UserPatch { full_name: Patch::Set("Renamed".into()), ..UserPatch::default() };
    for change in CHANGES {
        let (mut step, mut done, mut refused) = (0, 0, 0);
        loop {
            let store = ScriptedStore::new(Arc::new(MemoryStore::new()));
            let world = Arc::new(World::new(Arc::new(store.clone())).await);
            let acting = world.fixture.ums.acting_as(&world.fixture.principal(ACTOR).await);
            // Happens before this call of the writer's, and says what the name was then.
            let seen = Arc::new(std::sync::Mutex::new(None));
            let (changing, noted) = (world.clone(), seen.clone());
            let work: Work = Box::pin(async move {
                changing.change(change).await;
                let name = changing.name().await;
                *noted.lock().unwrap() = Some(name);
            });
            let (mut work, mut calls) = (Some(work), 0);
            store.follow(move |_| {
                // The calls that the change itself makes come while it is under way, and count for nothing.
                calls += 1;
                if calls == step + 1 { work.take().map_or(Turn::Act, Turn::Before) } else { Turn::Act }
            });
            let answer = acting.change_user(world.member.id, &renamed, None).await;
            store.behave();
            let name_then = seen.lock().unwrap().clone();
            let Some(name_then) = name_then else { break };
            match code(&answer) {
                // It was written before the change of rights.
                "ok" => {
                    assert_eq!(name_then, "Renamed", "{change:?} before call {step}");
                    done += 1;
                }
                code => {
                    assert!(["not_found", "forbidden", "invalid_access_token"].contains(&code), "{code}");
                    assert_eq!(world.name().await, "As it was", "{change:?} before call {step}");
                    refused += 1;
                }
            }
            world.quick.verify().await;
            step += 1;
        }
        assert!(refused >= 3, "{change:?}: {refused} refused and {done} done in {step} steps");
    }
}

/// A store that applies one commit at a time and keeps them in that order.
#[derive(Debug)]
struct History {
    store: MemoryStore,
    commits: Mutex<Vec<Commit>>,
}

#[async_trait]
impl Store for History {
    fn limits(&self) -> Limits {
        self.store.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.store.get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.store.scan(scan).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        let mut commits = self.commits.lock().await;
        let outcome = self.store.commit(commit).await?;
        if outcome == Outcome::Applied {
            commits.push(commit.clone());
        }
        Ok(outcome)
    }
}

const WRITES: usize = 1_000;
const WRITERS: usize = 8;

/// A thousand writes while the one written to goes to and fro, and the writer is lowered and raised: told from the
/// commits alone, in their order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_writes_race_moves() {
    let store = Arc::new(History { store: MemoryStore::new(), commits: Mutex::default() });
    let world = Arc::new(World::new(store.clone()).await);
    let written = Arc::new(AtomicUsize::new(0));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (world, written) = (world.clone(), written.clone());
        let principal = world.fixture.principal(ACTOR).await;
        writers.spawn(async move {
            let acting: Acting = world.fixture.ums.acting_as(&principal);
            let mut answers = BTreeMap::new();
            for number in 0..WRITES / WRITERS {
                let name = format!("write {writer} {number}");
                let patch = UserPatch { full_name: Patch::Set(name.clone()), ..UserPatch::default() };
                answers.insert(name, code(&acting.change_user(world.member.id, &patch, None).await));
                written.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
            answers
        });
    }
    let system = world.quick.ums.system();
    let mut turns = 0;
    while written.load(Ordering::Relaxed) < WRITES {
        let role = if turns % 4 < 3 { Role::OrgAdmin } else { Role::Member };
        let patch = UserPatch { role: Patch::Set(role), ..UserPatch::default() };
        for (who, patch) in [(world.member.id, world.to(turns % 2)), (world.actor.id, patch)] {
            let changed = system.change_user(who, &patch, None).await;
            assert!(["ok", "contention"].contains(&code(&changed)), "{changed:?}");
        }
        turns += 1;
        tokio::task::yield_now().await;
    }
    let mut answers = BTreeMap::new();
    while let Some(done) = writers.join_next().await {
        answers.extend(done.unwrap());
    }
    assert_eq!(answers.len(), WRITES);
    let applied = replay(&world, &store.commits.lock().await);
    assert!(!applied.is_empty() && applied.len() < WRITES, "{} of {WRITES} were allowed", applied.len());
    for (name, answer) in &answers {
        assert_eq!(*answer == "ok", applied.contains(name), "{name}: {answer}");
        let known = ["ok", "not_found", "forbidden", "contention"];
        assert!(known.contains(answer), "{name}: {answer}");
    }
    world.quick.verify().await;
}

/// Goes through the commits in their order: each new name of the member's is one that its administrator could give at
/// that moment. Returns the names given.
fn replay(world: &World, commits: &[Commit]) -> Vec<String> {
    let (member, actor) = (partition(&world.member), partition(&world.actor));
    let mut users: BTreeMap<&str, Value> = BTreeMap::new();
    let mut applied = Vec::new();
    for commit in commits {
        let before = users.clone();
        for op in commit.ops() {
            let Write::Put { value, .. } = &op.write else { continue };
            let Some(partition) = [&*member, &*actor].into_iter().find(|it| *it == op.key.partition()) else {
                continue;
            };
            if op.key.sort() == "profile" {
                let record: Value = serde_json::from_str(value).unwrap();
                users.insert(partition, record["data"]["user"].clone());
            }
        }
        let name = |users: &BTreeMap<&str, Value>| {
            users.get(&*member).map(|user| user["full_name"].as_str().unwrap().to_owned())
        };
        let (Some(old), Some(new)) = (name(&before), name(&users)) else { continue };
        if old == new {
            continue;
        }
        let (member, actor) = (&before[&*member], &before[&*actor]);
        assert_eq!(actor["role"], "org_admin", "{new}");
        assert_eq!(member["organisation_id"], actor["organisation_id"], "{new}");
        applied.push(new);
    }
    applied
}

fn partition(user: &User) -> String {
    format!("user/{:012}", user.id.as_u64())
}
