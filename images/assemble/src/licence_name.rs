//! What SPDX calls a licence that Debian has a short name for.
//!
//! In: a short name, such as `GPL-2+`. Out: the SPDX identifier, or nothing where SPDX has none or where the name says too little:
//! a name without its version (`GPL`, `Apache`) and a variant (`BSD-3-clause-Google`) are no identifier.
//! Lists: <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/#license-short-name>, <https://spdx.org/licenses/>.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Debian's names that SPDX spells otherwise; in lower case. `Artistic` is the text that Debian keeps for all packages under
/// that name: Perl's.
const OTHERWISE: [(&str, &str); 16] = [
    ("apache-2", "Apache-2.0"),
    ("artistic", "Artistic-1.0-Perl"),
    ("artistic-2", "Artistic-2.0"),
    ("boost-1.0", "BSL-1.0"),
    ("bsd-2", "BSD-2-Clause"),
    ("bsd-3", "BSD-3-Clause"),
    ("bsd-4", "BSD-4-Clause"),
    ("cc0", "CC0-1.0"),
    ("expat", "MIT"),
    ("mpl-2", "MPL-2.0"),
    ("openldap-2.8", "OLDAP-2.8"),
    ("perl", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ("psf-2", "PSF-2.0"),
    ("qpl-1", "QPL-1.0"),
    ("wtfpl-2", "WTFPL"),
    ("zope-2.1", "ZPL-2.1"),
];

/// Exceptions that SPDX spells otherwise; in lower case, with the licences that they are known with.
const EXCEPTIONS: [(&str, &str, &str); 6] = [
    ("bison", "GPL-3.0-or-later", "Bison-exception-2.2"),
    ("classpath", "GPL-2.0", "Classpath-exception-2.0"),
    ("font", "GPL-2.0", "Font-exception-2.0"),
    ("gcc-3.1", "GPL-3.0", "GCC-exception-3.1"),
    ("gcc-runtime-3.1", "GPL-3.0", "GCC-exception-3.1"),
    ("gcc-runtime-library-3.1", "GPL-3.0", "GCC-exception-3.1"),
];

/// Identifiers that SPDX still takes, by their lower-case form.
static IDENTIFIERS: LazyLock<BTreeMap<String, &'static str>> = LazyLock::new(|| {
    let current = spdx::identifiers::LICENSES.iter().filter(|it| it.flags & spdx::flags::IS_DEPRECATED == 0);
    current.map(|licence| (licence.name.to_ascii_lowercase(), licence.name)).collect()
});

static EXCEPTION_IDENTIFIERS: LazyLock<BTreeMap<String, &'static str>> =
    LazyLock::new(|| spdx::identifiers::EXCEPTIONS.iter().map(|it| (it.name.to_ascii_lowercase(), it.name)).collect());

/// The SPDX identifier of a short name, or the expression that it stands for.
pub(crate) fn identifier(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let otherwise = OTHERWISE.iter().find(|(debian, _)| *debian == lower).map(|(_, spdx)| *spdx);
    let known = otherwise.or_else(|| IDENTIFIERS.get(&lower).copied()).map(str::to_owned);
    known.or_else(|| gnu(&lower)).or_else(|| without_zeroes(&lower)).or_else(|| in_one_word(&lower))
}

/// `GPL-3+-with-Bison-exception`, since a short name has no blanks.
fn in_one_word(lower: &str) -> Option<String> {
    let (base, name) = lower.split_once("-with-")?;
    let base = identifier(base)?;
    let name = name.strip_suffix("-exception").unwrap_or(name);
    exception(&base, name).map(|exception| format!("{base} WITH {exception}"))
}

