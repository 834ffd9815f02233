//! One manifest on trial: what was asked for, or one of the manifests that it names.
//!
//! In: its digest, and everything beside it. Out: [`Judged`]: what signers say about it, and whether that is enough.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use oci::{ImageManifest, Platform};
use plan::Whose;
use registry::{Named, Reader, StoredManifest};
use signing::{Artifact, Finding, Outcome, Policy, Proof, Verification};

use super::children::Child;
use super::{Asked, Judge};
use crate::{Failure, blocking, gather_evidence};

/// So many manifests of one index are judged at a time; each asks for several things at a time.
const TOGETHER: usize = 8;

/// A manifest that is to be judged.
pub(super) struct Part {
    label: String,
    artifact: Artifact,
    platform: Option<Platform>,
    content: Content,
}

/// What is known of its content.
enum Content {
    /// It was read, and is an image.
    Image(Box<ImageManifest>),
    /// It is an image, and is to be read.
    Unread,
    /// It is nothing that an SBOM speaks about.
    Other,
}

/// A manifest that was judged.
pub(super) struct Judged {
    label: String,
    artifact: Artifact,
    verification: Verification,
    /// Its platform, where the index names one.
    pub(super) platform: Option<Platform>,
    /// What it consists of, if it is an image that is there.
    pub(super) manifest: Option<Box<ImageManifest>>,
    /// What known signers say about it.
    pub(super) proofs: Vec<Proof>,
    /// Whether something beside it could not be read just now.
    pub(super) may_pass: bool,
}

impl Part {
    /// What was asked for.
    pub(super) fn whole(asked: &Asked, manifest: &StoredManifest) -> Self {
        let tag = match &asked.named {
            Named::Tag(tag) => Some(tag.to_string()),
            Named::Digest(_) => None,
        };
        let image = if oci::is_index(&manifest.descriptor.media_type) {
            None
        } else {
            ImageManifest::parse(&manifest.bytes).ok()
        };
        Self {
            label: if image.is_some() { "the image" } else { "the index" }.to_owned(),
            artifact: Artifact { digest: asked.digest.clone(), name: asked.name.clone(), tag },
            platform: None,
            content: image.map_or(Content::Other, |image| Content::Image(Box::new(image))),
        }
    }

    /// One of the manifests of an index.
    pub(super) fn of_index(child: Child, name: Option<&str>) -> Self {
        let content = if child.platform.is_some() { Content::Unread } else { Content::Other };
        let artifact = Artifact { digest: child.descriptor.digest, name: name.map(str::to_owned), tag: None };
        Self { label: child.label, artifact, platform: child.platform, content }
    }
}

impl Judge {
    /// Judges one manifest by the policy for it.
    pub(super) async fn judge(
        self: &Arc<Self>,
        reader: &Reader,
        part: Part,
        policy: fn(&Self) -> &Policy,
    ) -> Result<Judged, Failure> {
        let Part { label, artifact, platform, content } = part;
        let (manifest, evidence) = tokio::join!(
            Box::pin(read(reader, &artifact, content)),
            Box::pin(gather_evidence(reader, &artifact.digest))
        );
        let (manifest, evidence) = (manifest?, evidence?);
        let may_pass = evidence.overlooked.iter().any(|it| it.may_pass);
        let judge = Arc::clone(self);
        // An SBOM has megabytes: hashing and reading it would keep others waiting.
        let (artifact, mut verification) = blocking(move || {
            let verification = signing::verify(&artifact, &evidence, policy(&judge), judge.root.as_ref(), judge.now);
            (artifact, verification)
        })
        .await;
        let proofs = std::mem::take(&mut verification.proofs);
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(finding) => {
                verification.finding.because.push(finding);
                None
            }
        };
        Ok(Judged { label, artifact, verification, platform, manifest, proofs, may_pass })
    }

    /// Judges the manifests of an index, several at a time.
    pub(super) async fn judge_all(self: &Arc<Self>, reader: &Reader, parts: Vec<Part>) -> Result<Vec<Judged>, Failure> {
        let work: Vec<_> =
            parts.into_iter().map(|part| Box::pin(self.judge(reader, part, |judge| &judge.parts))).collect();
        stream::iter(work).buffered(TOGETHER).try_collect().await
    }
}

type Read = Result<Option<Box<ImageManifest>>, Finding>;

/// The manifest of an image; the finding where it is not there or is none.
async fn read(reader: &Reader, artifact: &Artifact, content: Content) -> Result<Read, Failure> {
    match content {
        Content::Image(manifest) => return Ok(Ok(Some(manifest))),
        Content::Other => return Ok(Ok(None)),
        Content::Unread => {}
    }
    let found = reader.manifest(&Named::Digest(artifact.digest.clone())).await;
    let Some(found) = found.map_err(|error| Failure::new(Whose::Upstream, error))? else {
        let text = "the index names it and it is not there: only some platforms were copied; `--platform` narrows";
        return Ok(Err(Finding::new(Outcome::Bad, "manifest-missing", text)));
    };
    let manifest = ImageManifest::parse(&found.bytes);
    let unreadable = |error: oci::DocumentError| Finding::new(Outcome::Bad, "manifest-unreadable", error.to_string());
    Ok(manifest.map(|manifest| Some(Box::new(manifest))).map_err(unreadable))
}

impl Judged {
    /// What it is called in the tree.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// The digest of the manifest.
    pub(super) fn digest(&self) -> &blob::Digest {
        &self.artifact.digest
    }

    /// The branch of the tree that is about it, with what was found further down the chain.
    pub(super) fn finding(&self, more: Vec<Finding>) -> Finding {
        let below = Finding {
            because: self.verification.finding.because.clone(),
            ..Finding::new(Outcome::Good, "accepted", "")
        };
        let below = below.because(more);
        let (outcome, code, words) = if below.is_bad() {
            (Outcome::Bad, "refused", "is refused")
        } else {
            (Outcome::Good, "accepted", "is accepted")
        };
        Finding { outcome, code, text: format!("{} {} {words}", self.label, self.artifact.digest), ..below }
    }
}
