//! What is installed: the packages of an image, wherever that was read.

use std::fmt;

use serde::{Deserialize, Serialize};

mod cyclonedx;
mod deb_purl;
mod document;
mod gather;
mod loose;
mod os_release;
mod spdx;
mod stanza;
mod status;

pub use document::InventoryError;

/// The packages of one image, root directory or SBOM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Inventory {
    /// The distribution that it says it is.
    pub distribution: Distribution,
    /// Debian packages, by name.
    pub packages: Vec<InstalledPackage>,
    /// What could not be read or matched, and why: said, not guessed.
    pub remarks: Vec<Remark>,
}

/// The distribution, as `os-release` or an SBOM names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Distribution {
    /// `ID`, such as `debian`; empty where nothing says it.
    pub id: String,
    /// `VERSION_ID`, such as `13`.
    pub version: Option<String>,
    /// `VERSION_CODENAME`, such as `trixie`.
    pub codename: Option<String>,
}

/// One installed binary package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct InstalledPackage {
    /// Binary package.
    pub name: String,
    /// Its version, with the suffix of a rebuild (`+b1`).
    pub version: String,
    /// Its architecture; empty where nothing says it.
    pub architecture: String,
    /// Source package, which advisories speak of.
    pub source: String,
    /// The source's version.
    pub source_version: String,
}

/// Something that a reader should know before believing a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Remark {
    /// What it is about: a package, a file, the image.
    pub about: String,
    /// What is the matter.
    pub text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.text)
    }
}
