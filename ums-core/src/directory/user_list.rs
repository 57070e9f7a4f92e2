//! Lists of users: which index is read, and what is kept of it.

use ums_store::Key;

use super::Directory;
use super::listing::{Listing, Range};
use super::place::departments_above;
use crate::access::{Action, Actor, Scope};
use crate::keyspace::{self, NAME, USER};
use crate::model::{DepartmentId, OrganisationId, Role, Status, User, UserId};
use crate::page::{Page, PageRequest};
use crate::parse::{Checker, Email, Text, fold_email, words};
use crate::record::UserRecord;
use crate::{Error, Result};

/// Which users to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserFilter {
    /// Only those of this organisation.
    pub organisation_id: Option<OrganisationId>,
    /// Only those of this department itself, not of those below it.
    pub department_id: Option<DepartmentId>,
    /// Only those of this role.
    pub role: Option<Role>,
    /// Only those of this status.
    pub status: Option<Status>,
    /// Only those whose e-mail address begins with this, or a word of whose name does; of several words each has to
    /// begin a word of the name. Without regard to case; at most 254 characters.
    pub q: Option<String>,
}

impl Directory {
    /// Users by e-mail address; with `q`, first those whose address matches, then those whose name does.
    pub(crate) async fn users(
        &self,
        actor: &Actor,
        filter: &UserFilter,
        request: &PageRequest,
    ) -> Result<Page<User>> {
        let mut filter = filter.clone();
        let departments = match self.sight(actor, &mut filter).await? {
            Sight::Oneself(id) => {
                request.expect_first()?;
                let own = self.user(actor, id).await?.value;
                return Ok(Page::new(
                    Some(own).filter(|user| filter.takes(user)).into_iter().collect(),
                    None,
                ));
            }
            Sight::Filtered => filter.department_id.map(|id| vec![id]),
            Sight::Departments(departments) => Some(departments),
        };
        let search =
            filter.q.as_deref().filter(|text| !text.trim().is_empty()).map(Search::parse).transpose()?;
        let ranges = Ranges {
            organisation_id: filter.organisation_id,
            departments: departments.as_deref(),
            next_organisation: self.next_organisation().await?,
            search: search.as_ref(),
        };
        let within = |user: &User| {
            departments.as_ref().is_none_or(|all| user.department_id.is_some_and(|id| all.contains(&id)))
        };
        let listing = Listing::<UserRecord> {
            scope: format!("users {filter:?} {departments:?}"),
            range: &|part| ranges.part(part),
            key: |id| UserId::try_from(id).ok().map(keyspace::user_profile),
            keep: &|key, record| {
                filter.takes(&record.user)
                    && within(&record.user)
                    && search.as_ref().is_none_or(|search| search.finds(key, record))
            },
        };
        let page = self.list(&listing, request).await?;
        Ok(page.map(|record| record.user))
    }

    /// Narrows a filter to what the actor may see.
    async fn sight(&self, actor: &Actor, filter: &mut UserFilter) -> Result<Sight> {
        if let Some(id) = filter.organisation_id {
            self.organisation(actor, id).await?;
        }
        if let Some(id) = filter.department_id {
            self.department(actor, id).await?;
        }
        let Actor::User { id, organisation_id, department_id, .. } = actor else {
            return if *actor == Actor::System {
                Ok(Sight::Filtered)
            } else {
                Err(Error::InvalidAccessToken)
            };
        };
        match (actor.scope(Action::ReadUser), organisation_id, department_id) {
            (Scope::Everything, _, _) => Ok(Sight::Filtered),
            (Scope::Organisation, Some(own), _) => {
                filter.organisation_id = Some(*own);
                Ok(Sight::Filtered)
            }
            (Scope::Department, Some(own), Some(department)) => {
                filter.organisation_id = Some(*own);
                let Some(asked) = filter.department_id else {
                    return Ok(Sight::Departments(self.subtree(*department).await?));
                };
                let above = departments_above(&self.database, Some(asked)).await?;
                if above.contains(department) { Ok(Sight::Filtered) } else { Err(Error::Forbidden) }
            }
            _ => Ok(Sight::Oneself(*id)),
        }
    }
}

