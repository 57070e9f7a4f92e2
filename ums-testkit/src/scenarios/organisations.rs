//! Organisations, made, changed and found.

use ums_core::model::{OrganisationFields, OrganisationId, OrganisationPatch, Patch};

use super::support::{AnyStore, code, faults, organisation_fields, pages};
use crate::Fixture;

pub(super) async fn names_are_unique_without_regard_to_case(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let tech = fixture.organisation("Tech Corp").await;
    let other = fixture.organisation("Other").await;
    for taken in ["Tech Corp", "TECH CORP", " tech  corp ", "Te\u{AD}ch Corp"] {
        let made = system.create_organisation(&organisation_fields(taken)).await;
        assert_eq!(code(&made), "name_taken", "{taken:?}");
        let renamed = system.replace_organisation(other.id, &organisation_fields(taken), None).await;
        assert_eq!(code(&renamed), "name_taken", "{taken:?}");
    }
    // Its own name in another spelling is nobody else's.
    let respelt = system.change_organisation(tech.id, &renaming("TECH corp"), None).await.unwrap().value;
    assert_eq!(respelt.name, "TECH corp");
    // A name that is given up is free, by renaming and by deleting.
    system.change_organisation(tech.id, &renaming("Technology"), None).await.unwrap();
    let second = fixture.organisation("Tech Corp").await;
    system.delete_organisation(second.id, None, false).await.unwrap();
    let third = fixture.organisation("tech corp").await;
    assert!(third.id > second.id && second.id > tech.id);
    fixture.verify().await;
}

pub(super) async fn every_fault_is_told_at_once(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let faulty = OrganisationFields {
        name: "\u{200B} ".into(),
        address: Some("x".repeat(501)),
        description: Some("line\nbreak".into()),
    };
    let expected = [("name", "required"), ("address", "too_long"), ("description", "control_character")];
    assert_eq!(faults(&system.create_organisation(&faulty).await), expected);
    let kept = fixture.organisation("Tech Corp").await;
    assert_eq!(faults(&system.replace_organisation(kept.id, &faulty, None).await), expected);
    let cleared = OrganisationPatch { name: Patch::Clear, ..OrganisationPatch::default() };
    assert_eq!(faults(&system.change_organisation(kept.id, &cleared, None).await), [("name", "required")]);
    assert_eq!(system.organisation(kept.id).await.unwrap().value, kept);
    fixture.verify().await;
}

pub(super) async fn replacing_clears_and_patching_merges(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let fields = OrganisationFields {
        name: " Tech Corp".into(),
        address: Some("Mumbai, India ".into()),
        description: Some("Software".into()),
    };
    let made = system.create_organisation(&fields).await.unwrap().value;
    assert_eq!((made.name.as_str(), made.address.as_deref()), ("Tech Corp", Some("Mumbai, India")));
    assert_eq!(made.created_at, made.updated_at);

    fixture.clock.advance(std::time::Duration::from_secs(1));
    let patch = OrganisationPatch { address: Patch::Set("Pune".into()), ..OrganisationPatch::default() };
    let patched = system.change_organisation(made.id, &patch, None).await.unwrap().value;
    assert_eq!((patched.name.as_str(), patched.address.as_deref()), ("Tech Corp", Some("Pune")));
    assert_eq!(patched.description.as_deref(), Some("Software"));
    assert_eq!((patched.created_at, patched.updated_at), (made.created_at, fixture.now()));

    let patch = OrganisationPatch { description: Patch::Clear, ..OrganisationPatch::default() };
    let patched = system.change_organisation(made.id, &patch, None).await.unwrap().value;
    assert_eq!((patched.address.as_deref(), patched.description), (Some("Pune"), None));

    let replaced = system.replace_organisation(made.id, &organisation_fields("Tech"), None).await.unwrap();
    assert_eq!((replaced.value.name.as_str(), replaced.value.address.as_deref()), ("Tech", None));
    assert_eq!(system.organisation(made.id).await.unwrap(), replaced);
    fixture.verify().await;
}

pub(super) async fn a_stale_version_is_refused(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let made = system.create_organisation(&organisation_fields("Tech Corp")).await.unwrap();
    let id = made.value.id;
    assert_eq!(system.organisation(id).await.unwrap(), made);
    let renamed = system.change_organisation(id, &renaming("Tech"), Some(made.version)).await.unwrap();
    assert_ne!(renamed.version, made.version);
    let (stale, fields) = (Some(made.version), organisation_fields("Technology"));
    let expected = "precondition_failed";
    assert_eq!(code(&system.change_organisation(id, &renaming("Technology"), stale).await), expected);
    assert_eq!(code(&system.replace_organisation(id, &fields, stale).await), expected);
    assert_eq!(code(&system.delete_organisation(id, stale, false).await), expected);
    assert_eq!(code(&system.delete_organisation(id, stale, true).await), expected);
    assert_eq!(system.organisation(id).await.unwrap(), renamed);
    system.delete_organisation(id, Some(renamed.version), false).await.unwrap();
    assert_eq!(code(&system.organisation(id).await), "not_found");
    assert_eq!(code(&system.delete_organisation(id, None, false).await), "not_found");
    let absent = OrganisationId::try_from(999_999).unwrap();
    assert_eq!(code(&system.change_organisation(absent, &renaming("x"), None).await), "not_found");
    fixture.verify().await;
}

pub(super) async fn they_are_listed_by_name(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let mut expected = Vec::new();
    for name in ["delta", "Alpha", "charlie", "BRAVO", "Écho", "foxtrot", "golf"] {
        expected.push(fixture.organisation(name).await);
    }
    expected.sort_by_key(|organisation| organisation.name.to_lowercase());
    let system = fixture.ums.system();
    for limit in [1, 2, 3, 7, 200] {
        let listed = pages(limit, |request| {
            let system = system.clone();
            async move { system.organisations(&request).await }
        })
        .await;
        assert_eq!(listed, expected, "{limit}");
    }
    fixture.verify().await;
}

fn renaming(name: &str) -> OrganisationPatch {
    OrganisationPatch { name: Patch::Set(name.to_owned()), ..OrganisationPatch::default() }
}
