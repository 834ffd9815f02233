//! One feed of the settings: which kind it is, by which name it is kept, where it is and how large it may be.
//!
//! In: [`FeedSettings`]. Out: a [`FeedSource`] for each feed that is not off.

use std::path::{Path, PathBuf};

use reqwest::Url;
use scan::FeedKind;

use super::settings::{FeedAddress, FeedSettings};
use crate::client_error::shown;
use crate::list;

const MIB: u64 = 1 << 20;
/// The ends of names that say how a file in the folder is compressed, the plain one first.
const COMPRESSED: [&str; 3] = ["", ".gz", ".zst"];

/// A feed to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedSource {
    pub(crate) kind: FeedKind,
    /// Names its files in `STATE/feeds`: the kind, and for lists of support the release version.
    pub(crate) name: String,
    pub(crate) place: Place,
}

/// Where a feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Url(Url),
    /// The first of these files that is there.
    Files(Vec<PathBuf>),
}

impl FeedSource {
    /// The feeds of the settings.
    pub(crate) fn all(settings: &FeedSettings) -> Vec<Self> {
        match &settings.folder {
            _ if !settings.enabled => Vec::new(),
            Some(folder) => Self::of_folder(folder),
            None => Self::of_addresses(settings),
        }
    }

    fn of_addresses(settings: &FeedSettings) -> Vec<Self> {
        let single = [
            (FeedKind::Tracker, &settings.tracker),
            (FeedKind::Dsa, &settings.dsa),
            (FeedKind::Dla, &settings.dla),
            (FeedKind::Kev, &settings.kev),
            (FeedKind::Epss, &settings.epss),
            (FeedKind::Osv, &settings.osv),
        ];
        let single = single.into_iter().map(|(kind, address)| (kind, kind.to_string(), address));
        let support =
            settings.support.iter().map(|(version, address)| (FeedKind::Support, support_name(version), address));
        single
            .chain(support)
            .filter_map(|(kind, name, address)| Some(Self { kind, name, place: place(address)? }))
            .collect()
    }

    fn of_folder(folder: &Path) -> Vec<Self> {
        let files = |name: &str| COMPRESSED.iter().map(|end| folder.join(format!("{name}{end}"))).collect();
        let one = |kind: FeedKind, file: &str| Self { kind, name: kind.to_string(), place: Place::Files(files(file)) };
        let mut all = vec![one(FeedKind::Tracker, "tracker.json")];
        let optional = [
            (FeedKind::Dsa, "dsa-list"),
            (FeedKind::Dla, "dla-list"),
            (FeedKind::Kev, "kev.json"),
            (FeedKind::Epss, "epss.csv"),
            (FeedKind::Osv, "osv.jsonl"),
        ];
        all.extend(optional.into_iter().map(|(kind, file)| one(kind, file)).filter(FeedSource::is_there));
        all.extend(versions(folder).into_iter().map(|version| {
            let name = support_name(&version);
            Self { kind: FeedKind::Support, place: Place::Files(files(&name)), name }
        }));
        all
    }

    fn is_there(&self) -> bool {
        matches!(&self.place, Place::Files(paths) if paths.iter().any(|path| path.exists()))
    }

    /// The most bytes that it may have, as it comes and when it is inflated. Debian's tracker has about 70 MB, EPSS 12 MB, the others less.
    pub(crate) fn limit(&self) -> u64 {
        match self.kind {
            FeedKind::Tracker | FeedKind::Osv => 512 * MIB,
            FeedKind::Epss => 128 * MIB,
            FeedKind::Kev => 64 * MIB,
            FeedKind::Dsa | FeedKind::Dla => 32 * MIB,
            FeedKind::Support => 4 * MIB,
        }
    }

    /// Whether it changes so seldom that it need not be asked for each time.
    pub(crate) fn is_slow(&self) -> bool {
        !matches!(self.kind, FeedKind::Tracker | FeedKind::Dsa | FeedKind::Dla) && matches!(self.place, Place::Url(_))
    }

    /// The address as people may see it.
    pub(crate) fn address(&self) -> String {
        match &self.place {
            Place::Url(url) => shown(url),
            Place::Files(paths) => {
                let path = paths.iter().find(|path| path.exists()).or(paths.first());
                path.map(|path| format!("file:{}", path.display())).unwrap_or_default()
            }
        }
    }

    /// The release version of a list of support, such as `13`.
    pub(crate) fn release_version(&self) -> &str {
        self.name.strip_prefix("support-").unwrap_or_default()
    }
}

fn place(address: &FeedAddress) -> Option<Place> {
    match address {
        FeedAddress::Off => None,
        FeedAddress::Url(url) => Some(Place::Url(url.clone())),
        FeedAddress::File(path) => Some(Place::Files(vec![path.clone()])),
    }
}

/// It becomes the name of a file, so it has only letters, digits, dots and dashes.
fn support_name(version: &str) -> String {
    let fits = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-');
    format!("support-{}", version.chars().filter(fits).collect::<String>())
}

/// The release versions whose lists of support are in the folder.
fn versions(folder: &Path) -> Vec<String> {
    let paths = list(folder).unwrap_or_default();
    let names = paths.iter().filter_map(|path| path.file_name()?.to_str());
    let plain = names.map(|name| COMPRESSED[1..].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name));
    let mut versions: Vec<String> = plain.filter_map(|name| Some(name.strip_prefix("support-")?.to_owned())).collect();
    versions.dedup();
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(settings: &FeedSettings) -> Vec<String> {
        FeedSource::all(settings).into_iter().map(|source| source.name).collect()
    }

    #[test]
    fn what_is_off_is_no_feed() {
        let all = ["tracker", "dsa", "dla", "kev", "epss", "support-12", "support-13"];
        assert_eq!(names(&FeedSettings::default()), all);
        let without = FeedSettings { kev: FeedAddress::Off, support: [].into(), ..FeedSettings::default() };
        assert_eq!(names(&without), ["tracker", "dsa", "dla", "epss"]);
        assert!(names(&FeedSettings { enabled: false, ..FeedSettings::default() }).is_empty());
    }

    #[test]
    fn a_folder_has_its_files_by_fixed_names() {
        let folder = tempfile::tempdir().unwrap();
        let settings = FeedSettings { folder: Some(folder.path().into()), ..FeedSettings::default() };
        assert_eq!(names(&settings), ["tracker"], "without the tracker nothing is known, so it is missed");
        for name in ["kev.json.gz", "support-13", "support-13.zst", "support-12.gz", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(names(&settings), ["tracker", "kev", "support-12", "support-13"]);
        let kev = &FeedSource::all(&settings)[1];
        assert!(kev.address().ends_with("/kev.json.gz"), "{}", kev.address());
    }

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        let settings: FeedSettings =
            assemble::read_yaml("x", "tracker: https://user:secret@a.example/t?token=1").unwrap();
        assert_eq!(FeedSource::all(&settings)[0].address(), "https://a.example/t?token=1");
    }
}
