//! Is an image to be rebuilt, and why?
//!
//! In: the lock that the archive gives now, what is published, and what was found in that. Out: [`Decision`]. Unchanged input decides
//! `UpToDate`, whatever the archive's files are called today: only packages, definition and builder count.

use std::fmt;

use assemble::ImageLock;
use scan::Finding;
use serde::{Deserialize, Serialize};

use crate::difference::{LockDifference, PackageChange, difference};
use crate::fix::{SourceFix, fixes};
use crate::publication::Publication;

/// What is to be done with an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "decision", content = "reasons")]
pub enum Decision {
    /// What is published is what would be built.
    UpToDate,
    /// It is to be built, for these reasons.
    Rebuild(Vec<Reason>),
}

/// Why an image is to be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Reason {
    /// It was never published.
    New,
    /// We wrote something else: the definition, a parent, or the catalogue's lists.
    DefinitionChanged,
    /// Another version of bedplate.
    BuilderChanged {
        /// The builder of what is published.
        from: String,
        /// This one.
        to: String,
    },
    /// It was signed by other keys, under another name, or not at all.
    NotSigned,
    /// It was published without a scan.
    NotScanned,
    /// The archive has the fix of something that was found in what is published.
    Fix(SourceFix),
    /// The archive has something else.
    Package(PackageChange),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("not published yet"),
            Self::DefinitionChanged => f.write_str("definition changed"),
            Self::BuilderChanged { from, to } => write!(f, "builder {from} → {to}"),
            Self::NotSigned => f.write_str("not signed by the present keys under the present name"),
            Self::NotScanned => f.write_str("not scanned yet"),
            Self::Fix(fix) => fix.fmt(f),
            Self::Package(change) => write!(f, "{change} ({})", change.suite),
        }
    }
}

/// Decides from what is wanted, what is published, what was found in that, and who builds. Findings make no decision, they explain it:
/// what the archive changed is built whether or not anybody has said yet that it mends something.
pub fn decide(wanted: &ImageLock, published: Option<&Publication>, findings: &[Finding], builder: &str) -> Decision {
    let Some(published) = published else { return Decision::Rebuild(vec![Reason::New]) };
    let mut reasons = Vec::new();
    if published.builder != builder {
        reasons.push(Reason::BuilderChanged { from: published.builder.clone(), to: builder.to_owned() });
    }
    let LockDifference { definition_changed, packages } = difference(&published.lock, wanted);
    if definition_changed {
        reasons.push(Reason::DefinitionChanged);
    }
    reasons.extend(fixes(&published.lock, wanted, findings).into_iter().map(Reason::Fix));
    reasons.extend(packages.into_iter().map(Reason::Package));
    let same = reasons.is_empty() && published.lock.same_inputs(wanted);
    match same {
        true => Decision::UpToDate,
        false if reasons.is_empty() => Decision::Rebuild(vec![Reason::DefinitionChanged]),
        false => Decision::Rebuild(reasons),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::tests::lock;
    use crate::fix::tests::finding;
    use crate::publication::tests::publication;

    #[test]
    fn leaves_alone_what_did_not_change() {
        let mut wanted = lock(&["a=1"]);
        wanted.snapshot.clear();
        assert_eq!(decide(&wanted, Some(&publication(lock(&["a=1"]))), &[], "b"), Decision::UpToDate);
    }

    #[test]
    fn says_why_as_a_person_reads_it() {
        let mut wanted = lock(&["a=2", "b=1"]);
        wanted.definition = blob::Digest::of("other");
        let findings = [finding("a", "CVE-2026-1", Some("2"))];
        let published = publication(lock(&["a=1"]));
        let Decision::Rebuild(reasons) = decide(&wanted, Some(&published), &findings, "c") else {
            panic!("up to date")
        };
        let lines: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "builder b → c",
                "definition changed",
                "a 2 fixes CVE-2026-1 (DSA-1-1 trixie)",
                "a 1 → 2 (trixie)",
                "b 1 added (trixie)"
            ]
        );
    }

    #[test]
    fn builds_what_is_new_or_moved_to_another_layer() {
        assert_eq!(decide(&lock(&[]), None, &[], "b"), Decision::Rebuild(vec![Reason::New]));
        let mut moved = lock(&["a=1"]);
        let platform = moved.platforms.get_mut("linux/amd64").unwrap();
        platform.layers.push(assemble::LayerLock { definition: "y".into(), packages: Vec::new() });
        assert_ne!(decide(&moved, Some(&publication(lock(&["a=1"]))), &[], "b"), Decision::UpToDate);
    }
}
