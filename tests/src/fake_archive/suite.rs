//! One suite of the archive: its `Release` fields and the packages that it lists.
//!
//! It takes chained calls and keeps them; `compose` beside it makes the files.
//!
//! Format: <https://wiki.debian.org/DebianRepository/Format#A.22Release.22_files>.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::stanza::set_field;
use super::{DebCompression, FakeKey, FakePackage};

/// A directory below `dists/`.
#[derive(Debug, Clone)]
#[must_use = "a suite does nothing before it is given to an archive"]
pub struct FakeSuite {
    pub(crate) name: String,
    pub(crate) date: Timestamp,
    pub(crate) packages: Vec<FakePackage>,
    pub(crate) index_formats: Vec<DebCompression>,
    pub(crate) keys: Option<Vec<FakeKey>>,
    fields: Vec<(String, String)>,
    architectures: BTreeSet<String>,
    stanzas: Vec<(String, String)>,
}

impl FakeSuite {
    /// An empty suite of 2026-08-01T10:00:00Z that never ends, whose suite and codename are its directory's name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            date: Timestamp::constant(1_785_578_400, 0),
            packages: Vec::new(),
            index_formats: vec![DebCompression::None, DebCompression::Xz],
            keys: None,
            fields: Vec::new(),
            architectures: BTreeSet::new(),
            stanzas: Vec::new(),
        }
    }

    /// Its name among people: `stable`, `stable-security`.
    pub fn suite(self, suite: &str) -> Self {
        self.release_field("Suite", suite)
    }

    /// Another codename than its directory's name.
    pub fn codename(self, codename: &str) -> Self {
        self.release_field("Codename", codename)
    }

    /// When the archive made and signed it, as in `2026-08-01T10:00:00Z`.
    pub fn date(mut self, time: &str) -> Self {
        self.date = parse_time(time);
        self
    }

    /// Until when it may be trusted, as in `2026-08-08T10:00:00Z`.
    pub fn valid_until(self, time: &str) -> Self {
        let until = release_time(parse_time(time));
        self.release_field("Valid-Until", &until)
    }

    /// Sets a field of `Release`; a field of no text is left out, also one that is there by itself.
    pub fn release_field(mut self, name: &str, value: &str) -> Self {
        set_field(&mut self.fields, name, value.into());
        self
    }

    /// Says that there is no `by-hash` directory: the indexes then lie under their names only.
    pub fn without_by_hash(self) -> Self {
        self.release_field("Acquire-By-Hash", "")
    }

    /// The architectures that have an index even if no package is theirs.
    pub fn architectures(mut self, architectures: &[&str]) -> Self {
        self.architectures.extend(architectures.iter().map(ToString::to_string));
        self
    }

    /// The formats in which `Packages` lies there; plain and xz unless said.
    pub fn index_formats(mut self, formats: &[DebCompression]) -> Self {
        self.index_formats = formats.to_vec();
        self
    }

    /// Adds a package; other versions of it stay.
    pub fn package(mut self, package: FakePackage) -> Self {
        self.packages.push(package);
        self
    }

    /// Adds many packages.
    pub fn packages(mut self, packages: impl IntoIterator<Item = FakePackage>) -> Self {
        self.packages.extend(packages);
        self
    }

    /// Adds a package in place of all others of its name and architecture.
    pub fn replacing(mut self, package: FakePackage) -> Self {
        let same = |other: &FakePackage| other.name == package.name && other.architecture == package.architecture;
        self.packages.retain(|other| !same(other));
        self.package(package)
    }

    /// Takes a package away, on all architectures.
    pub fn without_package(mut self, name: &str) -> Self {
        self.packages.retain(|package| package.name != name);
        self
    }

    /// Adds text to the end of one architecture's `Packages`, as it is.
    pub fn raw_packages_stanza(mut self, architecture: &str, text: impl Into<String>) -> Self {
        self.architectures.insert(architecture.into());
        self.stanzas.push((architecture.into(), text.into()));
        self
    }

    /// Signs the suite with these keys in place of the archive's.
    pub fn signed_by(mut self, keys: &[FakeKey]) -> Self {
        self.keys = Some(keys.to_vec());
        self
    }

    /// The architectures that have an index.
    pub(crate) fn all_architectures(&self) -> BTreeSet<String> {
        let mut all = self.architectures.clone();
        all.extend(self.packages.iter().map(|package| package.architecture.clone()).filter(|name| name != "all"));
        if all.is_empty() {
            all.insert("amd64".into());
        }
        all
    }

    /// The components that have an index.
    pub(crate) fn components(&self) -> BTreeSet<String> {
        let mut all: BTreeSet<_> = self.packages.iter().map(|package| package.component.clone()).collect();
        all.insert("main".into());
        all
    }

    /// The text that stands at the end of an architecture's index.
    pub(crate) fn stanzas_of(&self, architecture: &str) -> impl Iterator<Item = &str> {
        self.stanzas.iter().filter(move |(name, _)| name == architecture).map(|(_, text)| text.as_str())
    }

    /// The text of `Release`, whose list of files is given.
    pub(crate) fn release_text(&self, files: &str) -> String {
        let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(" ");
        let mut fields = Vec::new();
        let mut set = |name: &str, value: String| set_field(&mut fields, name, value);
        set("Origin", "Fake".into());
        set("Label", "Fake".into());
        set("Suite", self.name.clone());
        set("Codename", self.name.clone());
        set("Date", release_time(self.date));
        set("Valid-Until", String::new());
        set("Acquire-By-Hash", "yes".into());
        set("No-Support-for-Architecture-all", "Packages".into());
        set("Architectures", list(self.all_architectures()));
        set("Components", list(self.components()));
        set("Description", "An archive made up for tests".into());
        set("SHA256", format!("\n{}", files.trim_end_matches('\n')));
        for (name, value) in &self.fields {
            set(name, value.clone());
        }
        let line = |(name, value): (String, String)| match value {
            value if value.is_empty() => String::new(),
            value if value.starts_with('\n') => format!("{name}:{value}\n"),
            value => format!("{name}: {value}\n"),
        };
        fields.into_iter().map(line).collect()
    }

    /// Whether the indexes also lie under their digests.
    pub(crate) fn has_by_hash(&self) -> bool {
        !self.fields.iter().any(|(name, value)| name.eq_ignore_ascii_case("Acquire-By-Hash") && value != "yes")
    }
}

