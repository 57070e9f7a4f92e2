//! Files that clients send as a form: written to a temporary file as they arrive, never held in memory.

use std::fs::File;
use std::io::Seek;
use std::time::Duration;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};
use ums_core::Faults;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::body::{Waiting, unreadable};
use crate::describe::{Description, Input};
use crate::limits::BodyLimit;
use crate::problem::{Cause, Problem};

/// The file in the form's field `file`, at its beginning. It has no name on the disk, so nothing of it stays behind,
/// however the request or the process ends.
#[derive(Debug)]
pub(crate) struct Upload(pub(crate) File);

const MEDIA_TYPE: &str = "multipart/form-data";
const FIELD: &str = "file";

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let waiting = request.extensions().get::<Waiting>().cloned().unwrap_or_default();
        let limit = request.extensions().get::<BodyLimit>().copied().unwrap_or_default();
        let multipart = Multipart::from_request(request, state).await;
        let mut multipart = multipart.map_err(|_| Problem::media_type(MEDIA_TYPE))?;
        let mut pace = Pace { started: Instant::now(), bytes: 0, limit };

        waiting.begin();
        let mut file = None;
        let mut faults = Faults::default();
        while let Some(mut field) = pace.next_field(&mut multipart).await? {
            let name = field.name().unwrap_or_default().to_owned();
            match (&*name, &file) {
                (FIELD, None) => file = Some(pace.spool(&mut field).await?),
                (FIELD, Some(_)) => faults.add(FIELD, "duplicate", "may be given once only"),
                _ => faults.add(
                    name,
                    "unknown_field",
                    "there is no such field here; the workbook goes in `file`",
                ),
            }
        }
        waiting.end();
        if file.is_none() {
            faults.add(FIELD, "required", "is required: the workbook");
        }
        file.filter(|_| faults.is_empty()).map(Self).ok_or_else(|| faults.into())
    }
}

impl Input for Upload {
    fn describe(description: &mut Description) {
        let file = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .description(Some("The workbook, `.xlsx`."));
        let form = ObjectBuilder::new().property(FIELD, file).required(FIELD);
        description.content_body(&[MEDIA_TYPE], &form.build().into());
        for cause in
            [Cause::Malformed, Cause::RequestTimeout, Cause::TooLarge, Cause::MediaType, Cause::Invalid]
        {
            description.problem(cause);
        }
    }
}

/// How fast an upload has to come, so that nobody holds a temporary file open for long with a byte now and then.
struct Pace {
    started: Instant,
    bytes: u64,
    limit: BodyLimit,
}

impl Pace {
    const GRACE: Duration = Duration::from_secs(20);
    const BYTES_A_SECOND: u64 = 16 * 1024;

    fn deadline(&self) -> Instant {
        self.started + Self::GRACE + Duration::from_secs(self.bytes / Self::BYTES_A_SECOND)
    }

    async fn next_field<'a>(&self, multipart: &'a mut Multipart) -> Result<Option<Field<'a>>, Problem> {
        let field = timeout_at(self.deadline(), multipart.next_field()).await;
        field.map_err(|_| Problem::body_too_slow())?.map_err(|error| unreadable(error, self.limit))
    }

    async fn chunk(&mut self, field: &mut Field<'_>) -> Result<Option<Bytes>, Problem> {
        let chunk = timeout_at(self.deadline(), field.chunk()).await.map_err(|_| Problem::body_too_slow())?;
        let chunk = chunk.map_err(|error| unreadable(error, self.limit))?;
        self.bytes += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Ok(chunk)
    }

    async fn spool(&mut self, field: &mut Field<'_>) -> Result<File, Problem> {
        let file = tokio::task::spawn_blocking(tempfile::tempfile).await.map_err(Problem::unexpected)?;
        let mut file = tokio::fs::File::from_std(file.map_err(Problem::unexpected)?);
        while let Some(chunk) = self.chunk(field).await? {
            file.write_all(&chunk).await.map_err(Problem::unexpected)?;
        }
        file.flush().await.map_err(Problem::unexpected)?;
        let mut file = file.into_std().await;
        file.rewind().map_err(Problem::unexpected)?;
        Ok(file)
    }
}
