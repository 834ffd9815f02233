//! Takes a blob from a registry.
//!
//! In: a descriptor, and somewhere to write. Out: exactly the bytes that have the digest; an answer that broke off is gone on with where it
//! broke off. Until the end nothing that was written is known to be good.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs>.

use std::time::{Duration, Instant};

use blob::{Verdict, VerifyError};
use oci::Descriptor;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use reqwest::{Method, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::Remote;
use crate::client::error::During;
use crate::client::http::{Answer, shown};
use crate::client::{ClientError, ClientFault, Progress};

/// So much must have come for attempts to be counted anew.
const A_STEP: u64 = 1024 * 1024;
/// An answer that is slower than this over its whole length is given up.
const SLOWEST_BYTES_PER_SECOND: u64 = 20_000;
const ADVICE: &str =
    "the registry's copy is damaged, or it lies: push the image there again, or take it from elsewhere";

/// How far a blob has come.
struct Download<'a, W> {
    into: &'a mut W,
    verdict: Verdict,
    received: u64,
    size: u64,
    progress: Progress<'a>,
}

impl Remote {
    /// Writes a blob's bytes to `into`, checked. After an error, what was written must be thrown away.
    pub async fn pull_blob<W: AsyncWrite + Unpin + Send>(
        &self,
        descriptor: &Descriptor,
        into: &mut W,
        progress: Progress<'_>,
    ) -> Result<(), ClientError> {
        // The semaphore is never closed.
        let _transfer = self.registry.shared.transfers.acquire().await;
        let pulled = self.download(descriptor, into, progress).await;
        pulled.during(|| format!("read the blob `{}` of `{self}`", descriptor.digest))
    }

    async fn download<W: AsyncWrite + Unpin + Send>(
        &self,
        descriptor: &Descriptor,
        into: &mut W,
        progress: Progress<'_>,
    ) -> Result<(), ClientFault> {
        let verdict = Verdict::new(descriptor.digest.clone(), descriptor.size);
        let mut download = Download { into, verdict, received: 0, size: descriptor.size, progress };
        let (mut retry, mut reached) = (self.registry.retry(), 0);
        loop {
            match self.go_on(descriptor, &mut download).await {
                Ok(()) => break,
                Err(fault) => {
                    if download.received >= reached + A_STEP {
                        retry.progressed();
                        reached = download.received;
                    }
                    retry.after(fault).await?;
                }
            }
        }
        download.into.flush().await.map_err(unwritable)?;
        let from = format!("`{self}`");
        download.verdict.finish().map_err(|reason| ClientFault::Wrong { from, reason, advice: ADVICE })
    }

    /// One request, for what is still missing.
    async fn go_on<W: AsyncWrite + Unpin + Send>(
        &self,
        descriptor: &Descriptor,
        download: &mut Download<'_, W>,
    ) -> Result<(), ClientFault> {
        let mut ask = self.about(Method::GET, &format!("blobs/{}", descriptor.digest)).await?;
        if download.received > 0 {
            ask = ask.with(RANGE, format!("bytes={}-", download.received));
        }
        let mut answer = self.registry.exchange(&ask, &self.reading()).await?;
        let skip = match answer.status() {
            StatusCode::OK => download.received,
            StatusCode::PARTIAL_CONTENT if begins_at(&answer, download.received) => 0,
            StatusCode::PARTIAL_CONTENT => {
                return Err(answer.unexpected("gave another part of the blob".to_owned(), "the part asked for"));
            }
            _ => return Err(answer.refusal().await),
        };
        download.refuse_other_size(&answer, skip)?;
        download.take(&mut answer, skip).await
    }
}

/// Whether a part begins where it was asked to.
fn begins_at(answer: &Answer, offset: u64) -> bool {
    let range = answer.header(CONTENT_RANGE.as_str()).and_then(|range| range.strip_prefix("bytes "));
    range.and_then(|range| range.split_once('-')?.0.trim().parse().ok()) == Some(offset)
}

fn wrong(answer: &Answer, reason: VerifyError) -> ClientFault {
    ClientFault::Wrong { from: format!("`{}`", shown(answer.url())), reason, advice: ADVICE }
}

fn unwritable(reason: std::io::Error) -> ClientFault {
    ClientFault::Local { what: "the blob's bytes".to_owned(), action: "written", reason }
}

impl<W: AsyncWrite + Unpin + Send> Download<'_, W> {
    /// A length that cannot be right is found out before a byte is taken.
    fn refuse_other_size(&self, answer: &Answer, skip: u64) -> Result<(), ClientFault> {
        let length: Option<u64> = answer.header(CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
        let expected = self.size - self.received + skip;
        match length.filter(|length| *length != expected) {
            Some(got) => Err(wrong(answer, VerifyError::WrongSize { expected, got })),
            None => Ok(()),
        }
    }

    /// Takes what comes, without the first `skip` bytes, until all is there.
    async fn take(&mut self, answer: &mut Answer, mut skip: u64) -> Result<(), ClientFault> {
        let missing = self.size - self.received + skip;
        let patience = answer.stall() * 2 + Duration::from_secs(missing / SLOWEST_BYTES_PER_SECOND);
        let begun = Instant::now();
        while let Some(chunk) = answer.chunk().await? {
            let known = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            skip -= known as u64;
            let chunk = &chunk[known..];
            self.verdict.update(chunk).map_err(|reason| wrong(answer, reason))?;
            self.into.write_all(chunk).await.map_err(unwritable)?;
            self.received += chunk.len() as u64;
            (self.progress)(self.received);
            if begun.elapsed() > patience {
                return Err(ClientFault::Silent { url: shown(answer.url()), waited: patience });
            }
        }
        if self.received < self.size {
            let reason = format!("the answer ended after {} of {} bytes", self.received, self.size);
            return Err(ClientFault::Unreachable { url: shown(answer.url()), reason });
        }
        Ok(())
    }
}
