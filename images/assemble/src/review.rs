//! The guard around maintainer scripts: none is ever run, and each was read by a person.
//!
//! In: a package's control archive and `reviewed.yaml`. Out: nothing, or a [`ReviewError`] that shows the scripts
//! and says how to mark them reviewed. Triggers that no effect covers are errors too.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use serde::{Deserialize, Serialize};
use similar::TextDiff;

/// What was reviewed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reviewed {
    /// By package: each reviewed state of its scripts.
    #[serde(default)]
    pub packages: BTreeMap<String, Vec<Review>>,
    /// Triggers that are known, and which effect does their work, or why nothing is needed.
    #[serde(default)]
    pub triggers: BTreeMap<String, String>,
}

/// One state of a package's scripts that a person has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// [`debian::script_digest`] of the package.
    pub digest: Digest,
    /// What the scripts do, and which effect does it instead.
    pub note: String,
}

/// Why a package may not enter an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// Scripts that nobody has read.
    #[error(
        "the maintainer scripts of `{package}` {version} were not reviewed: read them, then record them with `bedplate catalog review {package} --digest {digest}`\n{scripts}"
    )]
    Unreviewed {
        /// The package.
        package: String,
        /// Its version.
        version: String,
        /// Digest of the scripts as they are now.
        digest: Digest,
        /// The scripts themselves.
        scripts: String,
    },
    /// A trigger that nobody knows.
    #[error(
        "package `{package}` awaits the trigger `{trigger}`, which no effect covers: add it to reviewed.yaml under `triggers` with what does its work"
    )]
    UnknownTrigger {
        /// The package.
        package: String,
        /// The trigger's name.
        trigger: String,
    },
}

/// A package's scripts as a segment remembers them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scripts {
    /// Their digest; absent where a package has none.
    pub digest: Option<Digest>,
    /// Their texts by name, for the message; each at most 64 KiB.
    pub texts: BTreeMap<String, String>,
    /// Triggers that the package is interested in or activates.
    pub triggers: Vec<String>,
}

impl Reviewed {
    /// Refuses a package whose scripts or triggers nobody has looked at. `before` is asked for scripts of the package
    /// that were reviewed, among which of these digests: the message shows what has changed since.
    pub fn check(
        &self,
        package: &str,
        version: &str,
        scripts: &Scripts,
        before: impl FnOnce(&[Review]) -> Option<Scripts>,
    ) -> Result<(), ReviewError> {
        if let Some(trigger) = scripts.triggers.iter().find(|trigger| !self.triggers.contains_key(*trigger)) {
            return Err(ReviewError::UnknownTrigger { package: package.to_owned(), trigger: trigger.clone() });
        }
        let Some(digest) = &scripts.digest else { return Ok(()) };
        let reviews = self.packages.get(package).map(Vec::as_slice).unwrap_or_default();
        if reviews.iter().any(|review| review.digest == *digest) {
            return Ok(());
        }
        Err(ReviewError::Unreviewed {
            package: package.to_owned(),
            version: version.to_owned(),
            digest: digest.clone(),
            scripts: show(&before(reviews).map(|it| it.texts).unwrap_or_default(), &scripts.texts),
        })
    }
}

/// Unified differences; of a script that was not there before, every line.
fn show(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> String {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let show_one = |name: &String| {
        let text = |texts: &BTreeMap<String, String>| texts.get(name).cloned().unwrap_or_default();
        let (old, new) = (text(before), text(now));
        let difference = TextDiff::from_lines(&old, &new);
        difference.unified_diff().header(&format!("reviewed/{name}"), &format!("now/{name}")).to_string()
    };
    names.into_iter().map(show_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts() -> Scripts {
        Scripts {
            digest: Some(Digest::of("new")),
            texts: BTreeMap::from([("postinst".to_owned(), "#!/bin/sh\nadduser x\n".to_owned())]),
            triggers: vec!["ldconfig".to_owned()],
        }
    }

    fn reviewed(digest: &str) -> Reviewed {
        let review = Review { digest: Digest::of(digest), note: "nothing needed".into() };
        Reviewed {
            packages: BTreeMap::from([("openssl".into(), vec![review])]),
            triggers: BTreeMap::from([("ldconfig".into(), "ld-so-cache".into())]),
        }
    }

    #[test]
    fn lets_reviewed_scripts_pass() {
        reviewed("new").check("openssl", "1", &scripts(), |_| None).unwrap();
        reviewed("old").check("zlib1g", "1", &Scripts::default(), |_| None).unwrap();
    }

    #[test]
    fn shows_scripts_that_changed() {
        let before = |reviews: &[Review]| {
            assert_eq!(reviews[0].digest, Digest::of("old"));
            Some(Scripts { texts: BTreeMap::from([("postinst".into(), "#!/bin/sh\ntrue\n".into())]), ..scripts() })
        };
        let message = reviewed("old").check("openssl", "2", &scripts(), before).unwrap_err().to_string();
        assert!(message.contains("-true\n+adduser x\n") && message.contains(" #!/bin/sh\n"), "{message}");
        assert!(message.contains("`openssl` 2 were not reviewed") && message.contains("adduser x"), "{message}");
        assert!(message.contains("--digest sha256:"), "{message}");
    }

    #[test]
    fn stops_at_a_trigger_that_nobody_knows() {
        let known = Reviewed { triggers: BTreeMap::new(), ..reviewed("new") };
        let message = known.check("openssl", "2", &scripts(), |_| None).unwrap_err().to_string();
        assert!(message.contains("trigger `ldconfig`"), "{message}");
    }
}
