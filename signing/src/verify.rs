//! Whether an artifact may be used, and why: a pure function of the artifact, what was found beside it, the policy and the time.
//!
//! In: [`Artifact`], [`Evidence`], [`Policy`], the trusted root where certificates are to count, now. Out: a [`Verification`]: yes or no, the
//! tree that says why, and the statements that may be relied on.
//!
//! Every piece of evidence is looked at by itself, and can only help: a foreign, damaged or odd one is ignored, with its reason, and never
//! hides a good one. What is wanted and not found is what refuses.

use jiff::Timestamp;
use serde::Serialize;

use crate::doubt::Doubt;
use crate::proof::Court;
use crate::requirement::Bench;
use crate::{Artifact, Evidence, Finding, Form, Others, Outcome, Policy, Proof, TrustedRoot};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Whether the artifact may be used.
    pub accepted: bool,
    /// What was checked and what it means.
    pub finding: Finding,
    /// What known signers say about the artifact, whether a rule asks for it or not.
    #[serde(skip)]
    pub proofs: Vec<Proof>,
}

/// Judges an artifact.
pub fn verify(
    artifact: &Artifact,
    evidence: &Evidence,
    policy: &Policy,
    root: Option<&TrustedRoot>,
    now: Timestamp,
) -> Verification {
    let court = Court { artifact, policy, root, now };
    let looked: Vec<_> = looked_at(&court, evidence);
    let mut doubts: Vec<_> =
        looked.iter().filter_map(|(name, result)| Some(ignored(name, result.as_ref().err()?))).collect();
    doubts.extend(evidence.overlooked.iter().map(|it| Finding::new(Outcome::Ignored, it.code, it.text.clone())));
    let proofs: Vec<_> = looked.into_iter().filter_map(|(_, result)| result.ok()).collect();
    let Some(rule) = policy.rule(artifact.name.as_deref()) else {
        let name = artifact.name.as_deref().unwrap_or("an image without a name");
        let finding = match policy.others() {
            Others::Refused => {
                let text = format!("no rule of the policy speaks about `{name}`: what no rule allows is refused");
                Finding::new(Outcome::Bad, "no-rule", text)
            }
            Others::Accepted => {
                let text = format!("no rule of the policy speaks about `{name}`, and it takes such images unverified");
                Finding::new(Outcome::Warning, "others-allowed", text)
            }
        };
        return answer(artifact, vec![finding], doubts, proofs);
    };
    let bench = Bench { artifact, rule, proofs: &proofs, now };
    let mut wanted = bench.requirements();
    wanted.extend(bench.not_asked_for());
    answer(artifact, wanted, doubts, proofs)
}

fn looked_at(court: &Court<'_>, evidence: &Evidence) -> Vec<(String, Result<Proof, Doubt>)> {
    let bundles = evidence.bundles.iter().map(|found| (source(Form::Bundle, &found.referrer), court.bundle(found)));
    let classic = &evidence.classic;
    let classic =
        classic.iter().map(|found| (source(Form::Classic, &found.signature.layer.digest), court.classic(found)));
    bundles.chain(classic).collect()
}

/// What a piece of evidence is called in the tree.
pub(crate) fn source(form: Form, digest: &blob::Digest) -> String {
    match form {
        Form::Bundle => format!("bundle {}", digest.short()),
        Form::Classic => format!("classic signature {}", digest.short()),
    }
}

fn ignored(name: &str, doubt: &Doubt) -> Finding {
    Finding::new(Outcome::Ignored, doubt.code(), format!("{name} does not count: {doubt}"))
}

fn answer(artifact: &Artifact, wanted: Vec<Finding>, doubts: Vec<Finding>, proofs: Vec<Proof>) -> Verification {
    let accepted = !wanted.iter().any(Finding::is_bad);
    let name = artifact.name.as_deref().map(|name| format!("{name}@")).unwrap_or_default();
    let (outcome, code, words) =
        if accepted { (Outcome::Good, "accepted", "is accepted") } else { (Outcome::Bad, "refused", "is refused") };
    let root = Finding::new(outcome, code, format!("{name}{} {words}", artifact.digest));
    Verification { accepted, finding: root.because(wanted).because(doubts), proofs }
}
