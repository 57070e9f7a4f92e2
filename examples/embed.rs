//! The library with no HTTP: `cargo run --example embed`, or `cargo run --example embed -- users.redb` to keep the data.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;

use ums_core::model::{DepartmentFields, OrganisationFields, UserFields};
use ums_core::store::Store;
use ums_core::{Credentials, PageRequest, Password, Registration, SecretKey, UserFilter, UserManagement};
use ums_store_memory::MemoryStore;
use ums_store_redb::RedbStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store: Arc<dyn Store> = match std::env::args().nth(1) {
        Some(path) => Arc::new(RedbStore::open(path)?),
        None => Arc::new(MemoryStore::new()),
    };
    // A program of your own takes it from where it keeps its secrets.
    let secret = SecretKey::new(*b"an example's secret, known to all")?;
    let ums = UserManagement::builder(store, secret).open().await?;

    // The first account of an empty store becomes its administrator.
    let password = Password::new("StrongPassword123");
    let ada = Registration {
        full_name: "Ada Lovelace".into(),
        email: "ada@example.com".into(),
        password: password.clone(),
        department_id: None,
    };
    ums.anonymous().register(&ada).await?;
    let tokens = ums.anonymous().login(&Credentials { email: ada.email, password }).await?;

    // What the token's owner may do, `acting_as` may do; `system` may do everything.
    let ada = ums.acting_as(&ums.authenticate(&tokens.access_token).await?);
    let fields = OrganisationFields { name: "Tech Corp".into(), ..Default::default() };
    let organisation = ada.create_organisation(&fields).await?.value;
    let fields = DepartmentFields {
        name: "Human Resources".into(),
        organisation_id: Some(organisation.id),
        ..Default::default()
    };
    let department = ada.create_department(&fields).await?.value;
    let grace = UserFields {
        full_name: "Grace Hopper".into(),
        email: "grace@example.com".into(),
        department_id: Some(department.id),
        ..Default::default()
    };
    ada.create_user(&grace).await?;

    for user in ada.users(&UserFilter::default(), &PageRequest::default()).await?.items {
        println!("{} {} <{}>, {}", user.id, user.full_name, user.email, user.role);
    }
    Ok(())
}
