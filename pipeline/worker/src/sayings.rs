//! What a signer has to say about a manifest, and whether it has said so before.
//!
//! In: a [`Saying`], and what was found beside the manifest. Out: an [`Attachment`]: what is there already is not made again, what the same
//! signer said otherwise is replaced.

use blob::Digest;
use jiff::Timestamp;
use oci::{Descriptor, EMPTY_JSON};
use registry::{Batch, BatchManifest};
use signing::{
    Artifact, Evidence, Form, PROVENANCE, Policy, Proof, REBUILD, RebuildReport, SignError, Signer, Statement,
    StatementHead, TrustedRoot, sign_statement, write_referrer,
};

/// A statement that is to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// The type of its predicate.
    pub predicate_type: &'static str,
    /// The statement's bytes.
    pub payload: Vec<u8>,
    /// The time that its referrer names.
    pub created: Timestamp,
}

/// What there is to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// What is to be written.
    pub batch: Batch,
    /// The manifests that hold what we say, once it is written.
    pub manifests: Vec<Digest>,
}

impl Attachment {
    /// Adds what another one holds.
    pub(crate) fn extend(&mut self, other: Self) {
        self.batch.extend(other.batch);
        self.manifests.extend(other.manifests);
    }
}

/// What signers said about one manifest.
pub(crate) struct Earlier {
    subject: Descriptor,
    /// The signers are known by it.
    policy: Policy,
    proofs: Vec<Proof>,
}

impl Earlier {
    /// What the signers of this policy said, under whatever name: what is said under another one is replaced.
    pub(crate) fn read(subject: &Descriptor, evidence: &Evidence, policy: Policy, root: Option<&TrustedRoot>) -> Self {
        let artifact = Artifact { digest: subject.digest.clone(), name: None, tag: None };
        let proofs = signing::verify(&artifact, evidence, &policy, root, Timestamp::now()).proofs;
        Self { subject: subject.clone(), policy, proofs }
    }

    /// All of it.
    pub(crate) fn proofs(&self) -> impl Iterator<Item = &Proof> {
        self.proofs.iter()
    }

    /// Whether it was this signer: its key, or a certificate for its identity.
    pub(crate) fn is_by(&self, proof: &Proof, signer: &dyn Signer) -> bool {
        let (keys, identities) = (self.policy.keys(), self.policy.identities());
        let mut names = proof.standings.iter().map(|standing| &standing.name);
        match (signer.public_key(), signer.identity()) {
            (Some(own), _) => names.any(|name| keys.get(name).is_some_and(|trusted| trusted.key == *own)),
            (None, Some(own)) => names.any(|name| {
                let known = identities.get(name);
                known.is_some_and(|trusted| (trusted.issuer.as_str(), &trusted.subject) == (own.issuer, own.subject))
            }),
            (None, None) => false,
        }
    }

    /// What a signer said with a predicate of this type goes.
    pub(crate) fn withdraw(&self, signer: &dyn Signer, predicate_type: &str) -> Attachment {
        let mut attachment = Attachment::default();
        attachment.batch.removed.extend(self.said(signer, predicate_type).map(|proof| proof.source.clone()));
        attachment
    }

    fn said(&self, signer: &dyn Signer, predicate_type: &str) -> impl Iterator<Item = &Proof> {
        self.proofs.iter().filter(move |proof| {
            proof.form == Form::Bundle
                && signing::is_of_type(&proof.predicate_type, predicate_type)
                && self.is_by(proof, signer)
        })
    }

    /// One bundle by one signer.
    pub(crate) fn say(&self, signer: &dyn Signer, saying: &Saying) -> Result<Attachment, SignError> {
        let mut attachment = Attachment::default();
        for proof in self.said(signer, saying.predicate_type) {
            let holds = attachment.manifests.is_empty() && says(saying, proof);
            let list = if holds { &mut attachment.manifests } else { &mut attachment.batch.removed };
            list.push(proof.source.clone());
        }
        if attachment.manifests.is_empty() {
            let bundle = sign_statement(signer, saying.payload.clone())?.to_bytes();
            let referrer = write_referrer(&bundle, saying.predicate_type, self.subject.clone(), saying.created);
            let bytes = referrer.to_bytes();
            attachment.manifests.push(Digest::of(&bytes));
            attachment.batch.blobs.extend([EMPTY_JSON.to_vec(), bundle]);
            attachment.batch.manifests.push(BatchManifest { bytes, tag: None });
        }
        Ok(attachment)
    }
}

/// Whether an earlier statement serves. How an image was built is said once under a name: a second build of the same bytes is no
/// news. Of a rebuild the times do not count.
fn says(saying: &Saying, proof: &Proof) -> bool {
    match saying.predicate_type {
        PROVENANCE => same_subject(&saying.payload, &proof.payload),
        REBUILD => same_rebuild(&saying.payload, &proof.payload),
        _ => proof.payload == saying.payload,
    }
}

/// Whether both speak about the same artifacts under the same names.
fn same_subject(one: &[u8], other: &[u8]) -> bool {
    let subject = |payload| StatementHead::parse(payload).map(|head| head.subject).ok();
    subject(one).is_some_and(|subject_of_one| subject(other) == Some(subject_of_one))
}

/// All but the times: who built, from what, and what came out.
fn same_rebuild(one: &[u8], other: &[u8]) -> bool {
    let [one, other] = [one, other].map(|payload| Statement::<RebuildReport>::parse(payload).ok());
    let (Some(one), Some(other)) = (one, other) else { return false };
    let (one, other) = (one.predicate, other.predicate);
    one.provenance == other.provenance && one.rebuilt == other.rebuilt && one.builder == other.builder
}
