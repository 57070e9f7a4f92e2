//! What every handler is given.

use std::sync::Arc;

use axum::extract::FromRef;
use ums_core::UserManagement;
use utoipa::openapi::OpenApi;

use crate::options::HttpOptions;

/// The facade, the options, and the document of all routes.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) ums: UserManagement,
    pub(crate) options: Arc<HttpOptions>,
    pub(crate) document: Arc<OpenApi>,
}

impl FromRef<Application> for UserManagement {
    fn from_ref(application: &Application) -> Self {
        application.ums.clone()
    }
}
