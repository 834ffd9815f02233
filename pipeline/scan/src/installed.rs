//! The packages of an inventory by the source that they were built of: what advisories speak of.
//!
//! In: an [`Inventory`]. Out: its sources, each with its version and packages, sorted; which (source, release) pairs it holds.

use crate::inventory::{InstalledPackage, Inventory};

/// All that is installed, by source and version.
#[derive(Debug, Clone)]
pub struct InstalledSources<'i> {
    release: Option<&'i str>,
    sorted: Vec<&'i InstalledPackage>,
}

/// One source in one version, with the binary packages of it that are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstalledSource<'i> {
    /// The source.
    pub source: &'i str,
    /// Its version.
    pub version: &'i str,
    /// The packages, by name; one that is there for two architectures is there twice.
    pub packages: &'i [&'i InstalledPackage],
}

impl Inventory {
    /// Its packages by source and version. Sorting is all that it costs.
    pub fn sources(&self) -> InstalledSources<'_> {
        let mut sorted: Vec<&InstalledPackage> = self.packages.iter().collect();

        sorted.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
        InstalledSources { release: self.distribution.release(), sorted }
    }
}

impl InstalledSources<'_> {
    /// The codename of the release, if it is one of Debian's.
    pub fn release(&self) -> Option<&str> {
        self.release
    }

    /// The sources that are known, sorted by name and version (as text).
    pub fn iter(&self) -> impl Iterator<Item = InstalledSource<'_>> {
        self.groups().filter(|group| !group.source.is_empty() && !group.version.is_empty())
    }

    /// A source in all its versions.
    pub fn of(&self, source: &str) -> impl Iterator<Item = InstalledSource<'_>> {
        let start = self.sorted.partition_point(|it| it.source.as_str() < source);
        let end = start + self.sorted[start..].partition_point(|it| it.source == source);
        groups(&self.sorted[start..end]).filter(|group| !group.source.is_empty() && !group.version.is_empty())
    }

    /// The names of the sources, each once: with [`Self::release`] the pairs whose rows concern this inventory.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let chunks = self.sorted.chunk_by(|one, other| one.source == other.source);
        chunks.filter_map(|chunk| Some(chunk.first()?.source.as_str())).filter(|name| !name.is_empty())
    }

    /// Packages whose source, or the source's version, nobody knows.
    pub fn unknown(&self) -> impl Iterator<Item = &InstalledPackage> {
        self.sorted.iter().copied().filter(|it| it.source.is_empty() || it.source_version.is_empty())
    }

    fn groups(&self) -> impl Iterator<Item = InstalledSource<'_>> {
        groups(&self.sorted)
    }
}

fn order(package: &InstalledPackage) -> [&str; 5] {
    let InstalledPackage { source, source_version, name, version, architecture } = package;
    [source, source_version, name, version, architecture]
}

fn groups<'i>(sorted: &'i [&'i InstalledPackage]) -> impl Iterator<Item = InstalledSource<'i>> {
    let same = |one: &&InstalledPackage, other: &&InstalledPackage| {
        one.source == other.source && one.source_version == other.source_version
    };
    sorted.chunk_by(same).filter_map(|packages| {
        let first = packages.first()?;
        Some(InstalledSource { source: &first.source, version: &first.source_version, packages })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, source: &str, version: &str) -> InstalledPackage {
        let text = str::to_owned;
        InstalledPackage {
            name: text(name),
            version: text(version),
            architecture: "amd64".into(),
            source: text(source),
            source_version: text(version),
        }
    }

    #[test]
    fn packages_come_by_source_and_version() {
        let all = [
            ("libc6", "glibc", "2"),
            ("x", "", "1"),
            ("libc-bin", "glibc", "2"),
            ("b", "a", "1"),
            ("c", "a", "2"),
            ("d", "d", ""),
        ];
        let packages = all.map(|(name, source, version)| package(name, source, version)).to_vec();
        let inventory = Inventory { packages, ..Inventory::default() };
        let sources = inventory.sources();
        let found: Vec<_> = sources
            .iter()
            .map(|it| {
                format!(
                    "{} {} {}",
                    it.source,
                    it.version,
                    it.packages.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(",")
                )
            })
            .collect();
        assert_eq!(found, ["a 1 b", "a 2 c", "glibc 2 libc-bin,libc6"]);
        assert_eq!(sources.of("a").count(), 2);
        assert_eq!(sources.of("b").count(), 0);
        assert_eq!(sources.of("").count(), 0);
        assert_eq!(sources.names().collect::<Vec<_>>(), ["a", "d", "glibc"]);
        assert_eq!(sources.unknown().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["x", "d"]);
        assert_eq!(sources.release(), None);
    }
}
