//! Lists of users: all of it, in order, nothing twice.

use ums_core::model::{Organisation, Role, Status, User, UserFields};
use ums_core::{Acting, PageRequest, UserFilter};

use super::support::{AnyStore, code, listed_users, person};
use crate::{Fixture, PASSWORD};

const LIMITS: [u64; 4] = [1, 2, 3, 200];

/// Everybody, by address, with the organisations.
async fn crowd(fixture: &Fixture) -> (Vec<User>, Vec<Organisation>) {
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let mut organisations = Vec::new();
    let mut departments = Vec::new();
    for name in ["One", "Two"] {
        let organisation = fixture.organisation(name).await;
        let top = fixture.department("Top", &organisation, None).await;
        let below = fixture.department("Below", &organisation, Some(&top)).await;
        departments.extend([top, below]);
        organisations.push(organisation);
    }
    let names = [
        "Ada Lovelace", "Adam Adams", "Grace Hopper", "grace KELLY", "Ana-María Ñandú", "Ada", "O'Brien Grace Ada",
        "Adelheid Adler", "Jean Bartik", "Ἀδά Λόγος",
    ];
    for (number, name) in names.iter().enumerate() {
        let place = number % 7;
        let fields = UserFields {
            full_name: (*name).to_owned(),
            external_id: (number % 2 == 0).then(|| format!("{number}")),
            role: Some(Role::ALL[number % 3]),
            organisation_id: organisations.get(place).map(|organisation| organisation.id),
            department_id: place.checked_sub(2).and_then(|place| departments.get(place)).map(|found| found.id),
            password: (number % 3 == 0).then(|| ums_core::Password::new(PASSWORD)),
            status: (number % 5 == 4).then_some(Status::Suspended),
            // Words of names are beginnings of addresses, too.
            ..person(&format!("{}{number}@example.com", ["grace", "Ada", "x", "name/ada"][number % 4]))
        };
        system.create_user(&fields).await.unwrap();
    }
    let mut everybody = listed_users(&system, &UserFilter::default(), 200).await;
    assert_eq!(everybody.len(), names.len() + 1);
    everybody.sort_by_key(|user| user.email.to_lowercase());
    (everybody, organisations)
}

pub(super) async fn filters_let_through_what_they_say(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let (everybody, organisations) = crowd(&fixture).await;
    let system = fixture.ums.system();
    let departments: Vec<_> = everybody.iter().filter_map(|user| user.department_id).collect();
    let organisation_ids = [None].into_iter().chain(organisations.iter().map(|found| Some(found.id)));
    for organisation_id in organisation_ids {
        for department_id in [None].into_iter().chain(departments.iter().copied().map(Some)) {
            for role in [None, Some(Role::Member), Some(Role::OrgAdmin)] {
                for status in [None, Some(Status::Active), Some(Status::Invited), Some(Status::Suspended)] {
                    let mut filter = UserFilter::default();
                    filter.organisation_id = organisation_id;
                    filter.department_id = department_id;
                    filter.role = role;
                    filter.status = status;
                    let expected: Vec<User> = everybody
                        .iter()
                        .filter(|user| {
                            organisation_id.is_none_or(|id| user.organisation_id == Some(id))
                                && department_id.is_none_or(|id| user.department_id == Some(id))
                                && role.is_none_or(|role| user.role == role)
                                && status.is_none_or(|status| user.status == status)
                        })
                        .cloned()
                        .collect();
                    for limit in [2, 200] {
                        assert_eq!(listed_users(&system, &filter, limit).await, expected, "{filter:?}");
                    }
                }
            }
        }
    }
    for limit in LIMITS {
        assert_eq!(listed_users(&system, &UserFilter::default(), limit).await, everybody, "{limit}");
    }
    fixture.verify().await;
}

