//! What the targets share: a user management on a store in memory, opened once.

use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Runtime};
use ums_core::{Credentials, HashOptions, Password, Registration, SecretKey, TokenPair, UserManagement};
use ums_store_memory::MemoryStore;

/// A user management with one account, which is logged in.
pub struct World {
    /// Where its futures run.
    pub runtime: Runtime,
    /// The user management.
    pub ums: UserManagement,
    /// The account's tokens.
    pub tokens: TokenPair,
}

/// The world of this process.
///
/// # Panics
///
/// Where it can't be made.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (ums, tokens) = runtime.block_on(open());
        World { runtime, ums, tokens }
    })
}

async fn open() -> (UserManagement, TokenPair) {
    let secret = SecretKey::new(*b"a secret that is used in fuzzing").expect("32 bytes");
    let cheap = HashOptions::new().memory_kibibytes(8).iterations(1).concurrency(1);
    let ums = UserManagement::builder(Arc::new(MemoryStore::new()), secret)
        .hashing(cheap)
        .open()
        .await
        .expect("opens");
    let password = Password::new("StrongPassword123");
    let ada = Registration {
        full_name: "Ada Lovelace".to_owned(),
        email: "ada@example.com".to_owned(),
        password: password.clone(),
        department_id: None,
    };
    ums.anonymous().register(&ada).await.expect("registered");
    let tokens = ums.anonymous().login(&Credentials { email: ada.email, password }).await.expect("logged in");
    (ums, tokens)
}
