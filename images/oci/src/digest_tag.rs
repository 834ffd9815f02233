//! Tags that are made of a digest: how a manifest is found that speaks about another one, where nothing else leads to it.
//!
//! In: the digest of what is spoken about. Out: a [`Tag`]; or of a tag what it is for.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema>; signatures: the
//! layout of cosign, <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>.

use blob::{Algorithm, Digest};

use crate::Tag;

/// What signatures, attestations and inventories are tagged with, after the digest of what they are about.
pub const ATTACHED: [&str; 3] = ["sig", "att", "sbom"];

/// So much of a digest's value the list of referrers has in its tag.
const LONGEST_VALUE: usize = 64;

impl Tag {
    /// The tag of the index of a manifest's referrers, for registries that keep no such list: `sha256-…`.
    pub fn of_referrers(subject: &Digest) -> Self {
        let hex = &subject.hex()[..subject.hex().len().min(LONGEST_VALUE)];
        Self(format!("{}-{hex}", subject.algorithm().name()))
    }

    /// The tag of what is attached to a manifest, such as `sha256-….sig`; `None` where the digest is too long for a tag.
    pub fn attached(digest: &Digest, ending: &str) -> Option<Self> {
        format!("{}-{}.{ending}", digest.algorithm().name(), digest.hex()).parse().ok()
    }

    /// Of a tag that is made of a digest what stands behind that: nothing for a list of referrers, or such as `.sig`.
    pub fn speaks_as(&self) -> Option<&str> {
        let starts = [Algorithm::Sha256, Algorithm::Sha512].map(Algorithm::name);
        let rest = starts.iter().find_map(|name| self.as_str().strip_prefix(name)?.strip_prefix('-'))?;
        let end = rest.find(|digit: char| !digit.is_ascii_hexdigit()).unwrap_or(rest.len());
        (end >= LONGEST_VALUE).then(|| &rest[end..])
    }

    /// Of such a tag the digest that it is made of; `None` for others, and where a list of referrers has a digest cut short.
    pub fn speaks_about(&self) -> Option<Digest> {
        let ending = self.speaks_as()?;
        let name = &self.as_str()[..self.as_str().len() - ending.len()];
        name.replacen('-', ":", 1).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_the_one_of_the_specification() {
        let digest = Digest::of("");
        assert_eq!(Tag::of_referrers(&digest).as_str(), format!("sha256-{}", digest.hex()));
        let long: Digest = format!("sha512:{}", "a".repeat(128)).parse().unwrap();
        let tag = Tag::of_referrers(&long);
        assert_eq!(tag.as_str(), format!("sha512-{}", "a".repeat(64)));
        assert_eq!(tag.as_str().parse::<Tag>().unwrap(), tag);
    }

    #[test]
    fn tags_are_the_ones_that_cosign_looks_for() {
        let digest = Digest::of("");
        for ending in ATTACHED {
            let tag = Tag::attached(&digest, ending).unwrap();
            assert_eq!(tag.as_str(), format!("sha256-{}.{ending}", digest.hex()));
            assert_eq!(tag.speaks_as().unwrap(), format!(".{ending}"));
            assert_eq!(tag.speaks_about().unwrap(), digest);
        }
        assert_eq!(Tag::attached(&Digest::by(Algorithm::Sha512, ""), "sig"), None, "too long for a tag");
    }

    #[test]
    fn only_whole_digests_speak() {
        let speaks = |text: &str| text.parse::<Tag>().unwrap().speaks_as().map(str::to_owned);
        assert_eq!(speaks(Tag::of_referrers(&Digest::of("")).as_str()).as_deref(), Some(""));
        assert_eq!((speaks("1"), speaks("sha256-short")), (None, None));
    }
}
