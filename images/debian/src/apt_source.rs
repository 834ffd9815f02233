//! Where APT fetches packages from, as one of its source files says.
//!
//! In: one-line or deb822 sources (see `sources_list` and `sources_deb822`). Out: one value for each address.
//! Format: <https://manpages.debian.org/trixie/apt/sources.list.5.en.html>.

use crate::{Fingerprint, ParagraphError};

/// What an archive offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceType {
    /// Binary packages.
    Deb,
    /// Source packages.
    DebSrc,
}

/// The keys that an archive must be signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedBy {
    /// An absolute path of a keyring file.
    Path(String),
    /// The armored key itself.
    Inline(String),
    /// Fingerprints of keys in APT's own keyrings.
    Fingerprints(Vec<Fingerprint>),
}

/// One address with the suites and components to take from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AptSource {
    /// The archive's address.
    pub uri: String,
    /// Directories under `dists/`, or one exact path that ends in a slash.
    pub suites: Vec<String>,
    /// Components; empty with an exact path.
    pub components: Vec<String>,
    /// The keys named for it; `None` leaves the choice to APT's keyrings.
    pub signed_by: Option<SignedBy>,
    /// Whether APT uses it.
    pub enabled: bool,
    /// What it is used for.
    pub types: Vec<SourceType>,
    /// The architectures it is limited to; empty means the machine's own.
    pub architectures: Vec<String>,
}

/// Why a file is no list of sources.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourcesError {
    /// A line or field of the wrong form.
    #[error("{file}, line {line}: {problem}")]
    BadLine {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// Not made of control paragraphs.
    #[error("{file} is no deb822 file")]
    Syntax {
        /// The file.
        file: String,
        /// The line that is wrong.
        #[source]
        source: ParagraphError,
    },
}

/// Reads the type words of both formats.
pub(crate) fn source_type(word: &str) -> Option<SourceType> {
    match word {
        "deb" => Some(SourceType::Deb),
        "deb-src" => Some(SourceType::DebSrc),
        _ => None,
    }
}

/// What APT takes as an address: a scheme, then a colon.
pub(crate) fn is_uri(word: &str) -> bool {
    let scheme = word.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    })
}

/// Tells a path from fingerprints; an armored key is told by the deb822 reader.
pub(crate) fn signed_by(value: &str) -> Result<SignedBy, String> {
    let words: Vec<&str> = value.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty()).collect();
    match words[..] {
        [path] if path.starts_with('/') => Ok(SignedBy::Path(path.to_owned())),
        [] => Err("Signed-By is empty: expected a path, fingerprints or a key".to_owned()),
        _ if words.iter().any(|word| word.starts_with('/')) => {
            Err("Signed-By names several files: expected one keyring, merge them".to_owned())
        }
        _ => {
            let parse = |word: &&str| word.trim_end_matches('!').parse().map_err(|error| format!("Signed-By: {error}"));
            words.iter().map(parse).collect::<Result<_, _>>().map(SignedBy::Fingerprints)
        }
    }
}

/// Checks what both formats demand: a trailing slash in the suite, or components, but not both.
pub(crate) fn check_components(suites: &[String], components: &[String]) -> Result<(), String> {
    let exact = |suite: &String| suite.ends_with('/');
    match (suites.iter().any(exact), components.is_empty()) {
        (false, true) => Err("no component: expected one such as `main`".to_owned()),
        (true, false) => Err("a suite that ends in `/` is an exact path: expected no components with it".to_owned()),
        _ if suites.is_empty() => Err("no suite: expected one such as `trixie`".to_owned()),
        _ => Ok(()),
    }
}
