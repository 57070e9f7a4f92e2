//! Whether a request's body was read to its end. Where it was not, no other request can come on its connection: the
//! client has to be told, or it may send one that is never answered.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};

/// A body that notes when its end has been seen.
#[derive(Debug)]
pub(super) struct Whole {
    body: Incoming,
    is_read: Arc<AtomicBool>,
}

impl Whole {
    pub(super) fn new(body: Incoming) -> Self {
        let is_read = Arc::new(AtomicBool::new(body.is_end_stream()));
        Self { body, is_read }
    }

    /// Set once the end has been seen.
    pub(super) fn is_read(&self) -> Arc<AtomicBool> {
        self.is_read.clone()
    }
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.is_read.store(true, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
