//! Manifests of a remote repository: read with every byte checked, written with the very bytes.
//!
//! In: a tag or a digest; bytes and their media type. Out: a descriptor and bytes that have the digest.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests>,
//! <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests>.

use axum::body::Bytes;
use blob::{Digest, Verdict};
use oci::{Descriptor, MEDIA_TYPE_DOCKER_INDEX, MEDIA_TYPE_DOCKER_MANIFEST, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, IF_MATCH, IF_NONE_MATCH};
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::referrers::Peek;
use super::{Named, Remote};
use crate::StoredManifest;
use crate::client::error::During;
use crate::client::http::{Answer, Ask, Content, shown};
use crate::client::{ClientError, ClientFault};
use crate::store::LARGEST_MANIFEST;

/// The digest of what is in an answer.
pub(crate) const CONTENT_DIGEST: &str = "docker-content-digest";
/// Says that the registry itself lists a manifest as a referrer.
const SUBJECT: &str = "oci-subject";

/// What must be there for a manifest to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing.
    None,
    /// The one that was read, by its `ETag`.
    Is(String),
    /// None at all.
    Absent,
}

/// How a manifest was taken.
pub(crate) struct Put {
    pub(crate) descriptor: Descriptor,
    /// Whether the registry lists it for its subject.
    pub(crate) listed: bool,
}

impl Remote {
    /// What a tag or digest names, without its bytes; `None` where it is not there.
    pub async fn head(&self, what: &Named) -> Result<Option<Descriptor>, ClientError> {
        self.describe(what).await.during(|| format!("look for the manifest `{what}` of `{self}`"))
    }

    /// What a tag or digest names: at most 4 MiB, and the bytes have the digest. `None` where it is not there.
    pub async fn manifest(&self, what: &Named) -> Result<Option<StoredManifest>, ClientError> {
        let found = self.read_manifest(what).await.during(|| format!("read the manifest `{what}` of `{self}`"))?;
        Ok(found.map(|(manifest, _)| manifest))
    }

    /// Writes a manifest under a tag or its digest. Where it has a subject and the registry does not list referrers, the fallback tag's
    /// index is brought up to date.
    pub async fn push_manifest(&self, bytes: &[u8], media_type: &str, what: &Named) -> Result<Descriptor, ClientError> {
        let operation = || format!("write the manifest `{what}` to `{self}`");
        let bytes = Bytes::copy_from_slice(bytes);
        let put = self.put_manifest(&bytes, media_type, what, &Condition::None).await.during(operation)?;
        if !put.listed
            && let Some((subject, entry)) = Peek::of(&bytes).referrer(&put.descriptor)
        {
            self.list_referrers(&subject.digest, &[entry]).await?;
        }
        Ok(put.descriptor)
    }

    /// Removes a tag, or a manifest with all its tags; where it is not there, nothing is to be done.
    pub async fn delete(&self, what: &Named) -> Result<(), ClientError> {
        let operation = || format!("remove the manifest `{what}` of `{self}`");
        let subject = match what {
            Named::Tag(_) => None,
            Named::Digest(_) => {
                let found = self.read_manifest(what).await.during(operation)?;
                found.and_then(|(manifest, _)| Peek::of(&manifest.bytes).referrer(&manifest.descriptor))
            }
        };
        // A registry may keep what an index names, and the list is one.
        if let Some((subject, entry)) = subject {
            self.unlist_referrer(&subject.digest, &entry.digest).await?;
        }
        self.remove_manifest(what).await.during(operation)
    }

    async fn remove_manifest(&self, what: &Named) -> Result<(), ClientFault> {
        let ask = self.about(Method::DELETE, &format!("manifests/{what}")).await?;
        let answer = self.ask(&ask, &self.removing()).await?;
        if answer.status().is_success() || answer.status() == StatusCode::NOT_FOUND {
            answer.finish().await;
            return Ok(());
        }
        Err(answer.refusal().await)
    }

    async fn describe(&self, what: &Named) -> Result<Option<Descriptor>, ClientFault> {
        let ask = self.about(Method::HEAD, &format!("manifests/{what}")).await?.with(ACCEPT, accepted());
        let answer = self.ask(&ask, &self.reading()).await?;
        match answer.status() {
            StatusCode::OK => match described(&answer) {
                Some(descriptor) => agree(&answer, what, &descriptor.digest).map(|()| Some(descriptor)),
                None => self.described_by_reading(what).await,
            },
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => self.described_by_reading(what).await,
            _ => Err(answer.refusal().await),
        }
    }

    /// Where HEAD does not say all, GET does.
    async fn described_by_reading(&self, what: &Named) -> Result<Option<Descriptor>, ClientFault> {
        Ok(self.read_manifest(what).await?.map(|(manifest, _)| manifest.descriptor))
    }

