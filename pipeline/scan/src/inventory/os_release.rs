//! Which distribution an image is: out of its `os-release`, or out of the `distro` of a Package URL.
//!
//! In: text. Out: a [`Distribution`], and the codename of its release, which advisories speak of.
//! Format: <https://www.freedesktop.org/software/systemd/man/latest/os-release.html>.

use super::{Distribution, Remark};

/// Debian's releases: number and codename (<https://www.debian.org/releases/>).
const RELEASES: [(&str, &str); 8] = [
    ("8", "jessie"),
    ("9", "stretch"),
    ("10", "buster"),
    ("11", "bullseye"),
    ("12", "bookworm"),
    ("13", "trixie"),
    ("14", "forky"),
    ("15", "duke"),
];

/// The one that never is released.
const UNSTABLE: &str = "sid";

/// Bytes of a value that are kept; those of real files have fewer than 100.
const LONGEST: usize = 200;

impl Distribution {
    /// Out of the text of `os-release`. A codename is also read out of `VERSION`, as `13 (trixie)`.
    pub fn from_os_release(text: &str) -> Self {
        let value = |key: &str| {
            let line = text.lines().rev().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
            let plain: String = line.trim().trim_matches(['"', '\'']).chars().take(LONGEST).collect();
            Some(plain).filter(|value| !value.is_empty())
        };
        let codename = value("VERSION_CODENAME").or_else(|| in_brackets(&value("VERSION")?));
        Self { id: value("ID").unwrap_or_default().to_ascii_lowercase(), version: value("VERSION_ID"), codename }
    }

    /// Out of a `distro` such as `debian-13.7`, `debian-13`, `debian-trixie` or `trixie`.
    pub fn from_distro(text: &str) -> Self {
        let text = text.trim().to_ascii_lowercase();
        if is_codename(&text) {
            return Self { id: "debian".into(), version: None, codename: Some(text) };
        }
        let (id, rest) = text.split_once('-').map_or((text.as_str(), None), |(id, rest)| (id, Some(rest.to_owned())));
        let number = rest.as_ref().is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
        let (version, codename) = if number { (rest, None) } else { (None, rest) };
        Self { id: id.to_owned(), version, codename }
    }

    /// Out of an SBOM's operating system: `debian` and `13.7`, or `trixie`.
    pub(crate) fn of_system(name: &str, version: Option<&str>) -> Self {
        let version = version.map(|version| version.trim().to_ascii_lowercase()).filter(|version| !version.is_empty());
        let named = version.clone().filter(|version| is_codename(version));
        let version = version.filter(|version| !is_codename(version));
        Self { id: name.trim().to_ascii_lowercase(), version, codename: named }
    }

    /// Whether it is Debian itself: the data say nothing about what is derived from it.
    pub fn is_debian(&self) -> bool {
        self.id.eq_ignore_ascii_case("debian")
    }

    /// The codename of the release, such as `trixie`; a codename that is said wins over a number. None where it is not
    /// Debian, and where nothing says which release.
    pub fn release(&self) -> Option<&str> {
        let said = self.codename.as_deref().filter(|name| !name.is_empty());
        self.is_debian().then(|| said.or_else(|| codename_of(self.version.as_deref()?))).flatten()
    }

    /// The number of the release, such as `13`; none for testing before its number is known, and for sid.
    pub fn release_number(&self) -> Option<&str> {
        let release = self.release()?;
        RELEASES.iter().find(|(_, codename)| *codename == release).map(|(number, _)| *number)
    }

    /// What a reader should know about it.
    pub(crate) fn remarks(&self) -> Vec<Remark> {
        let told = self.doubt().map(|text| Remark { about: "distribution".into(), text });
        told.into_iter().collect()
    }

