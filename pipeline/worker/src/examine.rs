//! Whether an image may be used: the whole chain from its name down to its packages, each step with its reason.
//!
//! In: a place, a tag or digest, the policy. Out: an [`Examination`]: a verdict, and the tree of everything that was looked at. Index,
//! platforms and evidence are read several at a time and each once. What a tag points to is asked once, and from then on everything is
//! read by digest: a tag that moves meanwhile changes nothing.
//!
//! The chain: tag → index → the manifests in it → signatures → statements → the SBOM holds for the manifest, and its packages are in the
//! lock of the provenance.

mod chain;
mod children;
mod packages;
mod part;
mod sbom;

use std::sync::Arc;

use blob::Digest;
use jiff::Timestamp;
use oci::{ImageIndex, ImageManifest, Platform, is_index};
use plan::Whose;
use registry::{Named, Reader, StoredManifest};
use signing::{Finding, Outcome, Policy, Provenance, TrustedRoot};

use crate::{Failure, blocking};
use chain::Believed;
use part::{Judged, Part};
pub use sbom::SbomFile;

/// Examines images by one policy. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Examiner {
    judge: Arc<Judge>,
}

/// What stays the same from image to image.
#[derive(Debug)]
struct Judge {
    /// For what was asked for.
    whole: Policy,
    /// For the manifests in an index, about which the index's statements speak.
    parts: Policy,
    root: Option<TrustedRoot>,
    now: Timestamp,
    platforms: Vec<Platform>,
}

/// What came of an examination.
#[derive(Debug)]
pub struct Examination {
    /// The answer.
    pub verdict: Verdict,
    /// What the tag pointed to: the one thing that the answer is about.
    pub digest: Digest,
    /// What was checked and what it means.
    pub finding: Finding,
    /// The images of the platforms, for those who look into their layers too.
    pub images: Vec<ExaminedImage>,
    /// How it was built, by believed statements of builders of ours about what was asked for.
    pub provenances: Vec<Provenance>,
    /// What was asked for.
    what: String,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It may be used.
    Accepted,
    /// It must not be used.
    Refused,
    /// It is not proven, and something that may prove it could not be read just now.
    Undecided,
}

impl Verdict {
    /// The root of the tree.
    fn finding(self, what: &str) -> Finding {
        let (outcome, code, words) = match self {
            Self::Accepted => (Outcome::Good, "accepted", "is accepted"),
            Self::Refused => (Outcome::Bad, "refused", "is refused"),
            Self::Undecided => {
                (Outcome::Bad, "undecided", "could not be judged: what may prove it could not be read; try again")
            }
        };
        Finding::new(outcome, code, format!("{what} {words}"))
    }
}

impl Examination {
    /// Hangs what was found later into the tree, and refuses where it is bad.
    pub fn add(&mut self, findings: Vec<Finding>) {
        if self.verdict == Verdict::Accepted && findings.iter().any(Finding::is_bad) {
            self.verdict = Verdict::Refused;
        }
        let because = std::mem::take(&mut self.finding.because);
        self.finding = self.verdict.finding(&self.what).because(because).because(findings);
    }
}

/// One platform's image.
#[derive(Debug)]
pub struct ExaminedImage {
    /// Its platform, or what else it is called in the tree.
    pub name: String,
    /// Its manifest.
    pub manifest: Box<ImageManifest>,
    /// The files that its SBOM names; none where no believed SBOM holds for it.
    pub files: Option<Vec<SbomFile>>,
}

/// Nothing has that name.
#[derive(Debug, thiserror::Error)]
#[error("`{place}` has no `{what}`: expected a tag or digest that it has")]
struct NotThere {
    place: String,
    what: String,
}

/// What was asked for, and what it turned out to be.
struct Asked {
    what: String,
    named: Named,
    digest: Digest,
    name: Option<String>,
}

impl Examiner {
    /// An examiner that believes whom the policy names. `platforms` narrows indexes to these; without any, all is examined.
    pub fn new(policy: Policy, root: Option<TrustedRoot>, platforms: Vec<Platform>, now: Timestamp) -> Self {
        let parts = policy.signatures_only();
        Self { judge: Arc::new(Judge { whole: policy, parts, root, now, platforms }) }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.judge.whole
    }