    /// The manifest, and its `ETag` where the registry gives one.
    pub(crate) async fn read_manifest(
        &self,
        what: &Named,
    ) -> Result<Option<(StoredManifest, Option<String>)>, ClientFault> {
        let ask = self.about(Method::GET, &format!("manifests/{what}")).await?.with(ACCEPT, accepted());
        let answer = self.ask(&ask, &self.reading()).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                answer.finish().await;
                return Ok(None);
            }
            _ => return Err(answer.refusal().await),
        }
        let (promised, given) = (digest_of(&answer), media_type_of(&answer));
        let (url, etag) = (shown(answer.url()), answer.header("etag").map(str::to_owned));
        let bytes = answer.bytes("a manifest", LARGEST_MANIFEST).await?;
        let digest = checked(&url, what, promised, &bytes)?;
        let media_type = media_type(&url, given, &bytes)?;
        let descriptor = Descriptor::new(media_type, digest, bytes.len() as u64);
        Ok(Some((StoredManifest { descriptor, bytes }, etag)))
    }

    /// Writes a manifest, and leaves the list of referrers to the caller.
    pub(crate) async fn put_manifest(
        &self,
        bytes: &Bytes,
        media_type: &str,
        what: &Named,
        condition: &Condition,
    ) -> Result<Put, ClientFault> {
        let digest = match what {
            Named::Tag(_) => Digest::of(bytes),
            Named::Digest(digest) => verified("the caller", digest, bytes)?,
        };
        let ask = self.about(Method::PUT, &format!("manifests/{what}")).await?.with(CONTENT_TYPE, media_type);
        let ask = conditional(ask, condition).carrying(Content::Bytes(bytes.clone()));
        let answer = self.ask(&ask, &self.writing()).await?;
        if !answer.status().is_success() {
            return Err(answer.refusal().await);
        }
        agree(&answer, &Named::Digest(digest.clone()), &digest_of(&answer).unwrap_or_else(|| digest.clone()))?;
        let listed = answer.header(SUBJECT).is_some();
        answer.finish().await;
        Ok(Put { descriptor: Descriptor::new(media_type, digest, bytes.len() as u64), listed })
    }
}

fn accepted() -> String {
    let known = [MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, MEDIA_TYPE_DOCKER_INDEX, MEDIA_TYPE_DOCKER_MANIFEST, "*/*"];
    known.join(", ")
}

fn conditional<'a>(ask: Ask<'a>, condition: &Condition) -> Ask<'a> {
    match condition {
        Condition::None => ask,
        Condition::Is(etag) => ask.with(IF_MATCH, etag),
        Condition::Absent => ask.with(IF_NONE_MATCH, "*"),
    }
}

/// The digest that an answer gives.
pub(crate) fn digest_of(answer: &Answer) -> Option<Digest> {
    answer.header(CONTENT_DIGEST)?.parse().ok()
}

fn media_type_of(answer: &Answer) -> Option<String> {
    let text = answer.header(CONTENT_TYPE.as_str())?.split(';').next()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The descriptor that an answer's headers give, if they say all.
fn described(answer: &Answer) -> Option<Descriptor> {
    let size = answer.header(HeaderName::as_str(&CONTENT_LENGTH))?.parse().ok()?;
    let media_type = media_type_of(answer).filter(|media_type| !is_general(media_type))?;
    Some(Descriptor::new(media_type, digest_of(answer)?, size))
}

/// Media types that say nothing about a manifest.
fn is_general(media_type: &str) -> bool {
    matches!(media_type, "application/json" | "application/octet-stream" | "text/plain")
}

/// A registry that answers with another digest than it was asked for lies, or is broken. Another algorithm is no contradiction.
fn agree(answer: &Answer, what: &Named, digest: &Digest) -> Result<(), ClientFault> {
    match what {
        Named::Digest(wanted) if wanted != digest && wanted.algorithm() == digest.algorithm() => {
            Err(answer.unexpected(format!("speaks of `{digest}`"), "the digest that was asked for"))
        }
        _ => Ok(()),
    }
}

/// The digest of these bytes: the one asked for, or else the one promised, or else by SHA-256.
fn checked(url: &str, what: &Named, promised: Option<Digest>, bytes: &[u8]) -> Result<Digest, ClientFault> {
    match (what, promised) {
        (Named::Digest(wanted), _) => verified(url, wanted, bytes),
        (Named::Tag(_), Some(promised)) => verified(url, &promised, bytes),
        (Named::Tag(_), None) => Ok(Digest::of(bytes)),
    }
}

fn verified(from: &str, digest: &Digest, bytes: &[u8]) -> Result<Digest, ClientFault> {
    let mut verdict = Verdict::new(digest.clone(), bytes.len() as u64);
    let advice = "the registry, or a proxy before it, is broken or lies: do not use it";
    let wrong = |reason| ClientFault::Wrong { from: format!("`{from}`"), reason, advice };
    verdict.update(bytes).and_then(|()| verdict.finish()).map_err(wrong)?;
    Ok(digest.clone())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    media_type: Option<String>,
}

/// The media type, by the header and by the document itself, which must not contradict each other.
fn media_type(url: &str, given: Option<String>, bytes: &[u8]) -> Result<String, ClientFault> {
    let own = serde_json::from_slice::<Typed>(bytes).ok().and_then(|typed| typed.media_type);
    let unexpected = |found, expected| ClientFault::Unexpected { url: url.to_owned(), found, expected };
    match (given.filter(|given| !is_general(given)), own.filter(|own| !own.is_empty())) {
        (Some(given), Some(own)) if given != own => {
            let found = format!("says `{given}` of a manifest that says `{own}` of itself");
            Err(unexpected(found, "one media type"))
        }
        (Some(media_type), _) | (None, Some(media_type)) => Ok(media_type),
        (None, None) => {
            Err(unexpected("does not say what kind of manifest this is".to_owned(), "`Content-Type` or `mediaType`"))
        }
    }
}
