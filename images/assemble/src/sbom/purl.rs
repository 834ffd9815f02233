//! Package URLs: one line that names a package wherever it is found.
//!
//! In: names, versions, digests. Out: text such as `pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13`.
//! Specification: ECMA-427, <https://github.com/package-url/purl-spec/blob/main/types/deb-definition.json> and
//! `oci-definition.json` beside it.

use std::fmt::Write as _;

use blob::Digest;

use crate::lock::LockedPackage;
use crate::sbom::inventory::Distribution;

/// The namespace where the image does not say what it is.
const DEBIAN: &str = "debian";

/// A binary package. `upstream` names its source where that has another name or version: scanners match advisories by it,
/// and Syft writes it in the same way.
pub(crate) fn binary(package: &LockedPackage, distribution: Option<&Distribution>) -> String {
    let (name, version) = (&package.name, package.version.as_str());
    let (source, source_version) = (&package.source, package.source_version.as_str());
    let upstream = match (source == name, source_version == version) {
        (true, true) => None,
        (false, true) => Some(source.clone()),
        (_, false) => Some(format!("{source}@{source_version}")),
    };
    deb(name, version, package.architecture.name(), distribution, upstream.as_deref())
}

/// A source package.
pub(crate) fn source(name: &str, version: &str, distribution: Option<&Distribution>) -> String {
    deb(name, version, "source", distribution, None)
}

fn deb(name: &str, version: &str, arch: &str, distribution: Option<&Distribution>, upstream: Option<&str>) -> String {
    let vendor = distribution.map_or(DEBIAN, |it| &it.id);
    let distro = distribution.map(|it| format!("{}-{}", it.id, it.version));
    let qualifiers = [("arch", Some(arch)), ("distro", distro.as_deref()), ("upstream", upstream)];
    let path = format!("deb/{}/{}@{}", escape(&lower(vendor)), escape(&lower(name)), escape(version));
    with_qualifiers(&path, &qualifiers)
}

/// An image or an image index under its public name; an index is for no architecture.
pub(crate) fn image(name: &str, digest: &Digest, architecture: Option<&str>) -> String {
    let last = lower(name.rsplit_once('/').map_or(name, |(_, last)| last));
    let path = format!("oci/{}@{}", escape(&last), escape(&digest.to_string()));
    with_qualifiers(&path, &[("arch", architecture), ("repository_url", Some(&lower(name)))])
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// Keys are given in their order; those without a value are left out.
fn with_qualifiers(path: &str, qualifiers: &[(&str, Option<&str>)]) -> String {
    let present = qualifiers.iter().filter_map(|(key, value)| Some((key, value.filter(|it| !it.is_empty())?)));
    let pairs: Vec<String> = present.map(|(key, value)| format!("{key}={}", escape(value))).collect();
    if pairs.is_empty() { format!("pkg:{path}") } else { format!("pkg:{path}?{}", pairs.join("&")) }
}

/// All but letters, digits, `.-_~` and the colon are percent-encoded (ECMA-427, "Character encoding").
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sbom::fixture::locked;

    fn trixie() -> Distribution {
        Distribution { id: "debian".into(), version: "13".into(), name: "Debian".into() }
    }

    #[test]
    fn names_binary_and_source_packages() {
        let package = locked("libstdc++6", "1:14.2.0-19+b1");
        assert_eq!(
            binary(&package, Some(&trixie())),
            "pkg:deb/debian/libstdc%2B%2B6@1:14.2.0-19%2Bb1?arch=amd64&distro=debian-13"
        );
        let package =
            LockedPackage { source: "gcc-14".into(), source_version: "14.2.0-19".parse().unwrap(), ..package };
        assert!(binary(&package, None).ends_with("?arch=amd64&upstream=gcc-14%4014.2.0-19"));
        assert_eq!(source("a", "1~x", Some(&trixie())), "pkg:deb/debian/a@1~x?arch=source&distro=debian-13");
    }

    #[test]
    fn names_images() {
        let digest = Digest::of("");
        let purl = image("registry.example:5000/team/Python", &digest, Some("arm64"));
        let expected =
            format!("pkg:oci/python@{digest}?arch=arm64&repository_url=registry.example:5000%2Fteam%2Fpython");
        assert_eq!(purl, expected);
        assert_eq!(image("python", &digest, None), format!("pkg:oci/python@{digest}?repository_url=python"));
    }

    #[test]
    fn escapes_what_a_hostile_name_brings() {
        assert_eq!(escape("a/b?c#d@e%f g\u{e9}\"\n"), "a%2Fb%3Fc%23d%40e%25f%20g%C3%A9%22%0A");
    }
}
