//! Every role, action and target, as the one table says.

use std::io::{Seek, Write};

use ums_core::access::{Action, Scope, TABLE};
use ums_core::export::ExportOptions;
use ums_core::import::ImportOptions;
use ums_core::log::LogQuery;
use ums_core::model::{
    Department, DepartmentFields, DepartmentId, DepartmentPatch, ImportId, Organisation, OrganisationId,
    OrganisationPatch, Role, UserFields, UserId, UserPatch,
};
use ums_core::{Acting, PageRequest};

use super::support::{AnyStore, code, department_fields, organisation_fields, person};
use crate::Fixture;
use crate::workbook::WorkbookMaker;

/// Where a target stands, seen from the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Oneself,
    OwnDepartment,
    OwnOrganisation,
    Foreign,
    Absent,
}

use Relation::{Absent, Foreign, Oneself, OwnDepartment, OwnOrganisation};

pub(super) async fn the_table_is_what_happens(store: AnyStore) {
    let stage = Stage::new(store).await;
    for (action, scopes) in TABLE {
        for (role, scope) in Role::ALL.into_iter().zip(scopes) {
            let acting = stage.fixture.acting(&format!("{role}@example.com")).await;
            for relation in relations(action) {
                let happened = stage.perform(&acting, role, action, *relation).await;
                let expected = expected(action, role, scope, *relation);
                assert_eq!(happened, expected, "{role} {action:?} {relation:?}");
            }
        }
    }
    // Whoever has not said who they are may nothing of all this.
    let anonymous = stage.fixture.ums.anonymous();
    for (action, _) in TABLE {
        for relation in relations(action).iter().filter(|relation| **relation != Absent) {
            let happened = stage.perform(&anonymous, Role::Member, action, *relation).await;
            assert_eq!(happened, "invalid_access_token", "{action:?} {relation:?}");
        }
    }
    stage.fixture.verify().await;
}

/// Which targets an action can have.
fn relations(action: Action) -> &'static [Relation] {
    match action {
        Action::OwnAccount => &[Oneself],
        // One makes what does not stand anywhere yet; a log has no target.
        Action::CreateOrganisation => &[Foreign],
        Action::ReadLogs | Action::ReadMetrics => &[OwnOrganisation],
        // What is out of sight is not in it; the least of what may be is one's own department.
        Action::Export => &[OwnDepartment],
        Action::ReadUser | Action::UpdateUser => {
            &[Oneself, OwnDepartment, OwnOrganisation, Foreign, Absent]
        }
        Action::CreateUser | Action::DeleteUser => &[OwnDepartment, OwnOrganisation, Foreign, Absent],
        _ => &[OwnOrganisation, Foreign, Absent],
    }
}

/// What the table says of it.
fn expected(action: Action, role: Role, scope: Scope, relation: Relation) -> &'static str {
    let reaches = |scope: Scope| match scope {
        Scope::Nothing => false,
        Scope::Oneself => relation == Oneself,
        Scope::Department => relation <= OwnDepartment,
        Scope::Organisation => relation <= OwnOrganisation,
        Scope::Everything => relation <= Foreign,
        _ => panic!("a scope that this test does not know"),
    };
    if reaches(scope) {
        // What is deleted here is not empty where somebody acts from within it.
        let lived_in = action == Action::DeleteOrganisation && relation == OwnOrganisation;
        return if lived_in { "not_empty" } else { "ok" };
    }
    match action {
        // Whoever may make some learns of a place that is not there, or out of sight, as of a fault in the field.
        Action::CreateDepartment | Action::CreateUser if scope != Scope::Nothing && relation >= Foreign => "invalid",
        Action::Import if scope == Scope::Everything => "invalid",
        Action::CreateOrganisation
        | Action::CreateDepartment
        | Action::CreateUser
        | Action::Import
        | Action::Export
        | Action::ReadLogs
        | Action::ReadMetrics => "forbidden",
        _ if reaches(sight(action, role)) => "forbidden",
        _ => "not_found",
    }
}

/// How far the role sees what the action acts on.
fn sight(action: Action, role: Role) -> Scope {
    let seeing = match action {
        Action::UpdateOrganisation | Action::DeleteOrganisation => Action::ReadOrganisation,
        Action::UpdateDepartment | Action::DeleteDepartment => Action::ReadDepartment,
        Action::UpdateUser | Action::DeleteUser => Action::ReadUser,
        seeing => seeing,
    };
    seeing.scope(role)
}

/// An account of each role in one department, and another organisation.
struct Stage {
    fixture: Fixture,
    own: Organisation,
    foreign: Organisation,
    own_department: Department,
    below: Department,
    beside: Department,
    foreign_department: Department,
}

impl Stage {
    async fn new(store: AnyStore) -> Self {
        let fixture = Fixture::on(store).await;
        fixture.register("first@example.com").await;
        let (own, foreign) = (fixture.organisation("Own").await, fixture.organisation("Foreign").await);
        let own_department = fixture.department("Own", &own, None).await;
        let below = fixture.department("Below", &own, Some(&own_department)).await;
        let beside = fixture.department("Beside", &own, None).await;
        let foreign_department = fixture.department("Foreign", &foreign, None).await;
        for role in Role::ALL {
            fixture.member_of(&format!("{role}@example.com"), role, &own_department).await;
        }
        Self { fixture, own, foreign, own_department, below, beside, foreign_department }
    }

