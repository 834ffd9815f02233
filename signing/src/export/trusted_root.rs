//! For cosign 3: a trusted root that trusts nobody, so that `cosign verify --key` asks nobody either.
//!
//! In: nothing. Out: `trusted_root.json`. Signatures by a key need no authority; without this file cosign fetches Sigstore's own root from
//! the internet, even where a key is given. A deployment with its own certificate authority hands out that authority's root instead.
//! Specification: <https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto>.

/// The file.
pub fn empty_trusted_root() -> &'static str {
    concat!(
        r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","#,
        r#""tlogs":[],"certificateAuthorities":[],"ctlogs":[],"timestampAuthorities":[]}"#,
        "\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_reader_takes_it() {
        assert!(crate::TrustedRoot::parse(empty_trusted_root()).is_ok());
    }
}
