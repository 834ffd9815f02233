//! Finds the Debian archive in the machine's own APT sources, as `apt` on that machine would use it.
//!
//! In: the machine's root folder (a test gives a temporary one). Out: an address with the keys that may sign there, or a
//! [`MachineError`] that says which setting to write instead. Only the address and the keys are the machine's: which
//! suites are followed is ours, so a bookworm machine builds trixie images.
//!
//! Format: <https://manpages.debian.org/trixie/apt/sources.list.5.en.html>.

use std::fs;
use std::path::{Path, PathBuf};

use debian::{AptSource, KeyringError, SignedBy, SourceType, SourcesError, parse_sources_deb822, parse_sources_list};
use reqwest::Url;

use crate::disk::list;
use crate::{DiskError, Failure, Whose};

const SOURCES_LIST: &str = "etc/apt/sources.list";
const SOURCES_FOLDER: &str = "etc/apt/sources.list.d";
/// The names that Debian's suites are known by; other vendors' suites on the same machine are not Debian's archive.
const RELEASES: [&str; 12] = [
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
    "buster",
];

/// Why the machine does not tell where the archive is.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// No usable source.
    #[error(
        "the APT sources in `{}` name no {} over HTTP: write its address into the settings file, as `{}: {}`",
        folder.display(), part.title(), part.key(), part.example()
    )]
    NoSource {
        /// Which address is missing.
        part: Part,
        /// Where we looked.
        folder: PathBuf,
    },
    /// No key.
    #[error(
        "no OpenPGP key was found for `{base}`: write the paths of keyring files into the settings file, as `archive.keyrings: [/usr/share/keyrings/debian-archive-keyring.gpg]`"
    )]
    NoKey {
        /// The address.
        base: Url,
    },
    /// No key at all.
    #[error(
        "this machine has no keyring of Debian's archive: write the paths of keyring files into the settings file, as `archive.keyrings: [/usr/share/keyrings/debian-archive-keyring.gpg]`"
    )]
    NoKeyring,
    /// A keyring that is none.
    #[error(
        "`{place}` is no OpenPGP keyring: put a good one there, or name another as `archive.keyrings` in the settings file"
    )]
    BadKeyring {
        /// The file, or where the inline key stands.
        place: String,
        /// What is wrong with it.
        source: KeyringError,
    },
    /// An APT source that APT would not read either.
    #[error(
        "the machine's APT sources cannot be read: mend them, or write `archive.main` and `archive.security` into the settings file"
    )]
    BadSources(#[from] SourcesError),
    /// A file that cannot be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl From<MachineError> for Failure {
    fn from(error: MachineError) -> Self {
        Self::new(Whose::Policy, error)
    }
}

/// The two addresses of Debian's archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Where the release and its updates are.
    Main,
    /// Where the suites ending in `-security` are.
    Security,
}

impl Part {
    /// The settings key that overrides what the machine says.
    pub fn key(self) -> &'static str {
        match self {
            Self::Main => "archive.main",
            Self::Security => "archive.security",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Main => "Debian archive",
            Self::Security => "Debian security archive (a suite that ends in `-security`)",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Main => "http://mirror.example/debian",
            Self::Security => "http://mirror.example/debian-security",
        }
    }

    fn is_served_by(self, suite: &str) -> bool {
        match suite.strip_suffix("-security") {
            Some(release) => self == Self::Security && RELEASES.contains(&release),
            None => self == Self::Main && RELEASES.contains(&suite.split('-').next().unwrap_or_default()),
        }
    }
}

/// An address, and what its source says about keys.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) base: Url,
    pub(crate) origin: String,
    pub(crate) signed_by: Option<SignedBy>,
}

/// The best source for this part.
pub(crate) fn find(part: Part, root: &Path) -> Result<Found, MachineError> {
    let mut best: Option<(u32, Found)> = None;
    for (origin, source) in read_sources(root)? {
        let serves = source.suites.iter().any(|suite| part.is_served_by(suite));
        let Some(base) = resolve(&source.uri, root).filter(|_| serves && source.enabled && is_binary(&source)) else {
            continue;
        };
        let likeness = likeness(&source, &base);
        if best.as_ref().is_none_or(|(before, _)| likeness > *before) {
            best = Some((likeness, Found { base, origin, signed_by: source.signed_by }));
        }
    }
    best.map(|(_, found)| found).ok_or_else(|| MachineError::NoSource { part, folder: root.join("etc/apt") })
}

