//! Package URLs as others write them.
//!
//! In: text such as `pkg:deb/debian/zlib1g@1.3.dfsg-1?arch=amd64&distro=debian-13&epoch=1`. Out: its parts, percent-decoded.
//! Specification: ECMA-427, <https://github.com/package-url/purl-spec/blob/main/types/deb-definition.json>.

use percent_encoding::percent_decode_str;

/// The longest that is read, in bytes; real ones have fewer than 500.
const LONGEST: usize = 8 << 10;

/// A Package URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Purl {
    /// `deb`, `rpm`, `npm`, …
    pub kind: String,
    /// `debian`; empty where there is none.
    pub namespace: String,
    /// The package.
    pub name: String,
    /// Its version, with the epoch wherever that stood; empty where there is none.
    pub version: String,
    /// Keys and values, in the order of the text.
    qualifiers: Vec<(String, String)>,
}

impl Purl {
    /// None where the text is no Package URL.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim().strip_prefix("pkg:").filter(|rest| rest.len() <= LONGEST)?;
        let text = text.split_once('#').map_or(text, |(rest, _)| rest).trim_start_matches('/');
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let (kind, path) = path.split_once('/')?;
        // Some writers leave a slash or an `@` of the namespace as it is, none does so in a version.
        let (path, version) =
            path.rsplit_once('@').filter(|(path, rest)| !path.is_empty() || !rest.contains('/')).unwrap_or((path, ""));
        let path = path.trim_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut purl = Self {
            kind: kind.to_ascii_lowercase(),
            namespace: decode(namespace).to_ascii_lowercase(),
            name: decode(name),
            version: decode(version),
            qualifiers: qualifiers(query),
        };
        purl.take_epoch();
        (!purl.name.is_empty()).then_some(purl)
    }

    /// Trivy writes the epoch as a qualifier, and the version without it.
    fn take_epoch(&mut self) {
        let epoch = self.get("epoch").filter(|epoch| *epoch != "0" && epoch.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(epoch) = epoch.filter(|_| !self.version.is_empty() && !self.version.contains(':')) {
            self.version = format!("{epoch}:{}", self.version);
        }
    }

    /// The value of a qualifier that is not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The source that `upstream` names: `SRC@VERSION`, or `SRC` where it has the version of the binary package.
    pub(crate) fn upstream(&self) -> Option<(&str, Option<&str>)> {
        let upstream = self.get("upstream")?;
        Some(upstream.split_once('@').map_or((upstream, None), |(name, version)| (name, Some(version))))
    }
}

fn qualifiers(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(key, value)| (key.to_ascii_lowercase(), decode(value)));
    pairs.filter(|(_, value)| !value.is_empty()).collect()
}

/// What is no UTF-8 is marked, and matches nothing.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_spellings_of_all_writers() {
        let ours =
            "pkg:deb/debian/libstdc%2B%2B6@1:14.2.0-19%2Bb1?arch=amd64&distro=debian-13&upstream=gcc-14%4014.2.0-19";
        let read = Purl::read(ours).unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str()), ("libstdc++6", "1:14.2.0-19+b1"));
        assert_eq!(read.upstream(), Some(("gcc-14", Some("14.2.0-19"))));
        let syft = "pkg:deb/debian/zlib1g@1%3A1.3.dfsg-1?arch=amd64&upstream=zlib&distro=debian-13";
        let trivy = "pkg:deb/debian/zlib1g@1.3.dfsg-1?arch=amd64&distro=debian-13.7&epoch=1";
        for text in [syft, trivy] {
            assert_eq!(Purl::read(text).unwrap().version, "1:1.3.dfsg-1", "{text}");
        }
        assert_eq!(Purl::read(syft).unwrap().upstream(), Some(("zlib", None)));
        assert_eq!(Purl::read(trivy).unwrap().get("distro"), Some("debian-13.7"));
    }

    #[test]
    fn takes_what_is_left_out() {
        let read = Purl::read("pkg:npm/%40angular/core@1#a/b").unwrap();
        assert_eq!((read.namespace.as_str(), read.name.as_str(), read.version.as_str()), ("@angular", "core", "1"));
        let read = Purl::read("pkg:npm/@angular/core").unwrap();
        assert_eq!((read.namespace.as_str(), read.name.as_str(), read.version.as_str()), ("@angular", "core", ""));
        let read = Purl::read("pkg:DEB/tool").unwrap();
        assert_eq!((read.kind.as_str(), read.namespace.as_str(), read.version.as_str()), ("deb", "", ""));
        for text in ["", "pkg:", "pkg:deb", "pkg:deb/", "http://x/y", "pkg:deb/@1"] {
            assert!(Purl::read(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(pkg:|deb/|debian/|@|%|%4|%40|\\?|&|=|#|upstream=|epoch=|/|1|a|é){0,20}") {
            let read = Purl::read(&text);
            let _ = read.as_ref().and_then(Purl::upstream);
        }
    }
}
