//! The access log: one JSON object a line, written by a thread of its own.
//!
//! In: [`Line`]s. Out: a file that is only ever appended to, and made anew when somebody renames or removes it; or standard output. Who serves
//! never waits for the disk: lines that do not fit are left out, and the log of the process says how many.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::oneshot;

/// How many lines may wait to be written.
const MOST_WAITING: usize = 8192;
/// How often the thread looks whether the file still has its name, and tells what went wrong.
const INTERVAL: Duration = Duration::from_secs(1);
/// How much is written at once.
const BATCH: usize = 64 * 1024;
/// Standard output instead of a file.
const STANDARD_OUTPUT: &str = "-";

/// One request. No query and no header but the two below is in it: tokens and passwords stand there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Line {
    /// When its head was whole, RFC 3339, UTC.
    pub(crate) time: String,
    /// The address of the other end of the connection.
    pub(crate) client: String,
    /// What a proxy said of the client; anybody can write this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) forwarded_for: Option<String>,
    /// The user, if the credentials were right.
    pub(crate) user: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Nothing where the client went away before there was an answer.
    pub(crate) status: Option<u16>,
    /// Bytes of the answer's body that were handed to the connection.
    pub(crate) bytes_sent: u64,
    /// Bytes of the request's body that were read.
    pub(crate) bytes_received: u64,
    /// From the head to the end of the answer's body.
    pub(crate) seconds: f64,
    pub(crate) user_agent: Option<String>,
    /// Whether both bodies passed to their ends. What the network lost of an answer after it was handed over is not known here.
    pub(crate) complete: bool,
}

/// Where lines go.
#[derive(Debug)]
pub(crate) struct AccessLog {
    thread: SyncSender<Message>,
    dropped: std::sync::Arc<AtomicU64>,
}

enum Message {
    Line(Box<Line>),
    Flush(oneshot::Sender<()>),
}

impl AccessLog {
    /// Opens the file and starts the thread; it ends when this value is dropped.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let output = Output::open(path)?;
        let (thread, messages) = sync_channel(MOST_WAITING);
        let dropped = std::sync::Arc::new(AtomicU64::new(0));
        let writer = Writer { output, batch: Vec::new(), lines: 0, dropped: std::sync::Arc::clone(&dropped), lost: 0 };
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || writer.run(&messages))?;
        Ok(Self { thread, dropped })
    }

    /// Hands a line over, or counts it as left out.
    pub(crate) fn write(&self, line: Line) {
        if self.thread.try_send(Message::Line(Box::new(line))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything so far is written.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.thread.try_send(Message::Flush(done)).is_ok() {
            let _ = written.await;
        }
    }
}

/// The thread's side.
struct Writer {
    output: Output,
    batch: Vec<u8>,
    /// How many lines the batch has.
    lines: u64,
    dropped: std::sync::Arc<AtomicU64>,
    /// Lines that could not be written.
    lost: u64,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
        let mut looked = Instant::now();
        loop {
            match messages.recv_timeout(INTERVAL) {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while self.batch.len() < BATCH
                && let Ok(message) = messages.try_recv()
            {
                self.take(message);
            }
            if looked.elapsed() >= INTERVAL {
                looked = Instant::now();
                self.complain();
                self.output.follow_its_name();
            }
            self.write();
        }
        self.write();
        self.complain();
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Line(line) => {
                // A line is made of texts and numbers: it can always be written as JSON.
                let _ = serde_json::to_writer(&mut self.batch, &line);
                self.batch.push(b'\n');
                self.lines += 1;
            }
            Message::Flush(done) => {
                self.write();
                let _ = done.send(());
            }
        }
    }

    fn write(&mut self) {
        if let Err(reason) = self.output.write_all(&self.batch) {
            if self.lost == 0 {
                tracing::error!("the access log cannot be written: {reason}");
            }
            self.lost += self.lines;
        }
        self.batch.clear();
        self.lines = 0;
    }

    fn complain(&mut self) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(
                "{dropped} lines of the access log were left out: they came faster than they could be written"
            );
        }
        if self.lost > 0 {
            tracing::error!("{} lines of the access log could not be written: see that its disk has room", self.lost);
            self.lost = 0;
        }
    }
}

enum Output {
    Standard,
    File { path: PathBuf, file: File },
}

impl Output {
    fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new(STANDARD_OUTPUT) {
            return Ok(Self::Standard);
        }
        Ok(Self::File { path: path.to_owned(), file: append(path)? })
    }

    /// Opens the file anew where the name now belongs to another one, or to none.
    fn follow_its_name(&mut self) {
        let Self::File { path, file } = self else { return };
        let identity = |found: io::Result<std::fs::Metadata>| found.ok().map(|found| (found.dev(), found.ino()));
        if identity(std::fs::metadata(&*path)) == identity(file.metadata()) {
            return;
        }
        match append(path) {
            Ok(new) => *file = new,
            Err(reason) => tracing::error!("the access log `{}` cannot be opened again: {reason}", path.display()),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            _ if bytes.is_empty() => Ok(()),
            Self::Standard => {
                let mut output = io::stdout().lock();
                output.write_all(bytes)?;
                output.flush()
            }
            Self::File { file, .. } => file.write_all(bytes),
        }
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}
