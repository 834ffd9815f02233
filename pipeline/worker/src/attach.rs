//! What must be attached to a manifest, so that everything which is to be said about it is said, once, by each of our signers.
//!
//! In: what is wanted, and what was found beside the manifest. Out: an [`Attachment`]: what is to be written and what of ours will then be
//! there. What is there already is not made again; what is there and says something else is replaced; what others said stays.

use std::sync::Arc;

use blob::Digest;
use jiff::Timestamp;
use oci::{Descriptor, Tag};
use registry::{Batch, BatchManifest, BatchTag, Named, Place, Reader};
use signing::{
    COSIGN_SIGNATURE, ClassicSignature, Evidence, Form, Proof, SignError, SimpleSigning, release_statement,
    sign_classic, write_classic,
};

use crate::sayings::{Attachment, Earlier, Saying};
use crate::{Failure, Signers, Whose, blocking, gather_evidence};

/// One manifest, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The manifest or index.
    pub descriptor: Descriptor,
    /// The image's own time: the signature's referrer names it, so that it has the same bytes whenever it is made.
    pub created: Timestamp,
    /// What is said beside "I release this".
    pub statements: Vec<Saying>,
    /// Types of predicates that are said no more: what our signers said of them is taken away.
    pub withdrawn: Vec<&'static str>,
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
            let earlier = Earlier::read(&subject.descriptor, &evidence, policy, signers.trusted_root());
            let desk = Desk { signers: &signers, earlier, name: &name, subject: &subject, evidence: &evidence };
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
    earlier: Earlier,
    name: &'d str,
    subject: &'d Subject,
    evidence: &'d Evidence,
}

impl Desk<'_> {
    fn attachment(&self, former: Option<Digest>) -> Result<Attachment, SignError> {
        let release = Saying {
            predicate_type: COSIGN_SIGNATURE,
            payload: release_statement(&self.subject.descriptor.digest, self.name),
            created: self.subject.created,
        };
        let mut all = self.classic(former)?;
        for signer in &self.signers.release {
            all.extend(self.earlier.say(signer.as_ref(), &release)?);
        }
        for signer in &self.signers.statement {
            for saying in &self.subject.statements {
                all.extend(self.earlier.say(signer.as_ref(), saying)?);
            }
            for predicate_type in &self.subject.withdrawn {
                all.extend(self.earlier.withdraw(signer.as_ref(), predicate_type));
            }
        }
        Ok(all)
    }

    /// The classic signatures of all signers that have a key, beside those of others.
    fn classic(&self, former: Option<Digest>) -> Result<Attachment, SignError> {
        let digest = &self.subject.descriptor.digest;
        let keyed: Vec<_> = self.signers.release.iter().filter(|signer| signer.public_key().is_some()).collect();
        let Some(tag) = Tag::attached(digest, "sig").filter(|_| !keyed.is_empty()) else {
            return Ok(Attachment::default());
        };
        let payload = SimpleSigning { reference: self.name.to_owned(), digest: digest.clone() }.to_bytes();
        let wanted = Digest::of(&payload);
        let proofs: Vec<&Proof> = self.earlier.proofs().filter(|proof| proof.form == Form::Classic).collect();
        let is_ours = |proof: &Proof| keyed.iter().any(|signer| self.earlier.is_by(proof, signer.as_ref()));
        // What we signed before under another name gives way.
        let stays = |layer: &Digest| *layer == wanted || !proofs.iter().any(|it| it.source == *layer && is_ours(it));
        let found = self.evidence.classic.iter().map(|found| &found.signature);
        let mut signatures: Vec<_> = found.filter(|found| stays(&found.layer.digest)).cloned().collect();
        for signer in &keyed {
            if !proofs.iter().any(|it| it.source == wanted && self.earlier.is_by(it, signer.as_ref())) {
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
