//! dpkg's own records become an inventory.
//!
//! In: texts of `var/lib/dpkg/status` and of the files directly in `var/lib/dpkg/status.d/`, each with its path, and of `os-release`.
//! Out: an [`Inventory`]. Format: <https://manpages.debian.org/bookworm/dpkg/dpkg-query.1.en.html>, "State Information".

use super::gather::Gathering;
use super::stanza::{Stanza, for_each_stanza};
use super::{Distribution, InstalledPackage, Inventory};

/// The folder that images without a package manager have: a file for each package.
const FOLDER: &str = "status.d/";

impl Inventory {
    /// Out of dpkg's records. In `status.d` every file counts that is no list of digests (`.md5sums`) and in no folder below; there a
    /// package without a `Status` is installed.
    pub fn from_status(texts: &[(String, String)], os_release: Option<&str>) -> Self {
        let mut gathering = Gathering::default();
        let mut files = 0;
        for (path, text) in texts.iter().filter(|(path, _)| is_record(path)) {
            files += 1;
            for_each_stanza(text, |stanza| take(&mut gathering, path, &stanza));
        }
        if gathering.len() == 0 {
            gathering.remark("packages", format!("no installed package is recorded in {files} files of dpkg's"));
        }
        if os_release.is_none() {
            gathering.remark("os-release", "it is not there");
        }
        gathering.finish(os_release.map(Distribution::from_os_release).unwrap_or_default())
    }
}

fn is_record(path: &str) -> bool {
    let in_folder = path.rsplit_once(FOLDER).map(|(_, name)| name);
    in_folder.is_none_or(|name| !name.contains('/') && !name.ends_with(".md5sums"))
}

fn take(gathering: &mut Gathering, path: &str, stanza: &Stanza<'_>) {
    let place = format!("{path}:{}", stanza.line);
    for problem in &stanza.problems {
        gathering.remark(path, problem.as_str());
    }
    let name = stanza.package.unwrap_or_default();
    match state(stanza.status) {
        State::Removed => return,
        State::Half(status) => {
            return gathering.remark(name, format!("dpkg calls it `{status}`: it counts as not installed"));
        }
        State::Installed => {}
    }
    let (source, source_version) = stanza.source();
    let text = |field: Option<&str>| field.unwrap_or_default().to_owned();
    let package = InstalledPackage {
        name: name.to_owned(),
        version: text(stanza.version),
        architecture: text(stanza.architecture),
        source,
        source_version,
    };
    gathering.add(package, stanza.maintainer, &place);
}

enum State<'a> {
    Installed,
    Removed,
    Half(&'a str),
}

/// `want flag state`: what is to be removed does not count, nor what is half there.
fn state(status: Option<&str>) -> State<'_> {
    let Some(status) = status else { return State::Installed };
    let mut words = status.split_ascii_whitespace();
    match (words.next(), words.nth(1)) {
        (Some("deinstall" | "purge"), Some("config-files" | "not-installed")) => State::Removed,
        (Some("deinstall" | "purge"), _) => State::Half(status),
        (_, Some("installed" | "unpacked" | "triggers-awaited" | "triggers-pending")) => State::Installed,
        (_, Some("config-files" | "not-installed")) => State::Removed,
        _ => State::Half(status),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRIXIE: &str = "ID=debian\nVERSION_ID=\"13\"\nVERSION=\"13 (trixie)\"\nVERSION_CODENAME=trixie\n";

    fn read(texts: &[(&str, &str)]) -> Inventory {
        let texts: Vec<_> = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Inventory::from_status(&texts, Some(TRIXIE))
    }

    fn names(inventory: &Inventory) -> Vec<&str> {
        inventory.packages.iter().map(|it| it.name.as_str()).collect()
    }

    #[test]
    fn what_is_removed_or_half_there_does_not_count() {
        let stanza = |name: &str, status: &str| format!("Package: {name}\nStatus: {status}\nVersion: 1-1\n\n");
        let text = [
            ("a", "install ok installed"),
            ("b", "hold ok installed"),
            ("c", "deinstall ok config-files"),
            ("d", "purge ok not-installed"),
            ("e", "install ok half-installed"),
            ("f", "install ok half-configured"),
            ("g", "install ok triggers-pending"),
            ("h", "deinstall ok installed"),
            ("i", "nonsense"),
        ]
        .map(|(name, status)| stanza(name, status))
        .concat();
        let inventory = read(&[("var/lib/dpkg/status", &text)]);
        assert_eq!(names(&inventory), ["a", "b", "g"]);
        let said: Vec<&str> = inventory.remarks.iter().map(|it| it.about.as_str()).collect();
        assert_eq!(said, ["e", "f", "h", "i"]);
    }

    #[test]
    fn every_file_directly_in_the_folder_counts_whatever_its_name() {
        let inventory = read(&[
            ("var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2026a-0+deb13u1\n"),
            (
                "var/lib/dpkg/status.d/dHpkYXRh",
                "Package: libc6\nVersion: 2.41-12\nSource: glibc\n\nPackage: b\nVersion: 1\n",
            ),
            ("var/lib/dpkg/status.d/tzdata.md5sums", "0123  usr/share/zoneinfo/UTC\n"),
            ("var/lib/dpkg/status.d/deep/er", "Package: no\nVersion: 1\n"),
        ]);
        assert_eq!(names(&inventory), ["b", "libc6", "tzdata"]);
        assert_eq!(inventory.packages[1].source, "glibc");
        assert_eq!(inventory.remarks, []);
        assert_eq!(inventory.distribution.release(), Some("trixie"));
    }

    #[test]
    fn an_image_without_os_release_or_packages_says_so() {
        let inventory = Inventory::from_status(&[], None);
        let about: Vec<&str> = inventory.remarks.iter().map(|it| it.about.as_str()).collect();
        assert_eq!(about, ["distribution", "os-release", "packages"]);
    }

    #[test]
    fn broken_stanzas_are_said_with_their_place() {
        let inventory =
            read(&[("status", "Package: a\nVersion: 1\n\nVersion: 2\n\nPackage: c\nVersion: 3\nVersion: 4\n")]);
        assert_eq!(names(&inventory), ["a", "c"]);
        let texts: Vec<String> = inventory.remarks.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "status: line 8 repeats the field `Version`: the first counts",
                "status:4: it has no name: the package is left out",
            ]
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in "(Package|Status|Source|Version|: |install ok|installed|1|\\(|a| |\n|\n\n|é|.){0,40}") {
            let inventory = read(&[("status", &text), ("status.d/x", &text)]);
            let _ = Inventory::from_status(&[("status".into(), text.clone())], Some(&text));
            prop_assert!(inventory.packages.iter().all(|it| !it.name.is_empty()));
        }
    }
}
