//! The tags of one image in our own registry.
//!
//! In: a [`Publication`]. Out: its repository with the tags that move and the one that does not, as names that are well formed.

use std::collections::BTreeSet;

use blob::Digest;
use oci::{NameError, Repository, Tag};
use plan::Publication;

/// What is published of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTags {
    /// The image.
    pub image: String,
    /// Where its tags stand.
    pub repository: Repository,
    /// The tags that move, and the one that does not.
    pub tags: BTreeSet<Tag>,
    /// What they lead to.
    pub index: Digest,
    /// The manifests of its platforms.
    pub platforms: Vec<Digest>,
    /// The name under which it is signed, `HOST/REPOSITORY`.
    pub name: String,
}

impl TryFrom<&Publication> for ImageTags {
    type Error = NameError;

    fn try_from(publication: &Publication) -> Result<Self, NameError> {
        let tags = publication.tags.iter().chain([&publication.fixed_tag]).map(|tag| tag.parse());
        Ok(Self {
            image: publication.image.clone(),
            repository: publication.repository.parse()?,
            tags: tags.collect::<Result<_, _>>()?,
            index: publication.index.clone(),
            platforms: publication.platforms.values().map(|platform| platform.manifest.clone()).collect(),
            name: publication.attested.name.clone(),
        })
    }
}
