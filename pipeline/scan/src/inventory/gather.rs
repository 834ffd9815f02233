//! Packages come together, with what a reader should know about them.
//!
//! In: packages one by one. Out: an [`Inventory`]: sorted, each package once, remarks bounded.

use std::collections::{BTreeMap, BTreeSet};

use super::{Distribution, InstalledPackage, Inventory, Remark};

/// Remarks that are kept; more are counted.
const REMARKS: usize = 500;

/// The longest name or version, in bytes; the archive has none above 120.
const LONGEST: usize = 400;

/// Words in a `Maintainer` of those who publish packages of their own for Debian: Debian's data say nothing about theirs, not even
/// where the name is the same.
const THIRD_PARTIES: [&str; 8] = [
    "@docker.com",
    "nginx-packaging@",
    "@microsoft.com",
    "@nodesource.com",
    "@mongodb.com",
    "@elastic.co",
    "@hashicorp.com",
    "@influxdata.com",
];

/// What such publishers put into versions, and who they are.
const MARKS: [(&str, &str); 6] = [
    ("+rpt", "Raspberry Pi's archive"),
    ("+rpi", "Raspberry Pi's archive"),
    ("pgdg", "PostgreSQL's archive"),
    ("+maria~", "MariaDB's archive"),
    ("nodesource", "NodeSource's archive"),
    ("ubuntu", "Ubuntu"),
];

/// What gathers.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    packages: BTreeSet<InstalledPackage>,
    remarks: BTreeSet<Remark>,
    left_out: usize,
}

impl Gathering {
    /// Says something.
    pub(crate) fn remark(&mut self, about: &str, text: impl Into<String>) {
        if self.remarks.len() >= REMARKS {
            self.left_out += 1;
            return;
        }
        self.remarks.insert(Remark { about: plain(about), text: plain(&text.into()) });
    }

    /// Adds a package; one that has no usable name or version is said and left out.
    pub(crate) fn add(&mut self, mut package: InstalledPackage, maintainer: Option<&str>, place: &str) {
        if let Some(problem) = unusable(&package) {
            return self.remark(place, format!("{problem}: the package is left out"));
        }
        if let Some(whose) = third_party(&package.version, maintainer) {
            let text = format!("it comes from {whose}, not from Debian: nothing is matched to it");
            self.remark(&package.name, text);
            (package.source, package.source_version) = (String::new(), String::new());
        } else if let Some(suite) = other_suite(&package.version) {
            self.remark(
                &package.name,
                format!("its version `{}` is of {suite}: it is matched as if it were of the release", package.version),
            );
        }
        self.packages.insert(package);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.packages.len()
    }

    /// All together.
    pub(crate) fn finish(mut self, distribution: Distribution) -> Inventory {
        self.versions_side_by_side();
        let mut remarks: Vec<Remark> = self.remarks.into_iter().chain(distribution.remarks()).collect();
        if self.left_out > 0 {
            let text = format!("{} more remarks are left out", self.left_out);
            remarks.push(Remark { about: "inventory".into(), text });
        }
        remarks.sort();
        Inventory { distribution, packages: self.packages.into_iter().collect(), remarks }
    }

    /// One package in two versions: two layers that do not know of each other.
    fn versions_side_by_side(&mut self) {
        let mut versions: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for it in &self.packages {
            versions.entry((&it.name, &it.architecture)).or_default().push(&it.version);
        }
        let twice: Vec<(String, String)> = versions
            .into_iter()
            .filter(|(_, versions)| versions.len() > 1)
            .map(|((name, _), versions)| (name.to_owned(), versions.join(", ")))
            .collect();
        for (name, versions) in twice {
            self.remark(&name, format!("it is there in several versions, {versions}: each is matched"));
        }
    }
}

/// Remarks reach terminals and pages: no control characters, no endless lines.
fn plain(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(LONGEST).collect()
}

fn unusable(package: &InstalledPackage) -> Option<&'static str> {
    let good = |text: &str| text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    match package {
        it if it.name.is_empty() => Some("it has no name"),
        it if it.version.is_empty() => Some("it has no version"),
        it if !good(&it.name) || !good(&it.source) => Some("its name is none that a package can have"),
        it if it.version.len() > LONGEST || it.source_version.len() > LONGEST => Some("its version is too long"),
        _ => None,
    }
}

/// Whose package this is, where it is plainly not Debian's.
fn third_party(version: &str, maintainer: Option<&str>) -> Option<String> {
    let revision = version.rsplit_once('-').map_or(version, |(_, revision)| revision);
    if let Some((_, whose)) = MARKS.iter().find(|(mark, _)| revision.contains(mark)) {
        return Some((*whose).to_owned());
    }
    let maintainer = maintainer?.to_ascii_lowercase();
    let third = THIRD_PARTIES.iter().find(|word| maintainer.contains(*word))?;
    Some(third.trim_matches('@').to_owned())
}

fn other_suite(version: &str) -> Option<&'static str> {
    version.contains("~bpo").then_some("a backports suite")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str) -> InstalledPackage {
        let (name, version) = (name.to_owned(), version.to_owned());
        InstalledPackage {
            source: name.clone(),
            source_version: version.clone(),
            name,
            version,
            architecture: "amd64".into(),
        }
    }

    #[test]
    fn mixed_suites_and_third_parties_are_said() {
        let mut gathering = Gathering::default();
        gathering.add(package("a", "1-1~bpo12+1"), Some("A <a@debian.org>"), "x");
        gathering.add(package("b", "1:9.2p1-2+rpt1"), None, "x");
        gathering.add(package("docker-ce", "5:27.0-1~debian.12~bookworm"), Some("Docker <support@docker.com>"), "x");
        gathering.add(package("c", "1-1"), Some("C <c@debian.org>"), "x");
        let inventory = gathering.finish(Distribution::from_distro("debian-12"));
        let sources: Vec<&str> = inventory.packages.iter().map(|it| it.source.as_str()).collect();
        assert_eq!(sources, ["a", "", "c", ""]);
        let texts: Vec<String> = inventory.remarks.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), 3);
        assert!(texts[0].contains("of a backports suite") && texts[1].contains("Raspberry Pi"), "{texts:?}");
        assert!(texts[2].contains("docker.com, not from Debian"), "{texts:?}");
    }

    #[test]
    fn what_is_no_package_is_left_out_and_said() {
        let mut gathering = Gathering::default();
        for (name, version) in [("", "1"), ("a", ""), ("a\u{1b}[31m", "1"), (&"x".repeat(500), "1")] {
            gathering.add(package(name, version), None, "status:1\u{1b}");
        }
        assert_eq!(gathering.len(), 0);
        let inventory = gathering.finish(Distribution::from_distro("trixie"));
        assert!(inventory.remarks.iter().all(|it| it.about == "status:1 " && it.text.ends_with("is left out")));
        assert_eq!(inventory.remarks.len(), 3);
    }

    #[test]
    fn remarks_are_bounded_and_versions_side_by_side_are_said() {
        let mut gathering = Gathering::default();
        gathering.add(package("a", "1"), None, "x");
        gathering.add(package("a", "1"), None, "x");
        gathering.add(package("a", "2"), None, "x");
        (0..1_000).for_each(|at| gathering.remark("x", format!("{at}")));
        let inventory = gathering.finish(Distribution::from_distro("trixie"));
        assert_eq!((inventory.packages.len(), inventory.remarks.len()), (2, REMARKS + 1));
        assert!(inventory.remarks.iter().any(|it| it.text == "501 more remarks are left out"));
    }
}
