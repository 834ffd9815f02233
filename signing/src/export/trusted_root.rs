//! For cosign 3: a trusted root that trusts nobody, so that `cosign verify --key KEY --trusted-root FILE --insecure-ignore-tlog` asks nobody.
//!
//! In: nothing. Out: `trusted_root.json`. Signatures by a key need no authority and stand in no log; `--insecure-ignore-tlog` says the
//! second, and without it cosign 3.1 refuses them under any root. A deployment with authorities of its own hands out their root instead.
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
