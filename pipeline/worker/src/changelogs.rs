//! What packages say about themselves: the changelogs in the .debs that images are made of.
//!
//! In: locked packages whose .debs are at hand. Out: [`scan::Changelogs`], and `STATE/changelogs/<source>_<version>.json` with what was read,
//! so that a .deb is read once. A changelog is believed only if its first entry is of that source and version. Where the packages of a
//! source share one documentation folder (`libgcc-s1` links to that of `gcc-14-base`), it is found in the one that has it.

mod extract;
mod facts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assemble::LockedPackage;
use blob::Digest;
use rayon::prelude::*;
use scan::{Changelog, Changelogs};

use self::extract::extract;
use self::facts::Facts;
use crate::failure::chain;
use crate::{Debs, DiskError, sweep_abandoned};

/// The changelogs of one state folder.
#[derive(Debug, Clone)]
pub struct ChangelogFiles {
    folder: PathBuf,
    debs: Debs,
}

/// One source in one version.
type SourceKey = (String, String);

impl ChangelogFiles {
    /// Those of the state folder `state`, out of its .debs.
    pub fn of_state(state: &Path) -> Result<Self, DiskError> {
        let folder = state.join("changelogs");
        sweep_abandoned(&folder)?;
        Ok(Self { folder, debs: Debs::of_state(state)? })
    }

    /// Those beside these .debs.
    pub(crate) fn beside(debs: &Debs) -> Self {
        let state = debs.folder().ancestors().nth(2).unwrap_or(debs.folder());
        Self { folder: state.join("changelogs"), debs: debs.clone() }
    }

    /// The changelogs of these packages' sources, as far as they are at hand. Reads every .deb that nobody has looked into before: some
    /// tenths of a second each. What is damaged is told in the log and looked at again the next time; it stops nothing.
    pub fn load<'p>(&self, packages: impl IntoIterator<Item = &'p LockedPackage>) -> Changelogs {
        let sources: Vec<_> = by_source(packages).into_iter().collect();
        let read = |(key, debs): (SourceKey, BTreeMap<&Digest, &LockedPackage>)| {
            let changelog = self.of_source(&key, debs.into_values().collect())?;
            Some((key, changelog))
        };
        let found: Vec<_> = sources.into_par_iter().filter_map(read).collect();
        let mut all = Changelogs::default();
        for ((source, version), changelog) in found {
            all.add(&source, &version, changelog);
        }
        all
    }

    /// The smallest packages first: those that hold only documents are small.
    fn of_source(&self, (source, version): &SourceKey, mut debs: Vec<&LockedPackage>) -> Option<Changelog> {
        let path = self.path(source, version)?;
        let mut facts = Facts::read(&path, source, version);
        debs.retain(|deb| !facts.looked.contains(&deb.sha256) && self.debs.has(&deb.sha256, deb.size));
        if facts.changelog.is_some() || debs.is_empty() {
            return facts.changelog;
        }
        debs.sort_by_key(|deb| deb.size);
        for deb in debs {
            match self.look(deb) {
                Ok(changelog) => {
                    facts.looked.push(deb.sha256.clone());
                    facts.changelog = changelog;
                }
                Err(problem) => tracing::warn!("the changelog in package `{}` {}: {problem}", deb.name, deb.version),
            }
            if facts.changelog.is_some() {
                break;
            }
        }
        // What cannot be kept is read again the next time.
        let _ = facts.write(&path).inspect_err(|error| tracing::warn!("{error}"));
        facts.changelog
    }

    fn look(&self, deb: &LockedPackage) -> Result<Option<Changelog>, String> {
        let reader = self.debs.open(&deb.sha256, deb.size).map_err(|error| chain(&error))?;
        let text = extract(reader, &deb.source, &deb.source_version.to_string()).map_err(|error| chain(&error))?;
        Ok(text.map(|text| Changelog::read(&text)))
    }

    /// Where all facts are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the facts of a source are or would be; none for a name that is no name of a file.
    pub(crate) fn path(&self, source: &str, version: &str) -> Option<PathBuf> {
        let fits = |text: &str| !text.contains('/') && !text.starts_with('.') && text.len() < 120;
        (fits(source) && fits(version)).then(|| self.folder.join(format!("{source}_{version}.json")))
    }
}

