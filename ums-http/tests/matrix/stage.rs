//! Two organisations, and somebody of the first who acts.

use std::io::{Seek, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use serde_json::{Map, Value, json};
use ums_core::access::{Action, Scope};
use ums_core::import::ImportOptions;
use ums_core::model::{
    Department, DepartmentFields, Organisation, OrganisationId, Role, SessionId, User, UserFields,
};
use ums_core::{DepartmentFilter, Kind, Page, PageRequest, Password, UserFilter};
use ums_testkit::PASSWORD;
use ums_testkit::workbook::WorkbookMaker;

use crate::operation::{Body, Operation, Slot};
use crate::support::{Answer, Call, Server};

/// Where a target stands, seen from who acts; from near to far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    Oneself,
    /// In one's own department.
    Own,
    /// In another department of one's own organisation.
    Beside,
    /// Of another organisation.
    Foreign,
    /// Nowhere.
    Absent,
}

use Relation::{Absent, Beside, Foreign, Oneself, Own};

/// A word that stands in everything of the other organisation, and nowhere else.
pub(crate) const FOREIGN: &str = "elsewhere";

const PLACE: [&str; 2] = ["organisation_id", "department_id"];
const FIRST: &str = "first@example.com";
pub(crate) const ACTOR: &str = "actor@example.com";

/// A server with two organisations, an administrator, and an account of some role in the first organisation.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) actor: Option<User>,
    pub(crate) own: Place,
    pub(crate) beside: Place,
    pub(crate) foreign: Place,
    /// The access token of who acts; none for nobody.
    token: Option<String>,
    /// Sessions: another one of who acts, and one of somebody else.
    sessions: [String; 2],
    /// Imports: one of each organisation, where they are asked for.
    imports: [String; 2],
    watched: String,
}

/// A department with somebody in it.
pub(crate) struct Place {
    pub(crate) organisation: Organisation,
    pub(crate) department: Department,
    pub(crate) user: User,
}

/// All that there is.
pub(crate) type World = (Vec<Organisation>, Vec<Department>, Vec<User>, usize, bool);

impl Stage {
    /// A stage for somebody of this role, or for nobody.
    pub(crate) async fn new(role: Option<Role>) -> Self {
        let (server, _) = Server::with_messages().await;
        let fixture = &server.fixture;
        fixture.register(FIRST).await;
        let mine = fixture.organisation("Mine").await;
        let other = fixture.organisation(FOREIGN).await;
        let own = Place::new(&server, &mine, "Research").await;
        let beside = Place::new(&server, &mine, "Sales").await;
        let foreign = Place::new(&server, &other, "Research elsewhere").await;
        let watched = fixture.login(FIRST).await.access_token;
        let principal = fixture.ums.authenticate(&watched).await.unwrap();
        let absent = SessionId::from_u128(999_999).to_string();
        let mut sessions = [absent, principal.session_id().to_string()];
        let (mut actor, mut token) = (None, None);
        if let Some(role) = role {
            let fields =
                UserFields { role: Some(role), password: Some(Password::new(PASSWORD)), ..own.person(ACTOR) };
            actor = Some(fixture.ums.system().create_user(&fields).await.unwrap().value);
            token = Some(fixture.login(ACTOR).await.access_token);
            sessions[0] = fixture.principal(ACTOR).await.session_id().to_string();
        }
        let imports = <[String; 2]>::default();
        Self { server, actor, own, beside, foreign, token, sessions, imports, watched }
    }

