//! A provenance read back: the lock and the definitions that it holds, ready to be built again.
//!
//! In: the predicate [`Provenance`], already verified. Out: a [`Recipe`], or a [`RecipeError`] that says which part of the statement does not fit
//! to the rest, or to this builder. Nothing of it is taken on trust that can be computed: what the statement says twice must be the same.

use std::collections::BTreeMap;

use assemble::{Catalogue, CatalogueError, ImageLock, LockError};
use blob::Digest;
use signing::{BUILD_TYPE, Provenance, Resource};

use crate::provenance::{build_definition, builder, formats};
use crate::wanted::definition_digest;
use crate::{Failure, Whose};

/// What a provenance says that is to be built.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Every package by its digest.
    pub lock: ImageLock,
    /// The definitions, with the labels of that time.
    pub catalogue: Catalogue,
}

/// Why a provenance cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// Of another kind of build.
    #[error("the provenance is of a build of type `{0}`: expected `{BUILD_TYPE}`")]
    BuildType(String),
    /// Made by another version, which may write other bytes.
    #[error("the image was built by {found}, and this is {own}: build it again with that version")]
    OtherBuilder {
        /// Who built it.
        found: String,
        /// Who would build it now.
        own: String,
    },
    /// Another way to write layers.
    #[error(
        "the image was built with `{name}` = `{found}`, and this builder has `{own}`: build it again with the builder's version of then"
    )]
    OtherFormat {
        /// Which format.
        name: String,
        /// The provenance's.
        found: String,
        /// This builder's.
        own: String,
    },
    /// A text that is not there, or was changed.
    #[error("the provenance names `{0}` and does not hold it whole: its bytes are not those of its digest")]
    Damaged(String),
    /// A text that is none.
    #[error("`{0}` of the provenance is no text in UTF-8")]
    NotText(String),
    /// The definitions cannot be used.
    #[error("the definitions of the provenance cannot be used")]
    Catalogue(#[from] CatalogueError),
    /// The lock cannot be used.
    #[error("the lock of the provenance cannot be used")]
    Lock(#[from] LockError),
    /// The definitions are not those that the lock was made from.
    #[error(
        "the lock of the provenance was made from the definitions {wanted}, and those of the provenance are {found}: a text or a label was changed"
    )]
    OtherDefinitions {
        /// What the lock says.
        wanted: Digest,
        /// What the texts come to.
        found: Digest,
    },
    /// A part that says something else than the lock and the texts.
    #[error("the provenance contradicts itself: its {0} are not those of its lock")]
    Contradiction(&'static str),
}

impl From<RecipeError> for Failure {
    fn from(error: RecipeError) -> Self {
        Self::new(Whose::Policy, error)
    }
}

impl Recipe {
    /// Reads a provenance; what was made by another version of the builder, or does not fit together, is refused.
    pub fn read(provenance: &Provenance) -> Result<Self, RecipeError> {
        check_builder(provenance)?;
        let parts = &provenance.build_definition;
        let lock = ImageLock::parse(&text(&parts.internal_parameters.lock)?)?;
        let catalogue = catalogue(provenance)?;
        let found = definition_digest(&catalogue, &lock.name)?;
        if found != lock.definition {
            return Err(RecipeError::OtherDefinitions { wanted: lock.definition, found });
        }
        check_parts(provenance, &lock, &catalogue)?;
        Ok(Self { lock, catalogue })
    }
}

/// The version is part of every image's identity, and the formats shape its bytes.
fn check_builder(provenance: &Provenance) -> Result<(), RecipeError> {
    let parts = &provenance.build_definition;
    if parts.build_type != BUILD_TYPE {
        return Err(RecipeError::BuildType(parts.build_type.clone()));
    }
    let (found, own) = (&provenance.run_details.builder, builder());
    if found.version != own.version {
        return Err(RecipeError::OtherBuilder { found: name(found), own: name(&own) });
    }
    let (theirs, ours) = (&parts.internal_parameters.formats, formats());
    let differs = theirs.keys().chain(ours.keys()).find(|name| theirs.get(*name) != ours.get(*name));
    differs.map_or(Ok(()), |name| {
        let value =
            |formats: &BTreeMap<String, String>| formats.get(name).cloned().unwrap_or_else(|| "nothing".to_owned());
        Err(RecipeError::OtherFormat { name: name.clone(), found: value(theirs), own: value(&ours) })
    })
}

fn name(builder: &signing::Builder) -> String {
    let parts: Vec<String> = builder.version.iter().map(|(name, version)| format!("{name} {version}")).collect();
    if parts.is_empty() { builder.id.clone() } else { parts.join(", ") }
}

fn catalogue(provenance: &Provenance) -> Result<Catalogue, RecipeError> {
    let external = &provenance.build_definition.external_parameters;
    let files = external.definitions.iter().map(|file| Ok((file.name.clone().unwrap_or_default(), text(file)?)));
    let files = files.collect::<Result<Vec<_>, RecipeError>>()?;
    let read = Catalogue::read(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))?;
    Ok(Catalogue { labels: external.labels.clone(), ..read })
}

fn text(resource: &Resource) -> Result<String, RecipeError> {
    let name = || resource.name.clone().unwrap_or_default();
    let bytes = resource.held().ok_or_else(|| RecipeError::Damaged(name()))?;
    String::from_utf8(bytes).map_err(|_| RecipeError::NotText(name()))
}

/// Whoever reads only a part of the statement must not read something else than we do.
fn check_parts(provenance: &Provenance, lock: &ImageLock, catalogue: &Catalogue) -> Result<(), RecipeError> {
    let said = &provenance.build_definition;
    let Ok(computed) = build_definition(lock, catalogue) else {
        return Err(RecipeError::Contradiction("definitions"));
    };
    let (theirs, ours) = (&said.external_parameters, &computed.external_parameters);
    let parts = [
        ("name and platforms", theirs.image == ours.image && theirs.platforms == ours.platforms),
        ("definitions", theirs.definitions == ours.definitions),
        ("suites", said.internal_parameters.snapshots == computed.internal_parameters.snapshots),
        ("resolved dependencies", said.resolved_dependencies == computed.resolved_dependencies),
    ];
    parts.iter().find(|(_, same)| !same).map_or(Ok(()), |(part, _)| Err(RecipeError::Contradiction(part)))
}