/// Each .deb once.
fn by_source<'p>(
    packages: impl IntoIterator<Item = &'p LockedPackage>,
) -> BTreeMap<SourceKey, BTreeMap<&'p Digest, &'p LockedPackage>> {
    let mut sources: BTreeMap<SourceKey, BTreeMap<_, _>> = BTreeMap::new();
    for package in packages {
        let key = (package.source.clone(), package.source_version.to_string());
        sources.entry(key).or_default().insert(&package.sha256, package);
    }
    sources
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::extract::tests::deb;
    use super::*;

    const TEXT: &str = "tool (1.0-2) trixie-security; urgency=high\n\n  * Fix CVE-2026-1001.\n\n -- A <a@debian.org>  Sun, 01 Nov 2026 10:00:00 +0000\n";

    struct Fixture {
        state: tempfile::TempDir,
        files: ChangelogFiles,
    }

    impl Fixture {
        fn new() -> Self {
            let state = tempfile::tempdir().unwrap();
            let files = ChangelogFiles::of_state(state.path()).unwrap();
            Self { state, files }
        }

        /// A package at hand.
        fn package(&self, name: &str, bytes: &[u8]) -> LockedPackage {
            let sha256 = Digest::of(bytes);
            let path = self.files.debs.path(&sha256);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
            LockedPackage {
                name: name.into(),
                version: "1.0-2+b1".parse().unwrap(),
                architecture: "amd64".parse().unwrap(),
                source: "tool".into(),
                source_version: "1.0-2".parse().unwrap(),
                size: bytes.len() as u64,
                sha256,
                path: "pool/x".into(),
                suite: "trixie".parse().unwrap(),
            }
        }

        fn finds(&self, packages: &[LockedPackage]) -> bool {
            let found = self.files.load(packages);
            found.of("tool", "1.0-2").is_some_and(|it| it.fix("CVE-2026-1001", "1.0-2").is_some())
        }
    }

    #[test]
    fn a_package_is_read_once_and_the_facts_stay() {
        let fixture = Fixture::new();
        let package = fixture.package("tool", &deb("usr/share/doc/tool/changelog.Debian.gz", TEXT));
        assert!(fixture.finds(std::slice::from_ref(&package)));
        assert_eq!(ChangelogFiles::beside(&fixture.files.debs).folder(), fixture.state.path().join("changelogs"));
        fs::remove_file(fixture.files.debs.path(&package.sha256)).unwrap();
        assert!(fixture.finds(std::slice::from_ref(&package)));
        fs::write(fixture.state.path().join("changelogs/tool_1.0-2.json"), "{").unwrap();
        assert!(!fixture.finds(&[package]), "torn facts are read anew, and the package is gone");
    }

    #[test]
    fn it_is_found_in_the_package_of_the_source_that_has_it() {
        let fixture = Fixture::new();
        let without = fixture.package("libtool", &deb("usr/bin/x", "binary"));
        assert!(!fixture.finds(std::slice::from_ref(&without)));
        let base = fixture.package("tool-1-base", &deb("usr/share/doc/tool-1-base/changelog.Debian.gz", TEXT));
        assert!(fixture.finds(&[without, base]));
    }

    #[test]
    fn a_damaged_package_stops_nothing_and_is_looked_at_again() {
        let fixture = Fixture::new();
        let mut package = fixture.package("tool", &deb("usr/share/doc/tool/changelog.Debian.gz", TEXT));
        let path = fixture.files.debs.path(&package.sha256);
        let good = fs::read(&path).unwrap();
        let mut bytes = good.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(!fixture.finds(std::slice::from_ref(&package)));
        fs::write(&path, good).unwrap();
        assert!(fixture.finds(std::slice::from_ref(&package)));
        package.source = "../tool".into();
        assert!(fixture.files.load(&[package]).is_empty(), "such a name is no file's");
    }
}