pub(super) async fn a_search_finds_addresses_and_words_of_names(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let (everybody, organisations) = crowd(&fixture).await;
    let system = fixture.ums.system();
    let asked = [
        "ada", "ADA", " Ada ", "a", "ad", "adam", "adams", "gr", "grace", "grace k", "kelly gr", "hop gra", "brien",
        "o brien", "o'b", "maria", "maría", "ñandú", "ana-maría", "ἀδά", "λό", "name/", "name/ada", "x2@", "grace0@example.com",
        "lovelace ada", "lovelace adam", "@example.com", "zz", "adler adelheid", "ada o",
    ];
    for q in asked {
        for organisation_id in [None, Some(organisations[0].id), Some(organisations[1].id)] {
            for department_id in [None, everybody.iter().find_map(|user| user.department_id)] {
                let mut filter = UserFilter::default();
                filter.organisation_id = organisation_id;
                filter.department_id = department_id;
                filter.q = Some(q.to_owned());
                let within = |user: &&User| {
                    organisation_id.is_none_or(|id| user.organisation_id == Some(id))
                        && department_id.is_none_or(|id| user.department_id == Some(id))
                };
                let mut expected: Vec<u64> = everybody
                    .iter()
                    .filter(within)
                    .filter(|user| found_by(user, q))
                    .map(|user| user.id.as_u64())
                    .collect();
                expected.sort_unstable();
                for limit in LIMITS {
                    let found = listed_users(&system, &filter, limit).await;
                    // Those that an address leads to come first, in its order.
                    let by_address = found.iter().take_while(|user| by_address(user, q));
                    assert!(by_address.clone().is_sorted_by_key(|user| user.email.to_lowercase()), "{q}");
                    assert!(!found.iter().skip(by_address.count()).any(|user| self::by_address(user, q)), "{q}");
                    let mut found: Vec<u64> = found.iter().map(|user| user.id.as_u64()).collect();
                    found.sort_unstable();
                    assert_eq!(found, expected, "{filter:?} by {limit}");
                }
            }
        }
    }
    for everything in ["", "  "] {
        let mut filter = UserFilter::default();
        filter.q = Some(everything.to_owned());
        assert_eq!(listed_users(&system, &filter, 2).await, everybody);
    }
    fixture.verify().await;
}

/// The same search, said as simply as can be.
fn found_by(user: &User, q: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let parts = text.to_lowercase();
        let parts = parts.split(|character: char| !character.is_alphanumeric());
        parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let (own, asked) = (words(&user.full_name), words(q));
    let named = |asked: &String| own.iter().any(|word| word.starts_with(asked.as_str()));
    by_address(user, q) || !asked.is_empty() && asked.iter().all(named)
}

fn by_address(user: &User, q: &str) -> bool {
    user.email.to_lowercase().starts_with(&q.trim().to_lowercase())
}

pub(super) async fn a_question_of_any_length_is_answered(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let ask = |q: String| {
        let system = system.clone();
        async move {
            let mut filter = UserFilter::default();
            filter.q = Some(q);
            code(&system.users(&filter, &PageRequest::default()).await)
        }
    };
    for (text, expected) in [
        ("x".repeat(254), "ok"),
        ("x".repeat(255), "invalid"),
        ("\u{10348}".repeat(175), "ok"),
        ("\u{10348}".repeat(176), "invalid"),
        ("x ".repeat(100_000), "invalid"),
        ("a\0b".into(), "invalid"),
        ("!!!".into(), "ok"),
    ] {
        assert_eq!(ask(text.clone()).await, expected, "{} characters", text.chars().count());
    }
    fixture.verify().await;
}

pub(super) async fn a_cursor_is_good_for_its_list_alone(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let (_, organisations) = crowd(&fixture).await;
    fixture.account("org@example.com", Role::OrgAdmin, Some(&organisations[0])).await;
    fixture.account("member@example.com", Role::Member, Some(&organisations[0])).await;
    fixture.account("nowhere@example.com", Role::OrgAdmin, None).await;
    let system = fixture.ums.system();
    let first = |filter: UserFilter| {
        let system = system.clone();
        async move { system.users(&filter, &page(None)).await.unwrap().next_cursor.expect("more") }
    };
    let all = first(UserFilter::default()).await;
    let mut members = UserFilter::default();
    members.role = Some(Role::Member);
    let of_members = first(members.clone()).await;

    assert!(system.users(&UserFilter::default(), &page(Some(&all))).await.is_ok());
    assert!(system.users(&members, &page(Some(&of_members))).await.is_ok());
    assert_eq!(code(&system.users(&UserFilter::default(), &page(Some(&of_members))).await), "invalid_cursor");
    assert_eq!(code(&system.users(&members, &page(Some(&all))).await), "invalid_cursor");
    let mut edited = all.clone();
    edited.replace_range(20..21, if &all[20..21] == "A" { "B" } else { "A" });
    let acting = fixture.acting("org@example.com").await;
    for cursor in [&all, &of_members, &edited, "", "1", "0:a", "MDowOg"] {
        for actor in ["org@example.com", "member@example.com", "nowhere@example.com"] {
            expect_no_list_takes(&fixture.acting(actor).await, cursor).await;
        }
    }
    assert_eq!(code(&system.organisations(&page(Some(&all))).await), "invalid_cursor");
    assert_eq!(code(&system.departments(Default::default(), &page(Some(&all))).await), "invalid_cursor");
    // Their own lists have cursors that work.
    let own = acting.users(&UserFilter::default(), &page(None)).await.unwrap().next_cursor.unwrap();
    assert!(acting.users(&UserFilter::default(), &page(Some(&own))).await.is_ok());
    assert_eq!(code(&system.users(&UserFilter::default(), &page(Some(&own))).await), "invalid_cursor");
    fixture.verify().await;
}