    /// The relations that a thing of this kind can have to who acts.
    pub(crate) fn relations(slot: &Slot) -> &'static [Relation] {
        match slot {
            Slot::Path(Kind::Session) => &[Oneself, Foreign, Absent],
            Slot::Path(Kind::User) => &[Oneself, Own, Beside, Foreign, Absent],
            Slot::Path(Kind::Organisation | Kind::Import)
            | Slot::Query(_, Kind::Organisation)
            | Slot::Body(_, Kind::Organisation) => &[Own, Foreign, Absent],
            // A department is no part of itself.
            Slot::Body(name, _) if name == "parent_id" => &[Beside, Foreign, Absent],
            _ => &[Own, Beside, Foreign, Absent],
        }
    }

    /// Has each organisation import something, where the operation is given the id of an import.
    pub(crate) async fn with_imports_for(mut self, operation: &Operation) -> Self {
        if operation.slots.contains(&Slot::Path(Kind::Import)) {
            for (place, import) in [(0, self.own.organisation.id), (1, self.foreign.organisation.id)] {
                self.imports[place] = self.import(import).await;
            }
        }
        self
    }

    /// The id of a thing of this kind.
    pub(crate) fn id(&self, kind: Kind, relation: Relation) -> String {
        if relation == Absent {
            return match kind {
                Kind::Session => SessionId::from_u128(999_999).to_string(),
                _ => "999999".to_owned(),
            };
        }
        let place = match relation {
            Beside => &self.beside,
            Foreign => &self.foreign,
            _ => &self.own,
        };
        match kind {
            Kind::Organisation => place.organisation.id.to_string(),
            Kind::Department => place.department.id.to_string(),
            Kind::User if relation == Oneself => {
                self.actor.as_ref().map_or_else(|| "999999".to_owned(), |actor| actor.id.to_string())
            }
            Kind::User => place.user.id.to_string(),
            Kind::Session if relation == Oneself => self.sessions[0].clone(),
            Kind::Session => self.sessions[1].clone(),
            Kind::Import => self.imports[usize::from(relation == Foreign)].clone(),
            _ => panic!("add one {kind:?} of each relation here"),
        }
    }

    /// An import of a row that is not taken: of who acts where that is in their organisation and they may, since its rows are
    /// for whoever asked for it; else of the embedding program.
    async fn import(&self, organisation: OrganisationId) -> String {
        let mut file = tempfile::tempfile().unwrap();
        let rows = [["email", "name"], ["nobody", "Nobody"]];
        file.write_all(&WorkbookMaker::new().sheet("users", rows).bytes())
            .and_then(|()| file.rewind())
            .unwrap();
        let options = ImportOptions::new().organisation_id(organisation);
        let ums = &self.server.fixture.ums;
        let imports = |actor: &&User| Action::Import.scope(actor.role) != Scope::Nothing;
        let acting = match (self.actor.as_ref().filter(imports), &self.token) {
            (Some(_), Some(token)) if organisation == self.own.organisation.id => {
                ums.acting_as(&ums.authenticate(token).await.unwrap())
            }
            _ => ums.system(),
        };
        acting.import_workbook(file, &options).await.unwrap().id.to_string()
    }

    /// A request for the operation, with the id of a thing of this relation in the slot; elsewhere ids are one's own.
    pub(crate) async fn call(
        &self,
        operation: &Operation,
        slot: Option<&Slot>,
        relation: Relation,
    ) -> Answer {
        let mut path = operation.path.replace("{file}", "initializer.js");
        if let Some(kind) = operation.target() {
            let near = if kind == Kind::Session { Oneself } else { Own };
            let relation = if matches!(slot, Some(Slot::Path(_))) { relation } else { near };
            path = path.replace("{id}", &self.id(kind, relation));
        }
        if let Some(Slot::Query(name, kind)) = slot {
            path = format!("{path}?{name}={}", self.id(*kind, relation));
        }
        let call = self.request(operation.method.clone(), &path);
        match &operation.body {
            Body::None => call,
            Body::Workbook => call.form(&[("file", &workbook())]),
            Body::Json(properties, required) => {
                let mut body = Map::new();
                // A patch of a name is one; what is made or replaced is put into one's own place, too.
                let patches = operation.method == Method::PATCH;
                let given = if patches { &["name", "full_name"][..] } else { &PLACE };
                for (name, schema) in properties {
                    if required.contains(name) || given.contains(&name.as_str()) {
                        body.insert(name.clone(), self.value(name, schema));
                    }
                }
                // One's own address is not changed with the rights over users.
                if operation.target() == Some(Kind::User) && relation == Oneself && body.contains_key("email")
                {
                    body.insert("email".to_owned(), ACTOR.into());
                }
                if let Some(Slot::Body(name, kind)) = slot {
                    let id: u64 = self.id(*kind, relation).parse().unwrap();
                    body.insert(name.clone(), id.into());
                }
                call.json(&Value::Object(body))
            }
        }
        .send()
        .await
    }

    /// A request of who acts. Two answers to it differ only where what they answer differs.
    pub(crate) fn request(&self, method: Method, path: &str) -> Call {
        let call = self.server.call(method, path).header("x-request-id", "cell");
        match &self.token {
            Some(token) => call.token(token),
            None => call,
        }
    }

    /// Something that the property takes.
    fn value(&self, name: &str, schema: &Value) -> Value {
        match (name, schema["format"].as_str()) {
            ("current_password", _) => PASSWORD.into(),
            (_, Some("password")) if name.ends_with("password") => "Quite Another Password 88".into(),
            ("organisation_id", _) => json!(self.own.organisation.id),
            ("department_id", _) => json!(self.own.department.id),
            ("email", _) => format!("{}@example.com", new_name()).into(),
            ("name" | "full_name", _) => new_name().into(),
            (_, Some("password")) => "nonsense".into(),
            _ if schema["type"] == "string" => "nonsense".into(),
            _ => panic!("`{name}` is required, and these tests have no value for it: add one here"),
        }
    }

    /// All that there is now, and whether somebody else's session stands.
    pub(crate) async fn world(&self) -> World {
        let (ums, page) = (&self.server.fixture.ums, PageRequest::default());
        let system = ums.system();
        let organisations = whole(system.organisations(&page).await.unwrap());
        let departments = whole(system.departments(DepartmentFilter::default(), &page).await.unwrap());
        let users = whole(system.users(&UserFilter::default(), &page).await.unwrap());
        let imports = whole(system.imports(&page).await.unwrap()).len();
        (organisations, departments, users, imports, ums.authenticate(&self.watched).await.is_ok())
    }

    /// What of all that is the other organisation's.
    pub(crate) fn elsewhere(&self, world: &World) -> Value {
        let id = self.foreign.organisation.id;
        let (organisations, departments, users, _, session) = world;
        json!({
            "organisation": organisations.iter().filter(|it| it.id == id).collect::<Vec<_>>(),
            "departments": departments.iter().filter(|it| it.organisation_id == id).collect::<Vec<_>>(),
            "users": users.iter().filter(|it| it.organisation_id == Some(id)).collect::<Vec<_>>(),
            "session": session,
        })
    }
}

