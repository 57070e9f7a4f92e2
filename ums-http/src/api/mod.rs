//! The routes, by subject. Handlers are thin: HTTP in, one call of the facade, HTTP out.

mod account;
mod authentication;
mod department;
mod export;
mod health;
mod import;
mod import_events;
mod import_headers;
mod keys;
mod log;
mod organisation;
mod parameters;
mod recovery;
mod upload;
mod user;

use crate::routes::Routes;

/// Adds every route but those of the documentation.
pub(crate) fn add_to(routes: &mut Routes<'_>) {
    authentication::add_to(routes);
    account::add_to(routes);
    recovery::add_to(routes);
    keys::add_to(routes);
    organisation::add_to(routes);
    department::add_to(routes);
    user::add_to(routes);
    import::add_to(routes);
    export::add_to(routes);
    log::add_to(routes);
    health::add_to(routes);
}
