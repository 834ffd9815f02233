//! Everything that is said about a built image: what is in it, and how it was made.
//!
//! In: a built image. Out: its index and each of its platforms as [`Subject`]s with their statements. Nothing is signed here.

use assemble::{Catalogue, Layer, SbomParts, cyclonedx, index_cyclonedx, index_spdx, spdx};
use jiff::Timestamp;
use plan::Reason;
use signing::{CYCLONEDX, Document, PROVENANCE, Provenance, SPDX, Statement, StatementError};

use crate::attach::Subject;
use crate::image_build::{BuiltImage, BuiltPlatform};
use crate::provenance::provenance;
use crate::sayings::Saying;
use crate::{BuildTimes, Failure, Whose};

/// Both inventories and the provenance, of the index and of each platform.
pub(crate) fn subjects(
    built: &BuiltImage,
    name: &str,
    catalogue: &Catalogue,
    times: BuildTimes,
    reasons: &[Reason],
) -> Result<Vec<Subject>, Failure> {
    let provenance = provenance(built, catalogue, times, reasons)?;
    let layers: Vec<Vec<Layer>> = built.platforms.iter().map(BuiltPlatform::plain_layers).collect();
    let parts = built.platforms.iter().zip(&layers).map(|(platform, layers)| parts(built, platform, layers, name));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let said = Said { name, provenance: &provenance, finished: times.finished };
    let mut subjects = Vec::new();
    for (platform, parts) in built.platforms.iter().zip(&parts) {
        let documents = [(SPDX, spdx(parts)), (CYCLONEDX, cyclonedx(parts))];
        subjects.push(said.about(&platform.image.descriptor, platform.image.created, documents)?);
    }
    let index = &built.descriptor;
    let documents = [(SPDX, index_spdx(index, &parts)), (CYCLONEDX, index_cyclonedx(index, &parts))];
    let created = built.platforms.iter().map(|platform| platform.image.created).max().unwrap_or_default();
    subjects.push(said.about(index, created, documents)?);
    Ok(subjects)
}

fn parts<'b>(
    built: &'b BuiltImage,
    platform: &'b BuiltPlatform,
    layers: &'b [Layer],
    name: &'b str,
) -> Result<SbomParts<'b>, Failure> {
    let packages = built.lock.platform(&platform.platform).map_err(|error| Failure::new(Whose::Defect, error))?;
    Ok(SbomParts {
        image: &built.lock.name,
        version: &built.version,
        name,
        platform: &platform.platform,
        manifest: &platform.image.descriptor,
        packages,
        layers,
        tree: &platform.tree,
        created: platform.image.created,
    })
}

/// What is the same for all manifests of an image.
struct Said<'s> {
    name: &'s str,
    provenance: &'s Provenance,
    finished: Timestamp,
}

impl Said<'_> {
    fn about(
        &self,
        descriptor: &oci::Descriptor,
        created: Timestamp,
        documents: [(&'static str, String); 2],
    ) -> Result<Subject, Failure> {
        let subject = || vec![signing::Subject::named(self.name, &descriptor.digest)];
        let mut statements = Vec::new();
        for (predicate_type, text) in documents {
            let document = Document::new(&text).map_err(defect)?;
            let payload = Statement::of_document(predicate_type, subject(), document).to_bytes();
            statements.push(Saying { predicate_type, payload, created });
        }
        let payload = Statement::new(subject(), self.provenance.clone()).to_bytes();
        statements.push(Saying { predicate_type: PROVENANCE, payload, created: self.finished });
        Ok(Subject { descriptor: descriptor.clone(), created, statements, withdrawn: Vec::new() })
    }
}

fn defect(error: StatementError) -> Failure {
    Failure::new(Whose::Defect, error)
}
