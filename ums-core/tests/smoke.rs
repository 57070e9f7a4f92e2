//! The thin line: an account, an organisation, a department, a user, and back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::sync::Arc;

use ums_core::model::{DepartmentFields, OrganisationFields, Role, UserFields};
use ums_core::{Conflict, Error, PageRequest, UserFilter};
use ums_store_memory::MemoryStore;
use ums_testkit::Fixture;

#[tokio::test]
async fn the_thin_line() {
    let fixture = Fixture::on(Arc::new(MemoryStore::new())).await;
    let ada = fixture.register("ada@example.com").await;
    assert_eq!((ada.id.as_u64(), ada.role), (1, Role::Admin));
    let principal = fixture.principal("Ada@Example.com").await;
    let acting = fixture.ums.acting_as(&principal);

    let fields = OrganisationFields { name: "Tech Corp".into(), ..OrganisationFields::default() };
    let organisation = acting.create_organisation(&fields).await.unwrap().value;
    assert_eq!(organisation.id.as_u64(), 1);
    let again = OrganisationFields { name: "TECH  corp".into(), ..OrganisationFields::default() };
    let taken = acting.create_organisation(&again).await;
    assert!(matches!(taken, Err(Error::Conflict(Conflict::NameTaken))));

    let fields = DepartmentFields {
        name: "Human Resources".into(),
        organisation_id: Some(organisation.id),
        parent_id: None,
    };
    let department = acting.create_department(&fields).await.unwrap().value;
    let fields = UserFields {
        full_name: "Grace Hopper".into(),
        email: "grace@example.com".into(),
        department_id: Some(department.id),
        ..UserFields::default()
    };
    let grace = acting.create_user(&fields).await.unwrap().value;
    assert_eq!(grace.organisation_id, Some(organisation.id));
    let mut filter = UserFilter::default();
    filter.q = Some("hop".into());
    let found = acting.users(&filter, &PageRequest::default()).await.unwrap();
    assert_eq!(found.items, std::slice::from_ref(&grace));

    let not_empty = acting.delete_organisation(organisation.id, None, false).await;
    assert!(matches!(not_empty, Err(Error::Conflict(Conflict::NotEmpty))));
    fixture.verify().await;
    acting.delete_organisation(organisation.id, None, true).await.unwrap();
    assert!(matches!(acting.user(grace.id).await, Err(Error::NotFound(_))));
    let last = acting.delete_user(ada.id, None).await;
    assert!(matches!(last, Err(Error::Conflict(Conflict::LastAdmin))), "{last:?}");
    fixture.verify().await;
}
