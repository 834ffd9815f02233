//! What must be attached to a manifest, so that everything which is to be said about it is said, once, by each of our signers.
//!
//! In: what is wanted, and what was found beside the manifest. Out: an [`Attachment`]: what is to be written and what of ours will then be
//! there. What is there already is not made again; what is there and says something else is replaced; what others said stays.

use std::sync::Arc;

use blob::Digest;
use jiff::Timestamp;
use oci::{Descriptor, EMPTY_JSON, Tag};
use registry::{Batch, BatchManifest, BatchTag, Named, Place, Reader};
use signing::{
    Artifact, COSIGN_SIGNATURE, ClassicSignature, Evidence, Form, PROVENANCE, Policy, Proof, SignError, Signer,
    SimpleSigning, release_statement, sign_classic, sign_statement, write_classic, write_referrer,
};

use crate::{Failure, Signers, Whose, blocking, gather_evidence};

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

/// One manifest, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The manifest or index.
    pub descriptor: Descriptor,
    /// The image's own time: the signature's referrer names it, so that it has the same bytes whenever it is made.
    pub created: Timestamp,
    /// What is said beside "I release this".
    pub statements: Vec<Saying>,
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
    fn extend(&mut self, other: Self) {
        self.batch.extend(other.batch);
        self.manifests.extend(other.manifests);
    }
}

/// Sees to it that everything is said about these manifests; gives the manifests that hold it. `name` is `HOST/REPOSITORY`.
pub async fn attach(
    place: &Place,
    name: &str,
    subjects: Vec<Subject>,
    signers: &Arc<Signers>,
) -> Result<Vec<Digest>, Failure> {
    let reader = Reader::open(place).await?;
    let mut all = Attachment::default();
    for subject in subjects {
        let digest = subject.descriptor.digest.clone();
        let evidence = gather_evidence(&reader, &digest).await?;
        let former = match Tag::attached(&digest, "sig") {
            Some(tag) => reader.manifest(&Named::Tag(tag)).await?.map(|found| found.descriptor.digest),
            None => None,
        };
        let (signers, name) = (Arc::clone(signers), name.to_owned());
        let work = move || {
            let policy = signers.policy(&name);
            let desk = Desk { signers: &signers, policy: &policy, name: &name, subject: &subject, evidence: &evidence };
            desk.attachment(former)
        };
        all.extend(blocking(work).await.map_err(unsigned)?);
    }
    if !all.batch.is_empty() {
        all.batch.write(place).await?;
    }
    Ok(all.manifests)
}

fn unsigned(error: SignError) -> Failure {
    Failure::new(Whose::Policy, error)
}

/// Where one manifest is signed.
struct Desk<'d> {
    signers: &'d Signers,
    /// What the signers said before is known by it.
    policy: &'d Policy,
    name: &'d str,
    subject: &'d Subject,
    evidence: &'d Evidence,
}

