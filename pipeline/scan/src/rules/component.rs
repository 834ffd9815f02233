//! Rules for parts: a vulnerability of a source that needs a part of it which an image may not have.

use serde::Deserialize;

use super::path_pattern::PathPattern;
use super::{RulesError, check_ids, check_text};
use crate::finding::Evidence;
use crate::inventory::Inventory;

/// A part that vulnerabilities of a source need. An image without it is not affected: OpenVEX `component_not_present`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ComponentRule {
    /// The vulnerabilities.
    pub ids: Vec<String>,
    /// The source that they are in.
    pub source: String,
    /// The part: the name of a binary package, or a pattern for paths that starts with `/`.
    pub component: String,
    /// Why they need it.
    pub reason: String,
    /// Where that can be read.
    pub reference: String,
}

/// The files of an image.
pub trait FileList {
    /// Whether any file's path matches.
    fn has(&self, pattern: &PathPattern) -> bool;
}

/// The paths of an image's files, as a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathList(pub Vec<String>);

impl FileList for PathList {
    fn has(&self, pattern: &PathPattern) -> bool {
        self.0.iter().any(|path| pattern.matches(path))
    }
}

impl ComponentRule {
    /// Whether it speaks of a vulnerability in a source.
    pub(crate) fn is_about(&self, id: &str, source: &str) -> bool {
        self.source == source && self.ids.iter().any(|it| it == id)
    }

    /// The evidence that the image lacks the part. Without a list of files, a rule for a path says nothing; and where a package's
    /// name is unknown to the inventory because it has no packages, neither does a rule for a package.
    pub(crate) fn absence(&self, inventory: &Inventory, files: Option<&dyn FileList>) -> Option<Evidence> {
        let absent = if self.component.starts_with('/') {
            !files?.has(&PathPattern::new(&self.component))
        } else {
            !inventory.packages.iter().any(|package| package.name == self.component)
        };
        let reason = format!("{} ({})", self.reason, self.reference);
        absent.then(|| Evidence::ComponentNotPresent { component: self.component.clone(), reason })
    }

    pub(super) fn check(&self, place: &str) -> Result<(), RulesError> {
        check_ids(&self.ids, place)?;
        check_text(&self.source, place, "source", "the source package")?;
        check_text(&self.reason, place, "reason", "why the vulnerability needs the part")?;
        check_text(&self.reference, place, "reference", "where that can be read")?;
        let name = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        let package = !self.component.is_empty() && self.component.bytes().all(name);
        if package || (self.component.starts_with('/') && self.component.len() > 1) {
            return Ok(());
        }
        Err(RulesError::Component { place: place.to_owned(), found: self.component.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::InstalledPackage;

    fn rule(component: &str) -> ComponentRule {
        let text = str::to_owned;
        ComponentRule {
            ids: vec![text("CVE-2023-45853")],
            source: text("zlib"),
            component: text(component),
            reason: text("only minizip has it"),
            reference: text("https://x.example"),
        }
    }

    #[test]
    fn absence_is_seen_in_packages_or_files_and_never_guessed() {
        let package = InstalledPackage {
            name: "zlib1g".into(),
            version: "1".into(),
            architecture: String::new(),
            source: "zlib".into(),
            source_version: "1".into(),
        };
        let inventory = Inventory { packages: vec![package], ..Inventory::default() };
        assert!(rule("libminizip1t64").absence(&inventory, None).is_some());
        assert!(rule("zlib1g").absence(&inventory, None).is_none());
        assert!(rule("/usr/lib/*/libminizip.so.*").absence(&inventory, None).is_none(), "no list says nothing");
        let files = |path: &str| PathList(vec![path.to_owned()]);
        let pattern = rule("/usr/lib/*/libminizip.so.*");
        assert!(pattern.absence(&inventory, Some(&files("usr/lib/a/libz.so.1"))).is_some());
        assert!(pattern.absence(&inventory, Some(&files("usr/lib/a/libminizip.so.1"))).is_none());
        assert!(!pattern.is_about("CVE-2023-45853", "minizip") && pattern.is_about("CVE-2023-45853", "zlib"));
    }
}