    /// Examines what a tag or digest names. `name` is the name under which it is published, `HOST/REPOSITORY`: where it is read from, or
    /// what that place mirrors; without one, names in signatures are not compared. Fails where there is nothing to be judged.
    pub async fn examine(&self, reader: &Reader, named: &Named, name: Option<&str>) -> Result<Examination, Failure> {
        let found = Box::pin(reader.manifest(named)).await.map_err(|error| Failure::new(Whose::Upstream, error))?;
        let not_there = || NotThere { place: reader.name(), what: named.to_string() };
        let manifest = found.ok_or_else(|| Failure::new(Whose::Policy, not_there()))?;
        let asked = Asked::new(reader, named, &manifest, name);
        let whole = Part::whole(&asked, &manifest);
        match self.parts(&manifest, name)? {
            Ok(parts) => Box::pin(self.walk(reader, asked, whole, parts)).await,
            Err(hostile) => Ok(asked.answer(vec![hostile], false)),
        }
    }

    /// The manifests in an index that are examined too; or the finding that ends the examination.
    fn parts(&self, manifest: &StoredManifest, name: Option<&str>) -> Result<Result<Vec<Part>, Finding>, Failure> {
        if !is_index(&manifest.descriptor.media_type) {
            return Ok(Ok(Vec::new()));
        }
        match ImageIndex::parse(&manifest.bytes) {
            Ok(index) => {
                let chosen = children::chosen(&index, &self.judge.platforms);
                let chosen = chosen.map_err(|error| Failure::new(Whose::Policy, error))?;
                Ok(chosen.map(|children| children.into_iter().map(|child| Part::of_index(child, name)).collect()))
            }
            Err(error) => Ok(Err(Finding::new(Outcome::Bad, "index-unreadable", error.to_string()))),
        }
    }

    async fn walk(&self, reader: &Reader, asked: Asked, whole: Part, parts: Vec<Part>) -> Result<Examination, Failure> {
        let (above, below) = tokio::join!(
            Box::pin(self.judge.judge(reader, whole, |judge| &judge.whole)),
            Box::pin(self.judge.judge_all(reader, parts)),
        );
        let (above, below, judge) = (above?, below?, Arc::clone(&self.judge));
        Ok(blocking(move || judge.conclude(asked, &above, &below)).await)
    }
}

impl Judge {
    /// Follows the chain where signatures end, and says what all of it means.
    fn conclude(&self, asked: Asked, above: &Judged, below: &[Judged]) -> Examination {
        let rule = self.whole.rule(asked.name.as_deref());
        let wants_sbom = rule.is_some_and(|rule| rule.statements.iter().any(|it| it.predicate_type == signing::SPDX));
        let may_pass = std::iter::once(above).chain(below).any(|judged| judged.may_pass);
        let general = Believed::of(&above.proofs);
        let (mut findings, mut images) = (Vec::new(), Vec::new());
        for judged in std::iter::once(above).chain(below) {
            let (more, image) = chain::follow(judged, &general, wants_sbom);
            findings.push(judged.finding(more));
            images.extend(image);
        }
        Examination { images, provenances: general.provenances().collect(), ..asked.answer(findings, may_pass) }
    }
}

impl Asked {
    fn new(reader: &Reader, named: &Named, manifest: &StoredManifest, name: Option<&str>) -> Self {
        let sign = if matches!(named, Named::Tag(_)) { ':' } else { '@' };
        Self {
            what: format!("{}{sign}{named}", reader.name()),
            named: named.clone(),
            digest: manifest.descriptor.digest.clone(),
            name: name.map(str::to_owned),
        }
    }

    /// The answer, with the tree below it.
    fn answer(self, findings: Vec<Finding>, may_pass: bool) -> Examination {
        let verdict = match (findings.iter().any(Finding::is_bad), may_pass) {
            (false, _) => Verdict::Accepted,
            (true, false) => Verdict::Refused,
            (true, true) => Verdict::Undecided,
        };
        let finding = verdict.finding(&self.what).because(self.facts()).because(findings);
        let (digest, what) = (self.digest, self.what);
        Examination { verdict, digest, finding, images: Vec::new(), provenances: Vec::new(), what }
    }

    /// What was found out before anything was judged.
    fn facts(&self) -> Vec<Finding> {
        let tag = match &self.named {
            Named::Tag(tag) => {
                let text = format!(
                    "the tag `{tag}` points to {}: the answer is about that, wherever the tag moves",
                    self.digest
                );
                Some(Finding::new(Outcome::Good, "tag", text))
            }
            Named::Digest(_) => None,
        };
        let unnamed = self.name.is_none().then(|| {
            let text = "its public name is not known, so names in signatures were not compared: an image of another repository with the same signer would be accepted; `--name` says it";
            Finding::new(Outcome::Warning, "name-unchecked", text)
        });
        tag.into_iter().chain(unnamed).collect()
    }
}