impl Desk<'_> {
    fn attachment(&self, former: Option<Digest>) -> Result<Attachment, SignError> {
        let proofs = self.proofs();
        let release = Saying {
            predicate_type: COSIGN_SIGNATURE,
            payload: release_statement(&self.subject.descriptor.digest, self.name),
            created: self.subject.created,
        };
        let mut all = self.classic(&proofs, former)?;
        for signer in &self.signers.release {
            all.extend(self.say(signer.as_ref(), &release, &proofs)?);
        }
        for signer in &self.signers.statement {
            for saying in &self.subject.statements {
                all.extend(self.say(signer.as_ref(), saying, &proofs)?);
            }
        }
        Ok(all)
    }

    /// What our signers said before, under whatever name: what is said under another one is replaced.
    fn proofs(&self) -> Vec<Proof> {
        let artifact = Artifact { digest: self.subject.descriptor.digest.clone(), name: None, tag: None };
        signing::verify(&artifact, self.evidence, self.policy, self.signers.trusted_root(), Timestamp::now()).proofs
    }

    fn is_by(&self, proof: &Proof, signer: &dyn Signer) -> bool {
        let mut keys = proof.standings.iter().filter_map(|standing| self.policy.keys().get(&standing.name));
        match signer.public_key() {
            Some(own) => keys.any(|trusted| trusted.key == *own),
            None => keys.next().is_none(),
        }
    }

    /// One bundle by one signer.
    fn say(&self, signer: &dyn Signer, saying: &Saying, proofs: &[Proof]) -> Result<Attachment, SignError> {
        let earlier = proofs.iter().filter(|proof| {
            proof.form == Form::Bundle
                && signing::is_of_type(&proof.predicate_type, saying.predicate_type)
                && self.is_by(proof, signer)
        });
        let mut attachment = Attachment::default();
        for proof in earlier {
            let holds = attachment.manifests.is_empty() && says(saying, proof);
            let list = if holds { &mut attachment.manifests } else { &mut attachment.batch.removed };
            list.push(proof.source.clone());
        }
        if attachment.manifests.is_empty() {
            let bundle = sign_statement(signer, saying.payload.clone())?.to_bytes();
            let subject = self.subject.descriptor.clone();
            let referrer = write_referrer(&bundle, saying.predicate_type, subject, saying.created).to_bytes();
            attachment.manifests.push(Digest::of(&referrer));
            attachment.batch.removed.retain(|digest| *digest != Digest::of(&referrer));
            attachment.batch.blobs.extend([EMPTY_JSON.to_vec(), bundle]);
            attachment.batch.manifests.push(BatchManifest { bytes: referrer, tag: None });
        }
        Ok(attachment)
    }

    /// The classic signatures of all signers that have a key, beside those of others.
    fn classic(&self, proofs: &[Proof], former: Option<Digest>) -> Result<Attachment, SignError> {
        let digest = &self.subject.descriptor.digest;
        let keyed: Vec<_> = self.signers.release.iter().filter(|signer| signer.public_key().is_some()).collect();
        let Some(tag) = Tag::attached(digest, "sig").filter(|_| !keyed.is_empty()) else {
            return Ok(Attachment::default());
        };
        let payload = SimpleSigning { reference: self.name.to_owned(), digest: digest.clone() }.to_bytes();
        let wanted = Digest::of(&payload);
        let proofs: Vec<&Proof> = proofs.iter().filter(|proof| proof.form == Form::Classic).collect();
        let is_ours = |proof: &Proof| keyed.iter().any(|signer| self.is_by(proof, signer.as_ref()));
        // What we signed before under another name gives way.
        let stays = |layer: &Digest| *layer == wanted || !proofs.iter().any(|it| it.source == *layer && is_ours(it));
        let found = self.evidence.classic.iter().map(|found| &found.signature);
        let mut signatures: Vec<_> = found.filter(|found| stays(&found.layer.digest)).cloned().collect();
        for signer in &keyed {
            if !proofs.iter().any(|it| it.source == wanted && self.is_by(it, signer.as_ref())) {
                signatures.push(sign_classic(signer.as_ref(), digest, self.name)?.0);
            }
        }
        Ok(rewritten(&signatures, payload, tag, former))
    }
}

/// The manifest of these signatures takes the place of the former one.
fn rewritten(signatures: &[ClassicSignature], payload: Vec<u8>, tag: Tag, former: Option<Digest>) -> Attachment {
    let artifact = write_classic(signatures);
    let bytes = artifact.manifest.to_bytes();
    let digest = Digest::of(&bytes);
    let mut batch = Batch::default();
    if former.as_ref() != Some(&digest) {
        batch.blobs.extend([payload, artifact.config]);
        batch.removed.extend(former.clone());
        batch.manifests.push(BatchManifest { bytes, tag: Some(BatchTag { tag, former }) });
    }
    Attachment { batch, manifests: vec![digest] }
}

/// Whether an earlier statement serves. How an image was built is said once: a second build of the same bytes is no news.
fn says(saying: &Saying, proof: &Proof) -> bool {
    saying.predicate_type == PROVENANCE || proof.payload == saying.payload
}
