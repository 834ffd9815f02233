//! What was read out of a source's packages, kept so that it need not be read again.
//!
//! In: a changelog, or that some packages have none. Out: a JSON file. One that is torn, or of another form, counts as not there.

use std::fs;
use std::path::Path;

use blob::Digest;
use scan::Changelog;
use serde::{Deserialize, Serialize};

use crate::{DiskError, write_atomically};

/// Changes whenever another changelog would be read out of the same bytes.
const SCHEMA: &str = "bedplate.changelog/v1";

/// What is known of one source in one version.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Facts {
    schema: String,
    source: String,
    version: String,
    /// The .debs that were read.
    pub(super) looked: Vec<Digest>,
    /// What one of them has.
    pub(super) changelog: Option<Changelog>,
}

impl Facts {
    /// What is kept, or nothing.
    pub(super) fn read(path: &Path, source: &str, version: &str) -> Self {
        let read = || serde_json::from_slice::<Self>(&fs::read(path).ok()?).ok();
        let own = |facts: &Self| {
            (facts.schema.as_str(), facts.source.as_str(), facts.version.as_str()) == (SCHEMA, source, version)
        };
        read().filter(own).unwrap_or_else(|| Self {
            schema: SCHEMA.to_owned(),
            source: source.to_owned(),
            version: version.to_owned(),
            looked: Vec::new(),
            changelog: None,
        })
    }

    /// Keeps it.
    pub(super) fn write(&self, path: &Path) -> Result<(), DiskError> {
        write_atomically(path, &serde_json::to_vec(self).unwrap_or_default())
    }
}
