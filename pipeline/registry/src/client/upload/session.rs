//! Opens an upload session, finds out how far one has come, and ends it; or needs none, because the blob can be mounted.
//!
//! In: a digest. Out: where to send the bytes, and from which offset on.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository>.

use blob::{Algorithm, Digest};
use oci::Repository;
use reqwest::{Method, StatusCode, Url};

use super::Upload;
use crate::client::auth::{Need, Scopes};
use crate::client::http::{Answer, Ask};
use crate::client::remote::wire_name;
use crate::client::{ClientFault, Remote};

/// The least bytes of a chunk that the registry takes.
const SHORTEST_CHUNK: &str = "oci-chunk-min-length";

/// What the registry did when it was asked to mount.
pub(super) enum Opened {
    /// The blob is there.
    Mounted,
    /// It wants the bytes.
    Session { location: Url, shortest_chunk: u64 },
}

impl Remote {
    /// Tries to have the blob taken from one of these repositories, or from one that is known to have it. Nothing where none can be asked.
    pub(super) async fn mount(
        &self,
        digest: &Digest,
        mount_from: &[Repository],
    ) -> Result<Option<Opened>, ClientFault> {
        let mut opened = None;
        for from in self.neighbours(digest, mount_from) {
            if let Some(Opened::Session { location, .. }) = &opened {
                self.cancel(location).await;
            }
            opened = self.mount_from(digest, &from).await?;
            if matches!(opened, Some(Opened::Mounted)) {
                break;
            }
        }
        Ok(opened)
    }

    fn neighbours(&self, digest: &Digest, given: &[Repository]) -> Vec<Repository> {
        let given = given.iter().map(|repository| wire_name(self.host(), repository));
        let mut neighbours: Vec<Repository> = Vec::new();
        for repository in given.chain(self.registry.remembered(digest)) {
            if repository != self.wire && !neighbours.contains(&repository) {
                neighbours.push(repository);
            }
        }
        neighbours
    }

    /// A registry that will not mount, or will not let us read there, is asked for a session of the usual kind.
    async fn mount_from(&self, digest: &Digest, from: &Repository) -> Result<Option<Opened>, ClientFault> {
        let mut url = self.url("blobs/uploads/").await?;
        url.query_pairs_mut().append_pair("mount", &digest.to_string()).append_pair("from", from.as_str());
        let scopes = self.writing().scopes.and(Scopes::pull(from));
        let need = Need { scopes, ..self.writing() };
        match self.ask(&Ask::new(Method::POST, url), &need).await {
            Ok(answer) if answer.status() == StatusCode::CREATED => {
                answer.finish().await;
                Ok(Some(Opened::Mounted))
            }
            Ok(answer) if answer.status() == StatusCode::ACCEPTED => {
                let (location, shortest_chunk) = session(answer).await?;
                Ok(Some(Opened::Session { location, shortest_chunk }))
            }
            Ok(answer) => {
                tracing::debug!(%digest, %from, "not mounted: {}", answer.refusal().await);
                Ok(None)
            }
            Err(fault @ (ClientFault::Refused(_) | ClientFault::Credential(_))) => {
                tracing::debug!(%digest, %from, "not mounted: {fault}");
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    /// A new session: where to send the bytes, and the least bytes of a chunk.
    pub(super) async fn open(&self, digest: &Digest) -> Result<(Url, u64), ClientFault> {
        let mut url = self.url("blobs/uploads/").await?;
        if digest.algorithm() != Algorithm::Sha256 {
            url.query_pairs_mut().append_pair("digest-algorithm", digest.algorithm().name());
        }
        let answer = self.ask(&Ask::new(Method::POST, url), &self.writing()).await?;
        if answer.status() == StatusCode::ACCEPTED { session(answer).await } else { Err(answer.refusal().await) }
    }

    /// Ends a session that is not needed any more. If that fails the registry sweeps it up some day.
    pub(super) async fn cancel(&self, location: &Url) {
        let ask = Ask::new(Method::DELETE, location.clone());
        if let Ok(answer) = self.registry.exchange(&ask, &self.writing()).await {
            answer.finish().await;
        }
    }
}

async fn session(answer: Answer) -> Result<(Url, u64), ClientFault> {
    let location = answer.location()?;
    let shortest_chunk = answer.header(SHORTEST_CHUNK).and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    answer.finish().await;
    Ok((location, shortest_chunk))
}

impl Upload<'_> {
    /// Asks how far the session has come. Nothing where it is over, or the registry does not say.
    pub(super) async fn find_offset(&mut self) -> Result<Option<u64>, ClientFault> {
        let ask = Ask::new(Method::GET, self.location.clone());
        let answer = self.remote.ask(&ask, &self.remote.writing()).await?;
        let offset = offset_of(&answer).filter(|offset| *offset <= self.descriptor.size);
        if !answer.status().is_success() || offset.is_none() {
            answer.finish().await;
            return Ok(None);
        }
        self.go_on_at(&answer)?;
        answer.finish().await;
        Ok(offset)
    }

    /// The session goes on where the last answer says.
    pub(super) fn go_on_at(&mut self, answer: &Answer) -> Result<(), ClientFault> {
        if answer.header("location").is_some() {
            self.location = answer.location()?;
        }
        Ok(())
    }

    /// The session's address with the digest that ends it.
    pub(super) fn last_location(&self) -> Url {
        let mut url = self.location.clone();
        url.query_pairs_mut().append_pair("digest", &self.descriptor.digest.to_string());
        url
    }
}

/// How many bytes the registry has, by `Range: 0-<last>`. Registries write `0-0` for none, and nobody sends a single byte.
pub(super) fn offset_of(answer: &Answer) -> Option<u64> {
    offset_in(answer.header("range")?)
}

fn offset_in(range: &str) -> Option<u64> {
    let range = range.strip_prefix("bytes=").unwrap_or(range);
    match range.split_once('-')? {
        ("0", "0" | "-1" | "") => Some(0),
        ("0", last) => last.parse::<u64>().ok()?.checked_add(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges_as_registries_write_them() {
        for (range, expected) in [
            ("0-9", Some(10)),
            ("bytes=0-9", Some(10)),
            ("0-0", Some(0)),
            ("0--1", Some(0)),
            ("5-9", None),
            ("9", None),
            ("0-x", None),
            ("0-18446744073709551615", None),
        ] {
            assert_eq!(offset_in(range), expected, "{range}");
        }
    }
}
