//! "I built this and got the same digest": the statement of a rebuild, signed and put beside the image.
//!
//! In: a report, signers, the image index in the place that it came from. Out: one referrer a signer. A signer that has said the same before says
//! nothing again; what it said otherwise is taken away once the new statement is there, so that nothing piles up.

use std::sync::Arc;

use oci::{Descriptor, EMPTY_JSON};
use registry::{Place, attach, detach};
use signing::{
    Artifact, Bundle, Content, Evidence, FoundBundle, REBUILD, RebuildReport, SignError, Signer, Statement, Subject,
    is_of_type, sign_statement, write_referrer,
};

use crate::{Failure, Whose, blocking};

/// What became of one signer's statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attested {
    /// It was made and attached.
    Attached,
    /// The same was there before.
    Known,
}

/// Signs a report about `subject`, an image index with the public name of `artifact`, and attaches it in `place`; `evidence` is what was there before.
pub async fn attest_rebuild(
    place: &Place,
    subject: &Descriptor,
    artifact: &Artifact,
    evidence: &Evidence,
    report: &RebuildReport,
    signers: &[Arc<dyn Signer>],
) -> Result<Vec<Attested>, Failure> {
    let mut done = Vec::new();
    for signer in signers {
        let before = said_before(evidence, signer.as_ref());
        if before.iter().any(|(_, said)| same(said, report)) {
            done.push(Attested::Known);
            continue;
        }
        let (manifest, bundle) = referrer(Arc::clone(signer), subject, artifact, report).await?;
        let failed = |error| Failure::new(Whose::Upstream, error);
        attach(place, &manifest, &[&bundle, EMPTY_JSON]).await.map_err(failed)?;
        for (found, _) in before {
            if !detach(place, &found.referrer).await.map_err(failed)? {
                let digest = found.referrer.to_string();
                tracing::warn!(digest, "the registry does not let an older statement of this key be removed");
            }
        }
        done.push(Attested::Attached);
    }
    Ok(done)
}

/// The manifest and its bundle.
async fn referrer(
    signer: Arc<dyn Signer>,
    subject: &Descriptor,
    artifact: &Artifact,
    report: &RebuildReport,
) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let about = match &artifact.name {
        Some(name) => Subject::named(name, &artifact.digest),
        None => Subject::of(&artifact.digest),
    };
    let statement = Statement::new(vec![about], report.clone()).to_bytes();
    let made = blocking(move || sign_statement(signer.as_ref(), statement)).await;
    let bundle = made.map_err(|error: SignError| Failure::new(Whose::Policy, error))?.to_bytes();
    let manifest = write_referrer(&bundle, REBUILD, subject.clone(), report.finished_on);
    Ok((manifest.to_bytes(), bundle))
}

/// Reports that this very key signed. A signer without a key of its own cannot be told from others.
fn said_before<'e>(evidence: &'e Evidence, signer: &dyn Signer) -> Vec<(&'e FoundBundle, RebuildReport)> {
    let Some(key) = signer.public_key() else { return Vec::new() };
    let said = |found: &'e FoundBundle| {
        let Content::Envelope(envelope) = Bundle::parse(&found.bytes).ok()?.content else { return None };
        let signature = envelope.signatures.first()?;
        let statement = Statement::<RebuildReport>::parse(&envelope.payload).ok()?;
        let ours = is_of_type(&statement.predicate_type, REBUILD) && key.verifies(&envelope.to_sign(), &signature.sig);
        ours.then_some((found, statement.predicate))
    };
    evidence.bundles.iter().filter_map(said).collect()
}

/// All but the times: who built, from what, and what came out.
fn same(one: &RebuildReport, other: &RebuildReport) -> bool {
    one.provenance == other.provenance && one.rebuilt == other.rebuilt && one.builder == other.builder
}