/// `gpl-2+` is `GPL-2.0-or-later`; `gfdl-niv-1.3` is `GFDL-1.3-no-invariants-only`.
fn gnu(lower: &str) -> Option<String> {
    let (number, grant) = lower.strip_suffix('+').map_or((lower, "only"), |number| (number, "or-later"));
    let (family, version) = number.rsplit_once('-')?;
    let version = if version.contains('.') { version.to_owned() } else { format!("{version}.0") };
    let wanted = match family {
        "gpl" | "lgpl" | "agpl" | "gfdl" => format!("{family}-{version}-{grant}"),
        "gfdl-niv" => format!("gfdl-{version}-no-invariants-{grant}"),
        _ => return None,
    };
    IDENTIFIERS.get(&wanted).map(|identifier| (*identifier).to_owned())
}

/// `CDDL-1` is `CDDL-1.0`: the format takes trailing zeroes as nothing.
fn without_zeroes(lower: &str) -> Option<String> {
    let (_, version) = lower.rsplit_once('-')?;
    let whole = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    let longer = whole.then(|| format!("{lower}.0"))?;
    IDENTIFIERS.get(&longer).map(|identifier| (*identifier).to_owned())
}

/// The SPDX identifier of an exception to the licence `base`, which is an identifier.
pub(crate) fn exception(base: &str, name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let otherwise = EXCEPTIONS.iter().find(|(debian, licence, _)| *debian == lower && base.starts_with(licence));
    let listed =
        || EXCEPTION_IDENTIFIERS.get(&lower).or_else(|| EXCEPTION_IDENTIFIERS.get(&format!("{lower}-exception")));
    otherwise.map(|(_, _, spdx)| *spdx).or_else(|| listed().copied()).filter(|_| !base.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_debian_calls_the_licences_of_spdx() {
        for (debian, expected) in [
            ("Apache-2.0", Some("Apache-2.0")),
            ("BSD-3-clause", Some("BSD-3-Clause")),
            ("GPL-2", Some("GPL-2.0-only")),
            ("GPL-2.0+", Some("GPL-2.0-or-later")),
            ("LGPL-2.1+", Some("LGPL-2.1-or-later")),
            ("AGPL-3", Some("AGPL-3.0-only")),
            ("GFDL-1.2", Some("GFDL-1.2-only")),
            ("GFDL-NIV-1.3+", Some("GFDL-1.3-no-invariants-or-later")),
            ("zlib", Some("Zlib")),
            ("CDDL-1", Some("CDDL-1.0")),
            ("CC0", Some("CC0-1.0")),
            ("curl", Some("curl")),
            ("GPL-3+-WITH-BISON-EXCEPTION", Some("GPL-3.0-or-later WITH Bison-exception-2.2")),
            ("GPL-3.0-or-later-WITH-Autoconf-exception-macro", Some("GPL-3.0-or-later WITH Autoconf-exception-macro")),
            ("Apache-2.0-with-GPL2-LGPL2-Exception", None),
            ("GPL-2.0-or-later", Some("GPL-2.0-or-later")),
            ("public-domain", None),
            ("GPL", None),
            ("Apache", None),
            ("GPL-9", None),
            ("BSD-3-clause-Google", None),
            ("LPGL-2.1+", None),
            ("", None),
        ] {
            assert_eq!(identifier(debian).as_deref(), expected, "{debian}");
        }
    }

    #[test]
    fn every_name_of_its_own_is_one_of_spdx() {
        for (_, expression) in OTHERWISE {
            assert!(spdx::Expression::parse(expression).is_ok(), "{expression}");
        }
        for (_, base, exception) in EXCEPTIONS {
            assert!(spdx::exception_id(exception).is_some_and(|it| it.name == exception), "{base} {exception}");
        }
    }

    #[test]
    fn an_exception_goes_with_its_licence() {
        assert_eq!(exception("GPL-3.0-or-later", "Bison"), Some("Bison-exception-2.2"));
        assert_eq!(exception("GPL-2.0-or-later", "Bison"), None);
        assert_eq!(exception("GPL-2.0-only", "Linux-syscall-note"), Some("Linux-syscall-note"));
        assert_eq!(exception("GPL-2.0-or-later", "Libtool"), Some("Libtool-exception"));
        assert_eq!(exception("GPL-2.0-or-later", "OpenSSL"), None);
    }
}