pub(crate) fn parse_time(time: &str) -> Timestamp {
    time.parse().expect("a time such as 2026-08-01T10:00:00Z")
}

/// A time as `Release` writes it: `Sat, 01 Aug 2026 10:00:00 UTC`.
fn release_time(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_release_as_debian_does() {
        let suite =
            FakeSuite::new("trixie").suite("stable").valid_until("2026-08-08T10:00:00Z").date("2026-08-01T10:00:00Z");
        let text = suite.release_text(" 00 1 main/binary-amd64/Packages\n");
        assert_eq!(
            text,
            "Origin: Fake\nLabel: Fake\nSuite: stable\nCodename: trixie\nDate: Sat, 01 Aug 2026 10:00:00 UTC\n\
             Valid-Until: Sat, 08 Aug 2026 10:00:00 UTC\nAcquire-By-Hash: yes\nNo-Support-for-Architecture-all: Packages\n\
             Architectures: amd64\nComponents: main\nDescription: An archive made up for tests\n\
             SHA256:\n 00 1 main/binary-amd64/Packages\n"
        );
        assert!(!suite.without_by_hash().release_text("").contains("By-Hash"));
    }

    #[test]
    fn replaces_a_package_of_one_architecture_only() {
        let package = |version: &str, architecture: &str| FakePackage::new("a", version).architecture(architecture);
        let suite = FakeSuite::new("x").package(package("1", "amd64")).package(package("1", "arm64"));
        let suite = suite.replacing(package("2", "amd64"));
        let versions: Vec<_> = suite.packages.iter().map(|package| package.version.as_str()).collect();
        assert_eq!(versions, ["1", "2"]);
        assert!(suite.without_package("a").packages.is_empty());
    }
}