enum Sight {
    Oneself(UserId),
    /// What the filter lets through.
    Filtered,
    /// What the filter lets through in these departments.
    Departments(Vec<DepartmentId>),
}

impl UserFilter {
    fn takes(&self, user: &User) -> bool {
        self.organisation_id.is_none_or(|id| user.organisation_id == Some(id))
            && self.department_id.is_none_or(|id| user.department_id == Some(id))
            && self.role.is_none_or(|role| user.role == role)
            && self.status.is_none_or(|status| user.status == status)
    }
}

/// The parts of the list: by e-mail address, then, for a search, by words of names.
struct Ranges<'a> {
    organisation_id: Option<OrganisationId>,
    departments: Option<&'a [DepartmentId]>,
    next_organisation: u64,
    search: Option<&'a Search>,
}

impl Ranges<'_> {
    fn part(&self, part: u64) -> Option<Range> {
        let parts_by_email = self.departments.map_or(1, <[DepartmentId]>::len) as u64;
        match part.checked_sub(parts_by_email) {
            None => self.by_email(usize::try_from(part).ok()?),
            Some(part) => self.by_name(part),
        }
    }

    fn by_email(&self, part: usize) -> Option<Range> {
        let email = self.search.map_or("", |search| &search.email);
        let (partition, prefix) = match (self.departments, self.organisation_id) {
            (Some(departments), _) => (keyspace::department(*departments.get(part)?), USER),
            (None, Some(id)) => (keyspace::organisation(Some(id)), USER),
            (None, None) => (keyspace::users(), ""),
        };
        Some(Range { partition, prefix: format!("{prefix}{email}") })
    }

    fn by_name(&self, part: u64) -> Option<Range> {
        let word = self.search?.words.first()?;
        let organisation_id = match (self.organisation_id, part) {
            (Some(id), 0) => Some(id),
            (Some(_), _) => return None,
            // Names are indexed by organisation; accounts of none come first.
            (None, 0) => None,
            (None, _) => {
                let id = OrganisationId::try_from(part).ok();
                Some(id.filter(|id| id.as_u64() < self.next_organisation)?)
            }
        };
        Some(Range { partition: keyspace::organisation(organisation_id), prefix: format!("{NAME}{word}") })
    }
}

/// What is searched for.
struct Search {
    email: String,
    words: Vec<String>,
}

impl Search {
    fn parse(text: &str) -> Result<Self> {
        let mut checker = Checker::default();
        let asked: Option<Text<{ Email::MAXIMUM }>> = checker.required("q", text);
        let email = fold_email(text);
        if asked.is_some() && email.len() > Email::CANONICAL_BYTES {
            checker.add("q", "too_long", "is too long once normalised; shorten it");
        }
        checker.finish()?;
        Ok(Self { email, words: words(text) })
    }

    /// Whether an entry is the first by which the search comes upon a user: one with two matching words is listed once.
    fn finds(&self, key: &Key, record: &UserRecord) -> bool {
        let by_email = fold_email(&record.user.email).starts_with(&self.email);
        let by_address = key.partition() == keyspace::users().as_str();
        let Some(word) = key.sort().strip_prefix(NAME).filter(|_| !by_address) else { return by_email };
        let own = words(&record.user.full_name);
        let named = self.words.iter().all(|asked| own.iter().any(|word| word.starts_with(asked)));
        let first = self.words.first().and_then(|asked| {
            own.iter().filter(|word| word.starts_with(asked)).min_by(|one, other| one.cmp(other))
        });
        named
            && !by_email
            && first
                .is_some_and(|first| word.strip_prefix(&**first).is_some_and(|rest| rest.starts_with('/')))
    }
}
