//! `verify` finds what is wrong among tokens and messages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "these are tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ums_core::store::{Commit, CommitId, Key, Op, Outcome, Store};
use ums_store_memory::MemoryStore;
use ums_testkit::Fixture;

const ADA: &str = "user/000000000002";

/// User 1, the administrator, and user 2, Ada.
struct World(Fixture);

impl World {
    async fn new() -> Self {
        let fixture = Fixture::on(Arc::new(MemoryStore::new())).await;
        fixture.register("admin@example.com").await;
        fixture.register("ada@example.com").await;
        Self(fixture)
    }

    async fn put(&self, partition: &str, sort: &str, value: &str) {
        static COMMITS: AtomicU64 = AtomicU64::new(1);
        let id = CommitId::from_u128(COMMITS.fetch_add(1, Ordering::Relaxed).into());
        let commit = Commit::new(id, [Op::put(Key::new(partition, sort), value)]);
        assert_eq!(self.0.store.commit(&commit).await.unwrap(), Outcome::Applied);
    }

    /// Looks that these are the findings, and no others.
    async fn expect(&self, expected: &[(&str, &str, &str)]) {
        let findings = self.0.ums.verify().await.unwrap();
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
async fn tokens_and_messages_that_belong_to_nobody_or_nowhere() {
    let token =
        r#"{"v":1,"data":{"hash":"x","email":"ada@example.com","expires_at":"2026-11-24T01:02:03.456Z"}}"#;
    let message_to = |kind: &str, recipient: &str| {
        let times =
            r#""attempts":0,"due_at":"2026-11-24T01:02:03.456Z","expires_at":"2026-11-25T01:02:03.456Z""#;
        format!(r#"{{"v":1,"data":{{"kind":"{kind}",{recipient}{times}}}}}"#)
    };
    let message = |kind: &str| message_to(kind, "");
    let notice = message_to("email_changed", r#""recipient":"Old@example.com","#);
    let world = World::new().await;
    world.put(ADA, "token/password_reset", token).await;
    world.put("outbox/0", "000000000002/invitation", &message("invitation")).await;
    world.put("outbox/0", "address/nobody@example.com", &message("password_reset")).await;
    world.put("outbox/0", "000000000002/email_changed/old@example.com", &notice).await;
    world.expect(&[]).await;
    world.put("outbox/0", "000000000002/email_changed/other@example.com", &notice).await;
    world.put("outbox/0", "000000000002/email_changed", &notice).await;
    world
        .put("outbox/0", "000000000002/password_changed/old@example.com", &message("password_changed"))
        .await;
    world.put("outbox/0", "000000000009/email_changed/old@example.com", &notice).await;
    world.put(ADA, "token/password_reset", "{}").await;
    world.put(ADA, "token/nonsense", token).await;
    world.put("user/000000000009", "token/invitation", token).await;
    world.put("outbox/0", "000000000002/invitation", &message("email_change")).await;
    world.put("outbox/0", "000000000009/invitation", &message("invitation")).await;
    world.put("outbox/0", "000000000002/email_change", "{}").await;
    world.put("outbox/0", "nonsense", &message("invitation")).await;
    world.put("outbox/0", "address/Nobody@example.com", &message("password_reset")).await;
    world.put("outbox/0", "address/no address", &message("password_reset")).await;
    world
        .expect(&[
            (ADA, "token/password_reset", "unreadable"),
            (ADA, "token/nonsense", "unknown"),
            ("user/000000000009", "token/invitation", "orphan"),
            ("outbox/0", "000000000002/email_changed/other@example.com", "misplaced"),
            ("outbox/0", "000000000002/email_changed", "misplaced"),
            ("outbox/0", "000000000002/password_changed/old@example.com", "misplaced"),
            ("outbox/0", "000000000009/email_changed/old@example.com", "orphan"),
            ("outbox/0", "000000000002/invitation", "misplaced"),
            ("outbox/0", "000000000009/invitation", "orphan"),
            ("outbox/0", "000000000002/email_change", "unreadable"),
            ("outbox/0", "nonsense", "unknown"),
            ("outbox/0", "address/Nobody@example.com", "unknown"),
            ("outbox/0", "address/no address", "unknown"),
        ])
        .await;
}
