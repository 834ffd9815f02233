//! What a Package URL of a Debian package says beyond its parts: the epoch as Trivy writes it, the source as Syft and we write it.
//!
//! Specification: <https://github.com/package-url/purl-spec/blob/main/types/deb-definition.json>.

use crate::purl::Purl;

/// The version, with the epoch wherever that stood; empty where there is none. Trivy writes the epoch as a qualifier.
pub(crate) fn version(purl: &Purl) -> String {
    let version = purl.version.as_deref().unwrap_or_default();
    let epoch = purl.qualifiers.get("epoch").filter(|it| *it != "0" && it.bytes().all(|byte| byte.is_ascii_digit()));
    match epoch {
        Some(epoch) if !version.is_empty() && !version.contains(':') => format!("{epoch}:{version}"),
        _ => version.to_owned(),
    }
}

/// The source that `upstream` names: `SRC@VERSION`, or `SRC` where it has the version of the binary package.
pub(crate) fn upstream(purl: &Purl) -> Option<(&str, Option<&str>)> {
    let upstream = purl.qualifiers.get("upstream")?;
    Some(upstream.split_once('@').map_or((upstream.as_str(), None), |(name, version)| (name, Some(version))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_spellings_of_all_writers() {
        let read = |text: &str| text.parse::<Purl>().unwrap();
        let ours = read("pkg:deb/debian/libstdc%2B%2B6@1:14.2.0-19%2Bb1?arch=amd64&upstream=gcc-14%4014.2.0-19");
        assert_eq!((ours.name.as_str(), version(&ours).as_str()), ("libstdc++6", "1:14.2.0-19+b1"));
        assert_eq!(upstream(&ours), Some(("gcc-14", Some("14.2.0-19"))));
        let syft = read("pkg:deb/debian/zlib1g@1%3A1.3.dfsg-1?arch=amd64&upstream=zlib&distro=debian-13");
        let trivy = read("pkg:deb/debian/zlib1g@1.3.dfsg-1?arch=amd64&distro=debian-13.7&epoch=1");
        assert_eq!([version(&syft), version(&trivy)], ["1:1.3.dfsg-1", "1:1.3.dfsg-1"]);
        assert_eq!((upstream(&syft), upstream(&trivy)), (Some(("zlib", None)), None));
        assert_eq!(version(&read("pkg:deb/debian/a?epoch=1")), "");
        assert_eq!(version(&read("pkg:deb/debian/a@1?epoch=x")), "1");
    }

    proptest! {
        #[test]
        fn never_panics(text in "(pkg:|deb/|debian/|@|%|%4|%40|\\?|&|=|#|upstream=|epoch=|/|1|a|é){0,20}") {
            if let Ok(purl) = text.parse::<Purl>() {
                let _ = (version(&purl), upstream(&purl));
            }
        }
    }
}
