//! Package URLs: read, written, and compared as Trivy and Grype compare them.
//!
//! Specification: ECMA-427, <https://github.com/package-url/purl-spec>. Two package URLs are compared part by part after decoding, so how a
//! version is encoded makes no difference. A statement about fewer parts covers more: without a version it covers all versions.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use blob::Digest;

/// A package URL, decoded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Purl {
    /// The type, such as `deb` or `oci`.
    pub(crate) kind: String,
    /// The namespace, such as `debian`; empty where there is none.
    pub(crate) namespace: String,
    /// The name.
    pub(crate) name: String,
    /// The version.
    pub(crate) version: Option<String>,
    /// The qualifiers.
    pub(crate) qualifiers: BTreeMap<String, String>,
    /// The subpath, as it stands.
    pub(crate) subpath: Option<String>,
}

/// Why a text is no package URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no package URL: expected `pkg:TYPE/NAMESPACE/NAME@VERSION?KEY=VALUE`")]
pub(crate) struct PurlError(String);

impl Purl {
    /// A Debian binary package, without qualifiers.
    pub(crate) fn deb(namespace: &str, name: &str, version: &str) -> Self {
        let namespace = if namespace.is_empty() { "debian" } else { namespace };
        Self {
            kind: "deb".to_owned(),
            namespace: namespace.to_ascii_lowercase(),
            name: name.to_ascii_lowercase(),
            version: Some(version.to_owned()),
            qualifiers: BTreeMap::new(),
            subpath: None,
        }
    }

    /// An image or an image index by its public name and digest.
    pub(crate) fn image(name: &str, digest: Option<&Digest>) -> Self {
        let name = name.to_ascii_lowercase();
        let last = name.rsplit_once('/').map_or(name.as_str(), |(_, last)| last).to_owned();
        Self {
            kind: "oci".to_owned(),
            namespace: String::new(),
            name: last,
            version: digest.map(Digest::to_string),
            qualifiers: BTreeMap::from([("repository_url".to_owned(), name)]),
            subpath: None,
        }
    }

    /// With one more qualifier.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.qualifiers.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Whether a statement about this covers `other`: the same type, namespace and name; the same version and subpath where it has one;
    /// and each of its qualifiers, if `holds` finds it in the other.
    pub(crate) fn covers(&self, other: &Self, holds: impl Fn(&str, &str) -> bool) -> bool {
        let same = (&self.kind, &self.namespace, &self.name) == (&other.kind, &other.namespace, &other.name);
        same && (self.version.is_none() || self.version == other.version)
            && (self.subpath.is_none() || self.subpath == other.subpath)
            && self.qualifiers.iter().all(|(key, value)| other.qualifiers.get(key) == Some(value) || holds(key, value))
    }

    /// Type, namespace and name: what the index of a VEX repository lists.
    pub(crate) fn versionless(&self) -> Self {
        Self { version: None, qualifiers: BTreeMap::new(), subpath: None, ..self.clone() }
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}/", self.kind)?;
        for part in self.namespace.split('/').filter(|part| !part.is_empty()) {
            write!(f, "{}/", encode(part))?;
        }
        f.write_str(&encode(&self.name))?;
        if let Some(version) = &self.version {
            write!(f, "@{}", encode(version))?;
        }
        for (at, (key, value)) in self.qualifiers.iter().enumerate() {
            write!(f, "{}{key}={}", if at == 0 { '?' } else { '&' }, encode(value))?;
        }
        self.subpath.as_ref().map_or(Ok(()), |subpath| write!(f, "#{subpath}"))
    }
}

impl FromStr for Purl {
    type Err = PurlError;

    fn from_str(text: &str) -> Result<Self, PurlError> {
        parse(text).ok_or_else(|| PurlError(text.chars().take(200).collect()))
    }
}

/// From the right to the left, as the specification's "How to parse a purl string" says.
fn parse(text: &str) -> Option<Purl> {
    let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
    let (rest, subpath) = rest.split_once('#').map_or((rest, None), |(rest, path)| (rest, Some(path)));
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, rest) = rest.split_once('/')?;
    let rest = rest.trim_matches('/');
    let (rest, version) = match rest.rsplit_once('@') {
        Some((rest, version)) if !rest.is_empty() && !version.contains('/') => (rest, Some(version)),
        _ => (rest, None),
    };
    let (namespace, name) = rest.rsplit_once('/').unwrap_or(("", rest));
    let kind = kind.to_ascii_lowercase();
    let fold = |text: String| if is_folded(&kind) { text.to_ascii_lowercase() } else { text };
    let purl = Purl {
        namespace: fold(decode(namespace)?),
        name: fold(decode(name)?),
        version: version.map(decode).map_or(Some(None), |it| it.map(Some))?.filter(|it| !it.is_empty()),
        qualifiers: read_qualifiers(qualifiers)?,
        subpath: subpath.map(|path| path.trim_matches('/').to_owned()).filter(|path| !path.is_empty()),
        kind,
    };
    (!purl.kind.is_empty() && !purl.name.is_empty()).then_some(purl)
}

