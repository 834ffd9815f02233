//! What a rule of the policy wants, held against what is proven.
//!
//! In: the rule and the proofs of one artifact. Out: a finding for each requirement, with the proofs that meet it or almost do.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::doubt::Unmet;
use crate::max_age::age_text;
use crate::statement_time::statement_time;
use crate::verify::source;
use crate::{
    Artifact, COSIGN_SIGNATURE, Classic, Finding, Form, ImageRule, Outcome, Proof, REBUILD, RebuildReport, Role,
    Statement, StatementRule, is_of_type, predicate_name,
};

/// Clocks of two machines differ by this much.
pub(crate) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// One rule, and what is proven.
pub(crate) struct Bench<'a> {
    pub(crate) artifact: &'a Artifact,
    pub(crate) rule: &'a ImageRule,
    pub(crate) proofs: &'a [Proof],
    pub(crate) now: Timestamp,
}

/// A proof, held against a rule.
struct Held<'a> {
    proof: &'a Proof,
    result: Result<String, Unmet>,
}

impl Bench<'_> {
    /// Signature, statements, rebuilds.
    pub(crate) fn requirements(&self) -> Vec<Finding> {
        let mut wanted = vec![self.signature()];
        wanted.extend(self.rule.statements.iter().map(|rule| self.statement(rule)));
        if self.rule.rebuilds > 0 {
            wanted.push(self.rebuilds());
        }
        wanted
    }

    /// Proofs of kinds that no rule names, so that the tree shows all that was found.
    pub(crate) fn not_asked_for(&self) -> Vec<Finding> {
        let asked = |proof: &Proof| {
            let statement =
                self.rule.statements.iter().any(|rule| is_of_type(&proof.predicate_type, &rule.predicate_type));
            statement
                || proof.predicate_type == COSIGN_SIGNATURE
                || (proof.predicate_type == REBUILD && self.rule.rebuilds > 0)
        };
        let told = |proof: &Proof| {
            let kind = predicate_name(&proof.predicate_type);
            let text = format!(
                "{} says `{kind}` by {}; no rule asks for it, and it is no signature",
                name(proof),
                proof.signed_by
            );
            Finding::new(Outcome::Ignored, "not-asked-for", text)
        };
        self.proofs.iter().filter(|proof| !asked(proof)).map(told).collect()
    }

    fn signature(&self) -> Finding {
        let releases: Vec<_> = self
            .of_type(COSIGN_SIGNATURE)
            .map(|proof| {
                let allowed = may_say(proof, Role::Release, self.rule.signers.as_ref());
                Held { proof, result: allowed.map(|()| "released".to_owned()) }
            })
            .collect();
        let has = |form| releases.iter().any(|held| held.result.is_ok() && held.proof.form == form);
        let (outcome, code, text) = match (has(Form::Bundle), has(Form::Classic), self.rule.classic) {
            (true, true, _) | (true, false, Classic::Refused | Classic::Allowed) => {
                (Outcome::Good, "signature", "signature: the release is signed")
            }
            (false, true, Classic::Allowed) => (
                Outcome::Warning,
                "signature-classic-only",
                "signature: the release is signed in the classic form only; a publisher of both forms made a bundle too, which was lost in copying or taken away",
            ),
            (false, true, _) => (
                Outcome::Bad,
                "signature-downgraded",
                "signature: only the classic form is there, and the policy wants a bundle: it was lost in copying or taken away; `classic: allowed` takes the classic form alone",
            ),
            (true, false, Classic::Required) => (
                Outcome::Bad,
                "signature-classic-missing",
                "signature: the policy wants the classic form too, which is not there",
            ),
            (false, false, _) => (
                Outcome::Bad,
                "signature-missing",
                "signature: nobody whom the policy believes has released this image",
            ),
        };
        Finding::new(outcome, code, text).because(releases.iter().map(Held::finding))
    }

    fn statement(&self, rule: &StatementRule) -> Finding {
        let mut held: Vec<_> =
            self.of_type(&rule.predicate_type).map(|proof| Held { proof, result: self.holds(proof, rule) }).collect();
        held.sort_by_key(|held| std::cmp::Reverse(statement_time(&held.proof.payload)));
        let kind = predicate_name(&rule.predicate_type);
        let (outcome, code, text) = if held.iter().any(|held| held.result.is_ok()) {
            (Outcome::Good, "statement", format!("statement `{kind}`: it is there"))
        } else if held.is_empty() {
            (
                Outcome::Bad,
                "statement-missing",
                format!("statement `{kind}`: nobody whom the policy believes has made it"),
            )
        } else {
            (Outcome::Bad, "statement-unmet", format!("statement `{kind}`: none is as the policy wants it"))
        };
        Finding::new(outcome, code, text).because(held.iter().map(Held::finding))
    }

    fn holds(&self, proof: &Proof, rule: &StatementRule) -> Result<String, Unmet> {
        may_say(proof, Role::Statement, rule.signers.as_ref())?;
        let time = statement_time(&proof.payload).or_else(|| proof.times.iter().min().copied());
        let Some(time) = time else {
            return if rule.max_age.is_none() { Ok("said".to_owned()) } else { Err(Unmet::NoTime) };
        };
        if time.duration_since(self.now) > SKEW {
            return Err(Unmet::NotYet(time));
        }
        let age = age_text(self.now.duration_since(time).max(SignedDuration::ZERO));
        match rule.max_age {
            Some(most) if !most.allows(time, self.now) => Err(Unmet::TooOld { age, most: most.to_string() }),
            _ => Ok(format!("said {age} ago")),
        }
    }

    fn rebuilds(&self) -> Finding {
        let held: Vec<_> = self.of_type(REBUILD).map(|proof| Held { proof, result: self.rebuilt(proof) }).collect();
        let signers: BTreeSet<_> =
            held.iter().filter(|held| held.result.is_ok()).map(|held| &held.proof.signer).collect();
        let (found, wanted) = (signers.len(), self.rule.rebuilds);
        let (outcome, code) =
            if found >= wanted { (Outcome::Good, "rebuilds") } else { (Outcome::Bad, "rebuilds-missing") };
        let text = format!("rebuilds: {found} of {wanted} different signers built the same image again");
        Finding::new(outcome, code, text).because(held.iter().map(Held::finding))
    }

    fn rebuilt(&self, proof: &Proof) -> Result<String, Unmet> {
        may_say(proof, Role::Rebuild, None)?;
        let report = Statement::<RebuildReport>::parse(&proof.payload);
        let report = report.map_err(|reason| Unmet::Unreadable(reason.to_string()))?.predicate;
        if report.confirms(&self.artifact.digest) { Ok("rebuilt".to_owned()) } else { Err(Unmet::RebuiltDiffers) }
    }

    fn of_type<'s>(&'s self, wanted: &'s str) -> impl Iterator<Item = &'s Proof> {
        self.proofs.iter().filter(move |proof| is_of_type(&proof.predicate_type, wanted))
    }
}

impl Held<'_> {
    fn finding(&self) -> Finding {
        let (what, signer) = (name(self.proof), &self.proof.signed_by);
        match &self.result {
            Ok(words) => Finding::new(Outcome::Good, "counts", format!("{what} counts: {words} by {signer}")),
            Err(unmet) => {
                Finding::new(Outcome::Ignored, unmet.code(), format!("{what} by {signer} does not count: {unmet}"))
            }
        }
    }
}

fn name(proof: &Proof) -> String {
    source(proof.form, &proof.source)
}

/// Whether the policy believes the proof's signer about this, and the rule does not name others.
fn may_say(proof: &Proof, role: Role, signers: Option<&Vec<String>>) -> Result<(), Unmet> {
    let mut believed = proof.standings.iter().filter(|standing| standing.roles.contains(&role)).peekable();
    if believed.peek().is_none() {
        return Err(Unmet::Role(proof.signer.clone()));
    }
    match signers {
        Some(signers) if !believed.any(|standing| signers.contains(&standing.name)) => {
            Err(Unmet::Signer(proof.signer.clone()))
        }
        _ => Ok(()),
    }
}