    async fn perform(&self, acting: &Acting, role: Role, action: Action, relation: Relation) -> &'static str {
        let page = PageRequest::default();
        match action {
            Action::OwnAccount => code(&acting.me().await),
            Action::ReadOrganisation => code(&acting.organisation(self.organisation(relation)).await),
            Action::CreateOrganisation => {
                code(&acting.create_organisation(&organisation_fields(&self.new_name())).await)
            }
            Action::UpdateOrganisation => {
                let id = self.organisation(relation);
                code(&acting.change_organisation(id, &OrganisationPatch::default(), None).await)
            }
            Action::DeleteOrganisation => {
                let id = match relation {
                    Foreign => self.fixture.organisation(&self.new_name()).await.id,
                    _ => self.organisation(relation),
                };
                code(&acting.delete_organisation(id, None, false).await)
            }
            Action::ReadDepartment => code(&acting.department(self.new_department(relation).await).await),
            Action::CreateDepartment => {
                let fields = DepartmentFields {
                    organisation_id: Some(self.organisation(relation)),
                    ..department_fields(&self.new_name(), &self.own)
                };
                code(&acting.create_department(&fields).await)
            }
            Action::UpdateDepartment => {
                let id = self.new_department(relation).await;
                code(&acting.change_department(id, &DepartmentPatch::default(), None).await)
            }
            Action::DeleteDepartment => {
                let id = self.new_department(relation).await;
                code(&acting.delete_department(id, None, false).await)
            }
            Action::ReadUser => code(&acting.user(self.user(role, relation).await).await),
            Action::CreateUser => code(&acting.create_user(&self.new_user(relation)).await),
            Action::UpdateUser => {
                let id = self.user(role, relation).await;
                code(&acting.change_user(id, &UserPatch::default(), None).await)
            }
            Action::DeleteUser => code(&acting.delete_user(self.user(role, relation).await, None).await),
            Action::Import => self.import(acting, relation).await.map_or_else(|code| code, |_| "ok"),
            Action::ReadImport => {
                let id = match relation {
                    Absent => ImportId::try_from(999_999).expect("an id"),
                    _ => self.import(&self.fixture.ums.system(), relation).await.expect("imported"),
                };
                code(&acting.import(id).await)
            }
            Action::Export => code(&acting.export_users(&ExportOptions::default()).await),
            Action::ReadMetrics => code(&acting.figures()),
            Action::ReadLogs => code(&acting.logs(&LogQuery::default(), &page).await),
            _ => panic!("an action that this test does not know: {action:?}"),
        }
    }

    fn organisation(&self, relation: Relation) -> OrganisationId {
        match relation {
            Foreign => self.foreign.id,
            Absent => OrganisationId::try_from(999_999).expect("an id"),
            _ => self.own.id,
        }
    }

    async fn new_department(&self, relation: Relation) -> DepartmentId {
        let organisation = if relation == Foreign { &self.foreign } else { &self.own };
        match relation {
            Absent => DepartmentId::try_from(999_999).expect("an id"),
            _ => self.fixture.department(&self.new_name(), organisation, None).await.id,
        }
    }

    fn new_user(&self, relation: Relation) -> UserFields {
        let department_id = match relation {
            Oneself => self.own_department.id,
            OwnDepartment => self.below.id,
            OwnOrganisation => self.beside.id,
            Foreign => self.foreign_department.id,
            Absent => DepartmentId::try_from(999_999).expect("an id"),
        };
        let fields = person(&format!("{}@example.com", self.new_name()));
        UserFields { department_id: Some(department_id), ..fields }
    }

    async fn user(&self, role: Role, relation: Relation) -> UserId {
        match relation {
            Oneself => self.fixture.principal(&format!("{role}@example.com")).await.user_id(),
            Absent => UserId::try_from(999_999).expect("an id"),
            _ => self.fixture.ums.system().create_user(&self.new_user(relation)).await.expect("created").value.id,
        }
    }

    async fn import(&self, acting: &Acting, relation: Relation) -> Result<ImportId, &'static str> {
        let bytes = WorkbookMaker::new().sheet("users", [["email", "full_name"]]).bytes();
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes).and_then(|()| file.rewind()).expect("written");
        let options = ImportOptions::new().organisation_id(self.organisation(relation));
        let report = acting.import_workbook(file, &options).await;
        report.as_ref().map(|report| report.id).map_err(|_| code(&report))
    }

    /// A name that nothing has yet: what was made before stays.
    fn new_name(&self) -> String {
        use std::sync::atomic::{AtomicU64, Ordering};
        static MADE: AtomicU64 = AtomicU64::new(0);
        format!("made{}", MADE.fetch_add(1, Ordering::Relaxed))
    }
}
