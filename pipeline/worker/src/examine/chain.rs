//! The chain beyond signatures: whether the SBOM holds for the manifest, and whether its packages are those of the lock.
//!
//! In: one judged image, what signers say about the whole. Out: findings, and the image with the files that its SBOM names.

use assemble::ImageLock;
use oci::{ImageManifest, Platform};
use signing::{BUILD_TYPE, Finding, Outcome, PROVENANCE, Proof, Provenance, Role, SPDX, Statement, is_of_type};

use super::ExaminedImage;
use super::packages::differences;
use super::part::Judged;
use super::sbom::{Sbom, SbomFile};

/// So many differences are told; the rest is counted.
const MOST_TOLD: usize = 5;

/// What signers who are believed about statements say.
pub(super) struct Believed<'a> {
    proofs: Vec<&'a Proof>,
}

impl<'a> Believed<'a> {
    /// Those of these proofs.
    pub(super) fn of(proofs: &'a [Proof]) -> Self {
        let believed =
            |proof: &&Proof| proof.standings.iter().any(|standing| standing.roles.contains(&Role::Statement));
        Self { proofs: proofs.iter().filter(believed).collect() }
    }

    fn of_type(&self, wanted: &'static str) -> impl Iterator<Item = &&'a Proof> {
        self.proofs.iter().filter(move |proof| is_of_type(&proof.predicate_type, wanted))
    }

    /// Those by a builder of ours: others have other parameters, and their statements cannot be read as ours.
    pub(super) fn provenances(&self) -> impl Iterator<Item = Provenance> {
        let read = self.of_type(PROVENANCE).filter_map(|proof| Statement::<Provenance>::parse(&proof.payload).ok());
        read.map(|statement| statement.predicate).filter(|it| it.build_definition.build_type == BUILD_TYPE)
    }

    /// The first lock among them; or why none of them has one.
    fn lock(&self) -> Option<Result<ImageLock, String>> {
        let mut locks = self.provenances().map(|provenance| lock_of(&provenance));
        let first = locks.next()?;
        Some(first.or_else(|error| locks.find_map(Result::ok).ok_or(error)))
    }
}

fn lock_of(provenance: &Provenance) -> Result<ImageLock, String> {
    let held = provenance.build_definition.internal_parameters.lock.held();
    let text = held.and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or("it holds no lock whose digest is the one that it names")?;
    ImageLock::parse(&text).map_err(|error| error.to_string())
}

/// Follows the chain for one image; for what is none, there is nothing to follow.
pub(super) fn follow(
    judged: &Judged,
    general: &Believed<'_>,
    wants_sbom: bool,
) -> (Vec<Finding>, Option<ExaminedImage>) {
    let Some(manifest) = &judged.manifest else { return (Vec::new(), None) };
    let own = Believed::of(&judged.proofs);
    let (mut findings, sbom) = sbom_of(&own, judged, manifest, wants_sbom);
    if let Some(sbom) = &sbom {
        findings.push(held_against_lock(sbom, own.lock().or_else(|| general.lock()), judged.platform.as_ref()));
    }
    let (name, files) = (judged.label().to_owned(), sbom.map(|sbom| sbom.files));
    (findings, Some(ExaminedImage { name, manifest: manifest.clone(), files }))
}

/// The SBOM that holds for the manifest. One that does not is told of, and is bad where no other holds.
fn sbom_of(
    own: &Believed<'_>,
    judged: &Judged,
    manifest: &ImageManifest,
    wanted: bool,
) -> (Vec<Finding>, Option<Sbom>) {
    let (mut findings, mut holding) = (Vec::new(), None);
    for proof in own.of_type(SPDX) {
        let read = Sbom::parse(&proof.payload).map_err(|reason| vec![format!("it cannot be read: {reason}")]);
        match read.and_then(|sbom| holds(&sbom, judged, manifest).map(|()| sbom)) {
            Ok(sbom) if holding.is_none() => holding = Some(sbom),
            Ok(_) => {}
            Err(reasons) => {
                let text = format!("the SBOM in {} does not hold for this image", proof.source.short());
                let reasons =
                    told(reasons).into_iter().map(|reason| Finding::new(Outcome::Warning, "sbom-differs", reason));
                findings.push(Finding::new(Outcome::Warning, "sbom-wrong", text).because(reasons));
            }
        }
    }
    match &holding {
        Some(sbom) => findings.insert(0, holding_text(sbom, manifest)),
        None if !findings.is_empty() => {
            let text = "SBOM: none that is here holds for this image";
            findings.insert(0, Finding::new(Outcome::Bad, "sbom-none-holds", text));
        }
        None => {
            let outcome = if wanted { Outcome::Warning } else { Outcome::Ignored };
            let text = "SBOM: nobody who is believed about statements names the files of this image";
            findings.push(Finding::new(outcome, "sbom-absent", text));
        }
    }
    (findings, holding)
}

fn holding_text(sbom: &Sbom, manifest: &ImageManifest) -> Finding {
    let (packages, files, layers) = (sbom.packages.len(), sbom.files.len(), manifest.layers.len());
    let text = format!(
        "SBOM: it names this manifest and its {layers} layers; of its {files} files each belongs to one of {packages} packages or to the image"
    );
    Finding::new(Outcome::Good, "sbom-holds", text)
}

/// Whether the SBOM speaks about this manifest and its layers, and leaves no file without an owner.
fn holds(sbom: &Sbom, judged: &Judged, manifest: &ImageManifest) -> Result<(), Vec<String>> {
    let mut reasons = Vec::new();
    if !sbom.parts.contains(judged.digest()) {
        reasons.push(format!("it does not name the manifest {}", judged.digest()));
    }
    let layers = manifest.layers.iter().filter(|layer| !sbom.parts.contains(&layer.digest));
    reasons.extend(layers.map(|layer| format!("it does not name the layer {}", layer.digest)));
    reasons.extend(
        sbom.ownerless.iter().map(|path| format!("the file `{path}` belongs to no package and not to the image")),
    );
    let bare = sbom.files.iter().filter(|file| file.sha256.is_none());
    reasons.extend(bare.map(|SbomFile { path, .. }| format!("the file `{path}` has no SHA-256")));
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

fn held_against_lock(sbom: &Sbom, lock: Option<Result<ImageLock, String>>, platform: Option<&Platform>) -> Finding {
    let lock = match lock {
        None => {
            return Finding::new(
                Outcome::Ignored,
                "lock-absent",
                "lock: no provenance of a bedplate holds one, so packages were not compared",
            );
        }
        Some(Err(reason)) => {
            return Finding::new(
                Outcome::Bad,
                "lock-unreadable",
                format!("lock: that of the provenance cannot be read: {reason}"),
            );
        }
        Some(Ok(lock)) => lock,
    };
    let differences = differences(&sbom.packages, &lock, platform);
    if differences.is_empty() {
        let text = "lock: every package of the SBOM is in the lock of the provenance";
        return Finding::new(Outcome::Good, "lock", text);
    }
    let text = "lock: the packages of the SBOM are not those of the provenance's lock";
    let reasons = told(differences).into_iter().map(|reason| Finding::new(Outcome::Bad, "package", reason));
    Finding::new(Outcome::Bad, "lock-differs", text).because(reasons)
}

/// The first of them, and how many more there are.
fn told(mut reasons: Vec<String>) -> Vec<String> {
    let more = reasons.len().saturating_sub(MOST_TOLD);
    reasons.truncate(MOST_TOLD);
    reasons.extend((more > 0).then(|| format!("and {more} more")));
    reasons
}
