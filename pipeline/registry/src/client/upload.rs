//! Brings a blob to a registry: not at all where it is there, by mounting where a neighbour has it, and by sending it otherwise.
//!
//! In: a descriptor, the bytes, and repositories of the same registry that may have the blob. Out: [`Pushed`].
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs>.

mod chunks;
mod session;
mod whole;

use std::sync::atomic::Ordering;

use blob::VerifyError;
use oci::{Descriptor, Repository};
use reqwest::Url;
use session::Opened;

use super::error::During;
use super::http::Retry;
use super::{BlobSource, ClientError, ClientFault, Progress, Remote};

/// How a blob came to be in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It was there.
    Present,
    /// The registry took it from another of its repositories.
    Mounted,
    /// It was sent: so many bytes.
    Sent(u64),
}

/// One blob on its way.
struct Upload<'a> {
    remote: &'a Remote,
    descriptor: &'a Descriptor,
    source: &'a BlobSource,
    progress: Progress<'a>,
    retry: Retry,
    /// Where the session goes on.
    location: Url,
    /// The least bytes of a chunk that the registry takes.
    shortest_chunk: u64,
    /// The farthest that the registry ever had.
    reached: u64,
}

/// What became of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The blob is there.
    Done,
    /// The session is over, and the blob is not there.
    Gone,
    /// The registry takes no chunks.
    NoChunks,
}

impl Remote {
    /// Sees to it that the repository has a blob.
    pub async fn push_blob(
        &self,
        descriptor: &Descriptor,
        source: &BlobSource,
        mount_from: &[Repository],
        progress: Progress<'_>,
    ) -> Result<Pushed, ClientError> {
        // The semaphore is never closed.
        let _transfer = self.registry.shared.transfers.acquire().await;
        self.push_fetched(descriptor, std::future::ready(Ok(source.clone())), mount_from, progress).await
    }

    /// The same where the bytes have to be fetched: that is done only if they are needed. The caller bounds how many run at a time.
    pub(crate) async fn push_fetched(
        &self,
        descriptor: &Descriptor,
        fetch: impl Future<Output = Result<BlobSource, ClientError>> + Send,
        mount_from: &[Repository],
        progress: Progress<'_>,
    ) -> Result<Pushed, ClientError> {
        let operation = || format!("send the blob `{}` to `{self}`", descriptor.digest);
        let pushed = match self.begin(descriptor, mount_from).await.during(operation)? {
            Begun::There(pushed) => pushed,
            Begun::Session { location, shortest_chunk } => {
                let source = fetch.await?;
                let retry = self.registry.retry();
                let mut upload = Upload {
                    remote: self,
                    descriptor,
                    source: &source,
                    progress,
                    retry,
                    location,
                    shortest_chunk,
                    reached: 0,
                };
                upload.finish().await.during(operation)?
            }
        };
        self.registry.remember(&descriptor.digest, &self.wire);
        Ok(pushed)
    }

    /// Whatever can be done without the bytes.
    async fn begin(&self, descriptor: &Descriptor, mount_from: &[Repository]) -> Result<Begun, ClientFault> {
        if self.has_blob(descriptor, &self.writing()).await? {
            return Ok(Begun::There(Pushed::Present));
        }
        let (location, shortest_chunk) = match self.mount(&descriptor.digest, mount_from).await? {
            Some(Opened::Mounted) => return Ok(Begun::There(Pushed::Mounted)),
            Some(Opened::Session { location, shortest_chunk }) => (location, shortest_chunk),
            None => self.open(&descriptor.digest).await?,
        };
        Ok(Begun::Session { location, shortest_chunk })
    }
}

/// How far one comes without the bytes.
enum Begun {
    /// The blob is there.
    There(Pushed),
    /// The registry wants the bytes.
    Session { location: Url, shortest_chunk: u64 },
}

impl Upload<'_> {
    /// Sends the bytes; a session that comes to nothing is given back.
    async fn finish(&mut self) -> Result<Pushed, ClientFault> {
        refuse_other_size(self.descriptor, self.source).await?;
        let done = self.run().await;
        if done.is_err() {
            self.remote.cancel(&self.location).await;
        }
        done.map(|()| Pushed::Sent(self.descriptor.size))
    }

    /// Sends until the blob is there, in as many sessions as it takes and the attempts allow.
    async fn run(&mut self) -> Result<(), ClientFault> {
        loop {
            let outcome = if self.in_chunks() { self.send_chunks().await? } else { self.send_whole().await? };
            match outcome {
                Outcome::Done => return Ok(()),
                Outcome::Gone => {}
                Outcome::NoChunks => {
                    self.remote.registry.refuses_chunks.store(true, Ordering::Relaxed);
                    self.remote.cancel(&self.location).await;
                }
            }
            (self.location, self.shortest_chunk) = self.remote.open(&self.descriptor.digest).await?;
        }
    }

    /// Whether the blob is large enough to be worth resuming, and the registry can do that.
    fn in_chunks(&self) -> bool {
        let refused = self.remote.registry.refuses_chunks.load(Ordering::Relaxed);
        !refused && self.descriptor.size > self.chunk()
    }

    /// How many bytes go in one request.
    fn chunk(&self) -> u64 {
        self.remote.registry.shared.settings.chunk.max(1).max(self.shortest_chunk)
    }

    /// Whether the blob is there in spite of the trouble.
    async fn is_there(&self) -> Result<bool, ClientFault> {
        self.remote.has_blob(self.descriptor, &self.remote.writing()).await
    }

    /// The refusal, with what it means where the registry found other bytes than it was promised.
    fn explained(&self, mut fault: ClientFault) -> ClientFault {
        if let ClientFault::Refused(refusal) = &mut fault
            && refusal.has_code("DIGEST_INVALID")
        {
            refusal.hint =
                Some(format!("{} may be damaged, or have changed: make or fetch it again", self.source.name()));
        }
        fault
    }
}

async fn refuse_other_size(descriptor: &Descriptor, source: &BlobSource) -> Result<(), ClientFault> {
    let (expected, got) = (descriptor.size, source.size().await?);
    if expected == got {
        return Ok(());
    }
    let advice = "make or fetch the blob again";
    Err(ClientFault::Wrong { from: source.name(), reason: VerifyError::WrongSize { expected, got }, advice })
}
