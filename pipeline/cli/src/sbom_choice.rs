//! The SBOM that somebody signed about an image, among everything that was found beside it.
//!
//! In: [`Evidence`], the image's digest, the kind of document. Out: the document as it was signed. Whether its signer is believed is the
//! question of `bedplate verify`; here only what is said about another image does not count.

use std::collections::BTreeMap;

use anyhow::bail;
use blob::Digest;
use signing::{Bundle, CYCLONEDX, Content, Document, Evidence, SPDX, Statement, is_of_type};

use crate::arguments::SbomKind;

/// The document; several signatures on the same one are as good as one.
pub(crate) fn document(evidence: &Evidence, digest: &Digest, kind: SbomKind) -> anyhow::Result<String> {
    let mut found: BTreeMap<String, &Digest> = BTreeMap::new();
    for bundle in &evidence.bundles {
        if let Some(document) = said(&bundle.bytes, digest, kind) {
            found.entry(document).or_insert(&bundle.referrer);
        }
    }
    let overlooked: String = evidence.overlooked.iter().map(|it| format!("\n  {}", it.text)).collect();
    match found.len() {
        1 => Ok(found.into_keys().next().unwrap_or_default()),
        0 => bail!("nobody has attached a signed SBOM of the type {kind} to {digest}{overlooked}"),
        count => {
            let referrers: String = found.values().map(|it| format!("\n  {it}")).collect();
            bail!(
                "{count} different SBOMs of the type {kind} are attached to {digest}: `bedplate verify` says whose counts{referrers}"
            )
        }
    }
}

fn said(bundle: &[u8], digest: &Digest, kind: SbomKind) -> Option<String> {
    let Ok(Bundle { content: Content::Envelope(envelope), .. }) = Bundle::parse(bundle) else { return None };
    let statement = Statement::<Document>::parse(&envelope.payload).ok()?;
    let wanted = match kind {
        SbomKind::Spdx => SPDX,
        SbomKind::Cyclonedx => CYCLONEDX,
    };
    statement.about(digest)?;
    is_of_type(&statement.predicate_type, wanted).then(|| statement.predicate.json().to_owned())
}

#[cfg(test)]
mod tests {
    use signing::{FoundBundle, Holder, Material, Subject};

    use super::*;

    fn bundle(subject: &Digest, kind: &str, document: &str) -> FoundBundle {
        let document = Document::new(document).unwrap();
        let payload = Statement::of_document(kind, vec![Subject::of(subject)], document).to_bytes();
        let material =
            Material { holder: Holder::Key { hint: "x".into() }, log_entries: Vec::new(), timestamps: Vec::new() };
        let bytes = Bundle::of_statement(payload, vec![1], material).to_bytes();
        FoundBundle { referrer: Digest::of(&bytes), bytes }
    }

    fn choose(bundles: Vec<FoundBundle>) -> Result<String, String> {
        let evidence = Evidence { bundles, ..Evidence::default() };
        document(&evidence, &Digest::of("image"), SbomKind::Spdx).map_err(|error| error.to_string())
    }

    #[test]
    fn takes_what_is_said_about_this_image_and_is_of_this_type() {
        let (image, other) = (Digest::of("image"), Digest::of("other"));
        let bundles = vec![
            bundle(&other, SPDX, r#"{"a":1}"#),
            bundle(&image, CYCLONEDX, r#"{"a":2}"#),
            FoundBundle { referrer: other.clone(), bytes: b"nonsense".to_vec() },
            bundle(&image, SPDX, r#"{ "a": 3 }"#),
            bundle(&image, SPDX, r#"{ "a": 3 }"#),
        ];
        assert_eq!(choose(bundles).unwrap(), r#"{ "a": 3 }"#);
    }

    #[test]
    fn does_not_choose_between_documents_that_differ() {
        let image = Digest::of("image");
        let error = choose(vec![bundle(&image, SPDX, r#"{"a":1}"#), bundle(&image, SPDX, r#"{"a":2}"#)]).unwrap_err();
        assert!(error.starts_with("2 different SBOMs of the type spdx are attached to sha256:"), "{error}");
        let error = choose(Vec::new()).unwrap_err();
        assert!(error.starts_with("nobody has attached a signed SBOM"), "{error}");
    }
}
