//! What the library keeps: the records' shapes, with no rule about changing them.

mod department;
mod id;
mod message;
mod organisation;
mod patch;
mod role;
mod session;
mod user;

pub use department::{Department, DepartmentFields, DepartmentPatch};
pub use id::{DepartmentId, ImportId, InvalidId, InvalidSessionId, OrganisationId, SessionId, UserId};
pub use message::MessageKind;
pub use organisation::{Organisation, OrganisationFields, OrganisationPatch};
pub use patch::Patch;
pub use role::{InvalidRole, InvalidStatus, Role, Status};
pub use session::Session;
pub use user::{User, UserFields, UserPatch};