    fn doubt(&self) -> Option<String> {
        let (codename, version) = (self.codename.as_deref(), self.version.as_deref());
        match (self.id.as_str(), self.release()) {
            ("", _) => Some("nothing says which distribution this is: nothing is matched".into()),
            (id, _) if !self.is_debian() => {
                Some(format!("it is `{id}`, and only Debian's data are known: nothing is matched"))
            }
            (_, None) => {
                let version = version.unwrap_or("none");
                Some(format!("nothing says which release of Debian this is (version: {version}): nothing is matched"))
            }
            (_, Some(release)) if version.is_none() && codename.is_some() && !is_number_of(release) => {
                Some(format!("`{release}` without a version is testing or unstable: it is matched as `{release}`"))
            }
            (_, Some(release)) => {
                let other = codename_of(version?).filter(|other| *other != release)?;
                Some(format!("its codename is `{release}`, its version is that of `{other}`: the codename is believed"))
            }
        }
    }
}

/// Releases that are out have a number in their `os-release`; 13 is the newest of them as of 2026-11.
fn is_number_of(release: &str) -> bool {
    RELEASES.iter().take(6).any(|(_, codename)| *codename == release)
}

fn is_codename(text: &str) -> bool {
    text == UNSTABLE || RELEASES.iter().any(|(_, codename)| *codename == text)
}

/// `13`, `13.7` → `trixie`.
fn codename_of(version: &str) -> Option<&'static str> {
    let major = version.split('.').next()?;
    RELEASES.iter().find(|(number, _)| *number == major).map(|(_, codename)| *codename)
}

/// `13 (trixie)` → `trixie`.
fn in_brackets(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('(')?;
    let word = rest.split_once(')')?.0.trim().to_ascii_lowercase();
    is_codename(&word).then_some(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn release(text: &str) -> Option<String> {
        Distribution::from_os_release(text).release().map(str::to_owned)
    }

    #[test]
    fn the_release_comes_from_codename_bracket_or_number() {
        assert_eq!(release("ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n").as_deref(), Some("trixie"));
        assert_eq!(release("ID=debian\nVERSION=\"13 (trixie)\"\n").as_deref(), Some("trixie"));
        assert_eq!(release("ID=\"debian\"\nVERSION_ID='12.5'\n").as_deref(), Some("bookworm"));
        assert_eq!(release("ID=debian\nPRETTY_NAME=x\n"), None);
        assert_eq!(release("ID=ubuntu\nVERSION_ID=\"22.04\"\nVERSION_CODENAME=jammy\nID_LIKE=debian\n"), None);
        assert_eq!(release(""), None);
    }

    #[test]
    fn what_is_doubtful_is_said() {
        let doubt = |text: &str| Distribution::from_os_release(text).doubt().unwrap_or_default();
        assert!(doubt("").starts_with("nothing says which distribution"));
        assert!(doubt("ID=alpine\n").starts_with("it is `alpine`"));
        assert!(doubt("ID=debian\n").starts_with("nothing says which release"));
        assert!(doubt("ID=debian\nVERSION_ID=99\n").contains("(version: 99)"));
        assert!(doubt("ID=debian\nVERSION_CODENAME=forky\n").contains("testing or unstable"));
        assert!(doubt("ID=debian\nVERSION_CODENAME=trixie\nVERSION_ID=12\n").contains("the codename is believed"));
        assert_eq!(doubt("ID=debian\nVERSION_CODENAME=trixie\nVERSION_ID=13\n"), "");
    }

    #[test]
    fn a_distro_names_a_release_in_many_ways() {
        for text in ["debian-13.7", "debian-13", "debian-trixie", "trixie", "Debian-13"] {
            assert_eq!(Distribution::from_distro(text).release(), Some("trixie"), "{text}");
        }
        assert_eq!(Distribution::from_distro("debian-12").release_number(), Some("12"));
        for text in ["debian", "ubuntu-22.04", "alpine-3.19", "", "-", "debian-"] {
            assert_eq!(Distribution::from_distro(text).release(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(ID|VERSION|VERSION_ID|=|debian|13|\\(|\\)|\"|\n|.){0,20}") {
            let distribution = Distribution::from_os_release(&text);
            let _ = (distribution.doubt(), Distribution::from_distro(&text).release_number());
        }
    }
}
