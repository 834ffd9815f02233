//! What is published, remembered as one JSON file an image.
//!
//! In: a [`Publication`]. Out: `STATE/publications/<image>.json`. What cannot be read, or has a lock of an older form, counts
//! as not published: the image is then built again, and comes out with the same digest.

use std::fs;
use std::path::{Path, PathBuf};

use assemble::LOCK_SCHEMA;
use plan::Publication;

use crate::{DiskError, list, sweep_abandoned, write_atomically};

/// All publications of a state folder.
#[derive(Debug, Clone)]
pub struct Publications {
    folder: PathBuf,
}

impl Publications {
    /// Those of the state folder `state`.
    pub fn of_state(state: &Path) -> Result<Self, DiskError> {
        let folder = state.join("publications");
        sweep_abandoned(&folder)?;
        Ok(Self { folder })
    }

    /// What is published of an image.
    pub fn get(&self, image: &str) -> Option<Publication> {
        read(&fs::read(self.path(image)).ok()?)
    }

    /// Everything published, by image.
    pub fn all(&self) -> Result<Vec<Publication>, DiskError> {
        let texts = list(&self.folder)?.into_iter().filter_map(|path| fs::read(path).ok());
        Ok(texts.filter_map(|text| read(&text)).collect())
    }

    /// Remembers a publication.
    pub fn put(&self, publication: &Publication) -> Result<(), DiskError> {
        let text = serde_json::to_vec_pretty(publication).unwrap_or_default();
        write_atomically(&self.path(&publication.image), &text)
    }

    fn path(&self, image: &str) -> PathBuf {
        self.folder.join(format!("{image}.json"))
    }
}

fn read(text: &[u8]) -> Option<Publication> {
    let publication: Publication = serde_json::from_slice(text).ok()?;
    (publication.lock.schema == LOCK_SCHEMA).then_some(publication)
}
