//! A whole archive: its suites and the keys that sign them.
//!
//! It takes suites, and gives the files, the keyring and the lines for APT's sources; `compose` does the work.

use super::compose::compose_suite;
use super::{FakeKey, FakeServer, FakeSuite, Generation};

/// An archive that composes and signs itself. A clone has the same keys: change it, compose it, and it is the next generation.
#[derive(Debug, Clone)]
#[must_use = "an archive does nothing before it is composed or served"]
pub struct FakeArchive {
    suites: Vec<FakeSuite>,
    keys: Vec<FakeKey>,
}

impl Default for FakeArchive {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeArchive {
    /// An archive without suites, signed by one new key.
    pub fn new() -> Self {
        Self::with_keys(vec![FakeKey::generate("Fake Archive <archive@mirror.example>")])
    }

    /// An archive without suites, signed by all these keys.
    pub fn with_keys(keys: Vec<FakeKey>) -> Self {
        Self { suites: Vec::new(), keys }
    }

    /// Adds a suite, in place of one of the same name.
    pub fn suite(mut self, suite: FakeSuite) -> Self {
        self.suites.retain(|other| other.name != suite.name);
        self.suites.push(suite);
        self
    }

    /// Changes one suite: `archive.change("trixie", |suite| suite.replacing(package))`.
    pub fn change(mut self, name: &str, change: impl FnOnce(FakeSuite) -> FakeSuite) -> Self {
        let place = self.suites.iter().position(|suite| suite.name == name).expect("a suite of this name");
        let suite = self.suites.remove(place);
        self.suites.insert(place, change(suite));
        self
    }

    /// The keys of the archive.
    pub fn keys(&self) -> &[FakeKey] {
        &self.keys
    }

    /// The certificates of all its keys, in binary, as in a keyring file.
    pub fn keyring(&self) -> Vec<u8> {
        self.keys.iter().flat_map(FakeKey::certificate).collect()
    }

    /// The fingerprints of its keys' primary keys, upper case.
    pub fn fingerprints(&self) -> Vec<String> {
        self.keys.iter().map(FakeKey::fingerprint).collect()
    }

    /// A paragraph for a `.sources` file that names this address, all suites, and the first key inline.
    pub fn apt_sources(&self, url: &str) -> String {
        let suites: Vec<_> = self.suites.iter().map(|suite| suite.name.as_str()).collect();
        let dotted = |line: &str| if line.is_empty() { " .\n".to_owned() } else { format!(" {line}\n") };
        let key: String = self.keys.first().map(FakeKey::armored).unwrap_or_default().lines().map(dotted).collect();
        let suites = suites.join(" ");
        format!("Types: deb\nURIs: {url}\nSuites: {suites}\nComponents: main\nSigned-By:\n{key}")
    }

    /// A catalogue's `releases.yaml` in which this archive's keys stand in place of Debian's.
    pub fn trusted_in(&self, releases: &str) -> String {
        let is_key = |line: &&str| line.trim_start().starts_with("- \"");
        let own: String = self.fingerprints().iter().map(|key| format!("        - \"{key}\"\n")).collect();
        let line = |line: &str| match line.trim() {
            "keys:" => format!("{line}\n{own}"),
            _ => format!("{line}\n"),
        };
        releases.lines().filter(|line| !is_key(line)).map(line).collect()
    }

    /// The files of a catalogue, which trust this archive's keys in place of Debian's.
    pub fn trusting<'f>(&self, catalogue: impl IntoIterator<Item = (&'f str, &'f str)>) -> Vec<(&'f str, String)> {
        let trusted = |(path, text): (&'f str, &'f str)| match path {
            "releases.yaml" => (path, self.trusted_in(text)),
            _ => (path, text.to_owned()),
        };
        catalogue.into_iter().map(trusted).collect()
    }

    /// Makes every file.
    pub fn compose(&self) -> Generation {
        let mut generation = Generation::default();
        for suite in &self.suites {
            compose_suite(suite, suite.keys.as_ref().unwrap_or(&self.keys), &mut generation);
        }
        generation
    }

    /// Makes every file and serves them on a free port of this machine.
    pub fn serve(&self) -> FakeServer {
        FakeServer::start(self.compose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_its_address_suites_and_key_for_apt() {
        let archive = FakeArchive::new().suite(FakeSuite::new("trixie")).suite(FakeSuite::new("trixie-security"));
        let text = archive.apt_sources("http://mirror.example/debian");
        let start =
            "Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie trixie-security\nComponents: main\n";
        assert!(text.starts_with(&format!("{start}Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n")), "{text}");
        assert!(text.lines().skip(5).all(|line| line.starts_with(' ')), "{text}");
    }

    #[test]
    fn puts_its_keys_where_a_catalogue_has_debians() {
        let archive = FakeArchive::new();
        let text = "x:\n    - suite: x\n      keys:\n        - \"00\"   # old\n        - \"01\"\n  end: 1\n";
        let wanted =
            format!("x:\n    - suite: x\n      keys:\n        - \"{}\"\n  end: 1\n", archive.fingerprints()[0]);
        assert_eq!(archive.trusted_in(text), wanted);
    }
}
