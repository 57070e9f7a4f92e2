//! Workbooks as answers.

use std::fs::File;
use std::io;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use tokio::io::AsyncReadExt;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use crate::describe::{Description, Output};
use crate::problem::Problem;

/// A workbook, to be kept as a file of this name.
#[derive(Debug)]
pub(crate) struct Spreadsheet {
    disposition: HeaderValue,
    length: u64,
    body: Body,
}

const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// How much is read at a time.
const CHUNK: usize = 64 * 1024;

impl Spreadsheet {
    pub(crate) fn from_bytes(name: &str, bytes: Vec<u8>) -> Self {
        Self { disposition: disposition(name), length: bytes.len() as u64, body: Body::from(bytes) }
    }

    /// What is in the file, from its beginning, read as the client takes it.
    pub(crate) async fn from_file(name: &str, file: File) -> Result<Self, Problem> {
        let file = tokio::fs::File::from_std(file);
        let length = file.metadata().await.map_err(Problem::unexpected)?.len();
        Ok(Self { disposition: disposition(name), length, body: Body::from_stream(chunks(file)) })
    }
}

impl IntoResponse for Spreadsheet {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)),
            (header::CONTENT_LENGTH, HeaderValue::from(self.length)),
            (header::CONTENT_DISPOSITION, self.disposition),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, self.body).into_response()
    }
}

impl Output for Spreadsheet {
    fn describe(description: &mut Description) {
        let file = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        let headers = [(header::CONTENT_DISPOSITION, "`attachment`, with the name of the file")];
        let content = Some((MEDIA_TYPE, file.build().into()));
        description.answer(StatusCode::OK, "The workbook, `.xlsx`.", content, &headers);
    }
}

fn disposition(name: &str) -> HeaderValue {
    let text = format!("attachment; filename=\"{name}\"");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

fn chunks(file: tokio::fs::File) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(file, async |mut file| {
        let mut chunk = Vec::with_capacity(CHUNK);
        let count = (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await?;
        Ok((count > 0).then(|| (Bytes::from(chunk), file)))
    })
}