impl Place {
    async fn new(server: &Server, organisation: &Organisation, name: &str) -> Self {
        let system = server.fixture.ums.system();
        let fields = DepartmentFields {
            name: name.to_owned(),
            organisation_id: Some(organisation.id),
            parent_id: None,
        };
        let department = system.create_department(&fields).await.unwrap().value;
        let words = name.to_lowercase().replace(' ', ".");
        let fields = UserFields {
            department_id: Some(department.id),
            full_name: name.to_owned(),
            email: format!("{words}@example.com"),
            ..UserFields::default()
        };
        let user = system.create_user(&fields).await.unwrap().value;
        Self { organisation: organisation.clone(), department, user }
    }

    /// Somebody to be, of this department.
    pub(crate) fn person(&self, email: &str) -> UserFields {
        UserFields {
            full_name: "Somebody".to_owned(),
            email: email.to_owned(),
            department_id: Some(self.department.id),
            ..UserFields::default()
        }
    }
}

/// Every item of a list that has one page.
fn whole<T>(page: Page<T>) -> Vec<T> {
    assert!(page.next_cursor.is_none(), "a stage is small");
    page.items
}

fn workbook() -> Vec<u8> {
    WorkbookMaker::new().sheet("users", [["email", "full_name"]]).bytes()
}

/// A name that nothing has yet.
pub(crate) fn new_name() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    format!("made{}", MADE.fetch_add(1, Ordering::Relaxed))
}
