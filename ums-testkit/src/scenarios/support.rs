//! What scenarios say often.

use std::sync::Arc;

use tokio::sync::Barrier;
use ums_core::model::{
    Department, DepartmentFields, DepartmentId, Organisation, OrganisationFields, Role, User, UserFields,
    UserId,
};
use ums_core::store::Store;
use ums_core::{
    Acting, Clock, Credentials, Error, Page, PageRequest, Password, Principal, Registration, Result,
    Timestamp, TokenPair, UserFilter,
};

use crate::{Fixture, PASSWORD};

/// The stable name of how something ended: `ok`, or the error's code.
pub fn code<T>(result: &Result<T>) -> &'static str {
    result.as_ref().map_or_else(Error::code, |_| "ok")
}

/// The field and code of every fault, in the order found.
///
/// # Panics
///
/// Where something else went wrong, or nothing.
pub fn faults<T>(result: &Result<T>) -> Vec<(&str, &'static str)> {
    match result {
        Err(Error::Invalid(faults)) => {
            faults.as_slice().iter().map(|fault| (fault.field.as_str(), fault.code)).collect()
        }
        Err(error) => panic!("another error than faults: {error:?}"),
        Ok(_) => panic!("no fault was found"),
    }
}

/// An error as a client sees it.
pub(super) fn told<T>(result: &Result<T>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

pub(super) fn registration(email: &str) -> Registration {
    Registration {
        full_name: format!("Owner of {email}"),
        email: email.to_owned(),
        password: Password::new(PASSWORD),
        department_id: None,
    }
}

pub(super) fn credentials(email: &str, password: &str) -> Credentials {
    Credentials { email: email.to_owned(), password: Password::new(password) }
}

/// A user to be, without a password.
pub(super) fn person(email: &str) -> UserFields {
    UserFields { full_name: format!("Owner of {email}"), email: email.to_owned(), ..UserFields::default() }
}

pub(super) fn organisation_fields(name: &str) -> OrganisationFields {
    OrganisationFields { name: name.to_owned(), ..OrganisationFields::default() }
}

pub(super) fn department_fields(name: &str, organisation: &Organisation) -> DepartmentFields {
    DepartmentFields { name: name.to_owned(), organisation_id: Some(organisation.id), parent_id: None }
}

impl Fixture {
    /// What its clock shows.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Acts for an account of the fixture.
    pub(super) async fn acting(&self, email: &str) -> Acting {
        self.ums.acting_as(&self.principal(email).await)
    }

    /// Who the access token of a pair stands for.
    pub(super) async fn principal_of(&self, tokens: &TokenPair) -> Result<Principal> {
        self.ums.authenticate(&tokens.access_token).await
    }

    /// Makes a department as the embedding program.
    pub(super) async fn department(
        &self,
        name: &str,
        organisation: &Organisation,
        parent: Option<&Department>,
    ) -> Department {
        let fields = DepartmentFields {
            parent_id: parent.map(|parent| parent.id),
            ..department_fields(name, organisation)
        };
        self.ums.system().create_department(&fields).await.expect("created").value
    }

    /// Makes an account that can log in, as the embedding program.
    pub(super) async fn member_of(&self, email: &str, role: Role, department: &Department) -> User {
        let fields = UserFields {
            role: Some(role),
            department_id: Some(department.id),
            password: Some(Password::new(PASSWORD)),
            ..person(email)
        };
        self.ums.system().create_user(&fields).await.expect("created").value
    }
}

/// Every item of a list, page after page.
pub(super) async fn pages<T, F>(limit: u64, list: impl Fn(PageRequest) -> F) -> Vec<T>
where
    F: Future<Output = Result<Page<T>>>,
{
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let page = list(PageRequest::new(limit.try_into().expect("a limit"), cursor)).await.expect("a page");
        assert!(page.items.len() <= usize::try_from(limit).expect("a limit"), "a page is too long");
        items.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return items,
        }
    }
}

/// Runs the same thing so often at once, each as a task of its own that begins when all are there, and returns how each
/// ended.
pub(super) async fn at_once<T, F>(times: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let start = Arc::new(Barrier::new(times));
    let tasks: Vec<_> = (0..times)
        .map(|number| {
            let (start, work) = (start.clone(), work(number));
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("no panic"));
    }
    answers
}

/// An id that nothing has.
pub(super) fn absent_department() -> DepartmentId {
    DepartmentId::try_from(999_999).expect("an id")
}

/// An id that nobody has.
pub(super) fn absent_user() -> UserId {
    UserId::try_from(999_999).expect("an id")
}

pub(super) type AnyStore = Arc<dyn Store>;

/// Every user of a list, page after page.
pub(super) async fn listed_users(acting: &Acting, filter: &UserFilter, limit: u64) -> Vec<User> {
    pages(limit, |request| {
        let (acting, filter) = (acting.clone(), filter.clone());
        async move { acting.users(&filter, &request).await }
    })
    .await
}
