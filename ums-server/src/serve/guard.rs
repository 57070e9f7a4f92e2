//! A connection that refuses malformed heads and slow clients.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Sleep, sleep, timeout};

use super::framing::Framing;

/// How many bytes of a body have to come within the patience, or all that are left of it.
const BODY_BYTES: usize = 4096;

/// How long a client may go on sending once the server has said its last: a connection closed over unread bytes is
/// reset, and the client may lose the answer.
const LINGER: Duration = Duration::from_secs(5);

/// The end of a head with a byte that may stand nowhere in one: whatever stands before it, the HTTP library answers
/// with 400 and closes.
const REFUSAL: &[u8] = b"\0\r\n\r\n";

/// A stream as the HTTP library sees it.
///
/// The library itself bounds the time that a head may take. Here a body is bounded: [`BODY_BYTES`] of it must come
/// within the patience; and an answer: a client must take some of it within the patience.
#[derive(Debug)]
pub(super) struct Guard<S> {
    stream: S,
    framing: Framing,
    /// What is left to pass on once the client is refused.
    refusal: &'static [u8],
    patience: Duration,
    read: Patience,
    write: Patience,
}

impl<S> Guard<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self {
            stream,
            framing: Framing::new(),
            refusal: REFUSAL,
            patience,
            read: Patience::default(),
            write: Patience::default(),
        }
    }
}

impl<S> Guard<S> {
    fn refuse(&mut self, buffer: &mut ReadBuf<'_>) {
        let (now, later) = self.refusal.split_at(self.refusal.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.refusal = later;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    /// Closes the connection. Where the client may still be sending, that is read and thrown away for a while.
    pub(super) async fn close(mut self) {
        // Errors here mean that the client is gone already.
        let _ = self.stream.shutdown().await;
        if self.framing.is_in_body() || self.framing.is_refused() {
            let _ = timeout(LINGER, tokio::io::copy(&mut self.stream, &mut tokio::io::sink())).await;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.framing.is_refused() {
            this.refuse(buffer);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(context, buffer) else {
            if this.framing.is_in_body() {
                ready!(this.read.poll_lost(this.patience, context));
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly")));
            }
            return Poll::Pending;
        };
        read?;
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        let (count, accepted) = (bytes.len(), this.framing.accept(bytes));
        if accepted < count {
            buffer.set_filled(before + accepted);
            this.refuse(buffer);
        }
        this.read.note(count);
        if !this.framing.is_in_body() {
            this.read = Patience::default();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Guard<S> {
    fn write_with(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = write(Pin::new(&mut self.stream), context) {
            self.write = Patience::default();
            return Poll::Ready(written);
        }
        ready!(self.write.poll_lost(self.patience, context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the answer was taken too slowly")))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write_with(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write_with(context, |stream, context| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Runs while a client is waited for, and begins anew once it has sent enough.
#[derive(Debug, Default)]
struct Patience {
    timer: Option<Pin<Box<Sleep>>>,
    bytes: usize,
}

impl Patience {
    fn poll_lost(&mut self, patience: Duration, context: &mut Context<'_>) -> Poll<()> {
        self.timer.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(context)
    }

    fn note(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes >= BODY_BYTES {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};
    use tokio::task::JoinHandle;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);
    const HEAD: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";

    #[tokio::test(start_paused = true)]
    async fn a_dribbled_body_is_cut_off() {
        let error = send_body(1, Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_body_is_cut_off_in_time() {
        let begun = tokio::time::Instant::now();
        let (mut client, read) = connect();
        client.write_all(HEAD).await.unwrap();
        client.write_all(b"the beginning").await.unwrap();
        assert_eq!(read.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_but_steady_body_is_not() {
        let bytes = send_body(BODY_BYTES, PATIENCE - Duration::from_secs(1)).await.unwrap();
        assert_eq!(bytes.len(), HEAD.len() + 100_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_between_requests_is_not_its_business() {
        let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
        let (mut client, read) = connect();
        for _ in 0..3 {
            client.write_all(request).await.unwrap();
            sleep(PATIENCE * 10).await;
        }
        drop(client);
        assert_eq!(read.await.unwrap().unwrap(), request.repeat(3));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_is_cut_off() {
        let (client, server) = duplex(16);
        let mut server = Guard::new(server, PATIENCE);
        let error = server.write_all(&[0; 17]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(client);
    }

    #[tokio::test]
    async fn nothing_is_passed_on_after_a_malformed_head() {
        let (mut client, read) = connect();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\n\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let _ = client.write_all(b"GET /3 HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(read.await.unwrap().unwrap(), b"GET / HTTP/1.1\r\nHost: a\0\r\n\r\n");
    }

    /// A client's end, and what the server's end reads until the connection ends.
    fn connect() -> (DuplexStream, JoinHandle<io::Result<Vec<u8>>>) {
        let (client, server) = duplex(1 << 20);
        let read = tokio::spawn(async move {
            let mut bytes = Vec::new();
            Guard::new(server, PATIENCE).read_to_end(&mut bytes).await.map(|_| bytes)
        });
        (client, read)
    }

    /// Sends pieces of a body of this size, this far apart, until the server has had enough or the body is whole.
    async fn send_body(piece: usize, every: Duration) -> io::Result<Vec<u8>> {
        let (mut client, read) = connect();
        client.write_all(HEAD).await?;
        let mut left = 100_000;
        while left > 0 && !read.is_finished() {
            let now = piece.min(left);
            // The server's end may be gone: what it says then is the result.
            let _ = client.write_all(&vec![b'x'; now]).await;
            left -= now;
            sleep(every).await;
        }
        drop(client);
        read.await?
    }
}