async fn expect_no_list_takes(acting: &Acting, cursor: &str) {
    let page = page(Some(cursor));
    assert_eq!(code(&acting.users(&UserFilter::default(), &page).await), "invalid_cursor", "{cursor}");
    assert_eq!(code(&acting.organisations(&page).await), "invalid_cursor", "{cursor}");
    assert_eq!(code(&acting.departments(Default::default(), &page).await), "invalid_cursor", "{cursor}");
    assert_eq!(code(&acting.sessions(&page).await), "invalid_cursor", "{cursor}");
}

pub(super) async fn a_departments_administrator_sees_those_below(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let (one, other) = (fixture.organisation("One").await, fixture.organisation("Other").await);
    let top = fixture.department("Top", &one, None).await;
    let own = fixture.department("Own", &one, Some(&top)).await;
    let below = fixture.department("Below", &one, Some(&own)).await;
    let deep = fixture.department("Deep", &one, Some(&below)).await;
    let beside = fixture.department("Beside", &one, Some(&top)).await;
    let foreign = fixture.department("Foreign", &other, None).await;
    let mut seen = Vec::new();
    for (number, department) in [&top, &own, &below, &deep, &beside, &foreign].into_iter().enumerate() {
        for role in [Role::Member, Role::OrgAdmin] {
            let user = fixture.member_of(&format!("{role}{number}@example.com"), role, department).await;
            if [own.id, below.id, deep.id].contains(&department.id) {
                seen.push(user);
            }
        }
    }
    let admin = fixture.member_of("department@example.com", Role::DepartmentAdmin, &own).await;
    fixture.account("loose@example.com", Role::Member, Some(&one)).await;
    seen.push(admin.clone());
    seen.sort_by_key(|user| user.id);
    let acting = fixture.acting("department@example.com").await;
    let by_id = |mut users: Vec<User>| {
        users.sort_by_key(|user| user.id);
        users
    };
    for limit in LIMITS {
        assert_eq!(by_id(listed_users(&acting, &UserFilter::default(), limit).await), seen, "{limit}");
        let mut filter = UserFilter::default();
        filter.q = Some("member".into());
        let expected: Vec<User> = seen.iter().filter(|user| user.email.starts_with("member")).cloned().collect();
        assert_eq!(by_id(listed_users(&acting, &filter, limit).await), expected, "{limit}");
        filter.q = Some("owner".into());
        assert_eq!(by_id(listed_users(&acting, &filter, limit).await), seen, "{limit}");
        filter.department_id = Some(below.id);
        let expected: Vec<User> =
            seen.iter().filter(|user| user.department_id == Some(below.id)).cloned().collect();
        assert_eq!(by_id(listed_users(&acting, &filter, limit).await), expected, "{limit}");
    }
    let in_department = |id| {
        let mut filter = UserFilter::default();
        filter.department_id = Some(id);
        filter
    };
    for out_of_reach in [&top, &beside] {
        let refused = acting.users(&in_department(out_of_reach.id), &PageRequest::default()).await;
        assert_eq!(code(&refused), "forbidden");
    }
    let refused = acting.users(&in_department(foreign.id), &PageRequest::default()).await;
    assert_eq!(code(&refused), "not_found");

    // Without a department there is oneself to administer.
    let patch = ums_core::model::UserPatch {
        department_id: ums_core::model::Patch::Clear,
        ..Default::default()
    };
    let admin = fixture.ums.system().change_user(admin.id, &patch, None).await.unwrap().value;
    let acting = fixture.acting("department@example.com").await;
    assert_eq!(listed_users(&acting, &UserFilter::default(), 2).await, [admin]);
    fixture.verify().await;
}

fn page(cursor: Option<&str>) -> PageRequest {
    PageRequest::new(2.try_into().expect("a limit"), cursor.map(str::to_owned))
}
