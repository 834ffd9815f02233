//! What was read of one thing that is scanned: its subject, what is installed, which files there are.

use blob::Digest;
use scan::{Distribution, Inventory, PathList, Remark, ReportSubject};

/// One image of one platform, root file system, SBOM or list of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// What it is.
    pub(crate) subject: ReportSubject,
    /// Digest of the index that names the image, or of its manifest where no index does.
    pub(crate) whole: Option<Digest>,
    /// What is installed.
    pub(crate) inventory: Inventory,
    /// Every path, where a whole image was read.
    pub(crate) paths: Option<PathList>,
    /// Whether packages may be installed that the inventory does not have: then nothing is called clean.
    pub(crate) incomplete: bool,
    /// Whether it is an image of this state folder.
    pub(crate) is_own: bool,
}

impl Target {
    /// An inventory, and nothing else yet.
    pub(crate) fn of(inventory: Inventory) -> Self {
        Self {
            subject: ReportSubject::default(),
            whole: None,
            inventory,
            paths: None,
            incomplete: false,
            is_own: false,
        }
    }

    /// Under this name.
    pub(crate) fn named(mut self, name: impl Into<String>) -> Self {
        self.subject.name = name.into();
        self
    }

    /// Says something that a reader should know.
    pub(crate) fn remark(&mut self, about: String, text: String) {
        self.inventory.remarks.push(Remark { about, text });
    }

    /// Says that something could not be read, so that packages may be missing.
    pub(crate) fn missing(&mut self, about: String, text: String) {
        self.incomplete = true;
        self.remark(about, text);
    }

    /// Takes the release that a person names where the target does not say it.
    pub(crate) fn of_release(mut self, release: Option<&str>) -> Self {
        let said = &self.inventory.distribution;
        if let Some(release) = release.filter(|_| said.version.is_none() && said.codename.is_none()) {
            self.inventory.distribution = Distribution::from_distro(release);
            self.inventory.remarks.retain(|remark| !matches!(remark.about.as_str(), "distribution" | "os-release"));
        }
        self
    }
}