/// How much a source looks like Debian's own: vendors too call their suites `stable` or `bookworm`.
fn likeness(source: &AptSource, base: &Url) -> u32 {
    let debian_keys = matches!(&source.signed_by, Some(SignedBy::Path(path)) if path.contains("/debian-archive-"));
    let debian_path = base.path().trim_end_matches('/').ends_with("/debian");
    let several_suites = source.suites.iter().any(|suite| suite.ends_with("-updates"));
    4 * u32::from(debian_keys) + 2 * u32::from(debian_path) + u32::from(several_suites)
}

/// Every source of the machine with the file it stands in, in APT's order.
fn read_sources(root: &Path) -> Result<Vec<(String, AptSource)>, MachineError> {
    let mut sources = Vec::new();
    for path in std::iter::once(root.join(SOURCES_LIST)).chain(list(&root.join(SOURCES_FOLDER))?) {
        let Some(text) = read_if_there(&path)? else { continue };
        let name = path.display().to_string();
        let read = match path.extension().and_then(|extension| extension.to_str()) {
            Some("list") => parse_sources_list(&text, &name)?,
            Some("sources") => parse_sources_deb822(&text, &name)?,
            _ => continue,
        };
        sources.extend(read.into_iter().map(|source| (name.clone(), source)));
    }
    Ok(sources)
}

fn read_if_there(path: &Path) -> Result<Option<String>, DiskError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DiskError::new("read the APT sources", path, error)),
    }
}

fn is_binary(source: &AptSource) -> bool {
    source.types.contains(&SourceType::Deb)
}

/// The address that a source's URI stands for; `mirror+file:` names a file whose first line has it, as in cloud images.
fn resolve(uri: &str, root: &Path) -> Option<Url> {
    let Some(path) = uri.strip_prefix("mirror+file:") else { return parse_address(uri) };
    let mirrors = fs::read_to_string(root.join(path.trim_start_matches('/'))).ok()?;
    let mut lines = mirrors.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.find_map(|line| parse_address(line.split_whitespace().next()?))
}

/// An address that the client can fetch from.
pub(crate) fn parse_address(text: &str) -> Option<Url> {
    Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHERS: &str = "deb http://vendor.example/chrome stable main\n";

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn find_both(root: &tempfile::TempDir) -> [String; 2] {
        [Part::Main, Part::Security].map(|part| find(part, root.path()).unwrap().base.to_string())
    }

    #[test]
    fn finds_both_addresses_in_deb822_sources_among_those_of_other_vendors() {
        let sources = "Types: deb deb-src\nURIs: http://mirror.example/debian/\nSuites: bookworm bookworm-updates\nComponents: main\n\
                       \nTypes: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\nComponents: main\n";
        let root = machine(&[
            ("etc/apt/sources.list.d/chrome.list", OTHERS),
            ("etc/apt/sources.list.d/debian.sources", sources),
            ("etc/apt/sources.list.d/old.list.disabled", "no source at all"),
        ]);
        assert_eq!(find_both(&root), ["http://mirror.example/debian/", "http://mirror.example/security"]);
    }

    #[test]
    fn finds_them_in_one_line_sources_and_in_a_mirror_file() {
        let lines = "# deb http://old.example/debian trixie main\n\
                     deb-src http://source.example/debian trixie main\n\
                     deb [signed-by=/usr/share/keyrings/x.gpg] mirror+file:/etc/apt/mirrors/debian.list trixie main\n\
                     deb http://mirror.example/debian-security trixie-security main\n";
        let root = machine(&[
            ("etc/apt/sources.list", lines),
            ("etc/apt/mirrors/debian.list", "# near\nhttps://near.example/debian\tpriority:1\n"),
        ]);
        assert_eq!(find_both(&root), ["https://near.example/debian", "http://mirror.example/debian-security"]);
        let path = SignedBy::Path("/usr/share/keyrings/x.gpg".into());
        assert_eq!(find(Part::Main, root.path()).unwrap().signed_by, Some(path));
    }

    #[test]
    fn without_a_source_the_error_says_which_setting_to_write() {
        let ubuntu =
            "deb http://mirror.example/ubuntu noble main\ndeb http://mirror.example/ubuntu noble-security main\n";
        let disabled =
            "Enabled: no\nTypes: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n";
        let cdrom = "deb cdrom:[Debian]/ trixie main\n";
        let roots = [
            machine(&[]),
            machine(&[("etc/apt/sources.list", ubuntu)]),
            machine(&[("etc/apt/sources.list.d/debian.sources", disabled)]),
            machine(&[("etc/apt/sources.list", cdrom)]),
        ];
        for root in roots {
            let error = find(Part::Main, root.path()).unwrap_err().to_string();
            assert!(error.contains("as `archive.main: http"), "{error}");
            let error = find(Part::Security, root.path()).unwrap_err().to_string();
            assert!(error.contains("as `archive.security: http"), "{error}");
        }
    }
}
