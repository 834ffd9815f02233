//! What a package says about itself in words: who makes it, what it needs, under which licences it stands.
//!
//! In: the control paragraph of a .deb. Out: an [`About`], kept with the package's segment and handed on to SBOMs.
//! Fields: <https://www.debian.org/doc/debian-policy/ch-controlfields.html>.

use std::collections::BTreeMap;

use debian::{ControlArchive, DebError};
use serde::{Deserialize, Serialize};

use crate::copyright::Copyright;
use crate::path::RootPath;

/// The longest value of a field that is kept, in bytes; the longest `Depends` of trixie has some 8 kB.
const LONGEST: usize = 64 << 10;

/// What a package says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Who maintains it: a name, and an address in angle brackets.
    pub maintainer: String,
    /// Where its upstream is at home; empty where it does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub homepage: String,
    /// What it is, in one line.
    pub summary: String,
    /// `Pre-Depends` and `Depends`, as one field.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub depends: String,
    /// `Provides`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provides: String,
    /// Its copyright files, by where they lie in the package, whether the image keeps them or not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub copyright: BTreeMap<RootPath, Copyright>,
}

impl About {
    /// Takes the fields of a control file, and the copyright files that were met.
    pub(crate) fn new(control: &ControlArchive, copyright: BTreeMap<RootPath, Copyright>) -> Result<Self, DebError> {
        let fields = control.fields()?;
        let one_line = |name: &str| one_line(fields.get(name).unwrap_or_default());
        let depends: Vec<String> =
            ["Pre-Depends", "Depends"].map(one_line).into_iter().filter(|text| !text.is_empty()).collect();
        let summary = fields.get("Description").unwrap_or_default().lines().next().unwrap_or_default();
        Ok(Self {
            maintainer: one_line("Maintainer"),
            homepage: one_line("Homepage"),
            summary: summary.trim().to_owned(),
            depends: depends.join(", "),
            provides: one_line("Provides"),
            copyright,
        })
    }
}

/// A folded field on one line; one that is longer than any real one counts as absent.
fn one_line(value: &str) -> String {
    if value.len() > LONGEST { String::new() } else { value.split_whitespace().collect::<Vec<_>>().join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_an_sbom_needs_from_the_control_file() {
        let paragraph = "Package: x\nMaintainer: A Team <a@x.example>\nPre-Depends: libc6\nDepends: a,\n b (>= 1)\n\
                         Description: short\n long\n";
        let control = ControlArchive {
            paragraph: paragraph.into(),
            scripts: BTreeMap::new(),
            timestamp: jiff::Timestamp::UNIX_EPOCH,
        };
        let about = About::new(&control, BTreeMap::new()).unwrap();
        let expected = About {
            maintainer: "A Team <a@x.example>".into(),
            summary: "short".into(),
            depends: "libc6, a, b (>= 1)".into(),
            ..About::default()
        };
        assert_eq!(about, expected);
        assert_eq!(serde_json::from_str::<About>(&serde_json::to_string(&about).unwrap()).unwrap(), about);
    }
}
