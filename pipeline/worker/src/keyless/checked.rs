//! What was signed is checked before it is given out: by the same verifier that everybody else will use.
//!
//! In: a statement with its signature. Out: nothing, or why the trusted root does not vouch for it.

use std::path::{Path, PathBuf};

use blob::Digest;
use jiff::Timestamp;
use signing::{
    Artifact, Bundle, Evidence, FoundBundle, Outcome, Policy, Role, Signature, StatementHead, TrustedRoot, verify,
};

use super::error::KeylessError;
use super::root_file::RootFile;
use super::settings::KeylessIdentity;

/// The trusted root, and whom it must vouch for.
pub(super) struct Root {
    path: PathBuf,
    file: RootFile,
    policy: Policy,
}

impl Root {
    /// Reads the file.
    pub(super) fn read(path: &Path, identity: &KeylessIdentity) -> Result<Self, KeylessError> {
        let file = RootFile::read(path)?;
        let policy = Policy::of_identities(&[identity.trusted(&[Role::Release, Role::Statement])]);
        Ok(Self { path: path.to_owned(), file, policy })
    }

    /// The root itself.
    pub(super) fn trusted(&self) -> &TrustedRoot {
        self.file.trusted()
    }

    /// Whether it vouches for this signature.
    pub(super) fn check(&self, statement: &[u8], signature: &Signature) -> Result<(), KeylessError> {
        let refused = |reason: String| KeylessError::NotVerified { root: self.path.clone(), reason };
        let head = StatementHead::parse(statement).map_err(|error| refused(error.to_string()))?;
        let digest =
            subject(&head).ok_or_else(|| refused("the statement is about nothing that has a digest".to_owned()))?;
        let Signature { bytes, material } = signature.clone();
        let bytes = Bundle::of_statement(statement.to_vec(), bytes, material).to_bytes();
        let found = FoundBundle { referrer: Digest::of(&bytes), bytes };
        let artifact = Artifact { digest, name: None, tag: None };
        let evidence = Evidence { bundles: vec![found], ..Evidence::default() };
        let verification = verify(&artifact, &evidence, &self.policy, Some(self.file.trusted()), Timestamp::now());
        if !verification.proofs.is_empty() {
            return Ok(());
        }
        let reasons = verification.finding.because.iter().filter(|finding| finding.outcome == Outcome::Ignored);
        Err(refused(reasons.map(|finding| finding.text.clone()).collect::<Vec<_>>().join("; ")))
    }
}

fn subject(head: &StatementHead) -> Option<Digest> {
    let mut digests = head.subject.iter().flat_map(|subject| &subject.digest);
    digests.find_map(|(algorithm, hex)| format!("{algorithm}:{hex}").parse().ok())
}
