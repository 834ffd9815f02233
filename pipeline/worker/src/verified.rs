//! What was published is read back and judged by our own verifier, as anybody would who has our public keys.
//!
//! In: a place, the names of manifests, and whose signatures are expected under which name. Out: nothing, or why it is not so.

use blob::Digest;
use jiff::Timestamp;
use registry::Reader;
use signing::Artifact;

use crate::{Failure, Signers, Whose, gather_evidence};

/// What a place must have.
pub(crate) struct Expected<'e> {
    /// `HOST/REPOSITORY` in signatures, wherever the place itself is.
    pub(crate) name: &'e str,
    /// Whose signatures count.
    pub(crate) signers: &'e Signers,
}

/// Something was written and cannot be verified.
#[derive(Debug, thiserror::Error)]
#[error("what was published of `{name}` cannot be verified, and so has no tag:\n{finding}")]
pub struct UnverifiedError {
    name: String,
    finding: signing::Finding,
}

/// Judges each manifest by what lies beside it.
pub(crate) async fn verify_published(
    reader: &Reader,
    expected: &Expected<'_>,
    digests: &[&Digest],
) -> Result<(), Failure> {
    let above = expected.name.rsplit_once('/').map_or(expected.name, |(above, _)| above);
    let policy = expected.signers.policy(above);
    for &digest in digests {
        let evidence = gather_evidence(reader, digest).await?;
        let artifact = Artifact { digest: digest.clone(), name: Some(expected.name.to_owned()), tag: None };
        let root = expected.signers.trusted_root();
        let verification = signing::verify(&artifact, &evidence, &policy, root, Timestamp::now());
        if !verification.accepted {
            let error = UnverifiedError { name: expected.name.to_owned(), finding: verification.finding };
            return Err(Failure::new(Whose::Defect, error));
        }
    }
    Ok(())
}
