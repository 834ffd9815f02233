//! The provenance that is to be followed: one that somebody signed whom the policy believes.
//!
//! In: what was found beside an image index. Out: the statement and its payload, or the tree of what was looked at. Only the provenance is wanted here:
//! whether the image may be used is `verify`'s question, and a policy that wants rebuilds could not be met before the first.

use jiff::Timestamp;
use signing::{
    Artifact, Evidence, Finding, PROVENANCE, Policy, Proof, Provenance, Role, Statement, StatementError, TrustedRoot,
    is_of_type, verify,
};

use crate::{Failure, Whose};

/// A provenance that is believed.
#[derive(Debug, Clone)]
pub struct BelievedProvenance {
    /// What it says.
    pub provenance: Provenance,
    /// The payload that was signed.
    pub payload: Vec<u8>,
    /// Who signed it, in words.
    pub signed_by: String,
}

/// Why no provenance can be followed.
#[derive(Debug, thiserror::Error)]
pub enum NoProvenance {
    /// None that counts.
    #[error(
        "nobody whom the policy believes has said how `{image}` was built: name the key of its statements with --key, or a policy with --policy\n{looked_at}"
    )]
    Missing {
        /// The image.
        image: String,
        /// What was looked at.
        looked_at: Finding,
    },
    /// One that is signed and cannot be read.
    #[error("the provenance that {signed_by} signed cannot be read: {reason}")]
    Unreadable {
        /// Who signed it.
        signed_by: String,
        /// What is wrong with it.
        reason: StatementError,
    },
}

impl From<NoProvenance> for Failure {
    fn from(error: NoProvenance) -> Self {
        Self::new(Whose::Policy, error)
    }
}

/// Chooses the newest provenance that is believed.
pub fn believed_provenance(
    artifact: &Artifact,
    evidence: &Evidence,
    policy: &Policy,
    root: Option<&TrustedRoot>,
    now: Timestamp,
) -> Result<BelievedProvenance, NoProvenance> {
    let verification = verify(artifact, evidence, policy, root, now);
    let believed = verification.proofs.iter().filter(|proof| is_believed_provenance(proof));
    let read = believed.map(read).collect::<Result<Vec<_>, _>>()?;
    read.into_iter().max_by_key(|found| finished(&found.provenance)).ok_or_else(|| NoProvenance::Missing {
        image: artifact.name.clone().unwrap_or_else(|| artifact.digest.to_string()),
        looked_at: verification.finding,
    })
}

fn is_believed_provenance(proof: &Proof) -> bool {
    let may_say = proof.standings.iter().any(|standing| standing.roles.contains(&Role::Statement));
    may_say && is_of_type(&proof.predicate_type, PROVENANCE)
}

fn read(proof: &Proof) -> Result<BelievedProvenance, NoProvenance> {
    let (payload, signed_by) = (proof.payload.clone(), proof.signed_by.clone());
    match Statement::<Provenance>::parse(&payload) {
        Ok(statement) => Ok(BelievedProvenance { provenance: statement.predicate, payload, signed_by }),
        Err(reason) => Err(NoProvenance::Unreadable { signed_by, reason }),
    }
}

fn finished(provenance: &Provenance) -> Option<Timestamp> {
    provenance.run_details.metadata.as_ref().and_then(|metadata| metadata.finished_on)
}
