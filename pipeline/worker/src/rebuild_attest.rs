//! "I built this and got the same digest": the statement of a rebuild, signed and put beside the image.
//!
//! In: a report, signers, the image index in the place that it came from. Out: one referrer a signer. A signer that has said the same before says
//! nothing again; what it said otherwise is taken away once the new statement is there, so that nothing piles up.

use std::sync::Arc;

use oci::Descriptor;
use registry::Place;
use signing::{
    Artifact, Evidence, Policy, REBUILD, RebuildReport, Role, Signer, Statement, Subject, TrustedIdentity, TrustedRoot,
};

use crate::sayings::{Earlier, Saying};
use crate::{Failure, Whose, blocking};

/// What became of one signer's statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// It was made and attached.
    Attached,
    /// The same was there before.
    Known,
}

/// Signs a report about `subject`, an image index with the public name of `artifact`, and attaches it in `place`; `evidence` is what was there
/// before, and `root` vouches for the certificates of signers without a key.
pub async fn attest_rebuild(
    place: &Place,
    subject: &Descriptor,
    artifact: &Artifact,
    evidence: &Evidence,
    report: &RebuildReport,
    signers: &[Arc<dyn Signer>],
    root: Option<&TrustedRoot>,
) -> Result<Vec<Announced>, Failure> {
    let earlier = Arc::new(Earlier::read(subject, evidence, policy_of(signers), root));
    let saying = saying(artifact, report);
    let mut done = Vec::new();
    for signer in signers {
        let (earlier, signer, saying) = (Arc::clone(&earlier), Arc::clone(signer), saying.clone());
        let made = blocking(move || earlier.say(signer.as_ref(), &saying)).await;
        let batch = made.map_err(|error| Failure::new(Whose::Policy, error))?.batch;
        done.push(if batch.manifests.is_empty() { Announced::Known } else { Announced::Attached });
        if !batch.is_empty() {
            batch.write(place).await.map_err(|error| Failure::new(Whose::Upstream, error))?;
        }
    }
    Ok(done)
}

fn saying(artifact: &Artifact, report: &RebuildReport) -> Saying {
    let about = match &artifact.name {
        Some(name) => Subject::named(name, &artifact.digest),
        None => Subject::of(&artifact.digest),
    };
    let payload = Statement::new(vec![about], report.clone()).to_bytes();
    Saying { predicate_type: REBUILD, payload, created: report.finished_on }
}

/// Knows these signers and nobody else.
fn policy_of(signers: &[Arc<dyn Signer>]) -> Policy {
    let keys: Vec<_> = signers.iter().filter_map(|signer| signer.public_key().cloned()).collect();
    let identities = signers.iter().filter_map(|signer| signer.identity()).map(|identity| TrustedIdentity {
        issuer: identity.issuer.to_owned(),
        subject: identity.subject.clone(),
        roles: vec![Role::Rebuild],
    });
    Policy::of_keys(&[], &keys).with_identities(&identities.collect::<Vec<_>>())
}