/// Types whose names are the same in upper and lower case.
fn is_folded(kind: &str) -> bool {
    ["deb", "oci", "docker"].contains(&kind)
}

fn read_qualifiers(text: &str) -> Option<BTreeMap<String, String>> {
    let mut qualifiers = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        if !value.is_empty() {
            qualifiers.insert(key.to_ascii_lowercase(), decode(value)?);
        }
    }
    Some(qualifiers)
}

/// All but letters, digits, `.-_~` and the colon are percent-encoded (ECMA-427, "Character encoding").
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A percent sign that two hexadecimal digits do not follow makes the whole invalid; so does what is no UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits =
                std::str::from_utf8(after.get(..2)?).ok().filter(|it| it.bytes().all(|it| it.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn purl(text: &str) -> Purl {
        text.parse().unwrap()
    }

    fn covers(one: &str, other: &str) -> bool {
        purl(one).covers(&purl(other), |_, _| false)
    }

    #[test]
    fn is_written_as_the_specification_says() {
        let written = Purl::deb("", "libstdc++6", "1:14.2.0-19~x+b1").to_string();
        assert_eq!(written, "pkg:deb/debian/libstdc%2B%2B6@1:14.2.0-19~x%2Bb1");
        assert_eq!(purl(&written), Purl::deb("debian", "libstdc++6", "1:14.2.0-19~x+b1"));
        assert_eq!(purl(&written).versionless().to_string(), "pkg:deb/debian/libstdc%2B%2B6");
        let digest = Digest::of("");
        let image = Purl::image("registry.example:5000/team/Python", Some(&digest)).with("arch", "arm64");
        let expected =
            format!("pkg:oci/python@{digest}?arch=arm64&repository_url=registry.example:5000%2Fteam%2Fpython");
        assert_eq!(image.to_string(), expected);
    }

    #[test]
    fn how_a_version_is_encoded_makes_no_difference() {
        let scanned = "pkg:deb/debian/libc6@1:2.41+x~y?arch=amd64&distro=debian-13.7";
        for statement in [
            "pkg:deb/debian/libc6",
            "pkg:deb/debian/libc6@1:2.41+x~y",
            "pkg:deb/debian/libc6@1%3A2.41%2Bx%7Ey",
            "pkg:DEB/Debian/libc6@1:2.41%2bx~y?distro=debian-13.7",
            "pkg:deb/debian/libc6?arch=amd64",
        ] {
            assert!(covers(statement, scanned), "{statement}");
        }
        for statement in [
            "pkg:deb/debian/libc6@1:2.41",
            "pkg:deb/debian/libc6?arch=arm64",
            "pkg:deb/debian/libc6?os_name=debian",
            "pkg:deb/ubuntu/libc6",
            "pkg:deb/debian/libc",
            "pkg:deb/debian/libc6#sub",
            "pkg:oci/libc6",
        ] {
            assert!(!covers(statement, scanned), "{statement}");
        }
        assert!(!covers(scanned, "pkg:deb/debian/libc6"), "a version covers no statement without one");
    }

    #[test]
    fn reads_what_others_write() {
        let image = purl("pkg:oci/dhi%2Fnginx");
        assert_eq!((image.namespace.as_str(), image.name.as_str()), ("", "dhi/nginx"));
        let npm = purl("pkg:npm/%40scope/Name@1.0");
        assert_eq!((npm.namespace.as_str(), npm.name.as_str()), ("@scope", "Name"));
        let oci = purl("pkg:oci/a@sha256:00?repository_url=h:5000/a");
        assert_eq!(oci.qualifiers["repository_url"], "h:5000/a");
        for text in ["", "pkg:", "pkg:deb", "pkg:deb/", "pkg:deb/debian/a@%zz", "pkg:deb/a?x", "pkg:deb/a%ff", "a"] {
            assert!(text.parse::<Purl>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_and_read_again(text in "pkg:[a-z]{1,4}/\\PC{0,40}") {
            if let Ok(read) = text.parse::<Purl>() {
                prop_assert_eq!(&read.to_string().parse::<Purl>().unwrap().to_string(), &read.to_string());
            }
        }
    }
}
