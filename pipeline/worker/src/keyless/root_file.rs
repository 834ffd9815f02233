//! The file `trusted_root.json`: as it stands there, for others to fetch, and as the verifier asks it.
//!
//! In: a path. Out: a [`RootFile`]. At most a mebibyte is read.

use std::path::Path;
use std::sync::Arc;

use signing::TrustedRoot;

use super::error::KeylessError;
use super::signer::read_file;

const LARGEST_ROOT: usize = 1024 * 1024;

/// A trusted root with its text. Two are equal if their texts are.
#[derive(Debug, Clone)]
pub struct RootFile {
    text: Arc<str>,
    trusted: Arc<TrustedRoot>,
}

impl RootFile {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, KeylessError> {
        let refused = |reason: String| KeylessError::File { path: path.to_owned(), reason };
        let text = String::from_utf8(read_file(path, LARGEST_ROOT)?).map_err(|error| refused(error.to_string()))?;
        let trusted = TrustedRoot::parse(&text).map_err(|error| refused(error.to_string()))?;
        Ok(Self { text: text.into(), trusted: Arc::new(trusted) })
    }

    /// As it stands in the file.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As it is asked.
    pub fn trusted(&self) -> &TrustedRoot {
        &self.trusted
    }
}

impl PartialEq for RootFile {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for RootFile {}
