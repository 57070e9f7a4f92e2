//! Every role × every route × every relation of what it is given: the answer is the table's, nothing of another
//! organisation is told or changed, and what is refused changes nothing.

use ums_core::access::Action;
use ums_core::model::Role;

use crate::expected::{Expected, expected};
use crate::operation::{Operation, Slot};
use crate::stage::{FOREIGN, Relation, Stage};
use crate::support::Answer;

#[tokio::test]
async fn a_member_may_do_what_the_table_says() {
    every_cell(Some(Role::Member)).await;
}

#[tokio::test]
async fn a_department_admin_may_do_what_the_table_says() {
    every_cell(Some(Role::DepartmentAdmin)).await;
}

#[tokio::test]
async fn an_org_admin_may_do_what_the_table_says() {
    every_cell(Some(Role::OrgAdmin)).await;
}

#[tokio::test]
async fn an_admin_may_do_what_the_table_says() {
    every_cell(Some(Role::Admin)).await;
}

#[tokio::test]
async fn nobody_known_may_do_nothing_but_what_is_open() {
    every_cell(None).await;
}

#[tokio::test]
async fn every_action_is_that_of_some_route() {
    let operations = Operation::all().await;
    for action in Action::ALL {
        assert!(operations.iter().any(|operation| operation.action == Some(action)), "{action:?}");
    }
}

/// What is open asks nobody who they are, whatever token comes along.
#[tokio::test]
async fn what_is_open_answers_everybody_alike() {
    for operation in Operation::all().await.iter().filter(|operation| operation.action.is_none()) {
        let mut statuses = Vec::new();
        for role in [None, Some(Role::Member), Some(Role::Admin)] {
            let stage = Stage::new(role).await;
            let answer = stage.call(operation, None, Relation::Own).await;
            assert_ne!(answer.status, 403, "{operation:?}");
            assert!(!answer.text().contains("invalid_access_token"), "{operation:?}");
            statuses.push(answer.status);
        }
        assert!(statuses.iter().all(|status| *status == statuses[0]), "{operation:?}: {statuses:?}");
    }
}

async fn every_cell(role: Option<Role>) {
    let mut cells = 0;
    for operation in Operation::all().await {
        let Some(action) = operation.action else { continue };
        if !operation.slots.iter().any(|slot| matches!(slot, Slot::Path(_))) {
            cell(&operation, action, role, None, Relation::Own).await;
            cells += 1;
        }
        for slot in &operation.slots {
            let mut hidden: Vec<(Relation, Answer)> = Vec::new();
            for relation in Stage::relations(slot) {
                let answer = cell(&operation, action, role, Some(slot), *relation).await;
                cells += 1;
                if *relation >= Relation::Foreign && role != Some(Role::Admin) {
                    hidden.push((*relation, answer));
                }
            }
            let told: Vec<_> =
                hidden.iter().map(|(_, answer)| (answer.status, &answer.headers, &answer.bytes)).collect();
            assert!(
                told.iter().all(|one| one == &told[0]),
                "{role:?} {} {} {slot:?}: what is another organisation's is told apart from what is not there:\n{hidden:#?}",
                operation.method,
                operation.path,
            );
        }
    }
    assert!(cells > 100, "only {cells} cells");
}

/// Makes one call and looks at its answer and at what it has changed.
async fn cell(
    operation: &Operation,
    action: Action,
    role: Option<Role>,
    slot: Option<&Slot>,
    relation: Relation,
) -> Answer {
    let stage = Stage::new(role).await.with_imports_for(operation).await;
    let expected = expected(operation, action, role, slot, relation);
    let before = stage.world().await;
    let answer = stage.call(operation, slot, relation).await;
    let after = stage.world().await;
    let place = format!(
        "{role:?} {} {} {slot:?} {relation:?}: {expected:?}, got {} {}",
        operation.method,
        operation.path,
        answer.status,
        answer.text()
    );
    assert!(is_as_expected(&answer, slot, relation, expected), "{place}");
    if expected != Expected::Allowed {
        assert_eq!(before, after, "refused, and yet it changed something: {place}");
    }
    if role != Some(Role::Admin) {
        assert_eq!(stage.elsewhere(&before), stage.elsewhere(&after), "{place}");
        assert!(!answer.text().to_lowercase().contains(FOREIGN), "{place}");
    }
    stage.server.fixture.verify().await;
    answer
}

fn is_as_expected(answer: &Answer, slot: Option<&Slot>, relation: Relation, expected: Expected) -> bool {
    let code = || serde_json::from_slice::<serde_json::Value>(&answer.bytes).unwrap()["code"].clone();
    match expected {
        Expected::Unauthenticated => answer.status == 401 && code() == "invalid_access_token",
        Expected::Forbidden => answer.status == 403 && code() == "forbidden",
        Expected::Absent => answer.status == 404 && code() == "not_found",
        Expected::Invalid => answer.status == 422 && code() == "invalid",
        Expected::Allowed => {
            // Such as what is not empty, or an account that needs no invitation.
            let in_the_way = answer.status == 409;
            // Such as the workbook of an import, where none is kept.
            let not_kept = answer.status == 410;
            // A department does not change its organisation, nor has a user one and a department of another.
            let impossible = slot.is_some() && relation == Relation::Foreign;
            answer.status.is_success() || in_the_way || not_kept || impossible && answer.status == 422
        }
    }
}
