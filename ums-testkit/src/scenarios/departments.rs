//! Departments, and what stands above and below them.

use ums_core::DepartmentFilter;
use ums_core::model::{
    Department, DepartmentFields, DepartmentId, DepartmentPatch, Organisation, OrganisationId, Patch,
};

use super::support::{AnyStore, absent_department, code, department_fields, faults, pages};
use crate::Fixture;

pub(super) async fn names_are_unique_within_an_organisation(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let (one, other) = (fixture.organisation("One").await, fixture.organisation("Other").await);
    let research = fixture.department("Research", &one, None).await;
    // Below another department it is the same organisation still.
    let below = DepartmentFields { parent_id: Some(research.id), ..department_fields("RESEARCH", &one) };
    assert_eq!(code(&system.create_department(&below).await), "name_taken");
    assert_eq!(code(&system.create_department(&department_fields(" research", &one)).await), "name_taken");
    fixture.department("research", &other, None).await;

    let sales = fixture.department("Sales", &one, None).await;
    let taken = system.change_department(sales.id, &renaming("Research"), None).await;
    assert_eq!(code(&taken), "name_taken");
    system.change_department(research.id, &renaming("RESEARCH"), None).await.unwrap();
    system.change_department(research.id, &renaming("Science"), None).await.unwrap();
    system.change_department(sales.id, &renaming("Research"), None).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn an_organisation_is_for_good(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let (one, other) = (fixture.organisation("One").await, fixture.organisation("Other").await);
    let nowhere = DepartmentFields { name: " ".into(), ..DepartmentFields::default() };
    let expected = [("name", "required"), ("organisation_id", "required")];
    assert_eq!(faults(&system.create_department(&nowhere).await), expected);
    let absent = DepartmentFields {
        organisation_id: OrganisationId::try_from(999_999).ok(),
        ..department_fields("Research", &one)
    };
    assert_eq!(faults(&system.create_department(&absent).await), [("organisation_id", "not_found")]);

    let research = fixture.department("Research", &one, None).await;
    let moved = department_fields("Research", &other);
    let refused = system.replace_department(research.id, &moved, None).await;
    assert_eq!(faults(&refused), [("organisation_id", "immutable")]);
    let patch = DepartmentPatch { organisation_id: Patch::Set(other.id), ..DepartmentPatch::default() };
    let refused = system.change_department(research.id, &patch, None).await;
    assert_eq!(faults(&refused), [("organisation_id", "immutable")]);
    let patch = DepartmentPatch { organisation_id: Patch::Clear, ..DepartmentPatch::default() };
    let refused = system.change_department(research.id, &patch, None).await;
    assert_eq!(faults(&refused), [("organisation_id", "required")]);
    // Its own may be said, or left out.
    let unsaid = DepartmentFields { organisation_id: None, ..department_fields("Science", &one) };
    let same = system.replace_department(research.id, &unsaid, None).await.unwrap().value;
    assert_eq!(same.organisation_id, one.id);
    system.replace_department(research.id, &department_fields("Research", &one), None).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn a_parent_is_of_the_same_organisation(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let (one, other) = (fixture.organisation("One").await, fixture.organisation("Other").await);
    let foreign = fixture.department("Foreign", &other, None).await;
    let own = fixture.department("Own", &one, None).await;
    for parent in [foreign.id, absent_department()] {
        let below = DepartmentFields { parent_id: Some(parent), ..department_fields("Below", &one) };
        assert_eq!(faults(&system.create_department(&below).await), [("parent_id", "not_found")]);
        let refused = system.change_department(own.id, &below_patch(parent), None).await;
        assert_eq!(faults(&refused), [("parent_id", "not_found")]);
    }
    fixture.verify().await;
}

pub(super) async fn none_stands_below_itself(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let one = fixture.organisation("One").await;
    let top = fixture.department("Top", &one, None).await;
    let middle = fixture.department("Middle", &one, Some(&top)).await;
    let bottom = fixture.department("Bottom", &one, Some(&middle)).await;
    for below in [&top, &middle, &bottom] {
        let refused = system.change_department(top.id, &below_patch(below.id), None).await;
        assert_eq!(faults(&refused), [("parent_id", "cycle")]);
    }
    // Put on its head one by one, it holds.
    let patch = DepartmentPatch { parent_id: Patch::Clear, ..DepartmentPatch::default() };
    system.change_department(middle.id, &patch, None).await.unwrap();
    system.change_department(top.id, &below_patch(bottom.id), None).await.unwrap();
    let refused = system.change_department(middle.id, &below_patch(top.id), None).await;
    assert_eq!(faults(&refused), [("parent_id", "cycle")]);
    fixture.verify().await;
}

pub(super) async fn depth_is_bounded(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let one = fixture.organisation("One").await;
    let column = column(&fixture, &one, 32).await;
    let bottom = column.last().unwrap();
    let below = DepartmentFields { parent_id: Some(bottom.id), ..department_fields("Too deep", &one) };
    assert_eq!(faults(&system.create_department(&below).await), [("parent_id", "too_deep")]);

    // What moves takes along what stands below it.
    let pair = fixture.department("Pair", &one, None).await;
    fixture.department("Below it", &one, Some(&pair)).await;
    let refused = system.change_department(pair.id, &below_patch(column[30].id), None).await;
    assert_eq!(faults(&refused), [("parent_id", "too_deep")]);
    system.change_department(pair.id, &below_patch(column[29].id), None).await.unwrap();

    // Users at the bottom can be made, changed and moved from column to column.
    let mut fields = super::support::person("deep@example.com");
    fields.full_name = "One Two Three Four Five Six Seven Eight".into();
    fields.external_id = Some("1".into());
    fields.department_id = Some(bottom.id);
    let user = system.create_user(&fields).await.unwrap().value;
    let other = fixture.organisation("Other").await;
    let mut above: Option<Department> = None;
    for level in 0..32 {
        above = Some(fixture.department(&format!("Other {level}"), &other, above.as_ref()).await);
    }
    fields.email = "deeper@example.com".into();
    fields.full_name = "Nine Ten Eleven Twelve Thirteen Fourteen Fifteen Sixteen".into();
    fields.external_id = Some("2".into());
    fields.department_id = above.map(|above| above.id);
    let acting = fixture.acting("admin@example.com").await;
    let moved = acting.replace_user(user.id, &fields, None).await;
    assert_eq!(code(&moved), "ok");
    acting.delete_user(user.id, None).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn replacing_clears_and_patching_merges(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let one = fixture.organisation("One").await;
    let top = fixture.department("Top", &one, None).await;
    let below = DepartmentFields { parent_id: Some(top.id), ..department_fields("Below", &one) };
    let made = system.create_department(&below).await.unwrap();
    let id = made.value.id;
    assert_eq!(made.value.parent_id, Some(top.id));
    assert_eq!(system.department(id).await.unwrap(), made);

    fixture.clock.advance(std::time::Duration::from_secs(1));
    let patched = system.change_department(id, &renaming("Beneath"), Some(made.version)).await.unwrap();
    assert_eq!((patched.value.name.as_str(), patched.value.parent_id), ("Beneath", Some(top.id)));
    assert_eq!(
        (patched.value.created_at, patched.value.updated_at),
        (made.value.created_at, fixture.now())
    );
    let cleared = DepartmentPatch { name: Patch::Clear, ..DepartmentPatch::default() };
    assert_eq!(faults(&system.change_department(id, &cleared, None).await), [("name", "required")]);

    let stale = Some(made.version);
    let expected = "precondition_failed";
    assert_eq!(code(&system.change_department(id, &renaming("x"), stale).await), expected);
    assert_eq!(code(&system.replace_department(id, &below, stale).await), expected);
    assert_eq!(code(&system.delete_department(id, stale, false).await), expected);
    assert_eq!(code(&system.delete_department(id, stale, true).await), expected);

    let replaced = system.replace_department(id, &department_fields("Below", &one), None).await.unwrap();
    assert_eq!(replaced.value.parent_id, None);
    // It is no longer found below the other, which is empty now.
    system.delete_department(top.id, None, false).await.unwrap();
    system.delete_department(id, Some(replaced.version), false).await.unwrap();
    assert_eq!(code(&system.department(id).await), "not_found");
    assert_eq!(code(&system.delete_department(absent_department(), None, true).await), "not_found");
    fixture.verify().await;
}

pub(super) async fn they_are_listed_by_organisation_and_name(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let mut all = Vec::new();
    for (organisation, names) in
        [("One", ["c", "A", "b"].as_slice()), ("Empty", &[]), ("Three", &["z", "Y", "x", "w"]), ("Four", &["v"])]
    {
        let organisation = fixture.organisation(organisation).await;
        let mut departments: Vec<Department> = Vec::new();
        for name in names {
            let parent = departments.last().cloned();
            departments.push(fixture.department(name, &organisation, parent.as_ref()).await);
        }
        departments.sort_by_key(|department| department.name.to_lowercase());
        for limit in [1, 2, 3, 200] {
            let filter = DepartmentFilter::organisation(organisation.id);
            assert_eq!(listed(&system, filter, limit).await, departments, "{} {limit}", organisation.name);
        }
        all.extend(departments);
    }
    for limit in [1, 2, 3, 200] {
        assert_eq!(listed(&system, DepartmentFilter::default(), limit).await, all, "{limit}");
    }
    fixture.verify().await;
}

async fn listed(system: &ums_core::Acting, filter: DepartmentFilter, limit: u64) -> Vec<Department> {
    pages(limit, |request| {
        let system = system.clone();
        async move { system.departments(filter, &request).await }
    })
    .await
}

/// Departments, each below the one before.
async fn column(fixture: &Fixture, organisation: &Organisation, height: usize) -> Vec<Department> {
    let mut column: Vec<Department> = Vec::new();
    for level in 0..height {
        let above = column.last().cloned();
        column.push(fixture.department(&format!("Level {level}"), organisation, above.as_ref()).await);
    }
    column
}

fn renaming(name: &str) -> DepartmentPatch {
    DepartmentPatch { name: Patch::Set(name.to_owned()), ..DepartmentPatch::default() }
}

fn below_patch(parent: DepartmentId) -> DepartmentPatch {
    DepartmentPatch { parent_id: Patch::Set(parent), ..DepartmentPatch::default() }
}
