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
