//! A connection that is cut where the client is too slow.
//!
//! In: a stream. Out: the same stream, which fails where a request's head is not whole in time, or where the client takes nothing of an answer for
//! too long. It is not counted against the client that the server works, or that a body is awaited: that is the body's own clock.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Where a connection is: the stream reads it, the service writes it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    requests: AtomicU64,
    busy: AtomicBool,
    /// Bytes that the kernel took.
    written: AtomicU64,
    /// Whether somebody waits for it to take more.
    is_awaited: AtomicBool,
}

impl Progress {
    /// A request's head is whole.
    pub(crate) fn begin(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.busy.store(true, Ordering::Relaxed);
    }

    /// Its answer is over.
    pub(crate) fn end(&self) {
        self.busy.store(false, Ordering::Relaxed);
    }

    /// How many bytes the kernel took of this connection.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Has the task of this connection woken when it takes more.
    pub(crate) fn await_more(&self) {
        self.is_awaited.store(true, Ordering::Relaxed);
    }

    fn add(&self, bytes: usize, context: &Context<'_>) {
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.is_awaited.swap(false, Ordering::Relaxed) {
            context.waker().wake_by_ref();
        }
    }

    /// How many requests there were; nothing while one is worked on.
    fn awaited(&self) -> Option<u64> {
        (!self.busy.load(Ordering::Relaxed)).then(|| self.requests.load(Ordering::Relaxed))
    }
}

/// The stream.
pub(crate) struct Paced<S> {
    stream: S,
    progress: Arc<Progress>,
    head: Duration,
    stall: Duration,
    /// The request whose first byte came, and when.
    head_began: Option<(u64, Instant)>,
    /// Since when the client has taken nothing.
    stalled: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    /// A head must be whole after `head`, and something be taken of an answer within each `stall`.
    pub(crate) fn new(stream: S, progress: Arc<Progress>, head: Duration, stall: Duration) -> Self {
        Self { stream, progress, head, stall, head_began: None, stalled: None, alarm: None }
    }

    /// Fails after the deadline, and wakes the task then.
    fn until(&mut self, deadline: Instant, context: &mut Context<'_>) -> io::Result<()> {
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        match alarm.as_mut().poll(context) {
            Poll::Pending => Ok(()),
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn count(&self, bytes: usize, context: &Context<'_>) -> usize {
        self.progress.add(bytes, context);
        bytes
    }

    /// What became of writing: time runs while nothing can be written.
    fn written<T>(&mut self, result: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled = None;
            return result;
        }
        let since = *self.stalled.get_or_insert_with(Instant::now);
        match self.until(since + self.stall, context) {
            Ok(()) => Poll::Pending,
            Err(late) => Poll::Ready(Err(late)),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        let awaited = self.progress.awaited();
        self.head_began = self.head_began.filter(|(request, _)| Some(*request) == awaited);
        if result.is_pending() {
            if let Some((_, began)) = self.head_began {
                let deadline = began + self.head;
                self.until(deadline, context)?;
            }
            return Poll::Pending;
        }
        ready!(result)?;
        if buffer.filled().len() > before && self.head_began.is_none() {
            self.head_began = awaited.map(|request| (request, Instant::now()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(result, context).map_ok(|bytes| self.count(bytes, context))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(result, context).map_ok(|bytes| self.count(bytes, context))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(context);
        self.written(result, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(result, context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_mins(1);

    fn pair(head: Duration, stall: Duration) -> (DuplexStream, Paced<DuplexStream>, Arc<Progress>) {
        let (client, server) = duplex(16);
        let progress = Arc::new(Progress::default());
        (client, Paced::new(server, Arc::clone(&progress), head, stall), progress)
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_must_be_whole_in_time_however_its_bytes_drip() {
        let (mut client, mut server, _) = pair(SHORT, LONG);
        let mut buffer = [0; 16];
        let mut bytes = 0;
        let error = loop {
            client.write_all(b"x").await.unwrap();
            bytes += server.read(&mut buffer).await.unwrap();
            match timeout(SHORT / 3, server.read(&mut buffer)).await {
                Ok(result) => break result.unwrap_err(),
                Err(_) => assert!(bytes < 10, "{bytes}"),
            }
        };
        assert_eq!((error.kind(), bytes), (io::ErrorKind::TimedOut, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn no_head_runs_before_its_first_byte_nor_while_a_request_is_worked_on() {
        let (mut client, mut server, progress) = pair(SHORT, LONG);
        let mut four = [0; 4];
        assert!(timeout(3 * SHORT, server.read_u8()).await.is_err(), "waits for the first request");
        client.write_all(b"head").await.unwrap();
        server.read_exact(&mut four).await.unwrap();
        progress.begin();
        assert!(timeout(3 * SHORT, server.read_u8()).await.is_err(), "waits while one is worked on");
        client.write_all(b"body").await.unwrap();
        server.read_exact(&mut four).await.unwrap();
        assert!(timeout(3 * SHORT, server.read_u8()).await.is_err(), "waits for the rest of a body");
        progress.end();
        assert!(timeout(3 * SHORT, server.read_u8()).await.is_err(), "waits for the next request");
        client.write_all(b"head").await.unwrap();
        server.read_exact(&mut four).await.unwrap();
        assert_eq!(server.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_cut_and_who_takes_little_is_not() {
        let (mut client, mut server, _) = pair(LONG, SHORT);
        let writing = tokio::spawn(async move { server.write_all(&[0; 64]).await });
        for _ in 0..4 {
            tokio::time::sleep(SHORT / 2).await;
            client.read_exact(&mut [0; 8]).await.unwrap();
        }
        let start = Instant::now();
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_millis(), SHORT.as_millis());
    }
}
