//! Many who refresh with the same token at once, round after round, on two instances over one store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use ums_core::model::{SessionId, UserId};
use ums_core::store::{Scan, Store};
use ums_core::{Error, Random, TokenPair};

use crate::{Fixture, SeededRandom};

/// How many callers show the same token in a round.
pub const CALLERS: usize = 64;

/// A session whose token is shown by many at once.
#[derive(Debug)]
pub struct RefreshRace {
    instances: [Fixture; 2],
    random: Arc<dyn Random>,
    user: UserId,
    session: SessionId,
    tokens: TokenPair,
    generation: u64,
    spent: Option<String>,
}

impl RefreshRace {
    /// Begins a session on an empty store. The seed decides which instance each caller asks, and how far apart they are.
    ///
    /// # Panics
    ///
    /// Where the store refuses.
    #[expect(clippy::expect_used, reason = "a test can't go on without it")]
    pub async fn begin(store: Arc<dyn Store>, seed: u64) -> Self {
        let first = Fixture::on(store.clone()).await;
        let clock = Arc::new(first.clock.clone());
        let mut second = Fixture::with(store, |builder| builder.clock(clock)).await;
        second.clock = first.clock.clone();
        let user = first.register("ada@example.com").await.id;
        let tokens = first.login("ada@example.com").await;
        let session = first.ums.authenticate(&tokens.access_token).await.expect("valid").session_id();
        let random = Arc::new(SeededRandom::new(seed));
        Self { instances: [first, second], random, user, session, tokens, generation: 1, spent: None }
    }

    /// One round: everybody shows the token, and everybody gets the same successor. The successor's turn is the next
    /// round.
    ///
    /// # Errors
    ///
    /// What went otherwise, in words.
    pub async fn round(&mut self) -> Result<(), String> {
        let start = Arc::new(Barrier::new(CALLERS));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (instance, pause) = (self.random.below(2), self.random.below(8));
                let [first, second] = &self.instances;
                let fixture = if instance == 0 { first } else { second };
                let (ums, start, token) =
                    (fixture.ums.clone(), start.clone(), self.tokens.refresh_token.clone());
                tokio::spawn(async move {
                    start.wait().await;
                    for _ in 0..pause {
                        tokio::task::yield_now().await;
                    }
                    ums.anonymous().refresh(&token).await
                })
            })
            .collect();
        let mut answers = BTreeMap::<String, (TokenPair, usize)>::new();
        for caller in callers {
            let answer = caller.await.map_err(|error| error.to_string())?;
            let pair = answer.map_err(|error| format!("a caller was refused: {}", error.code()))?;
            answers.entry(pair.refresh_token.clone()).or_insert_with(|| (pair.clone(), 0)).1 += 1;
            if answers.values().all(|(known, _)| *known != pair) {
                return Err("two answers have one refresh token and differ in the rest".to_owned());
            }
        }
        if answers.len() != 1 {
            return Err(format!("{} successors, each so often: {:?}", answers.len(), counts(&answers)));
        }
        let Some((successor, (pair, _))) = answers.pop_first() else { return Err("nobody asked".to_owned()) };
        if successor == self.tokens.refresh_token {
            return Err("the successor is the token that was shown".to_owned());
        }
        self.generation += 1;
        self.look_into_the_store().await?;
        let [first, second] = &self.instances;
        for fixture in [first, second] {
            let principal = fixture.ums.authenticate(&pair.access_token).await;
            principal.map_err(|error| format!("the new access token was refused: {}", error.code()))?;
        }
        self.spent = Some(std::mem::replace(&mut self.tokens, pair).refresh_token);
        first.clock.advance(Duration::from_secs(1));
        Ok(())
    }

    /// Ends the race: the token that was spent last is shown once more, too late, and the whole session is over.
    ///
    /// # Errors
    ///
    /// What went otherwise, in words.
    pub async fn end(self) -> Result<(), String> {
        let [first, second] = &self.instances;
        first.clock.advance(Duration::from_secs(11));
        let spent = self.spent.as_deref().unwrap_or_default();
        if !matches!(second.ums.anonymous().refresh(spent).await, Err(Error::RefreshTokenReused)) {
            return Err("a spent token was taken after its grace".to_owned());
        }
        let newest = first.ums.anonymous().refresh(&self.tokens.refresh_token).await;
        if !matches!(newest, Err(Error::InvalidRefreshToken)) {
            return Err("the session outlived the reuse of a spent token".to_owned());
        }
        if first.ums.authenticate(&self.tokens.access_token).await.is_ok() {
            return Err("an access token outlived its session".to_owned());
        }
        first.verify().await;
        Ok(())
    }

    /// One session, one generation further, and nothing beside it.
    async fn look_into_the_store(&self) -> Result<(), String> {
        let scan = Scan::partition(format!("user/{:012}", self.user.as_u64())).prefix("session/");
        let [first, _] = &self.instances;
        let page = first.store.scan(&scan).await.map_err(|error| error.to_string())?;
        let sorts: Vec<&str> = page.items.iter().map(|item| item.sort.as_str()).collect();
        if sorts != [format!("session/{}", self.session)] {
            return Err(format!("the store has the sessions {sorts:?}"));
        }
        let records = page.items.iter().map(|item| serde_json::from_str(&item.entry.value));
        let records: Vec<serde_json::Value> =
            records.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let generations: Vec<_> =
            records.iter().map(|record| record.pointer("/data/generation")?.as_u64()).collect();
        if generations != [Some(self.generation)] {
            return Err(format!("the session is at {generations:?} instead of {}", self.generation));
        }
        Ok(())
    }
}

fn counts(answers: &BTreeMap<String, (TokenPair, usize)>) -> Vec<usize> {
    answers.values().map(|(_, count)| *count).collect()
}
