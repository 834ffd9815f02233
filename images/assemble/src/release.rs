//! Debian's releases as the catalogue knows them: suites, components, keys and dates.

use std::collections::BTreeMap;

use debian::{Component, Fingerprint, Suite};
use serde::{Deserialize, Serialize};

/// All releases, by code name.
pub type Releases = BTreeMap<String, Release>;

/// One release, such as `trixie`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Release {
    /// Its number, such as `13`.
    pub version: String,
    /// The suites that together are this release; of a package in several, the newest version counts.
    pub suites: Vec<SuiteSource>,
    /// Components to read.
    pub components: Vec<Component>,
    /// The day on which Debian's security team stops.
    pub end_of_life: jiff::civil::Date,
    /// The day on which the long-term support team stops.
    pub end_of_lts: Option<jiff::civil::Date>,
}

/// One suite of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SuiteSource {
    /// Its folder under `dists/`.
    pub name: Suite,
    /// Which archive holds it.
    pub kind: SuiteKind,
    /// Primary keys that may sign it; one good signature of one of them is needed.
    pub keys: Vec<Fingerprint>,
}

/// What a suite is for; `security` lies in an archive of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuiteKind {
    /// The release itself.
    Main,
    /// Changes between point releases.
    Updates,
    /// Fixes of the security team.
    Security,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const RELEASES: &str = r#"
trixie:
  version: "13"
  components: [main]
  end-of-life: 2028-08-09
  suites:
    - { name: trixie, kind: main, keys: ["0123456789ABCDEF0123456789ABCDEF01234567"] }
"#;

    #[test]
    fn reads_a_release() {
        let releases: Releases = crate::yaml::read("releases.yaml", RELEASES).unwrap();
        assert_eq!(releases["trixie"].suites[0].kind, SuiteKind::Main);
    }
}
