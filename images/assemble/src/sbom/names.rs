//! The names that SBOMs give to what they speak of, and to who speaks.
//!
//! In: names and digests. Out: identifiers of elements, document identities, suppliers.
//! Specification: <https://spdx.github.io/spdx-spec/v2.3/package-information/#72-package-spdx-identifier-field>,
//! RFC 9562 section 5.8.

use blob::{Algorithm, Digest};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::image::BUILDER;
use crate::sbom::SbomParts;

/// Who supplies what comes from the archive.
pub(crate) const DEBIAN: &str = "Debian";

/// Digits of a digest in an identifier.
const DIGITS: usize = 16;

/// Letters of a name in an identifier.
const LONGEST: usize = 64;

/// An identifier such as `Package-libc6-0123456789abcdef`: readable by its name, unique by its digest.
pub(crate) fn identifier(kind: &str, name: &str, digest: &Digest) -> String {
    format!("{kind}-{}-{}", plain(name), &digest.hex()[..DIGITS])
}

/// The name with `-` for what SPDX does not take in identifiers, cut where it is long.
pub(crate) fn plain(name: &str) -> String {
    let good = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '-' };
    name.chars().take(LONGEST).map(good).collect()
}

/// The identifier of a file, by its path.
pub(crate) fn file(path: &str) -> String {
    format!("File-{}", &Digest::of(path).hex()[..24])
}

/// The identifier of a source package.
pub(crate) fn source(name: &str, version: &str) -> String {
    identifier("Source", name, &Digest::of(format!("{name}\n{version}")))
}

/// The identifier of a platform's image.
pub(crate) fn image(parts: &SbomParts<'_>) -> String {
    identifier("Image", parts.image, &parts.manifest.digest)
}

/// Names a document: one of another form, of another builder, or under another public name is another document.
pub(crate) fn document(form: &str, name: &str, subject: &Digest) -> Digest {
    Digest::of(format!("{form}\n{BUILDER}\n{name}\n{subject}\n"))
}

/// The address that an SPDX document is known by; nothing needs to be served there.
pub(crate) fn namespace(name: &str, document: &Digest) -> String {
    let safe: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "._-:/[]".contains(*c)).collect();
    format!("https://{safe}/sbom/{}", document.hex())
}

/// A UUID of version 8, whose bits are a digest's.
pub(crate) fn serial_number(document: &Digest) -> String {
    let hex = document.hex();
    let variant = ["8", "9", "a", "b"][usize::from(hex.as_bytes()[16]) % 4];
    format!("urn:uuid:{}-{}-8{}-{variant}{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// Who publishes the image: the registry's host.
pub(crate) fn publisher(name: &str) -> &str {
    name.split('/').next().filter(|host| !host.is_empty()).unwrap_or("unknown")
}

/// Name and version of the builder.
pub(crate) fn builder() -> (&'static str, &'static str) {
    BUILDER.split_once(' ').unwrap_or((BUILDER, ""))
}

/// The time as both formats write it: UTC, whole seconds.
pub(crate) fn time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A hash function as SPDX calls it (`SHA256`) and as CycloneDX does (`SHA-256`).
pub(crate) fn algorithm(digest: &Digest) -> (&'static str, &'static str) {
    match digest.algorithm() {
        Algorithm::Sha256 => ("SHA256", "SHA-256"),
        Algorithm::Sha512 => ("SHA512", "SHA-512"),
    }
}

/// A maintainer as SPDX writes people and groups: `Person: NAME (ADDRESS)`; nothing where there is no name.
pub(crate) fn originator(maintainer: &str) -> Option<String> {
    let (name, address) = maintainer.split_once('<').unwrap_or((maintainer, ""));
    let clean = |text: &str| text.replace(['(', ')', '<', '>'], "").trim().to_owned();
    let (name, address) = (clean(name), clean(address));
    let lower = name.to_ascii_lowercase();
    let group = ["team", "group", "maintainers", "developers", "debian", "project"].iter().any(|it| lower.contains(it));
    let kind = if group { "Organization" } else { "Person" };
    match (name.is_empty(), address.is_empty()) {
        (true, _) => None,
        (false, true) => Some(format!("{kind}: {name}")),
        (false, false) => Some(format!("{kind}: {name} ({address})")),
    }
}

/// An address of the web that both formats take; anything else is left out.
pub(crate) fn address(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let good = |byte: u8| byte.is_ascii_graphic() && !b"<>\"{}|\\^`[]%".contains(&byte);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let named = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    (named && rest.bytes().all(good)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_hold_only_what_spdx_takes() {
        let digest = Digest::of("");
        assert_eq!(identifier("Package", "libstdc++6", &digest), "Package-libstdc--6-e3b0c44298fc1c14");
        assert_eq!(plain("a b\"/é\n.x"), "a-b----.x");
        assert_eq!(plain(&"x".repeat(1_000)).len(), LONGEST);
        assert_ne!(source("a", "1"), source("a", "2"));
    }

    #[test]
    fn a_serial_number_is_a_uuid_of_version_8() {
        assert_eq!(serial_number(&Digest::of("")), "urn:uuid:e3b0c442-98fc-8c14-9afb-f4c8996fb924");
    }

    #[test]
    fn documents_of_other_builders_names_and_forms_have_other_identities() {
        let digest = Digest::of("");
        let all = [document("a", "x", &digest), document("b", "x", &digest), document("a", "y", &digest)];
        assert!(all[0] != all[1] && all[0] != all[2]);
        assert!(namespace("h:5000/r\" x", &all[0]).starts_with("https://h:5000/rx/sbom/"));
    }

    #[test]
    fn writes_maintainers_as_spdx_does() {
        for (debian, expected) in [
            ("Matthias Klose <doko@debian.org>", Some("Person: Matthias Klose (doko@debian.org)")),
            ("GNU Libc Maintainers <x@lists.example>", Some("Organization: GNU Libc Maintainers (x@lists.example)")),
            ("A (B) <c", Some("Person: A B (c)")),
            ("nobody", Some("Person: nobody")),
            ("<x@y>", None),
            ("", None),
        ] {
            assert_eq!(originator(debian).as_deref(), expected, "{debian}");
        }
    }

    #[test]
    fn takes_only_addresses_that_are_some() {
        assert_eq!(address("https://www.zlib.net/x?y=1"), Some("https://www.zlib.net/x?y=1"));
        for text in
            ["", "x", "ftp://x", "https://", "https://a b", "https://a/\"", "https://a/%zz", "javascript:alert(1)"]
        {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_whole_seconds() {
        assert_eq!(time("2026-11-23T14:00:00.5Z".parse().unwrap()), "2026-11-23T14:00:00Z");
    }
}
